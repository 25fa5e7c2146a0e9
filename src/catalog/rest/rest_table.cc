// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_table.h"

namespace kafka_iceberg::catalog {
namespace {

Error OfTable(const TableIdentifier& identifier, const Error& error) {
  return error.WithContext("table " + identifier.ToString());
}

}  // namespace

std::vector<iceberg::TableRequirement> PinnedTo(
    const iceberg::TableMetadata& base, std::span<const iceberg::TableRequirement> requirements) {
  std::vector<iceberg::TableRequirement> pinned(requirements.begin(), requirements.end());
  pinned.push_back(iceberg::AssertTableUuid{base.table_uuid});
  if (!base.refs.contains(std::string(iceberg::kMainBranch))) {
    pinned.push_back(iceberg::AssertRefSnapshotId{std::string(iceberg::kMainBranch), std::nullopt});
  }
  for (const auto& [name, ref] : base.refs) {
    pinned.push_back(iceberg::AssertRefSnapshotId{name, ref.snapshot_id});
  }
  pinned.push_back(iceberg::AssertLastAssignedFieldId{base.last_column_id});
  pinned.push_back(iceberg::AssertCurrentSchemaId{base.current_schema_id});
  pinned.push_back(iceberg::AssertLastAssignedPartitionId{base.last_partition_id});
  pinned.push_back(iceberg::AssertDefaultSpecId{base.default_spec_id});
  pinned.push_back(iceberg::AssertDefaultSortOrderId{base.default_sort_order_id});
  return pinned;
}

Result<iceberg::TableMetadata> CheckChange(const TableVersion& base,
                                           std::span<const iceberg::MetadataUpdate> updates,
                                           std::span<const iceberg::TableRequirement> requirements,
                                           int64_t now_ms) {
  TRY(iceberg::CheckRequirements(base.metadata.get(), requirements));
  auto next = TRY(iceberg::ApplyUpdates(*base.metadata, updates, base.metadata_location, now_ms));
  if (next.table_uuid != base.metadata->table_uuid)
    return Error::Invalid("a commit may not change the table's uuid");
  TRY(iceberg::ValidateTableMetadata(next));
  return next;
}

Result<std::unique_ptr<RestTable>> RestTable::Open(std::shared_ptr<RestSession> session,
                                                   const TableIdentifier& identifier,
                                                   LoadedTable loaded) {
  auto refresh = [session, identifier] { return session->RefreshAccess(identifier); };
  auto store = session->context().make_store(std::move(loaded.access), std::move(refresh));
  if (!store.ok()) return OfTable(identifier, store.error());
  return std::unique_ptr<RestTable>(new RestTable(
      std::move(session), identifier, std::move(loaded.version), std::move(store).value()));
}

RestTable::RestTable(std::shared_ptr<RestSession> session, const TableIdentifier& identifier,
                     TableVersion loaded, std::unique_ptr<storage::ObjectStore> store)
    : session_(std::move(session)),
      identifier_(identifier),
      table_uuid_(loaded.metadata->table_uuid),
      store_(std::move(store)),
      keys_(session_->context().clock, session_->context().random),
      current_(std::move(loaded)) {}

TableVersion RestTable::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

Result<TableVersion> RestTable::Refresh() {
  return session_->metrics().Timed("refresh_table", [&] { return RefreshNow(); });
}

Result<TableVersion> RestTable::RefreshNow() {
  auto loaded = session_->Load(identifier_);
  if (!loaded.ok()) return OfTable(identifier_, loaded.error());
  TableVersion version = std::move(loaded->version);
  if (version.metadata->table_uuid != table_uuid_) {
    return Error::Corrupt(
        "table {} has uuid {} now, not {}: it was dropped and created again; restart to use the "
        "new one",
        identifier_.ToString(), version.metadata->table_uuid, table_uuid_);
  }
  MutexLock lock(mutex_);
  current_ = version;
  return version;
}

Result<bool> RestTable::Reconcile(int64_t snapshot_id) {
  const TableVersion version = TRY(Refresh());
  return version.metadata->FindSnapshot(snapshot_id) != nullptr;
}

CommitReply RestTable::Commit(const TableVersion& base,
                              std::span<const iceberg::MetadataUpdate> updates,
                              std::span<const iceberg::TableRequirement> requirements) {
  return session_->metrics().Timed("commit_snapshot",
                                   [&] { return CommitNow(base, updates, requirements); });
}

CommitReply RestTable::CommitNow(const TableVersion& base,
                                 std::span<const iceberg::MetadataUpdate> updates,
                                 std::span<const iceberg::TableRequirement> requirements) {
  if (base.metadata->table_uuid != table_uuid_)
    return {CommitOutcome::kRejected, "the base is another table's metadata"};
  const auto next =
      CheckChange(base, updates, requirements, ToMillis(session_->context().clock.Now()));
  if (!next.ok()) {
    const bool is_outdated = next.error().code() == ErrorCode::kConflict;
    return {is_outdated ? CommitOutcome::kConflict : CommitOutcome::kRejected,
            next.error().message()};
  }
  const auto pinned = PinnedTo(*base.metadata, requirements);
  return Send(CommitJson({identifier_, *next, updates, pinned}), updates);
}

CommitReply RestTable::Send(const std::string& body,
                            std::span<const iceberg::MetadataUpdate> updates) {
  std::string key = session_->config().takes_idempotency_keys() ? keys_.KeyFor(body) : "";
  const auto answer = session_->client().Send({.method = "POST",
                                               .url = session_->config().TableUrl(identifier_),
                                               .body = body,
                                               .idempotency_key = key});
  CommitReply reply = OutcomeOfCommit(answer);
  if (reply.outcome == CommitOutcome::kCommitted) {
    auto committed = Verify(answer->body, updates);
    if (committed.ok()) {
      MutexLock lock(mutex_);
      current_ = std::move(committed).value();
      return reply;
    }
    reply = {CommitOutcome::kUnknown,
             committed.error().WithContext("the answer cannot be trusted").message()};
  }
  if (reply.outcome == CommitOutcome::kUnknown && !key.empty()) {
    keys_.KeepForRetry(body, std::move(key));
  }
  reply.detail = session_->Named(Error::Invalid("{}", reply.detail)).message();
  return reply;
}

Result<TableVersion> RestTable::Verify(std::string_view body,
                                       std::span<const iceberg::MetadataUpdate> updates) const {
  LoadedTable answered = TRY(ParseTable(body));
  const iceberg::TableMetadata& metadata = *answered.version.metadata;
  if (metadata.table_uuid != table_uuid_) {
    return Error::Corrupt("it is about a table with uuid {}", metadata.table_uuid);
  }
  for (const iceberg::MetadataUpdate& update : updates) {
    const auto* added = std::get_if<iceberg::AddSnapshot>(&update);
    if (added != nullptr && metadata.FindSnapshot(added->snapshot.snapshot_id) == nullptr) {
      return Error::Corrupt("it does not hold snapshot {}", added->snapshot.snapshot_id);
    }
  }
  return std::move(answered.version);
}

}  // namespace kafka_iceberg::catalog
