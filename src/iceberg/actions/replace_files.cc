// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/replace_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "iceberg/actions/snapshot_summary.h"
#include "iceberg/manifest_avro.h"
#include "iceberg/manifests/manifest_writer.h"
#include "iceberg/table_scan.h"

namespace kafka_iceberg::iceberg {
namespace {

// One call of PrepareReplace.
class Replace {
 public:
  Replace(const TableMetadata& base, const ReplaceOptions& options, storage::ObjectStore& store)
      : base_(base), options_(options), store_(store) {}

  Result<std::vector<ManifestFile>> MakeManifests(const Snapshot& head) {
    std::vector<ManifestFile> result;
    for (const ManifestFile& manifest : TRY(ReadManifestList(head, store_))) {
      if (manifest.content != ManifestContent::kData) {
        result.push_back(manifest);
      } else if (manifest.may_have_live_files()) {
        TRY(CarryOver(manifest, result));
      }
    }
    if (found_ != options_.removed.size())
      return Error::Conflict("a data file that is to be replaced is not in the table any more");
    if (!options_.added.empty()) TRY(WriteAdded(result));
    return result;
  }

  std::map<std::string, std::string> Summarize(const Snapshot& head) const {
    std::map<std::string, std::string> summary = SummarizeReplace(head, added_, removed_);
    for (const auto& [name, value] : options_.summary) summary.emplace(name, value);
    return summary;
  }

 private:
  Status CarryOver(const ManifestFile& manifest, std::vector<ManifestFile>& result) {
    std::vector<ManifestEntry> entries = TRY(ReadManifest(manifest, store_));
    std::erase_if(entries,
                  [](const ManifestEntry& entry) { return entry.status == EntryStatus::kDeleted; });
    bool changed = false;
    for (ManifestEntry& entry : entries) {
      const bool is_removed = options_.removed.contains(entry.file.file_path);
      changed |= is_removed;
      entry.status = is_removed ? EntryStatus::kDeleted : EntryStatus::kExisting;
      if (!is_removed) continue;
      entry.snapshot_id = options_.snapshot_id;
      removed_.Add(entry.file);
      ++found_;
    }
    if (!changed) {
      result.push_back(manifest);
      return {};
    }
    return Write(entries, manifest.partition_spec_id, result);
  }

  Status WriteAdded(std::vector<ManifestFile>& result) {
    std::vector<ManifestEntry> entries;
    for (const DataFile& file : options_.added) {
      entries.push_back({.status = EntryStatus::kAdded, .file = file});
      added_.Add(file);
    }
    return Write(entries, base_.default_spec_id, result);
  }

  Status Write(const std::vector<ManifestEntry>& entries, int32_t spec_id,
               std::vector<ManifestFile>& result) {
    const PartitionSpec* spec = base_.FindSpec(spec_id);
    if (spec == nullptr)
      return Error::Corrupt("partition spec {} is not in the table's metadata", spec_id);
    const auto writer = TRY(ManifestWriter::Open(
        {base_.format_version, ManifestContent::kData, base_.schema(), *spec}));
    for (const ManifestEntry& entry : entries) TRY(writer->Append(entry));
    EncodedManifest encoded = TRY(writer->Finish());
    ManifestFile& file = encoded.file;
    file.manifest_path =
        fmt::format("{}/{}-m{}.avro", base_.MetadataLocation(), options_.commit_uuid, manifests_++);
    file.added_snapshot_id = options_.snapshot_id;
    file.sequence_number = base_.last_sequence_number + 1;
    file.min_sequence_number = encoded.min_sequence_number.value_or(file.sequence_number);
    TRY(store_.Write(file.manifest_path, encoded.bytes));
    result.push_back(std::move(file));
    return {};
  }

  const TableMetadata& base_;
  const ReplaceOptions& options_;
  storage::ObjectStore& store_;
  FileTotals added_;
  FileTotals removed_;
  size_t found_ = 0;
  int manifests_ = 0;
};

}  // namespace

Result<PreparedCommit> PrepareReplace(const TableMetadata& base, const ReplaceOptions& options,
                                      storage::ObjectStore& store, int64_t now_ms) {
  if (base.format_version != 2)
    return Error::Unsupported("files are replaced in tables of format version 2 only");
  const Snapshot* head = base.Head();
  if (head == nullptr) return Error::Conflict("the table has no snapshot");
  Replace replace(base, options, store);
  const std::vector<ManifestFile> manifests = TRY(replace.MakeManifests(*head));
  Snapshot snapshot{.snapshot_id = options.snapshot_id,
                    .parent_snapshot_id = head->snapshot_id,
                    .sequence_number = base.last_sequence_number + 1,
                    .timestamp_ms = now_ms,
                    .schema_id = base.current_schema_id};
  // Never before what is in the log: another writer's clock may be ahead of ours.
  if (!base.snapshot_log.empty())
    snapshot.timestamp_ms = std::max(now_ms, base.snapshot_log.back().timestamp_ms);
  const ManifestListHeader header{.format_version = base.format_version,
                                  .snapshot_id = snapshot.snapshot_id,
                                  .parent_snapshot_id = snapshot.parent_snapshot_id,
                                  .sequence_number = snapshot.sequence_number};
  snapshot.manifest_list = fmt::format("{}/snap-{}-1-{}.avro", base.MetadataLocation(),
                                       snapshot.snapshot_id, options.commit_uuid);
  TRY(store.Write(snapshot.manifest_list, TRY(EncodeManifestList(header, manifests))));
  snapshot.summary = replace.Summarize(*head);
  SnapshotRef ref;
  if (const auto known = base.refs.find(std::string(kMainBranch)); known != base.refs.end())
    ref = known->second;
  ref.snapshot_id = snapshot.snapshot_id;
  PreparedCommit commit{.snapshot = snapshot};
  commit.updates = {AddSnapshot{snapshot}, SetSnapshotRef{std::string(kMainBranch), ref}};
  if (!base.table_uuid.empty()) commit.requirements.push_back(AssertTableUuid{base.table_uuid});
  commit.requirements.push_back(AssertRefSnapshotId{std::string(kMainBranch), head->snapshot_id});
  return commit;
}

}  // namespace kafka_iceberg::iceberg
