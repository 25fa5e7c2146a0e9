// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/cached_schemas.h"

#include <utility>

#include "core/hashing.h"
#include "net/http_text.h"

namespace kafka_iceberg::decode {
namespace {

size_t BytesOf(const PayloadSchema& schema) {
  size_t bytes = schema.text.size();
  for (const SchemaReference& reference : schema.references)
    bytes += sizeof(reference) + reference.name.size() + reference.text.size();
  return bytes;
}

// Answers that stay the same for a while; the others are nobody's answer.
bool IsVerdict(const Error& error) {
  return error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kCorrupt ||
         error.code() == ErrorCode::kUnsupported;
}

std::string SubjectKey(const std::string& subject) {
  return "subject-" + Sha256Hex(subject).substr(0, 32);  // fit for a file name
}

}  // namespace

CachedSchemas::CachedSchemas(std::unique_ptr<SchemaFetcher> fetcher,
                             std::unique_ptr<SchemaDiskCache> disk, const SchemaTtls& ttls,
                             RegistryContext context)
    : fetcher_(std::move(fetcher)),
      disk_(std::move(disk)),
      ttls_(ttls),
      clock_(context.clock),
      logger_(context.logger),
      memory_hits_(context.metrics.GetCounter("kafka_iceberg_schema_cache_hits_total",
                                              {{"cache", "memory"}})),
      disk_hits_(context.metrics.GetCounter("kafka_iceberg_schema_cache_hits_total",
                                            {{"cache", "disk"}})) {}

Result<CachedSchemas::SchemaPointer> CachedSchemas::Find(const SchemaId& id) {
  const std::string key = TRY(fetcher_->KeyOf(id));
  const MutexLock lock(mutex_);
  if (auto schema = schemas_.Find(key)) {
    memory_hits_.Add();
    return schema;
  }
  if (auto refusal = RefusalLocked(key)) return *std::move(refusal);
  const auto flight = flights_.find(key);
  if (flight != flights_.end()) return AwaitLocked(flight->second);
  auto result = FlyLocked(key, [&] { return Load(key, id); });
  if (result.ok()) schemas_.Put(key, *result, BytesOf(**result));
  return result;
}

Result<CachedSchemas::SchemaPointer> CachedSchemas::FindLatest(const std::string& subject) {
  const std::string key = SubjectKey(subject);
  const MutexLock lock(mutex_);
  const auto known = subjects_.Find(key);
  const auto flight = flights_.find(key);
  if (known != nullptr && (flight != flights_.end() || clock_.Steady() < known->until)) {
    memory_hits_.Add();
    return known->schema;
  }
  if (auto refusal = RefusalLocked(key)) return *std::move(refusal);
  if (flight != flights_.end()) return AwaitLocked(flight->second);
  bool is_fresh = false;
  const SchemaPointer schema = known == nullptr ? nullptr : known->schema;
  auto result = FlyLocked(key, [&] { return LoadLatest(subject, schema, is_fresh); });
  if (!result.ok()) return result;
  const SteadyTime until = clock_.Steady() + (is_fresh ? ttls_.subject : ttls_.negative);
  subjects_.Put(key, std::make_shared<Latest>(Latest{*result, until}), BytesOf(**result));
  return result;
}

std::optional<Error> CachedSchemas::RefusalLocked(const std::string& key) {
  const auto refusal = refusals_.Find(key);
  if (refusal == nullptr) return std::nullopt;
  if (clock_.Steady() < refusal->until) return refusal->error;
  refusals_.Erase(key);
  return std::nullopt;
}

Result<CachedSchemas::SchemaPointer> CachedSchemas::AwaitLocked(std::shared_ptr<Flight> flight) {
  while (!flight->result.has_value()) landed_.wait(mutex_);
  return *flight->result;
}

Result<CachedSchemas::SchemaPointer> CachedSchemas::FlyLocked(
    const std::string& key, const std::function<Result<SchemaPointer>()>& load) {
  const auto flight = std::make_shared<Flight>();
  flights_.emplace(key, flight);
  mutex_.unlock();
  Result<SchemaPointer> result = load();
  mutex_.lock();
  flights_.erase(key);
  flight->result = result;
  landed_.notify_all();
  if (!result.ok() && IsVerdict(result.error())) {
    const auto refusal =
        std::make_shared<Refusal>(Refusal{result.error(), clock_.Steady() + ttls_.negative});
    refusals_.Put(key, refusal, refusal->error.message().size());
  }
  return result;
}

CachedSchemas::SchemaPointer CachedSchemas::KeptOnDisk(const std::string& key) {
  auto kept = disk_ == nullptr ? std::nullopt : disk_->Read(key);
  if (!kept) return nullptr;
  disk_hits_.Add();
  return std::make_shared<const PayloadSchema>(*std::move(kept));
}

Result<CachedSchemas::SchemaPointer> CachedSchemas::Load(const std::string& key,
                                                         const SchemaId& id) {
  if (auto kept = KeptOnDisk(key)) return kept;
  auto schema = fetcher_->Fetch(id);
  if (!schema.ok()) return schema.error().WithContext("cannot get schema " + key);
  if (disk_ != nullptr) disk_->Write(key, *schema);
  return std::make_shared<const PayloadSchema>(std::move(schema).value());
}

// What was the latest version once is better than none: the payloads do not say which it is.
Result<CachedSchemas::SchemaPointer> CachedSchemas::LoadLatest(const std::string& subject,
                                                               const SchemaPointer& known,
                                                               bool& is_fresh) {
  const std::string key = SubjectKey(subject);
  auto schema = fetcher_->FetchLatest(subject);
  is_fresh = schema.ok();
  if (!schema.ok()) {
    const Error error =
        schema.error().WithContext("cannot get the latest schema of subject " + subject);
    const SchemaPointer kept = known != nullptr || IsVerdict(error) ? known : KeptOnDisk(key);
    if (kept == nullptr) return error;
    logger_.Warn("the schema that a subject had before is used on",
                 {{"subject", subject}, {"reason", error.message()}});
    return kept;
  }
  if (known != nullptr && *known == *schema) return known;
  if (disk_ != nullptr) disk_->Write(key, *schema);
  return std::make_shared<const PayloadSchema>(std::move(schema).value());
}

Result<std::string> SchemaUuid(const std::string& text) {
  const std::string guid = net::ToLower(text);
  bool is_guid = guid.size() == 36;
  for (size_t i = 0; is_guid && i < guid.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    is_guid = is_dash ? guid[i] == '-'
                      : std::string_view("0123456789abcdef").find(guid[i]) != std::string::npos;
  }
  if (!is_guid) return Error::NotFound("{} is not the id of a schema", net::Printable(text, 40));
  return guid;
}

}  // namespace kafka_iceberg::decode
