// SPDX-License-Identifier: Apache-2.0
#include "iceberg/table_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "iceberg/manifest_avro.h"
#include "iceberg/manifests/fake_manifests.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TableScan : public testing::Test {
 protected:
  // Stores a manifest of an added, an existing and a deleted file of 10, 20 and 30 rows, and
  // returns its line.
  ManifestFile StoreManifest(const std::string& path, int32_t format_version = 2) {
    Manifest manifest;
    manifest.schema = FakeSchema();
    manifest.spec = FakeSpec();
    manifest.format_version = format_version;
    for (const EntryStatus status :
         {EntryStatus::kAdded, EntryStatus::kExisting, EntryStatus::kDeleted}) {
      ManifestEntry& entry = manifest.entries.emplace_back();
      entry.status = status;
      const auto rows = static_cast<int64_t>(10 * (manifest.entries.size()));
      entry.file = FakeFile(fmt::format("{}/{}.parquet", path, rows), FakePartition("x", 1), rows);
      if (format_version == 1 || status != EntryStatus::kAdded) entry.snapshot_id = 5;
      if (format_version >= 2 && status != EntryStatus::kAdded) {
        entry.sequence_number = 2;
        entry.file_sequence_number = 3;
      }
    }
    const std::string bytes = EncodeManifest(manifest).value();
    EXPECT_THAT(store_.Write(path, bytes), IsOk());
    ManifestFile line;
    line.manifest_path = path;
    line.manifest_length = static_cast<int64_t>(bytes.size());
    line.partition_spec_id = 1;
    line.sequence_number = format_version >= 2 ? 7 : 0;
    line.added_snapshot_id = 77;
    return line;
  }

  Snapshot StoreList(std::vector<ManifestFile> lines) {
    for (ManifestFile& line : lines) EXPECT_THAT(CompleteCounts(line, store_), IsOk());
    Snapshot snapshot;
    snapshot.snapshot_id = 77;
    snapshot.manifest_list = "memory://w/list.avro";
    ManifestListHeader header;
    EXPECT_THAT(store_.Write(snapshot.manifest_list, EncodeManifestList(header, lines).value()),
                IsOk());
    return snapshot;
  }

  FakeClock clock_;
  storage::MemoryStore store_{clock_};
};

TEST_F(TableScan, ReadsEntriesWithWhatTheyInherit) {
  const auto entries = ReadManifest(StoreManifest("memory://w/m.avro"), store_);
  ASSERT_THAT(entries, IsOk());
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ(entries->at(0).sequence_number, 7);
  EXPECT_EQ(entries->at(0).snapshot_id, 77);
  EXPECT_EQ(entries->at(1).sequence_number, 2);
  EXPECT_EQ(entries->at(2).status, EntryStatus::kDeleted);
}

TEST_F(TableScan, VisitsLiveEntriesOfAllManifests) {
  const Snapshot snapshot =
      StoreList({StoreManifest("memory://w/a"), StoreManifest("memory://w/b")});
  std::vector<std::string> paths;
  EXPECT_THAT(
      VisitLiveEntries(snapshot, store_,
                       [&](const ManifestFile& manifest, const ManifestEntry& entry) -> Status {
                         EXPECT_EQ(entry.file.file_path.find(manifest.manifest_path), 0U);
                         paths.push_back(entry.file.file_path);
                         return {};
                       }),
      IsOk());
  EXPECT_THAT(paths, ElementsAre("memory://w/a/10.parquet", "memory://w/a/20.parquet",
                                 "memory://w/b/10.parquet", "memory://w/b/20.parquet"));
}

TEST_F(TableScan, DoesNotOpenManifestsWithoutLiveFiles) {
  ManifestFile dead = StoreManifest("memory://w/a");
  dead.manifest_path = "memory://w/gone";
  dead.added_files_count = dead.existing_files_count = 0;
  dead.deleted_files_count = 1;
  dead.added_rows_count = dead.existing_rows_count = dead.deleted_rows_count = 0;
  const auto fail = [](const ManifestFile&, const ManifestEntry&) -> Status {
    return Error::Io("visited");
  };
  EXPECT_THAT(VisitLiveEntries(StoreList({dead}), store_, fail), IsOk());
}

TEST_F(TableScan, StopsAtTheFirstErrorOfTheVisitor) {
  int visits = 0;
  EXPECT_THAT(VisitLiveEntries(StoreList({StoreManifest("memory://w/a")}), store_,
                               [&](const ManifestFile&, const ManifestEntry&) -> Status {
                                 ++visits;
                                 return Error::Cancelled("enough");
                               }),
              IsError(ErrorCode::kCancelled));
  EXPECT_EQ(visits, 1);
}

TEST_F(TableScan, CountsWhatALineLacks) {
  ManifestFile line = StoreManifest("memory://w/a");
  line.added_files_count = 1;
  ASSERT_THAT(CompleteCounts(line, store_), IsOk());
  EXPECT_EQ(line.added_files_count, 1);
  EXPECT_EQ(line.existing_files_count, 1);
  EXPECT_EQ(line.deleted_files_count, 1);
  EXPECT_EQ(line.added_rows_count, 10);
  EXPECT_EQ(line.existing_rows_count, 20);
  EXPECT_EQ(line.deleted_rows_count, 30);
  line.manifest_path = "memory://w/not read again";
  EXPECT_THAT(CompleteCounts(line, store_), IsOk());
}

TEST_F(TableScan, ReadsVersion1SnapshotsThatNameTheirManifests) {
  StoreManifest("memory://w/a", 1);
  Snapshot snapshot;
  snapshot.snapshot_id = 55;
  snapshot.manifests = {"memory://w/a"};
  const auto lines = ReadManifestList(snapshot, store_);
  ASSERT_THAT(lines, IsOk());
  ASSERT_EQ(lines->size(), 1U);
  EXPECT_EQ(lines->at(0).partition_spec_id, 1);
  EXPECT_EQ(lines->at(0).added_snapshot_id, 55);
  EXPECT_EQ(lines->at(0).added_files_count, std::nullopt);
  const auto entries = ReadManifest(lines->at(0), store_).value();
  EXPECT_EQ(entries.at(1).sequence_number, 0);
  EXPECT_EQ(entries.at(1).snapshot_id, 5);
}

TEST_F(TableScan, NamesTheFileThatIsMissing) {
  ManifestFile line;
  line.manifest_path = "memory://w/missing.avro";
  const auto result = ReadManifest(line, store_);
  ASSERT_THAT(result, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(result.error().message(), HasSubstr("memory://w/missing.avro"));
}

TEST_F(TableScan, RefusesAManifestOfAnotherSpecThanTheListSays) {
  ManifestFile line = StoreManifest("memory://w/a");
  line.partition_spec_id = 2;
  EXPECT_THAT(ReadManifest(line, store_), IsError(ErrorCode::kCorrupt));
}

TEST_F(TableScan, RefusesEncryptedManifests) {
  ManifestFile line = StoreManifest("memory://w/a");
  line.key_metadata = "key";
  EXPECT_THAT(ReadManifest(line, store_), IsError(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
