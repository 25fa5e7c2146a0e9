// SPDX-License-Identifier: Apache-2.0
#include "write/data_file_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::write {
namespace {

using iceberg::Value;

StagedFile Full() {
  StagedFile staged{.file = {}, .sha256 = std::string(64, 'a')};
  iceberg::DataFile& file = staged.file;
  file.content = iceberg::FileContent::kEqualityDeletes;
  file.file_path = "s3://bucket/t/data/day=2026-01-08/00000-ab-\xc3\xa4.parquet";
  file.spec_id = 7;
  iceberg::Int128 greatest = 1;
  for (int i = 0; i < 38; ++i) greatest *= 10;
  file.partition = {Value(),
                    true,
                    int32_t{-5},
                    std::numeric_limits<int64_t>::min(),
                    0.1F,
                    -0.0,
                    iceberg::DecimalValue{1 - greatest},
                    std::string("\0\xff\"\n", 4)};
  file.record_count = 12;
  file.file_size_in_bytes = 1LL << 60;
  file.column_sizes = {{1, 10}, {2147483647, 20}};
  file.value_counts = {{1, 12}};
  file.null_value_counts = {{1, 0}};
  file.nan_value_counts = {{3, 2}};
  file.lower_bounds = {{1, std::string("\0\x01", 2)}, {2, ""}};
  file.upper_bounds = {{1, std::string("\xff\xfe", 2)}};
  file.key_metadata = std::string("\x80\0", 2);
  file.split_offsets = {4, 1LL << 40};
  file.equality_ids = {1, 2};
  file.sort_order_id = 0;
  file.first_row_id = 99;
  file.referenced_data_file = "other";
  file.content_offset = 4;
  file.content_size_in_bytes = 40;
  return staged;
}

TEST(DataFileJson, RoundTripsEveryMember) {
  const StagedFile staged = Full();
  const auto back = StagedFileFromJson(StagedFileToJson(staged));
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(*back, staged);
  EXPECT_TRUE(std::signbit(std::get<double>(back->file.partition[5])));
  EXPECT_EQ(DataFileFromJson(DataFileToJson(staged.file)).value(), staged.file);
}

TEST(DataFileJson, RoundTripsAbsentMembers) {
  const StagedFile staged{.file = {.file_path = "memory://t/x"}, .sha256 = ""};
  EXPECT_EQ(StagedFileFromJson(StagedFileToJson(staged)).value(), staged);
}

TEST(DataFileJson, RoundTripsNan) {
  StagedFile staged;
  staged.file.partition = {std::numeric_limits<double>::quiet_NaN()};
  const auto back = StagedFileFromJson(StagedFileToJson(staged)).value();
  EXPECT_TRUE(std::isnan(std::get<double>(back.file.partition[0])));
}

TEST(DataFileJson, RefusesWhatIsNotADataFile) {
  for (const char* text :
       {"", "{", "null", "[]", "{}", R"({"file":{},"sha256":""})", R"({"file":5})"}) {
    EXPECT_THAT(StagedFileFromJson(text), IsError(ErrorCode::kCorrupt)) << text;
    EXPECT_THAT(DataFileFromJson(text), IsError(ErrorCode::kCorrupt)) << text;
  }
}

TEST(DataFileJson, NamesTheBrokenMember) {
  const std::string good = StagedFileToJson(Full());
  const std::pair<const char*, const char*> damages[] = {
      {R"("spec_id":7)", R"("spec_id":3000000000)"},
      {R"("content":2)", R"("content":3)"},
      {R"("record_count":12)", R"("record_count":1.5)"},
      {R"({"int":-5})", R"({"int":"x"})"},
      {R"({"int":-5})", R"({"odd":-5})"},
      {R"("first_row_id":99)", R"("first_row_id":null)"},
      {R"("2":"")", R"("2":"!")"},
      {R"("2":"")", R"("two":"")"}};
  for (const auto& [from, to] : damages) {
    std::string bad = good;
    const size_t at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    bad.replace(at, std::string_view(from).size(), to);
    EXPECT_THAT(StagedFileFromJson(bad), IsError(ErrorCode::kCorrupt)) << to;
  }
}

TEST(DataFileJson, DamagedTextNeverCrashes) {
  SeededRandom random(17);
  const std::string good = StagedFileToJson(Full());
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i)
      bad[random.Below(bad.size())] = static_cast<char>(random.Below(256));
    bad.resize(bad.size() - random.Below(3));
    const auto back = StagedFileFromJson(bad);
    EXPECT_TRUE(back.ok() || back.error().code() == ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace kafka_iceberg::write
