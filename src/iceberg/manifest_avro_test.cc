// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifest_avro.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "iceberg/encoding/avro_file.h"
#include "iceberg/manifests/fake_manifests.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::iceberg {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ManifestEntry Added(DataFile file) {
  ManifestEntry entry;
  entry.file = std::move(file);
  return entry;
}

ManifestEntry Existing(DataFile file, int64_t sequence_number) {
  ManifestEntry entry = Added(std::move(file));
  entry.status = EntryStatus::kExisting;
  entry.snapshot_id = 40 + sequence_number;
  entry.sequence_number = sequence_number;
  entry.file_sequence_number = sequence_number;
  return entry;
}

Manifest FakeManifest(int32_t format_version = 2) {
  Manifest manifest;
  manifest.schema = FakeSchema();
  manifest.spec = FakeSpec();
  manifest.format_version = format_version;
  manifest.entries = {Added(FakeFile("memory://w/t/a.parquet", FakePartition("books", 20461)))};
  return manifest;
}

Result<Manifest> ThereAndBack(const Manifest& manifest) {
  return DecodeManifest(TRY(EncodeManifest(manifest)), "memory://m.avro");
}

// The Avro fields of a written file, as "id:name".
std::vector<std::string> ColumnsOf(const AvroSchema& record) {
  std::vector<std::string> columns;
  for (const AvroField& field : record.fields)
    columns.push_back(fmt::format("{}:{}", *field.field_id, field.name));
  return columns;
}

TEST(ManifestAvro, RoundTripsEntriesAsStored) {
  Manifest manifest = FakeManifest();
  manifest.entries.push_back(Existing(FakeFile("memory://w/t/b.parquet", PartitionTuple(3)), 3));
  manifest.entries[1].file.key_metadata = "key";
  manifest.entries[1].file.nan_value_counts = {{4, 2}};
  manifest.entries.push_back(manifest.entries[1]);
  manifest.entries[2].status = EntryStatus::kDeleted;
  const auto result = ThereAndBack(manifest);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->entries, manifest.entries);
  EXPECT_EQ(result->schema, manifest.schema);
  EXPECT_EQ(result->spec, manifest.spec);
  EXPECT_EQ(result->format_version, 2);
  EXPECT_EQ(result->content, ManifestContent::kData);
}

TEST(ManifestAvro, RoundTripsVersion3Columns) {
  Manifest manifest = FakeManifest(3);
  manifest.entries = {Existing(FakeFile("memory://w/t/b.parquet", FakePartition("x", 1)), 3)};
  manifest.entries[0].file.first_row_id = 1000;
  EXPECT_EQ(ThereAndBack(manifest).value().entries, manifest.entries);
  manifest.content = ManifestContent::kDeletes;
  DataFile& file = manifest.entries[0].file;
  file.content = FileContent::kPositionDeletes;
  file.first_row_id.reset();
  file.referenced_data_file = "memory://w/t/a.parquet";
  file.content_offset = 4;
  file.content_size_in_bytes = 40;
  const Manifest result = ThereAndBack(manifest).value();
  EXPECT_EQ(result.entries, manifest.entries);
  EXPECT_EQ(result.content, ManifestContent::kDeletes);
}

TEST(ManifestAvro, RoundTripsEqualityDeletes) {
  Manifest manifest = FakeManifest();
  manifest.content = ManifestContent::kDeletes;
  manifest.entries[0].file.content = FileContent::kEqualityDeletes;
  manifest.entries[0].file.equality_ids = {1, 2};
  EXPECT_EQ(ThereAndBack(manifest).value().entries, manifest.entries);
}

TEST(ManifestAvro, WritesTheHeaderOfTheSpec) {
  const std::string bytes = EncodeManifest(FakeManifest()).value();
  const auto file = AvroFileReader::Open(bytes).value();
  EXPECT_EQ(file->Header("schema"), SchemaToJson(FakeSchema()));
  EXPECT_EQ(file->Header("schema-id"), "0");
  EXPECT_EQ(file->Header("partition-spec"), PartitionFieldsToJson(FakeSpec()));
  EXPECT_EQ(file->Header("partition-spec-id"), "1");
  EXPECT_EQ(file->Header("format-version"), "2");
  EXPECT_EQ(file->Header("content"), "data");
  EXPECT_EQ(file->Header("avro.codec"), "deflate");
}

TEST(ManifestAvro, WritesTheColumnsOfEachVersion) {
  const std::vector<std::string> metrics = {
      "108:column_sizes", "109:value_counts", "110:null_value_counts", "137:nan_value_counts",
      "125:lower_bounds", "128:upper_bounds", "131:key_metadata",      "132:split_offsets"};
  for (const int32_t version : {1, 2, 3}) {
    Manifest manifest = FakeManifest(version);
    manifest.entries[0].snapshot_id = 7;
    const std::string bytes = EncodeManifest(manifest).value();
    const auto file = AvroFileReader::Open(bytes).value();
    std::vector<std::string> entry = {"0:status", "1:snapshot_id"};
    std::vector<std::string> data = {"100:file_path", "101:file_format", "102:partition",
                                     "103:record_count", "104:file_size_in_bytes"};
    if (version == 1) data.push_back("105:block_size_in_bytes");
    if (version >= 2) {
      entry.insert(entry.end(), {"3:sequence_number", "4:file_sequence_number"});
      data.insert(data.begin(), "134:content");
    }
    entry.push_back("2:data_file");
    data.insert(data.end(), metrics.begin(), metrics.end());
    if (version >= 2) data.push_back("135:equality_ids");
    data.push_back("140:sort_order_id");
    if (version >= 3) data.push_back("142:first_row_id");
    if (version >= 2) data.push_back("143:referenced_data_file");
    if (version >= 3) data.insert(data.end(), {"144:content_offset", "145:content_size_in_bytes"});
    EXPECT_EQ(ColumnsOf(file->schema()), entry) << version;
    EXPECT_EQ(ColumnsOf(file->schema().fields.back().schema), data) << version;
    EXPECT_EQ(file->Header("content").has_value(), version >= 2);
    EXPECT_EQ(file->schema().name, "manifest_entry");
    EXPECT_EQ(file->schema().fields.back().schema.name, "r2");
  }
}

TEST(ManifestAvro, WritesThePartitionAsItsOwnRecord) {
  const std::string bytes = EncodeManifest(FakeManifest()).value();
  const auto file = AvroFileReader::Open(bytes).value();
  const AvroField& partition = file->schema().fields.back().schema.fields.at(3);
  EXPECT_EQ(partition.schema.name, "r102");
  EXPECT_THAT(ColumnsOf(partition.schema),
              ElementsAre("1000:category", "1001:at_x2Eday", "1002:ratio"));
  const AvroField& day = partition.schema.fields[1];
  EXPECT_EQ(day.iceberg_name, "at.day");
  ASSERT_EQ(day.schema.kind, AvroKind::kUnion);
  EXPECT_EQ(day.schema.children[1].kind, AvroKind::kInt);
  EXPECT_EQ(day.schema.children[1].logical_type, "date");
}

TEST(ManifestAvro, WritesColumnMapsAsPairs) {
  const std::string bytes = EncodeManifest(FakeManifest()).value();
  const auto file = AvroFileReader::Open(bytes).value();
  for (const AvroField& field : file->schema().fields.back().schema.fields) {
    if (field.field_id != 125) continue;
    const AvroSchema& map = field.schema.children.at(1);
    EXPECT_EQ(map.kind, AvroKind::kArray);
    EXPECT_EQ(map.logical_type, "map");
    EXPECT_EQ(map.children[0].name, "k126_v127");
    EXPECT_THAT(ColumnsOf(map.children[0]), ElementsAre("126:key", "127:value"));
    EXPECT_EQ(map.children[0].fields[1].schema.kind, AvroKind::kBytes);
  }
}

TEST(ManifestAvro, PromotesPartitionValuesOfNarrowerTypes) {
  Manifest manifest = FakeManifest();
  manifest.schema.fields[1].type = Type::Primitive(TypeId::kLong);
  manifest.entries[0].file.partition[0] = int32_t{5};
  EXPECT_EQ(ThereAndBack(manifest).value().entries[0].file.partition[0], Value(int64_t{5}));
}

TEST(ManifestAvro, ReadsPartitionsWhoseSourceColumnIsGone) {
  const std::string bytes = EncodeManifest(FakeManifest()).value();
  // The header's schema is the only place that names the source; take the column away there.
  const auto file = AvroFileReader::Open(bytes).value();
  Schema without = FakeSchema();
  without.fields.erase(without.fields.begin() + 1);
  AvroFileWriter copy(file->schema(),
                      {{"schema", SchemaToJson(without)},
                       {"partition-spec", std::string(*file->Header("partition-spec"))},
                       {"partition-spec-id", "1"},
                       {"format-version", "2"}});
  AvroReader* reader = file->NextRecord().value();
  const std::string record(reader->ReadFixed(static_cast<int32_t>(reader->remaining())).value());
  ASSERT_THAT(copy.Append(record), IsOk());
  const auto manifest = DecodeManifest(copy.Finish().value(), "m");
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(manifest->entries.at(0).file.partition, FakePartition("books", 20461));
}

TEST(ManifestAvro, RefusesWhatDoesNotFit) {
  const auto refused = [](const std::function<void(Manifest&)>& change, int32_t version = 2) {
    Manifest manifest = FakeManifest(version);
    change(manifest);
    return EncodeManifest(manifest);
  };
  EXPECT_THAT(refused([](Manifest& m) { m.entries[0].file.partition.pop_back(); }),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused([](Manifest& m) { m.entries[0].file.partition[0] = true; }),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused([](Manifest& m) { m.entries[0].file.file_path.clear(); }),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused([](Manifest& m) { m.entries[0].file.record_count = -1; }),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused([](Manifest& m) { m.entries[0].file.first_row_id = 1; }),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused([](Manifest& m) { m.content = ManifestContent::kDeletes; }),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused([](Manifest& m) { m.entries[0].status = EntryStatus::kExisting; }),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused([](Manifest&) {}, 1), IsError(ErrorCode::kInvalid));  // no snapshot id
  EXPECT_THAT(refused([](Manifest&) {}, 4), IsError(ErrorCode::kUnsupported));
}

TEST(ManifestAvro, NamesTheFileInErrors) {
  const auto result = DecodeManifest("garbage", "s3://b/m.avro");
  ASSERT_THAT(result, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(result.error().message(), HasSubstr("s3://b/m.avro"));
}

// ---- inheritance

ManifestFile Line(int64_t sequence_number) {
  ManifestFile file;
  file.partition_spec_id = 1;
  file.added_snapshot_id = 99;
  file.sequence_number = sequence_number;
  return file;
}

TEST(Inheritance, AddedEntriesTakeSnapshotAndSequenceNumbers) {
  std::vector<ManifestEntry> entries = {Added(FakeFile("a", {}))};
  entries[0].file.spec_id = 0;
  InheritFrom(Line(7), entries);
  EXPECT_EQ(entries[0].snapshot_id, 99);
  EXPECT_EQ(entries[0].sequence_number, 7);
  EXPECT_EQ(entries[0].file_sequence_number, 7);
  EXPECT_EQ(entries[0].file.spec_id, 1);
}

TEST(Inheritance, ExplicitValuesStay) {
  std::vector<ManifestEntry> entries = {Existing(FakeFile("a", {}), 3), Added(FakeFile("b", {}))};
  entries[1].sequence_number = 5;  // compaction output keeps the data sequence number of its input
  InheritFrom(Line(7), entries);
  EXPECT_EQ(entries[0].snapshot_id, 43);
  EXPECT_EQ(entries[0].sequence_number, 3);
  EXPECT_EQ(entries[0].file_sequence_number, 3);
  EXPECT_EQ(entries[1].sequence_number, 5);
  EXPECT_EQ(entries[1].file_sequence_number, 7);
}

TEST(Inheritance, OthersTakeSequenceNumbersOnlyFromVersion1) {
  for (const EntryStatus status : {EntryStatus::kExisting, EntryStatus::kDeleted}) {
    std::vector<ManifestEntry> entries = {Added(FakeFile("a", {}))};
    entries[0].status = status;
    std::vector<ManifestEntry> of_version_1 = entries;
    InheritFrom(Line(7), entries);
    EXPECT_EQ(entries[0].sequence_number, std::nullopt);
    EXPECT_EQ(entries[0].file_sequence_number, std::nullopt);
    InheritFrom(Line(0), of_version_1);
    EXPECT_EQ(of_version_1[0].sequence_number, 0);
    EXPECT_EQ(of_version_1[0].file_sequence_number, 0);
  }
}

TEST(Inheritance, RowIdsRunOverLiveFilesWithoutOne) {
  std::vector<ManifestEntry> entries = {Added(FakeFile("a", {}, 10)),
                                        Existing(FakeFile("b", {}, 20), 1),
                                        Existing(FakeFile("c", {}, 30), 1),
                                        Added(FakeFile("d", {}, 40)), Added(FakeFile("e", {}, 50))};
  entries[1].file.first_row_id = 5;
  entries[2].status = EntryStatus::kDeleted;
  ManifestFile line = Line(7);
  line.first_row_id = 1000;
  InheritFrom(line, entries);
  EXPECT_EQ(entries[0].file.first_row_id, 1000);
  EXPECT_EQ(entries[1].file.first_row_id, 5);
  EXPECT_EQ(entries[2].file.first_row_id, std::nullopt);
  EXPECT_EQ(entries[3].file.first_row_id, 1010);
  EXPECT_EQ(entries[4].file.first_row_id, 1050);
}

TEST(Inheritance, WithoutARowIdInTheListThereIsNone) {
  std::vector<ManifestEntry> entries = {Existing(FakeFile("a", {}), 1)};
  entries[0].file.first_row_id = 5;
  InheritFrom(Line(7), entries);
  EXPECT_EQ(entries[0].file.first_row_id, std::nullopt);
}

TEST(Inheritance, DeleteManifestsGiveNoRowIds) {
  std::vector<ManifestEntry> entries = {Added(FakeFile("a", {}))};
  ManifestFile line = Line(7);
  line.content = ManifestContent::kDeletes;
  line.first_row_id = 1000;
  InheritFrom(line, entries);
  EXPECT_EQ(entries[0].file.first_row_id, std::nullopt);
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
