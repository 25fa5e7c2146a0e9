// SPDX-License-Identifier: Apache-2.0
#include "iceberg/actions/append.h"

#include "iceberg/actions/fake_append.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

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
