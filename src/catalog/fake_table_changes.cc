// SPDX-License-Identifier: Apache-2.0
#include "catalog/fake_table_changes.h"

namespace kafka_iceberg::catalog {

TableCreation FakeTableCreation(const TableIdentifier& identifier) {
  using iceberg::Type;
  using iceberg::TypeId;
  TableCreation creation;
  creation.identifier = identifier;
  creation.schema.fields = {
      {.id = 1, .name = "id", .required = true, .type = Type::Primitive(TypeId::kLong)},
      {.id = 2, .name = "ts", .type = Type::Primitive(TypeId::kTimestamptz)},
      {.id = 3, .name = "name", .type = Type::Primitive(TypeId::kString)},
  };
  return creation;
}

FakeCommit FakeAppend(const iceberg::TableMetadata& base, int64_t snapshot_id) {
  const iceberg::Snapshot* head = base.Head();
  iceberg::Snapshot snapshot;
  snapshot.snapshot_id = snapshot_id;
  if (head != nullptr) snapshot.parent_snapshot_id = head->snapshot_id;
  snapshot.sequence_number = base.last_sequence_number + 1;
  snapshot.timestamp_ms = base.last_updated_ms;
  snapshot.summary = {{"operation", "append"}};
  snapshot.manifest_list =
      base.location + "/metadata/snap-" + std::to_string(snapshot_id) + ".avro";
  snapshot.schema_id = base.current_schema_id;
  FakeCommit commit;
  commit.updates = {
      iceberg::AddSnapshot{snapshot},
      iceberg::SetSnapshotRef{std::string(iceberg::kMainBranch), {.snapshot_id = snapshot_id}}};
  commit.requirements = {
      iceberg::AssertTableUuid{base.table_uuid},
      iceberg::AssertRefSnapshotId{std::string(iceberg::kMainBranch), snapshot.parent_snapshot_id}};
  return commit;
}

bool FakeIncrement(TableOperations& table, const std::string& counter, int64_t snapshot_id,
                   int attempts_max) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto base = table.Refresh();
    if (!base.ok()) return false;
    FakeCommit commit = FakeAppend(*base->metadata, snapshot_id);
    const int64_t value = base->metadata->IntProperty(counter, 0) + 1;
    commit.updates.push_back(iceberg::SetProperties{{{counter, std::to_string(value)}}});
    const CommitReply reply = table.Commit(*base, commit.updates, commit.requirements);
    if (reply.outcome == CommitOutcome::kCommitted) return true;
    if (reply.outcome != CommitOutcome::kConflict) return false;
  }
  return false;
}

}  // namespace kafka_iceberg::catalog
