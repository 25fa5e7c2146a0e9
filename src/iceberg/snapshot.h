// SPDX-License-Identifier: Apache-2.0
//
// Snapshots, their summaries and the refs that name them (spec "Snapshots", "Snapshot References").
// Plain values, compared by value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kafka_iceberg::iceberg {

inline constexpr std::string_view kMainBranch = "main";

struct Snapshot {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::map<std::string, std::string> summary;  // includes "operation"
  std::string manifest_list;
  std::vector<std::string> manifests;  // format version 1 without a manifest list
  std::optional<int32_t> schema_id;
  std::optional<int64_t> first_row_id;  // format version 3
  std::optional<int64_t> added_rows;    // format version 3
  std::optional<std::string> key_id;
  // Members this program does not know, as in TableMetadata.
  std::map<std::string, std::string> unknown_members;

  // "append", "replace", "overwrite" or "delete"; empty in old tables.
  std::string operation() const {
    const auto found = summary.find("operation");
    return found == summary.end() ? std::string() : found->second;
  }
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

struct SnapshotRef {
  int64_t snapshot_id = 0;
  bool is_branch = true;
  std::optional<int32_t> min_snapshots_to_keep;
  std::optional<int64_t> max_snapshot_age_ms;
  std::optional<int64_t> max_ref_age_ms;
  friend bool operator==(const SnapshotRef&, const SnapshotRef&) = default;
};

}  // namespace kafka_iceberg::iceberg
