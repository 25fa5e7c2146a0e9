// SPDX-License-Identifier: Apache-2.0
//
// Data files, manifest entries, manifests (spec "Manifests", "Manifest Lists"). Plain values;
// manifest_avro.h is their codec.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "iceberg/partition_spec.h"

namespace kafka_iceberg::iceberg {

enum class ManifestContent : int32_t { kData = 0, kDeletes = 1 };
enum class FileContent : int32_t { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };
enum class EntryStatus : int32_t { kExisting = 0, kAdded = 1, kDeleted = 2 };

// Column maps are keyed by field id; bounds hold single-value binary.
struct DataFile {
  FileContent content = FileContent::kData;
  std::string file_path;
  std::string file_format = "PARQUET";
  int32_t spec_id = 0;  // of the manifest that lists it; not stored per file
  PartitionTuple partition;
  int64_t record_count = 0;
  int64_t file_size_in_bytes = 0;
  std::map<int32_t, int64_t> column_sizes;
  std::map<int32_t, int64_t> value_counts;
  std::map<int32_t, int64_t> null_value_counts;
  std::map<int32_t, int64_t> nan_value_counts;
  std::map<int32_t, std::string> lower_bounds;
  std::map<int32_t, std::string> upper_bounds;
  std::optional<std::string> key_metadata;
  std::vector<int64_t> split_offsets;
  std::vector<int32_t> equality_ids;
  std::optional<int32_t> sort_order_id;
  std::optional<int64_t> first_row_id;  // format version 3
  std::optional<std::string> referenced_data_file;
  std::optional<int64_t> content_offset;
  std::optional<int64_t> content_size_in_bytes;

  friend bool operator==(const DataFile&, const DataFile&) = default;
};

struct ManifestEntry {
  EntryStatus status = EntryStatus::kAdded;
  // Absent: inherited from the manifest (spec "Sequence Number Inheritance").
  std::optional<int64_t> snapshot_id;
  std::optional<int64_t> sequence_number;
  std::optional<int64_t> file_sequence_number;
  DataFile file;

  friend bool operator==(const ManifestEntry&, const ManifestEntry&) = default;
};

struct PartitionFieldSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower_bound;  // single-value binary
  std::optional<std::string> upper_bound;
  friend bool operator==(const PartitionFieldSummary&, const PartitionFieldSummary&) = default;
};

// One line of a manifest list.
struct ManifestFile {
  std::string manifest_path;
  int64_t manifest_length = 0;
  int32_t partition_spec_id = 0;
  ManifestContent content = ManifestContent::kData;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  // Absent only in old version-1 lists.
  std::optional<int32_t> added_files_count;
  std::optional<int32_t> existing_files_count;
  std::optional<int32_t> deleted_files_count;
  std::optional<int64_t> added_rows_count;
  std::optional<int64_t> existing_rows_count;
  std::optional<int64_t> deleted_rows_count;
  std::vector<PartitionFieldSummary> partitions;
  std::optional<std::string> key_metadata;
  std::optional<int64_t> first_row_id;  // format version 3

  // False only when the counts are there and say that every file in it is deleted.
  bool may_have_live_files() const {
    return added_files_count.value_or(1) > 0 || existing_files_count.value_or(1) > 0;
  }
  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

}  // namespace kafka_iceberg::iceberg
