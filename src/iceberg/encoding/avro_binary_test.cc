// SPDX-License-Identifier: Apache-2.0
#include "iceberg/encoding/avro_binary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/result_matchers.h"

namespace kafka_iceberg::iceberg {
namespace {

using std::string_view_literals::operator""sv;

AvroSchema Parsed(std::string_view json) { return AvroSchemaFromJson(json).value(); }

TEST(AvroBinary, IntegersAreZigzag) {
  // Vectors of the Avro specification.
  const std::pair<int64_t, std::string_view> vectors[] = {
      {0, "\0"sv}, {-1, "\1"sv}, {1, "\2"sv}, {-2, "\3"sv}, {-64, "\x7f"sv}, {64, "\x80\1"sv}};
  for (const auto& [number, bytes] : vectors) {
    AvroWriter writer;
    writer.WriteLong(number);
    EXPECT_EQ(writer.bytes(), bytes) << number;
    EXPECT_EQ(AvroReader(bytes).ReadLong().value(), number);
  }
}

TEST(AvroBinary, RoundTripsTheExtremes) {
  AvroWriter writer;
  writer.WriteLong(INT64_MIN);
  writer.WriteLong(INT64_MAX);
  writer.WriteDouble(-0.0);
  writer.WriteFloat(std::numeric_limits<float>::infinity());
  writer.WriteBytes("\xff\0"sv);
  writer.WriteBoolean(true);
  AvroReader reader(writer.bytes());
  EXPECT_EQ(reader.ReadLong().value(), INT64_MIN);
  EXPECT_EQ(reader.ReadLong().value(), INT64_MAX);
  EXPECT_TRUE(std::signbit(reader.ReadDouble().value()));
  EXPECT_EQ(reader.ReadFloat().value(), std::numeric_limits<float>::infinity());
  EXPECT_EQ(reader.ReadBytes().value(), "\xff\0"sv);
  EXPECT_TRUE(reader.ReadBoolean().value());
  EXPECT_TRUE(reader.at_end());
}

TEST(AvroBinary, RefusesIntegersOfMoreThan64Bits) {
  EXPECT_THAT(AvroReader(std::string(10, '\xff')).ReadLong(), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroReader(std::string(9, '\xff') + "\x02").ReadLong(), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroReader(std::string(9, '\xff')).ReadLong(), IsError(ErrorCode::kCorrupt));
}

TEST(AvroBinary, RefusesLengthsBeyondTheInput) {
  EXPECT_THAT(AvroReader("\x06"
                         "ab")
                  .ReadBytes(),
              IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroReader("\1x").ReadBytes(), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroReader("abc").ReadFixed(4), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroReader("abc").ReadDouble(), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroReader("\2").ReadBoolean(), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroReader("").ReadBoolean(), IsError(ErrorCode::kCorrupt));
}

TEST(AvroBinary, ReadsUnionsInAnyOrder) {
  const AvroSchema null_last = Parsed(R"(["long","null"])");
  AvroReader reader("\2\0\x0e"sv);
  EXPECT_EQ(reader.ReadBranch(null_last).value(), nullptr);
  const AvroSchema* branch = reader.ReadBranch(null_last).value();
  ASSERT_NE(branch, nullptr);
  EXPECT_EQ(branch->kind, AvroKind::kLong);
  EXPECT_THAT(AvroReader("\4").ReadBranch(null_last), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroReader("\1").ReadBranch(null_last), IsError(ErrorCode::kCorrupt));
}

TEST(AvroBinary, ReadsBlockCountsWithASize) {
  AvroReader reader("\3\4ab\0"sv);  // -2 items in 2 bytes
  EXPECT_EQ(reader.ReadBlockCount().value(), 2);
  EXPECT_EQ(reader.ReadFixed(2).value(), "ab");
  EXPECT_EQ(reader.ReadBlockCount().value(), 0);
}

TEST(AvroBinary, RefusesMoreItemsThanBytes) {
  EXPECT_THAT(AvroReader("\x0a"
                         "abc")
                  .ReadBlockCount(),
              IsError(ErrorCode::kCorrupt));
  AvroWriter writer;
  writer.WriteLong(INT64_MIN);
  EXPECT_THAT(AvroReader(writer.bytes()).ReadBlockCount(), IsError(ErrorCode::kCorrupt));
}

TEST(AvroBinary, SkipsEveryKind) {
  const AvroSchema schema = Parsed(
      R"({"type":"record","name":"t","fields":[
        {"name":"a","type":"null"},{"name":"b","type":"boolean"},{"name":"c","type":"int"},
        {"name":"d","type":"long"},{"name":"e","type":"float"},{"name":"f","type":"double"},
        {"name":"g","type":"bytes"},{"name":"h","type":"string"},
        {"name":"i","type":{"type":"fixed","name":"x","size":3}},
        {"name":"j","type":{"type":"enum","name":"y","symbols":["A","B"]}},
        {"name":"k","type":{"type":"array","items":["null","int"]}},
        {"name":"l","type":{"type":"map","values":"string"}},{"name":"m","type":["int","string"]}]})");
  AvroWriter writer;
  writer.WriteBoolean(false);
  writer.WriteLong(-5);
  writer.WriteLong(INT64_MAX);
  writer.WriteFloat(1);
  writer.WriteDouble(2);
  writer.WriteBytes("bytes");
  writer.WriteBytes("text");
  writer.WriteFixed("fix");
  writer.WriteLong(1);
  writer.WriteBlockCount(2);
  writer.WriteNull();
  writer.WriteNotNull();
  writer.WriteLong(7);
  writer.WriteBlockEnd();
  writer.WriteBlockCount(1);
  writer.WriteBytes("key");
  writer.WriteBytes("value");
  writer.WriteBlockEnd();
  writer.WriteNotNull();
  writer.WriteBytes("second branch");
  AvroReader reader(writer.bytes());
  EXPECT_THAT(reader.Skip(schema), IsOk());
  EXPECT_TRUE(reader.at_end());
}

TEST(AvroBinary, BoundsTheWorkOfValuesWithoutBytes) {
  // 1000 items of 500 nulls each would be half a million values in a kilobyte.
  std::string fields;
  for (int i = 0; i < 500; ++i)
    fields += fmt::format(R"({}{{"name":"f","type":"null"}})", i > 0 ? "," : "");
  const AvroSchema schema =
      Parsed(R"({"type":"array","items":{"type":"record","name":"r","fields":[)" + fields + "]}}");
  AvroWriter writer;
  writer.WriteBlockCount(1000);
  writer.WriteFixed(std::string(1000, '\0'));
  EXPECT_THAT(AvroReader(writer.bytes()).Skip(schema), IsError(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
