// SPDX-License-Identifier: Apache-2.0
#include "commit/epoch_append.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "iceberg/actions/schema_update.h"
#include "iceberg/actions/snapshot_summary.h"
#include "iceberg/manifest_avro.h"
#include "iceberg/table_scan.h"

namespace kafka_iceberg::commit {
namespace {

// Gives the next row ids to data manifests that have none yet, as every version-3 snapshot must
// (spec "First Row ID Assignment"); how many were given.
Result<int64_t> AssignRowIds(int64_t next_row_id, std::vector<iceberg::ManifestFile>& manifests) {
  const int64_t first = next_row_id;
  for (iceberg::ManifestFile& manifest : manifests) {
    if (manifest.content != iceberg::ManifestContent::kData || manifest.first_row_id) continue;
    manifest.first_row_id = next_row_id;
    for (const int64_t rows :
         {manifest.added_rows_count.value_or(0), manifest.existing_rows_count.value_or(0)}) {
      if (rows < 0 || __builtin_add_overflow(next_row_id, rows, &next_row_id)) {
        return Error::Corrupt("row counts of {} are beyond 64 bits", manifest.manifest_path);
      }
    }
  }
  return next_row_id - first;
}

}  // namespace

EpochAppend::EpochAppend(const FlushEpoch& epoch, std::string commit_uuid,
                         std::map<std::string, std::string> summary, storage::ObjectStore& store)
    : options_{.snapshot_id = epoch.snapshot_id,
               .commit_uuid = std::move(commit_uuid),
               .files = {},
               .summary = std::move(summary)},
      schema_(epoch.schema),
      store_(store) {
  if (epoch.files.empty()) return;
  iceberg::AppendOptions options = options_;
  for (const write::StagedFile& staged : epoch.files) options.files.push_back(staged.file);
  append_ = std::make_unique<iceberg::Append>(std::move(options), store);
}

Result<iceberg::PreparedCommit> EpochAppend::Prepare(const iceberg::TableMetadata& base,
                                                     int64_t now_ms) {
  if (schema_ == nullptr) return PrepareSnapshot(base, now_ms);
  iceberg::SchemaUpdate update = TRY(iceberg::UpdateForFiles(base, *schema_));
  if (update.updates.empty()) return PrepareSnapshot(base, now_ms);
  const iceberg::TableMetadata evolved =
      TRY(iceberg::ApplyUpdates(base, update.updates, "", now_ms));
  iceberg::PreparedCommit commit = TRY(PrepareSnapshot(evolved, now_ms));
  // The schema first: the snapshot names it.
  commit.updates.insert(commit.updates.begin(), update.updates.begin(), update.updates.end());
  std::erase_if(update.requirements, [](const iceberg::TableRequirement& requirement) {
    return std::holds_alternative<iceberg::AssertTableUuid>(requirement);
  });
  std::ranges::move(update.requirements, std::back_inserter(commit.requirements));
  return commit;
}

Result<iceberg::PreparedCommit> EpochAppend::PrepareSnapshot(const iceberg::TableMetadata& base,
                                                             int64_t now_ms) {
  return append_ != nullptr ? append_->Prepare(base, now_ms) : PrepareEmpty(base, now_ms);
}

const std::vector<std::string>& EpochAppend::written_locations() const {
  return append_ != nullptr ? append_->written_locations() : written_;
}

Result<iceberg::PreparedCommit> EpochAppend::PrepareEmpty(const iceberg::TableMetadata& base,
                                                          int64_t now_ms) {
  const iceberg::Snapshot* head = base.Head();
  iceberg::Snapshot snapshot{
      .snapshot_id = options_.snapshot_id,
      .sequence_number = base.format_version >= 2 ? base.last_sequence_number + 1 : 0,
      .timestamp_ms = now_ms,
      .schema_id = base.current_schema_id};
  // Never before what is in the log: another writer's clock may be ahead of ours.
  if (!base.snapshot_log.empty()) {
    snapshot.timestamp_ms = std::max(now_ms, base.snapshot_log.back().timestamp_ms);
  }
  iceberg::SnapshotRef ref;
  std::optional<int64_t> expected;
  if (head != nullptr) {
    snapshot.parent_snapshot_id = expected = head->snapshot_id;
    const auto known = base.refs.find(std::string(iceberg::kMainBranch));
    if (known != base.refs.end()) ref = known->second;
  }
  ref.snapshot_id = options_.snapshot_id;
  TRY(WriteList(base, snapshot));
  snapshot.summary = iceberg::SummarizeAppend(base, head, {});
  for (const auto& [name, value] : options_.summary) snapshot.summary.emplace(name, value);
  iceberg::PreparedCommit commit{.snapshot = snapshot};
  commit.updates = {iceberg::AddSnapshot{snapshot},
                    iceberg::SetSnapshotRef{std::string(iceberg::kMainBranch), ref}};
  if (!base.table_uuid.empty())
    commit.requirements.push_back(iceberg::AssertTableUuid{base.table_uuid});
  commit.requirements.push_back(
      iceberg::AssertRefSnapshotId{std::string(iceberg::kMainBranch), expected});
  return commit;
}

// A list of its own, under a fresh name for each attempt: sharing the parent's would let its expiry
// remove ours.
Status EpochAppend::WriteList(const iceberg::TableMetadata& base, iceberg::Snapshot& snapshot) {
  std::vector<iceberg::ManifestFile> manifests;
  if (const iceberg::Snapshot* head = base.Head())
    manifests = TRY(iceberg::ReadManifestList(*head, store_));
  iceberg::ManifestListHeader header{.format_version = base.format_version,
                                     .snapshot_id = snapshot.snapshot_id,
                                     .parent_snapshot_id = snapshot.parent_snapshot_id,
                                     .sequence_number = snapshot.sequence_number};
  if (base.format_version >= 3) {
    header.first_row_id = snapshot.first_row_id = base.next_row_id;
    snapshot.added_rows = TRY(AssignRowIds(base.next_row_id, manifests));
  }
  const std::string bytes = TRY(iceberg::EncodeManifestList(header, manifests));
  snapshot.manifest_list = fmt::format("{}/snap-{}-{}-{}.avro", base.MetadataLocation(),
                                       snapshot.snapshot_id, ++attempts_, options_.commit_uuid);
  written_.push_back(snapshot.manifest_list);
  return store_.Write(snapshot.manifest_list, bytes);
}

}  // namespace kafka_iceberg::commit
