// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/cached_schemas.h"

#include <utility>

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

}  // namespace

CachedSchemas::CachedSchemas(std::unique_ptr<SchemaFetcher> fetcher,
                             std::unique_ptr<SchemaDiskCache> disk, Duration negative_ttl,
                             RegistryContext context)
    : fetcher_(std::move(fetcher)),
      disk_(std::move(disk)),
      negative_ttl_(negative_ttl),
      clock_(context.clock),
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
  if (const auto refusal = refusals_.Find(key)) {
    if (clock_.Steady() < refusal->until) return refusal->error;
    refusals_.Erase(key);
  }
  const auto flight = flights_.find(key);
  return flight == flights_.end() ? FlyLocked(key, id) : AwaitLocked(flight->second);
}

Result<CachedSchemas::SchemaPointer> CachedSchemas::AwaitLocked(std::shared_ptr<Flight> flight) {
  while (!flight->result.has_value()) landed_.wait(mutex_);
  return *flight->result;
}

// The lock is open while disk and registry are asked.
Result<CachedSchemas::SchemaPointer> CachedSchemas::FlyLocked(const std::string& key,
                                                              const SchemaId& id) {
  const auto flight = std::make_shared<Flight>();
  flights_.emplace(key, flight);
  mutex_.unlock();
  Result<SchemaPointer> result = Load(key, id);
  mutex_.lock();
  flights_.erase(key);
  flight->result = result;
  landed_.notify_all();
  if (result.ok()) {
    schemas_.Put(key, *result, BytesOf(**result));
  } else if (IsVerdict(result.error())) {
    const auto refusal =
        std::make_shared<Refusal>(Refusal{result.error(), clock_.Steady() + negative_ttl_});
    refusals_.Put(key, refusal, refusal->error.message().size());
  }
  return result;
}

Result<CachedSchemas::SchemaPointer> CachedSchemas::Load(const std::string& key,
                                                         const SchemaId& id) {
  if (disk_ != nullptr) {
    if (auto kept = disk_->Read(key)) {
      disk_hits_.Add();
      return std::make_shared<const PayloadSchema>(*std::move(kept));
    }
  }
  auto schema = fetcher_->Fetch(id);
  if (!schema.ok()) return schema.error().WithContext("cannot get schema " + key);
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
