// SPDX-License-Identifier: Apache-2.0
//
// CachedSchemas: what all registries have in common: a schema never changes under its id, so it is
// asked for once, by one of those who want it, and kept in memory and on disk; a refusal holds for
// a while. The latest version of a subject is asked for again after a while; what is known goes on
// until there is another answer. Safe for concurrent use.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/mutex.h"
#include "decode/framing/payload_schema.h"
#include "decode/registry/bounded_cache.h"
#include "decode/registry/registry_options.h"
#include "decode/registry/schema_disk_cache.h"

namespace kafka_iceberg::decode {

// One registry. Safe for concurrent use.
class SchemaFetcher {
 public:
  virtual ~SchemaFetcher() = default;
  // The one form of an id, fit for a file name; kNotFound: never one of this registry.
  virtual Result<std::string> KeyOf(const SchemaId& id) const = 0;
  // Errors as SchemaSource::Find().
  virtual Result<PayloadSchema> Fetch(const SchemaId& id) = 0;
  virtual Result<PayloadSchema> FetchLatest(const std::string& subject) = 0;
};

struct SchemaTtls {
  Duration negative;  // of refusals, and of what could not be asked again
  Duration subject;
};

class CachedSchemas final : public SchemaSource {
 public:
  // `disk` may be null.
  CachedSchemas(std::unique_ptr<SchemaFetcher> fetcher, std::unique_ptr<SchemaDiskCache> disk,
                const SchemaTtls& ttls, RegistryContext context);

  Result<std::shared_ptr<const PayloadSchema>> Find(const SchemaId& id) override;
  Result<std::shared_ptr<const PayloadSchema>> FindLatest(const std::string& subject) override;

 private:
  using SchemaPointer = std::shared_ptr<const PayloadSchema>;
  struct Latest {
    SchemaPointer schema;
    SteadyTime until;
  };
  struct Refusal {
    Error error;
    SteadyTime until;
  };
  // One look-up under way, for all who want it.
  struct Flight {
    std::optional<Result<SchemaPointer>> result;
  };
  static constexpr size_t kSchemaBytesMax = 64 << 20;
  static constexpr size_t kRefusalBytesMax = 1 << 20;

  Result<SchemaPointer> AwaitLocked(std::shared_ptr<Flight> flight) REQUIRES(mutex_);
  // `load` is called with the lock open.
  Result<SchemaPointer> FlyLocked(const std::string& key,
                                  const std::function<Result<SchemaPointer>()>& load)
      REQUIRES(mutex_);
  std::optional<Error> RefusalLocked(const std::string& key) REQUIRES(mutex_);
  Result<SchemaPointer> Load(const std::string& key, const SchemaId& id);
  Result<SchemaPointer> LoadLatest(const std::string& subject, const SchemaPointer& known,
                                   bool& is_fresh);
  SchemaPointer KeptOnDisk(const std::string& key);

  const std::unique_ptr<SchemaFetcher> fetcher_;
  const std::unique_ptr<SchemaDiskCache> disk_;  // null: none
  const SchemaTtls ttls_;
  Clock& clock_;
  telemetry::Logger& logger_;
  telemetry::Counter& memory_hits_;
  telemetry::Counter& disk_hits_;

  Mutex mutex_;
  CondVar landed_;
  BoundedCache<PayloadSchema> schemas_ GUARDED_BY(mutex_){kSchemaBytesMax};
  BoundedCache<Latest> subjects_ GUARDED_BY(mutex_){kSchemaBytesMax};
  BoundedCache<Refusal> refusals_ GUARDED_BY(mutex_){kRefusalBytesMax};
  std::map<std::string, std::shared_ptr<Flight>> flights_ GUARDED_BY(mutex_);
};

// A UUID in its usual form, in lower case; kNotFound when `text` is none.
Result<std::string> SchemaUuid(const std::string& text);

}  // namespace kafka_iceberg::decode
