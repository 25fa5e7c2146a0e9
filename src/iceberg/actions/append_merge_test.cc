// SPDX-License-Identifier: Apache-2.0
//
// Appends that merge manifests, and the row ids of version 3.
#include "iceberg/actions/append.h"
#include "iceberg/actions/fake_append.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::Contains;
using testing::Pair;
using testing::SizeIs;

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

}  // namespace
}  // namespace kafka_iceberg::iceberg
