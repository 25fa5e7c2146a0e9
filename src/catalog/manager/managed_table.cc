// SPDX-License-Identifier: Apache-2.0
#include "catalog/manager/managed_table.h"

namespace kafka_iceberg::catalog {

ManagedTable::ManagedTable(GuardedCalls& calls, std::shared_ptr<Catalog> catalog,
                           std::unique_ptr<TableOperations> table)
    : calls_(calls),
      identifier_(table->identifier()),
      first_{std::move(catalog), std::move(table)},
      table_uuid_(first_.table->Current().metadata->table_uuid),
      bound_(first_) {}

ManagedTable::Bound ManagedTable::bound() const {
  MutexLock lock(mutex_);
  return bound_;
}

Result<std::shared_ptr<TableOperations>> ManagedTable::BindTo(
    const std::shared_ptr<Catalog>& catalog) {
  const Bound now = bound();
  if (now.catalog == catalog) return now.table;
  std::shared_ptr<TableOperations> table = TRY(catalog->LoadTable(identifier_));
  const std::string uuid = table->Current().metadata->table_uuid;
  if (uuid != table_uuid_) {
    return Error::Corrupt(
        "table {} has uuid {} now, not {}: it was dropped and created again; restart to use the "
        "new one",
        identifier_.ToString(), uuid, table_uuid_);
  }
  MutexLock lock(mutex_);
  bound_ = {catalog, table};
  return table;
}

Result<TableVersion> ManagedTable::Refresh() {
  return calls_.Once([&](const std::shared_ptr<Catalog>& catalog) -> Result<TableVersion> {
    return TRY(BindTo(catalog))->Refresh();
  });
}

Result<bool> ManagedTable::Reconcile(int64_t snapshot_id) {
  return calls_.Once([&](const std::shared_ptr<Catalog>& catalog) -> Result<bool> {
    return TRY(BindTo(catalog))->Reconcile(snapshot_id);
  });
}

CommitReply ManagedTable::Commit(const TableVersion& base,
                                 std::span<const iceberg::MetadataUpdate> updates,
                                 std::span<const iceberg::TableRequirement> requirements) {
  Result<GuardedCalls::Passage> passage = calls_.Enter();
  if (!passage.ok()) {
    // Nothing was sent, which is what kConflict says: proven not applied, refresh and try again.
    // The coordinator then asks for the table, is told that the catalog is away, and keeps the
    // epoch for later. kRejected would make it give up the rows; kUnknown would put the epoch in
    // doubt for good, and its manifests could never be cleaned up.
    return {CommitOutcome::kConflict, passage.error().message()};
  }
  CommitReply reply = bound().table->Commit(base, updates, requirements);
  switch (reply.outcome) {
    case CommitOutcome::kCommitted: passage->permit().Succeeded(); break;
    case CommitOutcome::kUnknown: passage->permit().Failed(); break;
    // Often found without asking the catalog (a stale base, an illegal change, a store that is
    // away, a request that could not be sent): no evidence. The refresh that follows is.
    case CommitOutcome::kConflict:
    case CommitOutcome::kRejected: break;
  }
  return reply;
}

}  // namespace kafka_iceberg::catalog
