// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifests/manifest_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "iceberg/manifests/fake_manifests.h"

namespace kafka_iceberg::iceberg {
namespace {

std::unique_ptr<ManifestWriter> Writer(int32_t format_version = 2) {
  return ManifestWriter::Open({format_version, ManifestContent::kData, FakeSchema(), FakeSpec()})
      .value();
}

ManifestEntry Entry(EntryStatus status, int64_t rows, std::optional<int64_t> sequence_number) {
  ManifestEntry entry;
  entry.status = status;
  entry.snapshot_id = 5;
  entry.sequence_number = sequence_number;
  entry.file_sequence_number = sequence_number;
  entry.file = FakeFile("memory://w/t/a.parquet", FakePartition("x", 1), rows);
  return entry;
}

TEST(ManifestWriter, CountsFilesAndRowsByStatus) {
  const auto writer = Writer();
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kAdded, 1, std::nullopt)), IsOk());
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kAdded, 2, std::nullopt)), IsOk());
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kExisting, 4, 3)), IsOk());
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kDeleted, 8, 3)), IsOk());
  const EncodedManifest manifest = writer->Finish().value();
  EXPECT_EQ(manifest.file.manifest_length, static_cast<int64_t>(manifest.bytes.size()));
  EXPECT_EQ(manifest.file.partition_spec_id, 1);
  EXPECT_EQ(manifest.file.added_files_count, 2);
  EXPECT_EQ(manifest.file.existing_files_count, 1);
  EXPECT_EQ(manifest.file.deleted_files_count, 1);
  EXPECT_EQ(manifest.file.added_rows_count, 3);
  EXPECT_EQ(manifest.file.existing_rows_count, 4);
  EXPECT_EQ(manifest.file.deleted_rows_count, 8);
}

TEST(ManifestWriter, TheSmallestSequenceNumberIsOfLiveFiles) {
  const auto writer = Writer();
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kAdded, 1, std::nullopt)), IsOk());
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kExisting, 1, 7)), IsOk());
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kExisting, 1, 6)), IsOk());
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kDeleted, 1, 2)), IsOk());
  EXPECT_EQ(writer->Finish()->min_sequence_number, 6);
}

TEST(ManifestWriter, HasNoSmallestSequenceNumberWhenAllInherit) {
  const auto writer = Writer();
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kAdded, 1, std::nullopt)), IsOk());
  EXPECT_EQ(writer->Finish()->min_sequence_number, std::nullopt);
}

TEST(ManifestWriter, SummarisesPartitionsOfDeletedFilesToo) {
  const auto writer = Writer();
  ASSERT_THAT(writer->Append(Entry(EntryStatus::kAdded, 1, std::nullopt)), IsOk());
  ManifestEntry deleted = Entry(EntryStatus::kDeleted, 1, 2);
  deleted.file.partition[0] = std::string("z");
  ASSERT_THAT(writer->Append(deleted), IsOk());
  EXPECT_EQ(writer->Finish()->file.partitions.at(0).upper_bound, "z");
}

TEST(ManifestWriter, RefusesRowCountsBeyond64Bits) {
  const auto writer = Writer();
  ManifestEntry entry = Entry(EntryStatus::kAdded, 1, std::nullopt);
  entry.file.record_count = INT64_MAX;
  ASSERT_THAT(writer->Append(entry), IsOk());
  const auto second = writer->Append(entry);
  ASSERT_THAT(second, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(second.error().message(), testing::HasSubstr("more than 64 bits"));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
