// SPDX-License-Identifier: Apache-2.0
//
// TableMetadata: everything one metadata.json says (spec "Table Metadata"), format versions 1 to 3.
// A plain value; table_metadata_json.h is its codec, metadata_update.h changes it. Shared between
// threads as shared_ptr<const>.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceberg/partition_spec.h"
#include "iceberg/snapshot.h"
#include "iceberg/type.h"

namespace kafka_iceberg::iceberg {

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;
  friend bool operator==(const SnapshotLogEntry&, const SnapshotLogEntry&) = default;
};

struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
  friend bool operator==(const MetadataLogEntry&, const MetadataLogEntry&) = default;
};

struct TableMetadata {
  int32_t format_version = 2;
  std::string table_uuid;
  std::string location;
  int64_t last_sequence_number = 0;
  int64_t last_updated_ms = 0;
  int32_t last_column_id = 0;
  std::vector<Schema> schemas;
  int32_t current_schema_id = 0;
  std::vector<PartitionSpec> partition_specs;
  int32_t default_spec_id = 0;
  int32_t last_partition_id = 999;
  std::vector<SortOrder> sort_orders;
  int32_t default_sort_order_id = 0;
  std::map<std::string, std::string> properties;
  std::optional<int64_t> current_snapshot_id;
  std::vector<Snapshot> snapshots;
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::map<std::string, SnapshotRef> refs;
  int64_t next_row_id = 0;  // format version 3
  // Top-level members this program does not interpret (statistics, encryption keys, unknown ones):
  // name to JSON text, written back as they were.
  std::map<std::string, std::string> unknown_members;

  const Schema& schema() const;  // the current one
  const Schema* FindSchema(int32_t schema_id) const;
  const PartitionSpec& spec() const;  // the default one
  const PartitionSpec* FindSpec(int32_t spec_id) const;
  const SortOrder& sort_order() const;
  const Snapshot* FindSnapshot(int64_t snapshot_id) const;
  const Snapshot* current_snapshot() const;
  // The head of a branch; null when the ref does not exist.
  const Snapshot* Head(std::string_view branch = kMainBranch) const;
  std::string Property(std::string_view name, std::string_view fallback) const;
  int64_t IntProperty(std::string_view name,
                      int64_t fallback) const;  // the fallback also when it does not parse
  // Where data files and metadata files go, honouring write.data.path and write.metadata.path.
  std::string DataLocation() const;
  std::string MetadataLocation() const;

  friend bool operator==(const TableMetadata&, const TableMetadata&) = default;
};

using TableMetadataPtr = std::shared_ptr<const TableMetadata>;

// A new table's metadata (field ids and spec re-assigned as the reference implementation does); no
// snapshots. The property "format-version" wins over the member of that name; it and the other
// reserved names are not stored. Unless the caller sets one, write.parquet.compression-codec
// becomes zstd.
struct NewTable {
  Schema schema;
  PartitionSpec spec;  // source ids refer to `schema`
  SortOrder sort_order;
  std::string location;
  std::map<std::string, std::string> properties;
  int32_t format_version = 2;
  std::string table_uuid;
  int64_t now_ms = 0;
};
Result<TableMetadata> MakeTableMetadata(NewTable table);

// The invariants of the spec that a reader relies on (ids resolve, logs sorted, sequence numbers):
// kCorrupt with the first that is broken.
Status ValidateTableMetadata(const TableMetadata& metadata);

}  // namespace kafka_iceberg::iceberg
