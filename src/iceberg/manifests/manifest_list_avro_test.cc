// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "iceberg/encoding/avro_file.h"
#include "iceberg/manifest_avro.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::HasSubstr;

ManifestFile FakeLine() {
  ManifestFile line;
  line.manifest_path = "s3://b/m.avro";
  line.manifest_length = 5000;
  line.partition_spec_id = 3;
  line.sequence_number = 9;
  line.min_sequence_number = 4;
  line.added_snapshot_id = 77;
  line.added_files_count = 1;
  line.existing_files_count = 2;
  line.deleted_files_count = 3;
  line.added_rows_count = 10;
  line.existing_rows_count = 20;
  line.deleted_rows_count = 30;
  line.partitions = {{true, std::nullopt, "a", "b"}, {false, true, std::nullopt, std::nullopt}};
  line.key_metadata = "key";
  return line;
}

ManifestListHeader Header(int32_t format_version) {
  ManifestListHeader header;
  header.format_version = format_version;
  header.snapshot_id = 77;
  header.parent_snapshot_id = 66;
  header.sequence_number = 9;
  if (format_version == 3) header.first_row_id = 100;
  return header;
}

std::vector<int32_t> ColumnsOf(std::string_view bytes) {
  const auto file = AvroFileReader::Open(bytes).value();
  std::vector<int32_t> ids;
  for (const AvroField& field : file->schema().fields) ids.push_back(*field.field_id);
  return ids;
}

TEST(ManifestListAvro, RoundTripsVersion2) {
  std::vector<ManifestFile> lines = {FakeLine(), FakeLine()};
  lines[1].manifest_path = "s3://b/d.avro";
  lines[1].content = ManifestContent::kDeletes;
  lines[1].partitions.clear();
  lines[1].key_metadata.reset();
  const auto result = DecodeManifestList(EncodeManifestList(Header(2), lines).value(), "l");
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(*result, lines);
}

TEST(ManifestListAvro, RoundTripsRowIdsOfVersion3) {
  std::vector<ManifestFile> lines = {FakeLine()};
  lines[0].first_row_id = 100;
  EXPECT_EQ(DecodeManifestList(EncodeManifestList(Header(3), lines).value(), "l").value(), lines);
  EXPECT_THAT(EncodeManifestList(Header(2), lines), IsError(ErrorCode::kInvalid));
}

TEST(ManifestListAvro, RoundTripsVersion1WithoutCounts) {
  std::vector<ManifestFile> lines = {FakeLine()};
  lines[0].sequence_number = 0;
  lines[0].min_sequence_number = 0;
  lines[0].added_files_count.reset();
  lines[0].added_rows_count.reset();
  EXPECT_EQ(DecodeManifestList(EncodeManifestList(Header(1), lines).value(), "l").value(), lines);
}

TEST(ManifestListAvro, LaterVersionsNeedTheCounts) {
  std::vector<ManifestFile> lines = {FakeLine()};
  lines[0].deleted_rows_count.reset();
  const auto result = EncodeManifestList(Header(2), lines);
  ASSERT_THAT(result, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(result.error().message(), HasSubstr("s3://b/m.avro: field 514"));
}

TEST(ManifestListAvro, Version1HasNoDeletes) {
  std::vector<ManifestFile> lines = {FakeLine()};
  lines[0].content = ManifestContent::kDeletes;
  EXPECT_THAT(EncodeManifestList(Header(1), lines), IsError(ErrorCode::kInvalid));
}

TEST(ManifestListAvro, WritesTheColumnsOfEachVersionInOrder) {
  using testing::ElementsAre;
  EXPECT_THAT(ColumnsOf(EncodeManifestList(Header(1), {}).value()),
              ElementsAre(500, 501, 502, 503, 504, 505, 506, 507, 512, 513, 514, 519));
  EXPECT_THAT(
      ColumnsOf(EncodeManifestList(Header(2), {}).value()),
      ElementsAre(500, 501, 502, 517, 515, 516, 503, 504, 505, 506, 512, 513, 514, 507, 519));
  EXPECT_THAT(
      ColumnsOf(EncodeManifestList(Header(3), {}).value()),
      ElementsAre(500, 501, 502, 517, 515, 516, 503, 504, 505, 506, 512, 513, 514, 507, 519, 520));
}

TEST(ManifestListAvro, WritesPartitionsAsAListOfSummaries) {
  const std::string bytes = EncodeManifestList(Header(2), {}).value();
  const auto file = AvroFileReader::Open(bytes).value();
  const AvroField& partitions = file->schema().fields.at(13);
  EXPECT_EQ(file->schema().name, "manifest_file");
  EXPECT_EQ(partitions.name, "partitions");
  const AvroSchema& list = partitions.schema.children.at(1);
  EXPECT_EQ(list.element_id, 508);
  EXPECT_EQ(list.children[0].name, "r508");
  EXPECT_EQ(list.children[0].fields[0].field_id, 509);
  EXPECT_EQ(list.children[0].fields[0].schema.kind, AvroKind::kBoolean);
  EXPECT_EQ(list.children[0].fields[1].field_id, 518);
}

TEST(ManifestListAvro, WritesNullWhereSummariesAreUnknown) {
  // An empty list would say that there are no partition fields.
  ManifestFile line = FakeLine();
  line.partitions.clear();
  const std::string bytes = EncodeManifestList(Header(2), {line}).value();
  const auto file = AvroFileReader::Open(bytes).value();
  AvroReader* reader = file->NextRecord().value();
  for (const AvroField& field : file->schema().fields) {
    if (field.field_id == 507) {
      EXPECT_EQ(reader->ReadBranch(field.schema).value(), nullptr);
    } else {
      ASSERT_THAT(reader->Skip(field.schema), IsOk());
    }
  }
}

TEST(ManifestListAvro, WritesTheHeader) {
  const std::string bytes = EncodeManifestList(Header(3), {}).value();
  const auto file = AvroFileReader::Open(bytes).value();
  EXPECT_EQ(file->Header("snapshot-id"), "77");
  EXPECT_EQ(file->Header("parent-snapshot-id"), "66");
  EXPECT_EQ(file->Header("sequence-number"), "9");
  EXPECT_EQ(file->Header("first-row-id"), "100");
  EXPECT_EQ(file->Header("format-version"), "3");
}

TEST(ManifestListAvro, AFirstSnapshotHasTheParentNull) {
  ManifestListHeader header = Header(1);
  header.parent_snapshot_id.reset();
  const std::string bytes = EncodeManifestList(header, {}).value();
  const auto file = AvroFileReader::Open(bytes).value();
  EXPECT_EQ(file->Header("parent-snapshot-id"), "null");
  EXPECT_EQ(file->Header("sequence-number"), std::nullopt);
  EXPECT_EQ(file->Header("first-row-id"), std::nullopt);
}

TEST(ManifestListAvro, RefusesLinesThatCannotBe) {
  ManifestFile line = FakeLine();
  line.added_files_count = -1;
  EXPECT_THAT(DecodeManifestList(EncodeManifestList(Header(2), {line}).value(), "l"),
              IsError(ErrorCode::kCorrupt));
  line = FakeLine();
  line.manifest_path.clear();
  EXPECT_THAT(DecodeManifestList(EncodeManifestList(Header(2), {line}).value(), "l"),
              IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(EncodeManifestList(Header(4), {}), IsError(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
