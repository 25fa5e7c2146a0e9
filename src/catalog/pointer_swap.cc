// SPDX-License-Identifier: Apache-2.0
#include "catalog/pointer_swap.h"

#include <algorithm>

#include "catalog/metadata_file.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::catalog {

Result<std::unique_ptr<TableOperations>> PointerSwapTable::Open(
    TableIdentifier identifier, const CatalogContext& context, std::string_view catalog_type,
    std::unique_ptr<MetadataPointer> pointer) {
  auto loaded = pointer->Load({});
  if (!loaded.ok()) return loaded.error().WithContext("table " + identifier.ToString());
  return std::unique_ptr<TableOperations>(new PointerSwapTable(
      std::move(identifier), context, catalog_type, std::move(pointer), std::move(loaded).value()));
}

PointerSwapTable::PointerSwapTable(TableIdentifier identifier, const CatalogContext& context,
                                   std::string_view catalog_type,
                                   std::unique_ptr<MetadataPointer> pointer, TableVersion loaded)
    : identifier_(std::move(identifier)),
      context_(context),
      metrics_(context, catalog_type),
      pointer_(std::move(pointer)),
      table_uuid_(loaded.metadata->table_uuid),
      current_(std::move(loaded)) {}

TableVersion PointerSwapTable::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

Result<TableVersion> PointerSwapTable::Refresh() {
  return metrics_.Timed("refresh_table", [&] { return RefreshNow(); });
}

Result<TableVersion> PointerSwapTable::RefreshNow() {
  auto loaded = pointer_->Load(Current());
  if (!loaded.ok()) return loaded.error().WithContext("table " + identifier_.ToString());
  if (loaded->metadata->table_uuid != table_uuid_) {
    return Error::Corrupt(
        "table {} has uuid {} now, not {}: it was dropped and created again; restart to use the "
        "new one",
        identifier_.ToString(), loaded->metadata->table_uuid, table_uuid_);
  }
  MutexLock lock(mutex_);
  current_ = *loaded;
  return loaded;
}

Result<bool> PointerSwapTable::Reconcile(int64_t snapshot_id) {
  const TableVersion version = TRY(Refresh());
  return version.metadata->FindSnapshot(snapshot_id) != nullptr;
}

CommitReply PointerSwapTable::Commit(const TableVersion& base,
                                     std::span<const iceberg::MetadataUpdate> updates,
                                     std::span<const iceberg::TableRequirement> requirements) {
  return metrics_.Timed("commit_snapshot", [&] { return CommitNow(base, updates, requirements); });
}

Result<iceberg::TableMetadata> PointerSwapTable::NextMetadata(
    const TableVersion& base, std::span<const iceberg::MetadataUpdate> updates,
    std::span<const iceberg::TableRequirement> requirements) {
  if (base.metadata->table_uuid != table_uuid_)
    return Error::Invalid("the base is another table's metadata");
  TRY(iceberg::CheckRequirements(base.metadata.get(), requirements));
  auto next = TRY(iceberg::ApplyUpdates(*base.metadata, updates, base.metadata_location,
                                        ToMillis(context_.clock.Now())));
  if (next.table_uuid != table_uuid_)
    return Error::Invalid("a commit may not change the table's uuid");
  TRY(iceberg::ValidateTableMetadata(next));
  TRY(pointer_->CheckAllowed(*base.metadata, next));
  return next;
}

CommitReply PointerSwapTable::CommitNow(const TableVersion& base,
                                        std::span<const iceberg::MetadataUpdate> updates,
                                        std::span<const iceberg::TableRequirement> requirements) {
  auto next = NextMetadata(base, updates, requirements);
  if (!next.ok()) {
    const bool is_outdated = next.error().code() == ErrorCode::kConflict;
    return {is_outdated ? CommitOutcome::kConflict : CommitOutcome::kRejected,
            next.error().message()};
  }
  const std::string bytes = iceberg::TableMetadataToJson(*next);
  const bool adds_snapshot =
      std::any_of(updates.begin(), updates.end(), [](const iceberg::MetadataUpdate& update) {
        return std::holds_alternative<iceberg::AddSnapshot>(update);
      });
  SwapResult result = pointer_->TrySwap({base, *next, bytes, adds_snapshot});
  if (result.reply.outcome != CommitOutcome::kCommitted) return result.reply;
  DeleteRetiredMetadata(context_.store, *base.metadata, *next, result.metadata_location);
  auto committed = std::make_shared<const iceberg::TableMetadata>(std::move(next).value());
  MutexLock lock(mutex_);
  current_ = {std::move(committed), std::move(result.metadata_location)};
  return result.reply;
}

}  // namespace kafka_iceberg::catalog
