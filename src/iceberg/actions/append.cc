// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/append.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/check.h"
#include "iceberg/actions/manifest_merge.h"
#include "iceberg/actions/snapshot_summary.h"
#include "iceberg/manifest_avro.h"
#include "iceberg/manifests/manifest_writer.h"
#include "iceberg/table_scan.h"

namespace kafka_iceberg::iceberg {
namespace {

// A smaller target would make a manifest of every few files.
constexpr int64_t kManifestBytesMin = 64LL << 10;

// A manifest of this commit. Its bytes go to the store when a manifest list first needs it.
struct NewManifest {
  EncodedManifest encoded;
  std::vector<size_t> files;  // positions in the options; own manifests only
  bool written = false;
};

// A line of the manifest list that is being made: carried over, or made by this commit.
struct Line {
  ManifestFile file;
  NewManifest* made = nullptr;
};

// The head that the commit goes on top of, and the ref as it is now.
struct Target {
  const Snapshot* head = nullptr;
  std::optional<SnapshotRef> ref;
};

Result<Target> FindTarget(const TableMetadata& base, const std::string& branch) {
  Target target;
  target.head = base.Head(branch);
  const auto found = base.refs.find(branch);
  if (found != base.refs.end()) {
    if (!found->second.is_branch)
      return Error::Invalid("cannot append to {}: it is a tag, not a branch", branch);
    target.ref = found->second;
  } else if (target.head != nullptr) {  // main of a table whose metadata has no refs
    target.ref.emplace().snapshot_id = target.head->snapshot_id;
  } else {
    target.head = base.current_snapshot();  // a new branch starts where main is
  }
  if (target.ref && target.head == nullptr) {
    return Error::Corrupt("branch {} points to snapshot {}, which is not there", branch,
                          target.ref->snapshot_id);
  }
  return target;
}

// Own files leave what they can to inheritance, so that their manifest serves every attempt.
ManifestEntry OwnEntry(const DataFile& file, int32_t format_version, int64_t snapshot_id) {
  ManifestEntry entry;
  entry.status = EntryStatus::kAdded;
  if (format_version == 1) entry.snapshot_id = snapshot_id;  // version 1 knows no inheritance
  entry.file = file;
  return entry;
}

// Whether manifests of the spec can be written anew: not when a source column is gone, whose values
// have no type then.
Result<bool> IsWritable(const TableMetadata& base, int32_t spec_id) {
  const PartitionSpec* spec = base.FindSpec(spec_id);
  if (spec == nullptr)
    return Error::Corrupt("partition spec {} is not in the table's metadata", spec_id);
  const auto type = PartitionType(*spec, base.schema());
  return type.ok() &&
         std::none_of(type->fields.begin(), type->fields.end(),
                      [](const Field& field) { return field.type.id == TypeId::kUnknown; });
}

// Gives every data manifest without row ids the next range (spec "First Row ID Assignment") and
// returns how many ids were given away. Existing rows count too: they may come from before
// version 3.
Result<int64_t> AssignRowIds(int64_t next_row_id, std::vector<ManifestFile>& manifests) {
  const int64_t first = next_row_id;
  for (ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestContent::kData || manifest.first_row_id) continue;
    manifest.first_row_id = next_row_id;
    for (const auto rows : {manifest.existing_rows_count, manifest.added_rows_count}) {
      if (__builtin_add_overflow(next_row_id, rows.value_or(0), &next_row_id)) {
        return Error::Corrupt("row ids of {} would be beyond 64 bits", manifest.manifest_path);
      }
    }
  }
  return next_row_id - first;
}

}  // namespace

struct Append::State {
  // One call of Prepare.
  struct Attempt {
    const TableMetadata& base;
    Target target;
    int64_t sequence_number = 0;
    int64_t replaced = 0;  // carried manifests that were merged into new ones
  };

  State(const AppendOptions& append_options, storage::ObjectStore& object_store,
        std::vector<std::string>& locations)
      : options(append_options), store(object_store), written(locations) {}

  Result<Attempt> Begin(const TableMetadata& base);
  Status CheckFiles(const TableMetadata& base);
  Status EncodeOwn(const TableMetadata& base);
  Status EncodeOwnSpec(const TableMetadata& base, int32_t spec_id,
                       const std::vector<size_t>& files);
  Result<NewManifest> FinishManifest(ManifestWriter& writer, const TableMetadata& base);
  Result<std::vector<Line>> CollectLines(Attempt& attempt);
  Status AddCarried(const Attempt& attempt, ManifestContent content,
                    const std::vector<ManifestFile>& carried, std::vector<Line>& lines);
  Result<std::vector<Line>> Merge(Attempt& attempt, std::vector<Line> lines);
  Result<NewManifest*> MergeMembers(const TableMetadata& base, const std::vector<Line>& lines,
                                    const MergeGroup& group);
  Status CopyEntries(const Line& line, const TableMetadata& base, ManifestWriter& writer);
  Result<std::vector<ManifestFile>> WriteManifests(const Attempt& attempt, std::vector<Line> lines);
  Result<std::string> WriteList(const Attempt& attempt, const std::vector<ManifestFile>& list);
  Status WriteObject(const std::string& location, const std::string& bytes);
  std::map<std::string, std::string> Summarize(const Attempt& attempt,
                                               const std::vector<ManifestFile>& list) const;

  const AppendOptions& options;
  storage::ObjectStore& store;
  std::vector<std::string>& written;
  std::unordered_set<std::string_view> own_paths;
  int attempts = 0;
  int manifests = 0;
  int32_t format_version = 0;  // that the manifests below were made for
  std::vector<std::unique_ptr<NewManifest>> own;
  // By the paths of what was merged: the next attempt often finds the same manifests again.
  std::map<std::vector<std::string>, std::unique_ptr<NewManifest>> merged;
};

Result<Append::State::Attempt> Append::State::Begin(const TableMetadata& base) {
  TRY(CheckFiles(base));
  if (base.FindSnapshot(options.snapshot_id) != nullptr) {
    return Error::AlreadyExists("snapshot {} is in the table already", options.snapshot_id);
  }
  ++attempts;
  TRY(EncodeOwn(base));
  const Target target = TRY(FindTarget(base, options.branch));
  Attempt attempt = {base, target};
  attempt.sequence_number = base.format_version >= 2 ? base.last_sequence_number + 1 : 0;
  return attempt;
}

// ---- own manifests

Status Append::State::CheckFiles(const TableMetadata& base) {
  if (options.files.empty()) return Error::Invalid("an append needs at least one data file");
  own_paths.clear();
  for (const DataFile& file : options.files) {
    if (file.content != FileContent::kData)
      return Error::Invalid("{} is not a data file", file.file_path);
    if (!own_paths.insert(file.file_path).second)
      return Error::Invalid("{} is appended twice", file.file_path);
    if (base.FindSpec(file.spec_id) == nullptr) {
      return Error::Invalid("{} is of partition spec {}, which the table does not have",
                            file.file_path, file.spec_id);
    }
  }
  return {};
}

Status Append::State::EncodeOwn(const TableMetadata& base) {
  if (format_version == base.format_version) return {};
  own.clear();
  merged.clear();
  std::map<int32_t, std::vector<size_t>, std::greater<>> by_spec;
  for (size_t i = 0; i < options.files.size(); ++i) by_spec[options.files[i].spec_id].push_back(i);
  for (const auto& [spec_id, files] : by_spec) TRY(EncodeOwnSpec(base, spec_id, files));
  format_version = base.format_version;
  return {};
}

Status Append::State::EncodeOwnSpec(const TableMetadata& base, int32_t spec_id,
                                    const std::vector<size_t>& files) {
  const auto bytes_max =
      static_cast<size_t>(std::max(MergeRule::Of(base).target_bytes, kManifestBytesMin));
  const ManifestLayout layout = {base.format_version, ManifestContent::kData, base.schema(),
                                 *base.FindSpec(spec_id)};
  size_t position = 0;
  while (position < files.size()) {
    const auto writer = TRY(ManifestWriter::Open(layout));
    const size_t first = position;
    while (position < files.size() && writer->size() < bytes_max) {
      TRY(writer->Append(
          OwnEntry(options.files[files[position]], base.format_version, options.snapshot_id)));
      ++position;
    }
    NewManifest manifest = TRY(FinishManifest(*writer, base));
    manifest.files.assign(files.begin() + static_cast<ptrdiff_t>(first),
                          files.begin() + static_cast<ptrdiff_t>(position));
    own.push_back(std::make_unique<NewManifest>(std::move(manifest)));
  }
  return {};
}

Result<NewManifest> Append::State::FinishManifest(ManifestWriter& writer,
                                                  const TableMetadata& base) {
  NewManifest manifest;
  manifest.encoded = TRY(writer.Finish());
  manifest.encoded.file.manifest_path =
      fmt::format("{}/{}-m{}.avro", base.MetadataLocation(), options.commit_uuid, manifests++);
  return manifest;
}

// ---- what the new snapshot consists of

// Own manifests and those of the head: data first, merged where the rule says so, then deletes as
// they are.
Result<std::vector<Line>> Append::State::CollectLines(Attempt& attempt) {
  std::vector<ManifestFile> carried;
  if (attempt.target.head != nullptr) carried = TRY(ReadManifestList(*attempt.target.head, store));
  std::vector<Line> lines;
  for (const auto& manifest : own) lines.push_back({manifest->encoded.file, manifest.get()});
  TRY(AddCarried(attempt, ManifestContent::kData, carried, lines));
  lines = TRY(Merge(attempt, std::move(lines)));
  TRY(AddCarried(attempt, ManifestContent::kDeletes, carried, lines));
  return lines;
}

Status Append::State::AddCarried(const Attempt& attempt, ManifestContent content,
                                 const std::vector<ManifestFile>& carried,
                                 std::vector<Line>& lines) {
  for (const ManifestFile& manifest : carried) {
    if (manifest.content != content) continue;
    Line line = {manifest};
    // Version 1 may leave counts out, later ones may not.
    if (attempt.base.format_version >= 2) TRY(CompleteCounts(line.file, store));
    if (line.file.may_have_live_files()) lines.push_back(std::move(line));
  }
  return {};
}

Result<std::vector<Line>> Append::State::Merge(Attempt& attempt, std::vector<Line> lines) {
  std::vector<ManifestFile> files;
  std::vector<bool> may_merge;
  std::map<int32_t, bool> writable;
  for (const Line& line : lines) {
    const int32_t spec_id = line.file.partition_spec_id;
    if (!writable.contains(spec_id)) writable[spec_id] = TRY(IsWritable(attempt.base, spec_id));
    files.push_back(line.file);
    may_merge.push_back(options.merge_manifests && writable[spec_id] && !line.file.key_metadata);
  }
  std::vector<Line> result;
  for (const MergeGroup& group : PlanMerge(files, MergeRule::Of(attempt.base), may_merge)) {
    if (group.members.size() == 1) {
      result.push_back(std::move(lines[group.members.front()]));
      continue;
    }
    NewManifest* manifest = TRY(MergeMembers(attempt.base, lines, group));
    for (const size_t member : group.members)
      attempt.replaced += lines[member].made == nullptr ? 1 : 0;
    result.push_back({manifest->encoded.file, manifest});
  }
  return result;
}

Result<NewManifest*> Append::State::MergeMembers(const TableMetadata& base,
                                                 const std::vector<Line>& lines,
                                                 const MergeGroup& group) {
  std::vector<std::string> key;
  for (const size_t member : group.members) key.push_back(lines[member].file.manifest_path);
  const auto known = merged.find(key);
  if (known != merged.end()) return known->second.get();
  const auto writer = TRY(ManifestWriter::Open(
      {base.format_version, ManifestContent::kData, base.schema(), *base.FindSpec(group.spec_id)}));
  for (const size_t member : group.members) TRY(CopyEntries(lines[member], base, *writer));
  auto manifest = std::make_unique<NewManifest>(TRY(FinishManifest(*writer, base)));
  return merged.emplace(std::move(key), std::move(manifest)).first->second.get();
}

// Own entries stay added; live ones of earlier snapshots become existing with all they inherited;
// deleted ones have been reported by the snapshot that deleted them and vanish.
Status Append::State::CopyEntries(const Line& line, const TableMetadata& base,
                                  ManifestWriter& writer) {
  if (line.made != nullptr) {
    for (const size_t i : line.made->files) {
      TRY(writer.Append(OwnEntry(options.files[i], base.format_version, options.snapshot_id)));
    }
    return {};
  }
  return VisitEntries(line.file, store, [&](const ManifestEntry& stored) -> Status {
    if (stored.status == EntryStatus::kDeleted) return {};
    if (own_paths.contains(stored.file.file_path)) {
      return Error::Invalid("{} is in the table already", stored.file.file_path);
    }
    ManifestEntry entry = stored;
    entry.status = EntryStatus::kExisting;
    return writer.Append(entry);
  });
}

// ---- writing

// Fills in what lines of new manifests could not know before, and writes those manifests that are
// not in the store.
Result<std::vector<ManifestFile>> Append::State::WriteManifests(const Attempt& attempt,
                                                                std::vector<Line> lines) {
  std::vector<ManifestFile> result;
  for (Line& line : lines) {
    if (line.made != nullptr) {
      line.file.added_snapshot_id = options.snapshot_id;
      line.file.sequence_number = attempt.sequence_number;
      line.file.min_sequence_number =
          line.made->encoded.min_sequence_number.value_or(attempt.sequence_number);
      if (!line.made->written) {
        TRY(WriteObject(line.file.manifest_path, line.made->encoded.bytes));
        line.made->written = true;
        line.made->encoded.bytes = std::string();
      }
    }
    result.push_back(std::move(line.file));
  }
  return result;
}

Result<std::string> Append::State::WriteList(const Attempt& attempt,
                                             const std::vector<ManifestFile>& list) {
  ManifestListHeader header;
  header.format_version = attempt.base.format_version;
  header.snapshot_id = options.snapshot_id;
  if (attempt.target.head != nullptr) header.parent_snapshot_id = attempt.target.head->snapshot_id;
  header.sequence_number = attempt.sequence_number;
  if (header.format_version >= 3) header.first_row_id = attempt.base.next_row_id;
  const std::string bytes = TRY(EncodeManifestList(header, list));
  // A fresh name for each attempt: one that is still in doubt must keep its list.
  std::string location = fmt::format("{}/snap-{}-{}-{}.avro", attempt.base.MetadataLocation(),
                                     options.snapshot_id, attempts, options.commit_uuid);
  TRY(WriteObject(location, bytes));
  return location;
}

// The location counts as written before the attempt: a failed write may leave an object behind.
Status Append::State::WriteObject(const std::string& location, const std::string& bytes) {
  if (std::find(written.begin(), written.end(), location) == written.end())
    written.push_back(location);
  return store.Write(location, bytes);
}

std::map<std::string, std::string> Append::State::Summarize(
    const Attempt& attempt, const std::vector<ManifestFile>& list) const {
  std::map<std::string, std::string> summary =
      SummarizeAppend(attempt.base, attempt.target.head, options.files);
  const auto created = std::count_if(list.begin(), list.end(), [&](const ManifestFile& manifest) {
    return manifest.added_snapshot_id == options.snapshot_id;
  });
  summary["manifests-created"] = std::to_string(created);
  summary["manifests-kept"] = std::to_string(static_cast<ptrdiff_t>(list.size()) - created);
  summary["manifests-replaced"] = std::to_string(attempt.replaced);
  for (const auto& [name, value] : options.summary) summary.emplace(name, value);
  return summary;
}

// ---- the action

Append::Append(AppendOptions options, storage::ObjectStore& store)
    : options_(std::move(options)),
      store_(store),
      state_(std::make_unique<State>(options_, store_, written_)) {}

Append::~Append() = default;

Result<PreparedCommit> Append::Prepare(const TableMetadata& base, int64_t now_ms) {
  State::Attempt attempt = TRY(state_->Begin(base));
  std::vector<ManifestFile> list =
      TRY(state_->WriteManifests(attempt, TRY(state_->CollectLines(attempt))));

  const Target& target = attempt.target;
  PreparedCommit commit;
  Snapshot& snapshot = commit.snapshot;
  snapshot.snapshot_id = options_.snapshot_id;
  if (target.head != nullptr) snapshot.parent_snapshot_id = target.head->snapshot_id;
  snapshot.sequence_number = attempt.sequence_number;
  // Never before what is in the log: another writer's clock may be ahead of ours.
  snapshot.timestamp_ms =
      base.snapshot_log.empty() ? now_ms : std::max(now_ms, base.snapshot_log.back().timestamp_ms);
  snapshot.schema_id = base.current_schema_id;
  if (base.format_version >= 3) {
    snapshot.first_row_id = base.next_row_id;
    snapshot.added_rows = TRY(AssignRowIds(base.next_row_id, list));
  }
  snapshot.manifest_list = TRY(state_->WriteList(attempt, list));
  snapshot.summary = state_->Summarize(attempt, list);

  SnapshotRef ref = target.ref.value_or(SnapshotRef());
  ref.snapshot_id = options_.snapshot_id;
  commit.updates = {AddSnapshot{snapshot}, SetSnapshotRef{options_.branch, ref}};
  if (!base.table_uuid.empty()) commit.requirements.push_back(AssertTableUuid{base.table_uuid});
  std::optional<int64_t> expected;
  if (target.ref) expected = target.ref->snapshot_id;
  commit.requirements.push_back(AssertRefSnapshotId{options_.branch, expected});
  return commit;
}

int64_t NewSnapshotId(const TableMetadata& base, Random& random) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const auto id = static_cast<int64_t>(random.Next() & static_cast<uint64_t>(INT64_MAX));
    if (id > 0 && base.FindSnapshot(id) == nullptr) return id;
  }
  CHECK(false);  // the generator repeats itself
}

}  // namespace kafka_iceberg::iceberg
