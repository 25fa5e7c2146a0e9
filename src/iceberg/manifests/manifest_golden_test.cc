// SPDX-License-Identifier: Apache-2.0
//
// Manifests and manifest lists of other writers (testdata/make_manifests.py), and what becomes of
// them when they are cut or damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "core/result_matchers.h"
#include "iceberg/manifest_avro.h"

namespace kafka_iceberg::iceberg {
namespace {

using std::string_view_literals::operator""sv;
using testing::ElementsAre;
using testing::Pair;

std::string Golden(const std::string& name) {
  std::ifstream file(std::string(TESTDATA_DIR) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ManifestGolden, ReadsEveryPartitionTypeOfPyIceberg) {
  const auto manifest = DecodeManifest(Golden("manifest_v2.avro"), "manifest_v2.avro");
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(manifest->format_version, 2);
  EXPECT_EQ(manifest->content, ManifestContent::kData);
  EXPECT_EQ(manifest->schema.schema_id, 3);
  EXPECT_EQ(manifest->spec.spec_id, 5);
  EXPECT_EQ(manifest->spec.fields.at(0).name, "odd.name-1");
  ASSERT_EQ(manifest->entries.size(), 2U);
  const Int128 large = Int128{1234567890123456789} * 100'000 + 1234;
  const PartitionTuple expected = {
      true,
      int32_t{-7},
      int64_t{1} << 40,
      1.5F,
      -2.25,
      DecimalValue{-1420},
      DecimalValue{large},
      int32_t{20461},
      int64_t{3'600'000'001},
      int64_t{1'767'882'600'000'000},
      int64_t{-1},
      std::string("naïve/ä"),
      std::string("\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"),
      std::string("\0\1\xfe\xff"sv),
      std::string("\x80"),
      int32_t{20461},
      int32_t{11},
      std::string("naï")};
  EXPECT_EQ(manifest->entries[0].file.partition, expected);
  EXPECT_EQ(manifest->entries[1].file.partition, PartitionTuple(18));
}

TEST(ManifestGolden, ReadsEntriesAndMetricsOfPyIceberg) {
  const Manifest manifest = DecodeManifest(Golden("manifest_v2.avro"), "manifest_v2.avro").value();
  const ManifestEntry& added = manifest.entries[0];
  EXPECT_EQ(added.status, EntryStatus::kAdded);
  EXPECT_EQ(added.snapshot_id, 77);
  EXPECT_EQ(added.sequence_number, std::nullopt);
  EXPECT_EQ(added.file.file_path, "s3://b/t/data/a.parquet");
  EXPECT_EQ(added.file.file_format, "PARQUET");
  EXPECT_EQ(added.file.spec_id, 5);
  EXPECT_EQ(added.file.record_count, 100);
  EXPECT_EQ(added.file.file_size_in_bytes, 4096);
  EXPECT_THAT(added.file.column_sizes, ElementsAre(Pair(1, 10), Pair(2, 20)));
  EXPECT_THAT(added.file.value_counts, ElementsAre(Pair(1, 100)));
  EXPECT_THAT(added.file.null_value_counts, ElementsAre(Pair(1, 0)));
  EXPECT_THAT(added.file.nan_value_counts, ElementsAre(Pair(4, 1)));
  EXPECT_THAT(added.file.lower_bounds, ElementsAre(Pair(2, "\1\0\0\0"sv)));
  EXPECT_THAT(added.file.upper_bounds, ElementsAre(Pair(2, "\t\0\0\0"sv)));
  EXPECT_THAT(added.file.split_offsets, ElementsAre(4, 2048));
  EXPECT_EQ(added.file.sort_order_id, 0);
  const ManifestEntry& existing = manifest.entries[1];
  EXPECT_EQ(existing.status, EntryStatus::kExisting);
  EXPECT_EQ(existing.snapshot_id, 66);
  EXPECT_EQ(existing.sequence_number, 4);
  EXPECT_EQ(existing.file_sequence_number, 5);
  EXPECT_TRUE(existing.file.column_sizes.empty());
  EXPECT_EQ(existing.file.sort_order_id, std::nullopt);
}

TEST(ManifestGolden, ReadsVersion1WithItsDefaults) {
  const auto manifest = DecodeManifest(Golden("manifest_v1.avro"), "manifest_v1.avro");
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(manifest->format_version, 1);
  ASSERT_EQ(manifest->entries.size(), 1U);
  const ManifestEntry& entry = manifest->entries[0];
  EXPECT_EQ(entry.snapshot_id, 11);
  EXPECT_EQ(entry.sequence_number, std::nullopt);
  EXPECT_EQ(entry.file.content, FileContent::kData);
  EXPECT_EQ(entry.file.partition, PartitionTuple{int64_t{9}});
}

TEST(ManifestGolden, ReadsReferencesPlainIntDaysAndDeletionVectors) {
  const auto manifest = DecodeManifest(Golden("manifest_v3_deletes.avro"), "m.avro");
  ASSERT_THAT(manifest, IsOk());
  EXPECT_EQ(manifest->format_version, 3);
  EXPECT_EQ(manifest->content, ManifestContent::kDeletes);
  const DataFile& file = manifest->entries.at(0).file;
  EXPECT_EQ(file.content, FileContent::kPositionDeletes);
  EXPECT_EQ(file.file_format, "puffin");
  EXPECT_EQ(file.referenced_data_file, "s3://b/a.parquet");
  EXPECT_EQ(file.content_offset, 4);
  EXPECT_EQ(file.content_size_in_bytes, 40);
  const PartitionTuple expected = {DecimalValue{125}, DecimalValue{-1},
                                   int64_t{1'767'882'600'000'000'001}, int32_t{20461}};
  EXPECT_EQ(file.partition, expected);
}

TEST(ManifestGolden, ReadsAVersion2ListOfPyIceberg) {
  const auto list = DecodeManifestList(Golden("list_v2.avro"), "list_v2.avro");
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->size(), 2U);
  const ManifestFile& data = list->at(0);
  EXPECT_EQ(data.manifest_path, "s3://b/t/metadata/m.avro");
  EXPECT_EQ(data.partition_spec_id, 5);
  EXPECT_EQ(data.content, ManifestContent::kData);
  EXPECT_EQ(data.sequence_number, 6);
  EXPECT_EQ(data.min_sequence_number, 4);
  EXPECT_EQ(data.added_snapshot_id, 77);
  EXPECT_EQ(data.added_files_count, 1);
  EXPECT_EQ(data.existing_rows_count, 100);
  ASSERT_EQ(data.partitions.size(), 18U);
  EXPECT_TRUE(data.partitions[1].contains_null);
  EXPECT_EQ(data.partitions[1].lower_bound, "\xf9\xff\xff\xff"sv);
  EXPECT_EQ(data.partitions[11].upper_bound, "naïve/ä");
  const ManifestFile& deletes = list->at(1);
  EXPECT_EQ(deletes.content, ManifestContent::kDeletes);
  EXPECT_EQ(deletes.min_sequence_number, 1);
  EXPECT_EQ(deletes.deleted_rows_count, 10);
  EXPECT_TRUE(deletes.partitions.empty());
  EXPECT_EQ(deletes.first_row_id, std::nullopt);
}

TEST(ManifestGolden, ReadsAVersion1ListWithItsDefaults) {
  const auto list = DecodeManifestList(Golden("list_v1.avro"), "list_v1.avro");
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->at(0).content, ManifestContent::kData);
  EXPECT_EQ(list->at(0).sequence_number, 0);
  EXPECT_EQ(list->at(0).min_sequence_number, 0);
  EXPECT_EQ(list->at(0).added_rows_count, 100);
}

TEST(ManifestGolden, FindsColumnsByIdInEveryCodec) {
  for (const char* codec : {"null", "deflate", "zstandard", "snappy"}) {
    const auto list = DecodeManifestList(Golden(std::string("list_old_") + codec + ".avro"), codec);
    ASSERT_THAT(list, IsOk()) << codec;
    ASSERT_EQ(list->size(), 3U) << codec;
    const ManifestFile& last = list->at(2);
    EXPECT_EQ(last.manifest_path, "s3://b/m2.avro");
    EXPECT_EQ(last.manifest_length, 1002);
    EXPECT_EQ(last.partition_spec_id, 2);
    EXPECT_EQ(last.added_files_count, 1);
    EXPECT_EQ(last.existing_files_count, 2);
    EXPECT_EQ(last.deleted_files_count, 3);
    EXPECT_EQ(last.added_rows_count, std::nullopt);
    EXPECT_EQ(last.added_snapshot_id, 99);
  }
}

// ---- hostile bytes

const char* const kManifests[] = {"manifest_v1.avro", "manifest_v2.avro",
                                  "manifest_v3_deletes.avro"};
const char* const kLists[] = {"list_v1.avro",
                              "list_v2.avro",
                              "list_old_null.avro",
                              "list_old_deflate.avro",
                              "list_old_zstandard.avro",
                              "list_old_snappy.avro"};

template <typename Decode>
void ExpectCorruptWhenTruncated(const std::string& bytes, Decode decode) {
  size_t accepted = 0;
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto result = decode(std::string_view(bytes).substr(0, length));
    // Between two blocks the file may end.
    if (result.ok()) {
      ++accepted;
    } else {
      EXPECT_THAT(result, IsError(ErrorCode::kCorrupt)) << length;
    }
  }
  EXPECT_LE(accepted, 3U);
}

template <typename Decode>
void ExpectCorruptOrReadWhenFlipped(std::string bytes, Decode decode) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int mask : {1 << (i % 8), 0xff}) {
      bytes[i] = static_cast<char>(bytes[i] ^ mask);
      const auto result = decode(bytes);
      EXPECT_TRUE(result.ok() || result.error().code() == ErrorCode::kCorrupt)
          << result.error().message();
      bytes[i] = static_cast<char>(bytes[i] ^ mask);
    }
  }
}

TEST(ManifestGolden, TruncatedManifestsAreCorrupt) {
  for (const char* name : kManifests) {
    SCOPED_TRACE(name);
    ExpectCorruptWhenTruncated(Golden(name),
                               [](std::string_view bytes) { return DecodeManifest(bytes, "m"); });
  }
}

TEST(ManifestGolden, TruncatedListsAreCorrupt) {
  for (const char* name : kLists) {
    SCOPED_TRACE(name);
    ExpectCorruptWhenTruncated(
        Golden(name), [](std::string_view bytes) { return DecodeManifestList(bytes, "l"); });
  }
}

TEST(ManifestGolden, FlippedBytesOfManifestsNeverDoWorseThanCorrupt) {
  for (const char* name : kManifests) {
    SCOPED_TRACE(name);
    ExpectCorruptOrReadWhenFlipped(
        Golden(name), [](std::string_view bytes) { return DecodeManifest(bytes, "m"); });
  }
}

TEST(ManifestGolden, FlippedBytesOfListsNeverDoWorseThanCorrupt) {
  for (const char* name : kLists) {
    SCOPED_TRACE(name);
    ExpectCorruptOrReadWhenFlipped(
        Golden(name), [](std::string_view bytes) { return DecodeManifestList(bytes, "l"); });
  }
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
