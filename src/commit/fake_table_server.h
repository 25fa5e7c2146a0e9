// SPDX-License-Identifier: Apache-2.0
//
// A table as a REST catalog keeps it, for tests: a commit is applied to whatever is current by then
// when its requirements hold; the base that the client saw is not compared. (Catalogs that swap a
// pointer compare the base as well, so they forgive a missing requirement; this one does not.) Each
// Open() is a client of its own. Thread-safe.
#pragma once

#include <memory>
#include <span>

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/mutex.h"

namespace kafka_iceberg::commit {

class FakeTableServer {
 public:
  FakeTableServer(catalog::TableIdentifier identifier, iceberg::TableMetadata metadata,
                  storage::ObjectStore& store, Clock& clock);

  // The server outlives its clients.
  std::unique_ptr<catalog::TableOperations> Open();

 private:
  class Client;
  catalog::TableVersion Load() const;
  catalog::CommitReply Apply(std::span<const iceberg::MetadataUpdate> updates,
                             std::span<const iceberg::TableRequirement> requirements);

  const catalog::TableIdentifier identifier_;
  storage::ObjectStore& store_;
  Clock& clock_;
  mutable Mutex mutex_;
  catalog::TableVersion current_ GUARDED_BY(mutex_);
  int64_t version_ GUARDED_BY(mutex_) = 0;
};

}  // namespace kafka_iceberg::commit
