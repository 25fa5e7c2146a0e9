// SPDX-License-Identifier: Apache-2.0
#include "catalog/nessie/first_snapshot.h"

#include <algorithm>

#include "iceberg/actions/append.h"
#include "iceberg/manifest_avro.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

Result<FirstSnapshot> WriteFirstSnapshot(const iceberg::TableMetadata& table,
                                         storage::ObjectStore& store, Random& random,
                                         int64_t now_ms) {
  iceberg::Snapshot snapshot;
  snapshot.snapshot_id = iceberg::NewSnapshotId(table, random);
  if (table.format_version > 1) snapshot.sequence_number = table.last_sequence_number + 1;
  snapshot.timestamp_ms = std::max(now_ms, table.last_updated_ms);
  snapshot.schema_id = table.current_schema_id;
  snapshot.summary = {{"operation", "append"},        {"total-data-files", "0"},
                      {"total-delete-files", "0"},    {"total-records", "0"},
                      {"total-files-size", "0"},      {"total-position-deletes", "0"},
                      {"total-equality-deletes", "0"}};
  if (table.format_version >= 3) {
    snapshot.first_row_id = table.next_row_id;
    snapshot.added_rows = 0;
  }
  snapshot.manifest_list = storage::JoinLocation(
      table.MetadataLocation(),
      fmt::format("snap-{}-0-{}.avro", snapshot.snapshot_id, NewUuid(random)));
  const std::string bytes =
      TRY(iceberg::EncodeManifestList({.format_version = table.format_version,
                                       .snapshot_id = snapshot.snapshot_id,
                                       .parent_snapshot_id = std::nullopt,
                                       .sequence_number = snapshot.sequence_number,
                                       .first_row_id = snapshot.first_row_id},
                                      {}));
  TRY(store.Write(snapshot.manifest_list, bytes));
  const iceberg::SnapshotRef main{.snapshot_id = snapshot.snapshot_id};
  std::string manifest_list = snapshot.manifest_list;
  return FirstSnapshot{{iceberg::AddSnapshot{std::move(snapshot)},
                        iceberg::SetSnapshotRef{std::string(iceberg::kMainBranch), main}},
                       std::move(manifest_list)};
}

}  // namespace kafka_iceberg::catalog
