// SPDX-License-Identifier: Apache-2.0
//
// Snapshots, refs and the snapshot log.
#include <algorithm>

#include "iceberg/json/metadata_json.h"
#include "iceberg/metadata_builder.h"

namespace kafka_iceberg::iceberg {
namespace {

Status CheckShape(const Snapshot& snapshot, const TableMetadata& metadata) {
  if (snapshot.snapshot_id < 0) {
    return Error::Invalid("snapshot id {} is negative", snapshot.snapshot_id);
  }
  if (snapshot.manifest_list.empty() &&
      (metadata.format_version > 1 || snapshot.manifests.empty())) {
    return Error::Invalid("snapshot {} has no manifest list", snapshot.snapshot_id);
  }
  if (snapshot.schema_id && metadata.FindSchema(*snapshot.schema_id) == nullptr) {
    return Error::Invalid("snapshot {} names the schema {}, which the table does not have",
                          snapshot.snapshot_id, *snapshot.schema_id);
  }
  if (metadata.format_version == 1 && snapshot.sequence_number != 0) {
    return Error::Invalid("snapshot {} has a sequence number in a table of format version 1",
                          snapshot.snapshot_id);
  }
  return {};
}

Status CheckRetention(const SetSnapshotRef& update) {
  const SnapshotRef& ref = update.ref;
  if (!ref.is_branch && (ref.min_snapshots_to_keep || ref.max_snapshot_age_ms)) {
    return Error::Invalid("tag '{}' cannot limit snapshots, only branches can", update.name);
  }
  if (ref.min_snapshots_to_keep.value_or(1) <= 0 || ref.max_snapshot_age_ms.value_or(1) <= 0 ||
      ref.max_ref_age_ms.value_or(1) <= 0) {
    return Error::Invalid("retention of ref '{}' must be above zero", update.name);
  }
  return {};
}

}  // namespace

Status MetadataBuilder::CheckRowLineage(const Snapshot& snapshot) const {
  if (metadata_.format_version < 3) {
    if (!snapshot.first_row_id && !snapshot.added_rows) return {};
    return Error::Invalid("snapshot {} has row ids, which need format version 3",
                          snapshot.snapshot_id);
  }
  if (!snapshot.first_row_id || !snapshot.added_rows || *snapshot.added_rows < 0) {
    return Error::Invalid("snapshot {} needs first-row-id and added-rows", snapshot.snapshot_id);
  }
  if (*snapshot.first_row_id < metadata_.next_row_id) {
    return Error::Conflict("snapshot {} starts at row id {}, the table is at {}",
                           snapshot.snapshot_id, *snapshot.first_row_id, metadata_.next_row_id);
  }
  int64_t end = 0;
  if (__builtin_add_overflow(*snapshot.first_row_id, *snapshot.added_rows, &end)) {
    return Error::Invalid("snapshot {} exhausts the row ids", snapshot.snapshot_id);
  }
  return {};
}

Status MetadataBuilder::Apply(const AddSnapshot& update) {
  const Snapshot& snapshot = update.snapshot;
  // A conflict and not an error: it may be this very commit that landed, so the caller must look
  // before it cleans up anything.
  if (metadata_.FindSnapshot(snapshot.snapshot_id) != nullptr) {
    return Error::Conflict("the table already has a snapshot {}", snapshot.snapshot_id);
  }
  TRY(CheckShape(snapshot, metadata_));
  if (metadata_.format_version > 1) {
    if (snapshot.sequence_number <= metadata_.last_sequence_number) {
      return Error::Conflict("snapshot {} has the sequence number {}, the table is at {}",
                             snapshot.snapshot_id, snapshot.sequence_number,
                             metadata_.last_sequence_number);
    }
    metadata_.last_sequence_number = snapshot.sequence_number;
  }
  TRY(CheckRowLineage(snapshot));
  if (metadata_.format_version >= 3) {
    // The same as adding to next-row-id, unless the snapshot left a gap, whose ids stay unused.
    metadata_.next_row_id = *snapshot.first_row_id + *snapshot.added_rows;
  }
  metadata_.snapshots.push_back(snapshot);
  added_snapshots_.insert(snapshot.snapshot_id);
  return {};
}

Status MetadataBuilder::Apply(const SetSnapshotRef& update) {
  if (update.name.empty()) return Error::Invalid("a ref needs a name");
  if (metadata_.FindSnapshot(update.ref.snapshot_id) == nullptr) {
    return Error::Invalid("ref '{}' cannot be set to snapshot {}, which the table does not have",
                          update.name, update.ref.snapshot_id);
  }
  TRY(CheckRetention(update));
  if (update.name == kMainBranch) {
    if (!update.ref.is_branch) return Error::Invalid("'main' can only be a branch");
    if (metadata_.current_snapshot_id != update.ref.snapshot_id) {
      metadata_.current_snapshot_id = update.ref.snapshot_id;
      main_heads_.push_back(update.ref.snapshot_id);
    }
  }
  metadata_.refs[update.name] = update.ref;
  return {};
}

Status MetadataBuilder::Apply(const RemoveSnapshots& update) {
  const std::set<int64_t> removed(update.snapshot_ids.begin(), update.snapshot_ids.end());
  const auto gone = std::erase_if(metadata_.snapshots, [&](const Snapshot& snapshot) {
    return removed.contains(snapshot.snapshot_id);
  });
  if (gone == 0) return {};
  snapshots_removed_ = true;
  std::vector<std::string> dangling;
  for (const auto& [name, ref] : metadata_.refs) {
    if (removed.contains(ref.snapshot_id)) dangling.push_back(name);
  }
  for (const std::string& name : dangling) TRY(Apply(RemoveSnapshotRef{name}));
  for (const char* member : {"statistics", "partition-statistics"}) {
    const auto found = metadata_.unknown_members.find(member);
    if (found != metadata_.unknown_members.end()) {
      found->second = StatisticsWithout(found->second, removed);
    }
  }
  return {};
}

Status MetadataBuilder::Apply(const RemoveSnapshotRef& update) {
  metadata_.refs.erase(update.name);
  if (update.name == kMainBranch) {
    metadata_.current_snapshot_id.reset();
    main_heads_.clear();
    // What was current before there was nothing is no history to travel in.
    metadata_.snapshot_log.clear();
  }
  return {};
}

// A log with a hole would claim that an older snapshot was current for longer than it was.
void MetadataBuilder::DropHistoryBeforeRemovedSnapshots() {
  std::set<int64_t> present;
  for (const Snapshot& snapshot : metadata_.snapshots) present.insert(snapshot.snapshot_id);
  auto& log = metadata_.snapshot_log;
  const auto last_hole = std::find_if(log.rbegin(), log.rend(), [&](const SnapshotLogEntry& entry) {
    return !present.contains(entry.snapshot_id);
  });
  log.erase(log.begin(), last_hole.base());
}

void MetadataBuilder::UpdateSnapshotLog() {
  auto& log = metadata_.snapshot_log;
  for (const int64_t head : main_heads_) {
    const bool added = added_snapshots_.contains(head);
    // Snapshots that were replaced within this commit were never seen as current by anybody.
    if (added && head != metadata_.current_snapshot_id) continue;
    const Snapshot* snapshot = metadata_.FindSnapshot(head);
    if (snapshot == nullptr) continue;
    const int64_t time_ms = added ? snapshot->timestamp_ms : metadata_.last_updated_ms;
    log.push_back({log.empty() ? time_ms : std::max(time_ms, log.back().timestamp_ms), head});
  }
  if (snapshots_removed_) DropHistoryBeforeRemovedSnapshots();
  const auto& current = metadata_.current_snapshot_id;
  if (current && (log.empty() || log.back().snapshot_id != *current)) {
    log.push_back({metadata_.last_updated_ms, *current});
  }
}

}  // namespace kafka_iceberg::iceberg
