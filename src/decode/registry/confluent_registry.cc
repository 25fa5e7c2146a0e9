// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/confluent_registry.h"

#include <utility>

#include "core/mutex.h"
#include "decode/registry/bounded_cache.h"
#include "decode/registry/cached_schemas.h"
#include "decode/registry/reference_resolver.h"
#include "decode/registry/registry_client.h"
#include "decode/registry/schema_disk_cache.h"
#include "net/http_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr size_t kReferenceBytesMax = 16 << 20;

Result<RegistryCall> CallFor(const SchemaId& id) {
  if (const auto* number = std::get_if<int64_t>(&id)) {
    // Never given to a schema: not worth a question for every broken record.
    if (*number < 0) return Error::NotFound("{} is not the id of a schema", *number);
    return RegistryCall{fmt::format("/schemas/ids/{}", *number), {.id = *number}};
  }
  std::string guid = TRY(SchemaUuid(std::get<std::string>(id)));
  std::string path = "/schemas/guids/" + guid;
  return RegistryCall{std::move(path), {.guid = std::move(guid)}};
}

size_t BytesOf(const RegistrySchema& schema) {
  size_t bytes = schema.text.size();
  for (const RegistryReference& reference : schema.references)
    bytes += sizeof(reference) + reference.name.size() + reference.subject.size();
  return bytes;
}

class ConfluentFetcher final : public SchemaFetcher {
 public:
  ConfluentFetcher(const RegistryOptions& options, RegistryContext context,
                   std::unique_ptr<RegistryClient> client)
      : schema_timeout_(options.schema_timeout),
        clock_(context.clock),
        client_(std::move(client)) {}

  Result<std::string> KeyOf(const SchemaId& id) const override {
    const RegistryCall call = TRY(CallFor(id));
    return call.asked.guid.empty() ? ToString(id) : call.asked.guid;
  }
  Result<PayloadSchema> Fetch(const SchemaId& id) override {
    const SteadyTime deadline = clock_.Steady() + schema_timeout_;
    return Get(TRY(CallFor(id)), deadline);
  }
  Result<PayloadSchema> FetchLatest(const std::string& subject) override {
    return Get({fmt::format("/subjects/{}/versions/latest", net::PercentEncode(subject)), {}},
               clock_.Steady() + schema_timeout_);
  }

 private:
  Result<PayloadSchema> Get(const RegistryCall& call, SteadyTime deadline) {
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
  Clock& clock_;
  const std::unique_ptr<RegistryClient> client_;

  Mutex mutex_;
  BoundedCache<RegistrySchema> references_ GUARDED_BY(mutex_){kReferenceBytesMax};
};

}  // namespace

Result<std::shared_ptr<SchemaSource>> OpenConfluentRegistry(RegistryOptions options,
                                                            RegistryContext context) {
  auto client = TRY(RegistryClient::Open(options, context));
  std::unique_ptr<SchemaDiskCache> disk;
  if (!options.cache_directory.empty())
    disk = TRY(SchemaDiskCache::Open(options.cache_directory, client->url(), context.random,
                                     context.logger));
  return std::make_shared<CachedSchemas>(
      std::make_unique<ConfluentFetcher>(options, context, std::move(client)), std::move(disk),
      SchemaTtls{options.negative_ttl, options.subject_ttl}, context);
}

}  // namespace kafka_iceberg::decode
