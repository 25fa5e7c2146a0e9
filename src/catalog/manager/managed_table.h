// SPDX-License-Identifier: Apache-2.0
//
// ManagedTable: a table of a managed catalog. Passes each operation through the manager's guard,
// and moves over to the new client when the manager has reconnected. Safe for concurrent use;
// outlived by the guard.
#pragma once

#include <memory>

#include "catalog/catalog.h"
#include "catalog/manager/guarded_calls.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

class ManagedTable final : public TableOperations {
 public:
  // `table` was made by `catalog`.
  ManagedTable(GuardedCalls& calls, std::shared_ptr<Catalog> catalog,
               std::unique_ptr<TableOperations> table);

  const TableIdentifier& identifier() const override { return identifier_; }
  TableVersion Current() const override { return bound().table->Current(); }
  // Refresh and Reconcile ask once: whoever calls them has a loop and a stop token of its own (the
  // coordinator), or an older answer to give (the metadata cache).
  Result<TableVersion> Refresh() override;
  CommitReply Commit(const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
                     std::span<const iceberg::TableRequirement> requirements) override;
  Result<bool> Reconcile(int64_t snapshot_id) override;
  storage::ObjectStore& store() override { return first_.table->store(); }

 private:
  // A table and the client it came from, which it needs.
  struct Bound {
    std::shared_ptr<Catalog> catalog;
    std::shared_ptr<TableOperations> table;
  };

  Bound bound() const;
  Result<std::shared_ptr<TableOperations>> BindTo(const std::shared_ptr<Catalog>& catalog);

  GuardedCalls& calls_;
  const TableIdentifier identifier_;
  const Bound first_;  // its store is lent out for as long as this object lives
  const std::string table_uuid_;
  mutable Mutex mutex_;
  Bound bound_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
