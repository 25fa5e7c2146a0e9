// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/confluent_registry.h"

#include <map>
#include <optional>
#include <utility>

#include "core/mutex.h"
#include "decode/registry/bounded_cache.h"
#include "decode/registry/reference_resolver.h"
#include "decode/registry/registry_client.h"
#include "decode/registry/schema_disk_cache.h"
#include "net/http_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr size_t kSchemaBytesMax = 64 << 20;
constexpr size_t kReferenceBytesMax = 16 << 20;
constexpr size_t kRefusalBytesMax = 1 << 20;

using SchemaPointer = std::shared_ptr<const PayloadSchema>;

// A UUID in its usual form, in lower case.
Result<std::string> GuidOf(const std::string& text) {
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

Result<RegistryCall> CallFor(const SchemaId& id) {
  if (const auto* number = std::get_if<int64_t>(&id)) {
    // Never given to a schema: not worth a question for every broken record.
    if (*number < 0) return Error::NotFound("{} is not the id of a schema", *number);
    return RegistryCall{fmt::format("/schemas/ids/{}", *number), {.id = *number}};
  }
  std::string guid = TRY(GuidOf(std::get<std::string>(id)));
  std::string path = "/schemas/guids/" + guid;
  return RegistryCall{std::move(path), {.guid = std::move(guid)}};
}

size_t BytesOf(const PayloadSchema& schema) {
  size_t bytes = schema.text.size();
  for (const SchemaReference& reference : schema.references)
    bytes += sizeof(reference) + reference.name.size() + reference.text.size();
  return bytes;
}

size_t BytesOf(const RegistrySchema& schema) {
  size_t bytes = schema.text.size();
  for (const RegistryReference& reference : schema.references)
    bytes += sizeof(reference) + reference.name.size() + reference.subject.size();
  return bytes;
}

// Answers that stay the same for a while; the others are nobody's answer.
bool IsVerdict(const Error& error) {
  return error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kCorrupt ||
         error.code() == ErrorCode::kUnsupported;
}

class ConfluentRegistry final : public SchemaSource {
 public:
  ConfluentRegistry(const RegistryOptions& options, RegistryContext context,
                    std::unique_ptr<RegistryClient> client, std::unique_ptr<SchemaDiskCache> disk)
      : schema_timeout_(options.schema_timeout),
        negative_ttl_(options.negative_ttl),
        clock_(context.clock),
        client_(std::move(client)),
        disk_(std::move(disk)),
        memory_hits_(context.metrics.GetCounter("kafka_iceberg_schema_cache_hits_total",
                                                {{"cache", "memory"}})),
        disk_hits_(context.metrics.GetCounter("kafka_iceberg_schema_cache_hits_total",
                                              {{"cache", "disk"}})) {}

  Result<SchemaPointer> Find(const SchemaId& id) override {
    const RegistryCall call = TRY(CallFor(id));
    const std::string key = call.asked.guid.empty() ? ToString(id) : call.asked.guid;
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
    return flight == flights_.end() ? FlyLocked(key, call) : AwaitLocked(flight->second);
  }

 private:
  struct Refusal {
    Error error;
    SteadyTime until;
  };
  // One look-up under way, for all who want it.
  struct Flight {
    std::optional<Result<SchemaPointer>> result;
  };

  Result<SchemaPointer> AwaitLocked(std::shared_ptr<Flight> flight) REQUIRES(mutex_) {
    while (!flight->result.has_value()) landed_.wait(mutex_);
    return *flight->result;
  }

  // The lock is open while disk and registry are asked.
  Result<SchemaPointer> FlyLocked(const std::string& key, const RegistryCall& call)
      REQUIRES(mutex_) {
    const auto flight = std::make_shared<Flight>();
    flights_.emplace(key, flight);
    mutex_.unlock();
    Result<SchemaPointer> result = Load(key, call);
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

  Result<SchemaPointer> Load(const std::string& key, const RegistryCall& call) {
    if (disk_ != nullptr) {
      if (auto kept = disk_->Read(key)) {
        disk_hits_.Add();
        return std::make_shared<const PayloadSchema>(*std::move(kept));
      }
    }
    auto schema = Ask(call);
    if (!schema.ok()) return schema.error().WithContext("cannot get schema " + key);
    if (disk_ != nullptr) disk_->Write(key, *schema);
    return std::make_shared<const PayloadSchema>(std::move(schema).value());
  }

  Result<PayloadSchema> Ask(const RegistryCall& call) {
    const SteadyTime deadline = clock_.Steady() + schema_timeout_;
    const RegistrySchema schema = TRY(client_->Get(call, deadline));
    return ResolveReferences(
        schema, [&](const RegistryReference& reference) { return Reference(reference, deadline); });
  }

  // A version of a subject never changes either, and many schemas use the same ones.
  Result<std::shared_ptr<const RegistrySchema>> Reference(const RegistryReference& reference,
                                                          SteadyTime deadline) {
    // Schemas in use remain valid after their subject was deleted.
    const std::string path = fmt::format("/subjects/{}/versions/{}?deleted=true",
                                         net::PercentEncode(reference.subject), reference.version);
    {
      const MutexLock lock(mutex_);
      if (auto known = references_.Find(path)) return known;
    }
    auto schema = std::make_shared<const RegistrySchema>(
        TRY(client_->Get({path, {.version = reference.version}}, deadline)));
    const MutexLock lock(mutex_);
    references_.Put(path, schema, BytesOf(*schema));
    return schema;
  }

  const Duration schema_timeout_;
  const Duration negative_ttl_;
  Clock& clock_;
  const std::unique_ptr<RegistryClient> client_;
  const std::unique_ptr<SchemaDiskCache> disk_;  // null: none
  telemetry::Counter& memory_hits_;
  telemetry::Counter& disk_hits_;

  Mutex mutex_;
  CondVar landed_;
  BoundedCache<PayloadSchema> schemas_ GUARDED_BY(mutex_){kSchemaBytesMax};
  BoundedCache<RegistrySchema> references_ GUARDED_BY(mutex_){kReferenceBytesMax};
  BoundedCache<Refusal> refusals_ GUARDED_BY(mutex_){kRefusalBytesMax};
  std::map<std::string, std::shared_ptr<Flight>> flights_ GUARDED_BY(mutex_);
};

}  // namespace

Result<std::shared_ptr<SchemaSource>> OpenConfluentRegistry(RegistryOptions options,
                                                            RegistryContext context) {
  auto client = TRY(RegistryClient::Open(options, context));
  std::unique_ptr<SchemaDiskCache> disk;
  if (!options.cache_directory.empty())
    disk = TRY(SchemaDiskCache::Open(options.cache_directory, client->url(), context.random,
                                     context.logger));
  return std::make_shared<ConfluentRegistry>(options, context, std::move(client), std::move(disk));
}

}  // namespace kafka_iceberg::decode
