// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/append.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "iceberg/manifest_avro.h"
#include "iceberg/manifests/fake_manifests.h"
#include "iceberg/table_scan.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Pair;
using testing::SizeIs;

constexpr int64_t kNow = 1'767'882'600'000;

class AppendTest : public testing::Test {
 protected:
  static AppendOptions Options(int64_t snapshot_id, std::vector<DataFile> files) {
    AppendOptions options;
    options.snapshot_id = snapshot_id;
    options.commit_uuid = fmt::format("uuid-{}", snapshot_id);
    options.files = std::move(files);
    return options;
  }

  static std::vector<DataFile> OneFile(int64_t snapshot_id, int64_t rows = 10) {
    return {FakeFile(fmt::format("memory://w/t/data/{}.parquet", snapshot_id),
                     FakePartition("x", 1), rows)};
  }

  // What a catalog does: checks the requirements and applies the updates.
  static TableMetadata Apply(const TableMetadata& base, const PreparedCommit& commit) {
    EXPECT_THAT(CheckRequirements(&base, commit.requirements), IsOk());
    auto result =
        ApplyUpdates(base, commit.updates, "memory://w/t/metadata/v1.metadata.json", kNow);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *result : base;
  }

  TableMetadata Committed(const TableMetadata& base, AppendOptions options) {
    Append append(std::move(options), store_);
    auto commit = append.Prepare(base, kNow);
    EXPECT_THAT(commit, IsOk());
    return commit.ok() ? Apply(base, *commit) : base;
  }

  TableMetadata WithAppends(TableMetadata table, int64_t count) {
    for (int64_t id = 1; id <= count; ++id) table = Committed(table, Options(id, OneFile(id)));
    return table;
  }

  std::vector<ManifestFile> Lines(const Snapshot& snapshot) {
    auto lines = ReadManifestList(snapshot, store_);
    EXPECT_THAT(lines, IsOk());
    return lines.ok() ? *lines : std::vector<ManifestFile>();
  }

  std::vector<std::string> LivePaths(const Snapshot& snapshot) {
    std::vector<std::string> paths;
    EXPECT_THAT(VisitLiveEntries(snapshot, store_,
                                 [&](const ManifestFile&, const ManifestEntry& entry) -> Status {
                                   paths.push_back(entry.file.file_path);
                                   return {};
                                 }),
                IsOk());
    return paths;
  }

  // Adds a manifest of the given kind below the table's head, as another writer might have.
  TableMetadata WithCarried(
      TableMetadata table, const Manifest& manifest, const std::string& path,
      std::function<void(ManifestFile&)> change = [](ManifestFile&) {}) {
    EXPECT_THAT(store_.Write(path, EncodeManifest(manifest).value()), IsOk());
    Snapshot& head = table.snapshots.back();
    std::vector<ManifestFile> lines = Lines(head);
    ManifestFile& line = lines.emplace_back();
    line.manifest_path = path;
    line.partition_spec_id = manifest.spec.spec_id;
    line.content = manifest.content;
    line.sequence_number = 1;
    line.min_sequence_number = 1;
    line.added_snapshot_id = 500;
    line.added_files_count = line.existing_files_count = line.deleted_files_count = 1;
    line.added_rows_count = line.existing_rows_count = line.deleted_rows_count = 1;
    change(line);
    ManifestListHeader header;
    header.format_version = table.format_version;
    EXPECT_THAT(store_.Write(head.manifest_list, EncodeManifestList(header, lines).value()),
                IsOk());
    return table;
  }

  static Manifest OtherManifest(std::vector<ManifestEntry> entries) {
    Manifest manifest;
    manifest.schema = FakeSchema();
    manifest.spec = FakeSpec();
    manifest.entries = std::move(entries);
    return manifest;
  }

  static ManifestEntry OtherEntry(EntryStatus status, const std::string& path) {
    ManifestEntry entry;
    entry.status = status;
    entry.snapshot_id = 400;
    entry.sequence_number = 1;
    entry.file_sequence_number = 1;
    entry.file = FakeFile(path, FakePartition("x", 1));
    return entry;
  }

  FakeClock clock_;
  storage::MemoryStore memory_{clock_};
  storage::FaultStore store_{memory_};
};

// ---- a plain append

TEST_F(AppendTest, MakesASnapshotOfAnEmptyTable) {
  const TableMetadata base = FakeTable();
  Append append(Options(7, OneFile(7)), store_);
  const auto commit = append.Prepare(base, kNow);
  ASSERT_THAT(commit, IsOk());
  const Snapshot& snapshot = commit->snapshot;
  EXPECT_EQ(snapshot.snapshot_id, 7);
  EXPECT_EQ(snapshot.parent_snapshot_id, std::nullopt);
  EXPECT_EQ(snapshot.sequence_number, 1);
  EXPECT_EQ(snapshot.timestamp_ms, kNow);
  EXPECT_EQ(snapshot.schema_id, 0);
  EXPECT_EQ(snapshot.manifest_list, "memory://w/t/metadata/snap-7-1-uuid-7.avro");
  EXPECT_EQ(snapshot.first_row_id, std::nullopt);
  const auto lines = Lines(snapshot);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].manifest_path, "memory://w/t/metadata/uuid-7-m0.avro");
  EXPECT_EQ(lines[0].manifest_length, store_.Stat(lines[0].manifest_path)->size_bytes);
  EXPECT_EQ(lines[0].partition_spec_id, 1);
  EXPECT_EQ(lines[0].sequence_number, 1);
  EXPECT_EQ(lines[0].min_sequence_number, 1);
  EXPECT_EQ(lines[0].added_snapshot_id, 7);
  EXPECT_EQ(lines[0].added_files_count, 1);
  EXPECT_EQ(lines[0].existing_files_count, 0);
  EXPECT_EQ(lines[0].added_rows_count, 10);
  EXPECT_THAT(lines[0].partitions, SizeIs(3));
  EXPECT_EQ(lines[0].partitions[0].lower_bound, "x");
}

TEST_F(AppendTest, AddedFilesInheritEverything) {
  const TableMetadata table = Committed(FakeTable(), Options(7, OneFile(7)));
  const auto bytes = store_.Read(Lines(*table.Head())[0].manifest_path).value();
  const Manifest manifest = DecodeManifest(bytes, "m").value();
  EXPECT_EQ(manifest.entries.at(0).status, EntryStatus::kAdded);
  EXPECT_EQ(manifest.entries[0].snapshot_id, std::nullopt);
  EXPECT_EQ(manifest.entries[0].sequence_number, std::nullopt);
  EXPECT_EQ(manifest.entries[0].file_sequence_number, std::nullopt);
  EXPECT_EQ(manifest.entries[0].file, OneFile(7)[0]);
}

TEST_F(AppendTest, AsksForTheTableAndTheRefItSaw) {
  const TableMetadata first = FakeTable();
  Append append(Options(7, OneFile(7)), store_);
  const PreparedCommit commit = append.Prepare(first, kNow).value();
  ASSERT_THAT(commit.requirements, SizeIs(2));
  EXPECT_EQ(std::get<AssertTableUuid>(commit.requirements[0]).uuid, first.table_uuid);
  EXPECT_EQ(std::get<AssertRefSnapshotId>(commit.requirements[1]).ref, "main");
  EXPECT_EQ(std::get<AssertRefSnapshotId>(commit.requirements[1]).snapshot_id, std::nullopt);
  Append second(Options(8, OneFile(8)), store_);
  const PreparedCommit next = second.Prepare(Apply(first, commit), kNow).value();
  EXPECT_EQ(std::get<AssertRefSnapshotId>(next.requirements[1]).snapshot_id, 7);
  EXPECT_EQ(next.snapshot.parent_snapshot_id, 7);
  EXPECT_EQ(next.snapshot.sequence_number, 2);
}

TEST_F(AppendTest, PutsTheNewManifestBeforeTheCarriedOnes) {
  const TableMetadata table = WithAppends(FakeTable(), 3);
  const auto lines = Lines(*table.Head());
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[0].added_snapshot_id, 3);
  EXPECT_EQ(lines[1].added_snapshot_id, 2);
  EXPECT_EQ(lines[1].sequence_number, 2);
  EXPECT_EQ(lines[2].sequence_number, 1);
  EXPECT_THAT(LivePaths(*table.Head()), SizeIs(3));
}

TEST_F(AppendTest, SummarisesWithItsOwnAndTheCallersMembers) {
  AppendOptions options = Options(2, OneFile(2));
  options.summary = {{"kafka-iceberg.commit-id", "abc"}, {"total-records", "999"}};
  const TableMetadata table = Committed(WithAppends(FakeTable(), 1), options);
  const auto& summary = table.Head()->summary;
  EXPECT_THAT(summary, Contains(Pair("operation", "append")));
  EXPECT_THAT(summary, Contains(Pair("kafka-iceberg.commit-id", "abc")));
  EXPECT_THAT(summary, Contains(Pair("total-records", "20")));
  EXPECT_THAT(summary, Contains(Pair("manifests-created", "1")));
  EXPECT_THAT(summary, Contains(Pair("manifests-kept", "1")));
  EXPECT_THAT(summary, Contains(Pair("manifests-replaced", "0")));
}

TEST_F(AppendTest, KeepsTheRetentionOfTheRef) {
  TableMetadata table = WithAppends(FakeTable(), 1);
  table.refs["main"].min_snapshots_to_keep = 5;
  table.refs["main"].max_ref_age_ms = 6;
  table = Committed(table, Options(2, OneFile(2)));
  EXPECT_EQ(table.refs["main"].snapshot_id, 2);
  EXPECT_EQ(table.refs["main"].min_snapshots_to_keep, 5);
  EXPECT_EQ(table.refs["main"].max_ref_age_ms, 6);
}

TEST_F(AppendTest, NeverGoesBackBehindTheLog) {
  TableMetadata table = WithAppends(FakeTable(), 1);
  table.snapshot_log.back().timestamp_ms = kNow + 600'000;
  Append append(Options(2, OneFile(2)), store_);
  EXPECT_EQ(append.Prepare(table, kNow)->snapshot.timestamp_ms, kNow + 600'000);
}

TEST_F(AppendTest, WritesWhereTheTableKeepsItsMetadata) {
  TableMetadata table = FakeTable();
  table.properties["write.metadata.path"] = "memory://elsewhere";
  table = Committed(table, Options(7, OneFile(7)));
  EXPECT_EQ(table.Head()->manifest_list, "memory://elsewhere/snap-7-1-uuid-7.avro");
  EXPECT_EQ(Lines(*table.Head())[0].manifest_path, "memory://elsewhere/uuid-7-m0.avro");
}

TEST_F(AppendTest, WritesVersion1WithExplicitSnapshotIds) {
  const TableMetadata table = Committed(FakeTable(1), Options(7, OneFile(7)));
  EXPECT_EQ(table.Head()->sequence_number, 0);
  const auto line = Lines(*table.Head()).at(0);
  EXPECT_EQ(line.sequence_number, 0);
  const Manifest manifest = DecodeManifest(store_.Read(line.manifest_path).value(), "m").value();
  EXPECT_EQ(manifest.format_version, 1);
  EXPECT_EQ(manifest.entries.at(0).snapshot_id, 7);
}

// ---- several specs, many files

TEST_F(AppendTest, WritesOneManifestForEachSpec) {
  std::vector<DataFile> files = {FakeFile("memory://a", FakePartition("x", 1)),
                                 FakeFile("memory://b", {})};
  files[1].spec_id = 0;
  const TableMetadata table = Committed(FakeTable(), Options(7, files));
  const auto lines = Lines(*table.Head());
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].partition_spec_id, 1);
  EXPECT_EQ(lines[1].partition_spec_id, 0);
  EXPECT_THAT(lines[1].partitions, IsEmpty());
  EXPECT_THAT(table.Head()->summary, Contains(Pair("changed-partition-count", "2")));
  EXPECT_THAT(table.Head()->summary, Contains(Pair("manifests-created", "2")));
}

TEST_F(AppendTest, SplitsLongFileListsNearTheTargetSize) {
  TableMetadata table = FakeTable();
  table.properties["commit.manifest.target-size-bytes"] = "131072";
  std::vector<DataFile> files;
  for (int i = 0; i < 8000; ++i) {
    // Paths that do not compress well, as real ones.
    const auto scatter = static_cast<uint64_t>(i) * 0x9E3779B97F4A7C15U;
    files.push_back(FakeFile(fmt::format("memory://w/{:016x}{:016x}", scatter, scatter * scatter),
                             FakePartition("x", i)));
  }
  table = Committed(table, Options(7, files));
  const auto lines = Lines(*table.Head());
  ASSERT_GE(lines.size(), 2U);
  int32_t total = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    total += *lines[i].added_files_count;
    if (i + 1 < lines.size()) {
      EXPECT_GT(lines[i].manifest_length, 60'000);
    }
    EXPECT_LE(lines[i].manifest_length, 131'072);
  }
  EXPECT_EQ(total, 8000);
  EXPECT_THAT(LivePaths(*table.Head()), SizeIs(8000));
}

// ---- input that is refused

TEST_F(AppendTest, RefusesFilesThatCannotBeAppended) {
  const auto refused = [&](std::vector<DataFile> files) {
    Append append(Options(7, std::move(files)), store_);
    return append.Prepare(FakeTable(), kNow);
  };
  EXPECT_THAT(refused({}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused({OneFile(1)[0], OneFile(1)[0]}), IsError(ErrorCode::kInvalid));
  std::vector<DataFile> files = OneFile(1);
  files[0].content = FileContent::kEqualityDeletes;
  EXPECT_THAT(refused(files), IsError(ErrorCode::kInvalid));
  files = OneFile(1);
  files[0].spec_id = 9;
  EXPECT_THAT(refused(files), IsError(ErrorCode::kInvalid));
  files = OneFile(1);
  files[0].partition.pop_back();
  EXPECT_THAT(refused(files), IsError(ErrorCode::kInvalid));
}

TEST_F(AppendTest, TellsWhenItsSnapshotIsInTheTableAlready) {
  const TableMetadata table = WithAppends(FakeTable(), 2);
  Append append(Options(1, OneFile(9)), store_);
  EXPECT_THAT(append.Prepare(table, kNow), IsError(ErrorCode::kAlreadyExists));
}

// ---- attempts

TEST_F(AppendTest, AnotherAttemptReusesTheManifest) {
  const TableMetadata base = FakeTable();
  Append append(Options(7, OneFile(7)), store_);
  const PreparedCommit first = append.Prepare(base, kNow).value();
  const TableMetadata moved = Committed(base, Options(8, OneFile(8)));
  const int64_t writes = store_.calls(storage::StoreOperation::kWrite);
  const auto second = append.Prepare(moved, kNow);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(store_.calls(storage::StoreOperation::kWrite), writes + 1);
  EXPECT_EQ(second->snapshot.snapshot_id, 7);
  EXPECT_EQ(second->snapshot.sequence_number, 2);
  EXPECT_EQ(second->snapshot.parent_snapshot_id, 8);
  EXPECT_EQ(second->snapshot.manifest_list, "memory://w/t/metadata/snap-7-2-uuid-7.avro");
  EXPECT_EQ(Lines(second->snapshot)[0].manifest_path, Lines(first.snapshot)[0].manifest_path);
  EXPECT_EQ(Lines(second->snapshot)[0].sequence_number, 2);
  EXPECT_EQ(Lines(second->snapshot)[0].min_sequence_number, 2);
  EXPECT_EQ(Lines(first.snapshot)[0].sequence_number, 1);
  EXPECT_THAT(second->snapshot.summary, Contains(Pair("total-records", "20")));
  EXPECT_THAT(append.written_locations(),
              ElementsAre("memory://w/t/metadata/uuid-7-m0.avro",
                          "memory://w/t/metadata/snap-7-1-uuid-7.avro",
                          "memory://w/t/metadata/snap-7-2-uuid-7.avro"));
}

TEST_F(AppendTest, AFailedWriteIsTriedAgainAndRemembered) {
  store_.Inject({.operation = storage::StoreOperation::kWrite, .location_contains = "-m0.avro"});
  Append append(Options(7, OneFile(7)), store_);
  EXPECT_THAT(append.Prepare(FakeTable(), kNow), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(append.written_locations(), ElementsAre("memory://w/t/metadata/uuid-7-m0.avro"));
  const auto commit = append.Prepare(FakeTable(), kNow);
  ASSERT_THAT(commit, IsOk());
  EXPECT_THAT(LivePaths(commit->snapshot), SizeIs(1));
  EXPECT_THAT(append.written_locations(), SizeIs(2));
}

TEST_F(AppendTest, AFailedListGetsAnotherName) {
  store_.Inject({.operation = storage::StoreOperation::kWrite,
                 .kind = storage::StoreFaultKind::kFailAfter,
                 .location_contains = "snap-"});
  Append append(Options(7, OneFile(7)), store_);
  EXPECT_THAT(append.Prepare(FakeTable(), kNow), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(append.Prepare(FakeTable(), kNow)->snapshot.manifest_list,
            "memory://w/t/metadata/snap-7-2-uuid-7.avro");
  EXPECT_THAT(append.written_locations(), SizeIs(3));
}

TEST_F(AppendTest, ATableUpgradedBetweenAttemptsGetsNewManifests) {
  Append append(Options(7, OneFile(7)), store_);
  ASSERT_THAT(append.Prepare(FakeTable(1), kNow), IsOk());
  const auto commit = append.Prepare(FakeTable(2), kNow);
  ASSERT_THAT(commit, IsOk());
  const std::string path = Lines(commit->snapshot)[0].manifest_path;
  EXPECT_EQ(path, "memory://w/t/metadata/uuid-7-m1.avro");
  EXPECT_EQ(DecodeManifest(store_.Read(path).value(), path)->format_version, 2);
}

// ---- branches

TEST_F(AppendTest, AppendsToABranchWithoutTouchingMain) {
  TableMetadata table = WithAppends(FakeTable(), 1);
  AppendOptions options = Options(2, OneFile(2));
  options.branch = "audit";
  table = Committed(table, options);
  EXPECT_EQ(table.current_snapshot_id, 1);
  ASSERT_NE(table.Head("audit"), nullptr);
  EXPECT_EQ(table.Head("audit")->snapshot_id, 2);
  EXPECT_EQ(table.Head("audit")->parent_snapshot_id, 1);
  EXPECT_THAT(table.Head("audit")->summary, Contains(Pair("total-records", "20")));
  table = Committed(table, Options(3, OneFile(3, 5)));
  EXPECT_EQ(table.Head()->parent_snapshot_id, 1);
  EXPECT_THAT(table.Head()->summary, Contains(Pair("total-records", "15")));
}

TEST_F(AppendTest, RefusesATag) {
  TableMetadata table = WithAppends(FakeTable(), 1);
  table.refs["release"] = table.refs["main"];
  table.refs["release"].is_branch = false;
  AppendOptions options = Options(2, OneFile(2));
  options.branch = "release";
  Append append(options, store_);
  EXPECT_THAT(append.Prepare(table, kNow), IsError(ErrorCode::kInvalid));
}

// ---- carried manifests

TEST_F(AppendTest, CarriesDeleteManifestsUntouchedAtTheEnd) {
  ManifestEntry entry = OtherEntry(EntryStatus::kExisting, "memory://w/t/data/d.parquet");
  entry.file.content = FileContent::kPositionDeletes;
  Manifest deletes = OtherManifest({entry});
  deletes.content = ManifestContent::kDeletes;
  const TableMetadata base =
      WithCarried(WithAppends(FakeTable(), 1), deletes, "memory://w/t/metadata/d.avro");
  const ManifestFile before = Lines(*base.Head()).back();
  const TableMetadata table = Committed(base, Options(2, OneFile(2)));
  const auto lines = Lines(*table.Head());
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines.back(), before);
}

TEST_F(AppendTest, DropsManifestsWithoutLiveFiles) {
  const Manifest dead =
      OtherManifest({OtherEntry(EntryStatus::kDeleted, "memory://w/t/data/gone.parquet")});
  const TableMetadata base = WithCarried(
      WithAppends(FakeTable(), 1), dead, "memory://w/t/metadata/dead.avro",
      [](ManifestFile& line) { line.added_files_count = line.existing_files_count = 0; });
  ASSERT_THAT(Lines(*base.Head()), SizeIs(2));
  const TableMetadata table = Committed(base, Options(2, OneFile(2)));
  const auto lines = Lines(*table.Head());
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[1].added_snapshot_id, 1);
}

TEST_F(AppendTest, CountsManifestsOfVersion1ListsThatLackTheCounts) {
  TableMetadata table = WithAppends(FakeTable(1), 1);
  auto lines = Lines(*table.Head());
  lines[0].added_files_count.reset();
  lines[0].existing_rows_count.reset();
  ManifestListHeader header;
  header.format_version = 1;
  ASSERT_THAT(store_.Write(table.Head()->manifest_list, EncodeManifestList(header, lines).value()),
              IsOk());
  table.format_version = 2;
  table = Committed(table, Options(2, OneFile(2)));
  lines = Lines(*table.Head());
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[1].sequence_number, 0);
  EXPECT_EQ(lines[1].added_files_count, 1);
  EXPECT_EQ(lines[1].existing_rows_count, 0);
}

// ---- merging

TableMetadata MergingTable(int32_t format_version, const std::string& min_count) {
  TableMetadata table = FakeTable(format_version);
  table.properties["commit.manifest.min-count-to-merge"] = min_count;
  return table;
}

TEST_F(AppendTest, MergesWhenThereAreEnoughManifests) {
  const TableMetadata table = WithAppends(MergingTable(2, "3"), 3);
  const auto lines = Lines(*table.Head());
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].added_snapshot_id, 3);
  EXPECT_EQ(lines[0].sequence_number, 3);
  EXPECT_EQ(lines[0].min_sequence_number, 1);
  EXPECT_EQ(lines[0].added_files_count, 1);
  EXPECT_EQ(lines[0].existing_files_count, 2);
  EXPECT_EQ(lines[0].deleted_files_count, 0);
  EXPECT_EQ(lines[0].existing_rows_count, 20);
  const auto& summary = table.Head()->summary;
  EXPECT_THAT(summary, Contains(Pair("manifests-created", "1")));
  EXPECT_THAT(summary, Contains(Pair("manifests-kept", "0")));
  EXPECT_THAT(summary, Contains(Pair("manifests-replaced", "2")));
  // Its own manifest was never needed, so it was never written.
  EXPECT_THAT(store_.Stat("memory://w/t/metadata/uuid-3-m0.avro"), IsError(ErrorCode::kNotFound));
}

TEST_F(AppendTest, MergedEntriesOfOthersBecomeExplicit) {
  const TableMetadata table = WithAppends(MergingTable(2, "3"), 3);
  const std::string path = Lines(*table.Head())[0].manifest_path;
  const Manifest manifest = DecodeManifest(store_.Read(path).value(), path).value();
  ASSERT_THAT(manifest.entries, SizeIs(3));
  EXPECT_EQ(manifest.entries[0].status, EntryStatus::kAdded);
  EXPECT_EQ(manifest.entries[0].sequence_number, std::nullopt);
  EXPECT_EQ(manifest.entries[0].file, OneFile(3)[0]);
  EXPECT_EQ(manifest.entries[1].status, EntryStatus::kExisting);
  EXPECT_EQ(manifest.entries[1].snapshot_id, 2);
  EXPECT_EQ(manifest.entries[1].sequence_number, 2);
  EXPECT_EQ(manifest.entries[1].file_sequence_number, 2);
  EXPECT_EQ(manifest.entries[1].file, OneFile(2)[0]);
}

TEST_F(AppendTest, DeletedEntriesVanishInAMerge) {
  const Manifest other =
      OtherManifest({OtherEntry(EntryStatus::kDeleted, "memory://w/t/data/gone.parquet"),
                     OtherEntry(EntryStatus::kAdded, "memory://w/t/data/other.parquet")});
  const TableMetadata base =
      WithCarried(WithAppends(MergingTable(2, "3"), 1), other, "memory://w/t/metadata/o.avro");
  const TableMetadata table = Committed(base, Options(2, OneFile(2)));
  const auto lines = Lines(*table.Head());
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].deleted_files_count, 0);
  const auto entries = ReadManifest(lines[0], store_).value();
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[2].file.file_path, "memory://w/t/data/other.parquet");
  EXPECT_EQ(entries[2].status, EntryStatus::kExisting);
  EXPECT_EQ(entries[2].snapshot_id, 400);
}

TEST_F(AppendTest, AMergeNoticesAFileThatIsThereAlready) {
  const TableMetadata base = WithAppends(MergingTable(2, "3"), 2);
  Append append(Options(3, OneFile(1)), store_);
  EXPECT_THAT(append.Prepare(base, kNow), IsError(ErrorCode::kInvalid));
}

TEST_F(AppendTest, AnotherAttemptReusesTheMerge) {
  const TableMetadata base = WithAppends(MergingTable(2, "3"), 2);
  Append append(Options(3, OneFile(3)), store_);
  const PreparedCommit first = append.Prepare(base, kNow).value();
  TableMetadata moved = base;
  moved.last_sequence_number = 9;  // as if a snapshot had come and gone
  const int64_t reads = store_.calls(storage::StoreOperation::kRead);
  const PreparedCommit second = append.Prepare(moved, kNow).value();
  EXPECT_EQ(store_.calls(storage::StoreOperation::kRead), reads + 1);  // the manifest list
  EXPECT_EQ(Lines(second.snapshot)[0].manifest_path, Lines(first.snapshot)[0].manifest_path);
  EXPECT_EQ(Lines(second.snapshot)[0].sequence_number, 10);
  EXPECT_EQ(Lines(second.snapshot)[0].min_sequence_number, 1);
  EXPECT_EQ(ReadManifest(Lines(second.snapshot)[0], store_)->at(0).sequence_number, 10);
}

TEST_F(AppendTest, AnotherAttemptMergesWhatItFinds) {
  const TableMetadata base = WithAppends(MergingTable(2, "3"), 1);
  Append append(Options(9, OneFile(9)), store_);
  ASSERT_THAT(Lines(append.Prepare(base, kNow)->snapshot), SizeIs(2));
  const TableMetadata moved = Committed(base, Options(8, OneFile(8)));
  const PreparedCommit second = append.Prepare(moved, kNow).value();
  ASSERT_THAT(Lines(second.snapshot), SizeIs(1));
  EXPECT_THAT(LivePaths(second.snapshot), SizeIs(3));
}

TEST_F(AppendTest, MergingCanBeSwitchedOff) {
  TableMetadata table = WithAppends(MergingTable(2, "2"), 1);
  AppendOptions options = Options(2, OneFile(2));
  options.merge_manifests = false;
  EXPECT_THAT(Lines(*Committed(table, options).Head()), SizeIs(2));
  table.properties["commit.manifest-merge.enabled"] = "false";
  EXPECT_THAT(Lines(*Committed(table, Options(3, OneFile(3))).Head()), SizeIs(2));
}

TEST_F(AppendTest, LeavesManifestsAloneWhosePartitionTypeIsGone) {
  TableMetadata table = WithAppends(MergingTable(2, "9"), 2);
  PartitionSpec by_id;
  by_id.spec_id = 2;
  by_id.fields = {FakeSpec().fields[2]};
  by_id.fields[0].source_id = 1;
  by_id.fields[0].field_id = 1003;
  table.partition_specs.push_back(by_id);
  table.last_partition_id = 1003;
  std::vector<DataFile> files = OneFile(3);
  files[0].spec_id = 2;
  files[0].partition = {int64_t{5}};
  // Manifests of another spec than the newest one's are merged at once...
  EXPECT_THAT(Lines(*Committed(table, Options(3, files)).Head()), SizeIs(2));
  Schema without = FakeSchema();
  without.schema_id = 1;
  without.fields.erase(without.fields.begin() + 1);  // category, a source of spec 1
  table.schemas.push_back(without);
  table.current_schema_id = 1;
  // ...unless nobody can say any more of which type their partition values are.
  table = Committed(table, Options(3, files));
  EXPECT_THAT(Lines(*table.Head()), SizeIs(3));
  EXPECT_THAT(LivePaths(*table.Head()), SizeIs(3));
}

TEST_F(AppendTest, LeavesEncryptedManifestsAlone) {
  const Manifest other =
      OtherManifest({OtherEntry(EntryStatus::kAdded, "memory://w/t/data/other.parquet")});
  const TableMetadata base =
      WithCarried(WithAppends(MergingTable(2, "2"), 1), other, "memory://w/t/metadata/o.avro",
                  [](ManifestFile& line) { line.key_metadata = "key"; });
  EXPECT_THAT(Lines(*Committed(base, Options(2, OneFile(2))).Head()), SizeIs(2));
}

// ---- row ids (format version 3)

TEST_F(AppendTest, GivesRowIdsToNewManifests) {
  const TableMetadata table = WithAppends(FakeTable(3), 2);
  EXPECT_EQ(table.next_row_id, 20);
  EXPECT_EQ(table.Head()->first_row_id, 10);
  EXPECT_EQ(table.Head()->added_rows, 10);
  const auto lines = Lines(*table.Head());
  EXPECT_EQ(lines[0].first_row_id, 10);
  EXPECT_EQ(lines[1].first_row_id, 0);
  EXPECT_EQ(ReadManifest(lines[0], store_)->at(0).file.first_row_id, 10);
}

TEST_F(AppendTest, GivesRowIdsToOldManifestsAfterAnUpgrade) {
  TableMetadata table = WithAppends(FakeTable(2), 2);
  table.format_version = 3;
  table = Committed(table, Options(3, OneFile(3)));
  EXPECT_EQ(table.Head()->first_row_id, 0);
  EXPECT_EQ(table.Head()->added_rows, 30);
  EXPECT_EQ(table.next_row_id, 30);
  const auto lines = Lines(*table.Head());
  EXPECT_EQ(lines[0].first_row_id, 0);
  EXPECT_EQ(lines[1].first_row_id, 10);
  EXPECT_EQ(lines[2].first_row_id, 20);
}

TEST_F(AppendTest, GivesRowIdsAnewOnEveryAttempt) {
  const TableMetadata base = FakeTable(3);
  Append append(Options(7, OneFile(7)), store_);
  ASSERT_THAT(append.Prepare(base, kNow), IsOk());
  const PreparedCommit second =
      append.Prepare(Committed(base, Options(8, OneFile(8, 50))), kNow).value();
  EXPECT_EQ(second.snapshot.first_row_id, 50);
  EXPECT_EQ(second.snapshot.added_rows, 10);
  EXPECT_EQ(Lines(second.snapshot)[0].first_row_id, 50);
}

TEST_F(AppendTest, AMergeKeepsRowIdsOfExistingFiles) {
  const TableMetadata table = WithAppends(MergingTable(3, "3"), 3);
  const auto lines = Lines(*table.Head());
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].first_row_id, 20);
  EXPECT_EQ(table.Head()->added_rows, 30);  // existing rows of a new manifest count as well
  const auto entries = ReadManifest(lines[0], store_).value();
  EXPECT_EQ(entries[0].file.first_row_id, 20);
  EXPECT_EQ(entries[1].file.first_row_id, 10);
  EXPECT_EQ(entries[2].file.first_row_id, 0);
}

TEST_F(AppendTest, DeleteManifestsGetNoRowIds) {
  ManifestEntry entry = OtherEntry(EntryStatus::kExisting, "memory://w/t/data/d.puffin");
  entry.file.content = FileContent::kPositionDeletes;
  Manifest deletes = OtherManifest({entry});
  deletes.content = ManifestContent::kDeletes;
  const TableMetadata base =
      WithCarried(WithAppends(FakeTable(3), 1), deletes, "memory://w/t/metadata/d.avro");
  const TableMetadata table = Committed(base, Options(2, OneFile(2)));
  EXPECT_EQ(Lines(*table.Head()).back().first_row_id, std::nullopt);
  EXPECT_EQ(table.Head()->added_rows, 10);
}

TEST_F(AppendTest, RefusesRowIdsBeyond64Bits) {
  TableMetadata table = FakeTable(3);
  table.next_row_id = INT64_MAX - 5;
  Append append(Options(7, OneFile(7)), store_);
  EXPECT_THAT(append.Prepare(table, kNow), IsError(ErrorCode::kCorrupt));
}

// ---- snapshot ids

class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::vector<uint64_t> values) : values_(std::move(values)) {}
  uint64_t Next() override { return values_.at(next_++); }

 private:
  std::vector<uint64_t> values_;
  size_t next_ = 0;
};

TEST(NewSnapshotId, IsPositiveAndUnused) {
  TableMetadata table = FakeTable();
  table.snapshots.emplace_back().snapshot_id = 5;
  ScriptedRandom random({0, 1ULL << 63, 5, (1ULL << 63) | 6});
  EXPECT_EQ(NewSnapshotId(table, random), 6);
}

TEST(NewSnapshotId, Has63Bits) {
  ScriptedRandom random({UINT64_MAX});
  EXPECT_EQ(NewSnapshotId(FakeTable(), random), INT64_MAX);
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
