// SPDX-License-Identifier: Apache-2.0
#include "buffer/literal.h"

#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::buffer {
namespace {

template <typename T>
T Parsed(std::string_view text, const arrow::DataType& type) {
  const auto literal = ParseLiteral(text, type);
  EXPECT_TRUE(literal.ok()) << literal.error().message();
  return std::get<T>(literal.value());
}

void ExpectRefused(std::string_view text, const arrow::DataType& type) {
  const auto literal = ParseLiteral(text, type);
  ASSERT_FALSE(literal.ok()) << text << " as " << type.ToString();
  EXPECT_EQ(literal.error().code(), ErrorCode::kInvalid);
}

TEST(Literal, ReadsNumbersExactly) {
  EXPECT_EQ(Parsed<int64_t>("-2147483648", *arrow::int32()), -2147483648LL);
  EXPECT_EQ(Parsed<int64_t>("9223372036854775807", *arrow::int64()), INT64_MAX);
  EXPECT_EQ(Parsed<double>("0.1", *arrow::float32()), static_cast<double>(0.1F));
  EXPECT_EQ(Parsed<double>("0.1", *arrow::float64()), 0.1);
  EXPECT_EQ(Parsed<bool>("true", *arrow::boolean()), true);
}

TEST(Literal, RefusesWhatTheColumnCannotHold) {
  ExpectRefused("2147483648", *arrow::int32());
  ExpectRefused("9223372036854775808", *arrow::int64());
  ExpectRefused("1.0", *arrow::int64());
  ExpectRefused("", *arrow::int32());
  ExpectRefused("1x", *arrow::float64());
  ExpectRefused("yes", *arrow::boolean());
  ExpectRefused("1.234", *arrow::decimal128(9, 2));
  ExpectRefused("2026-02-30", *arrow::date32());
  ExpectRefused("zz", *arrow::binary());
  ExpectRefused("\"", *arrow::date32());
}

TEST(Literal, ReadsDecimalsAsUnscaled) {
  EXPECT_EQ(Parsed<iceberg::Int128>("-14.20", *arrow::decimal128(9, 2)), -1420);
}

TEST(Literal, ReadsTimesAsPeopleWriteThem) {
  constexpr int64_t kMoment = 1'767'882'600'000'000;  // 2026-01-08T14:30:00Z
  const auto zoned = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto local = arrow::timestamp(arrow::TimeUnit::MICRO);
  for (const char* text :
       {"2026-01-08T14:30:00Z", "2026-01-08 14:30:00", "2026-01-08T14:30:00+00:00"}) {
    EXPECT_EQ(Parsed<int64_t>(text, *zoned), kMoment) << text;
  }
  EXPECT_EQ(Parsed<int64_t>("2026-01-08 14:30:00", *local), kMoment);
  EXPECT_EQ(Parsed<int64_t>("2026-01-08", *local), kMoment - 52'200'000'000);
  EXPECT_EQ(Parsed<int64_t>("2026-01-08", *arrow::date32()), 20461);
  EXPECT_EQ(Parsed<int64_t>("00:00:01.5", *arrow::time64(arrow::TimeUnit::MICRO)), 1'500'000);
  ExpectRefused("2026-01-08T14:30:00Z", *local);  // a zone where the column has none
}

TEST(Literal, ReadsUuidsAndBytes) {
  const auto uuid =
      Parsed<std::string>("f79c3e09-677c-4bbd-a479-3f349cb785e7", *arrow::extension::uuid());
  EXPECT_EQ(uuid.size(), 16U);
  EXPECT_EQ(static_cast<unsigned char>(uuid[0]), 0xf7);
  EXPECT_EQ(Parsed<std::string>("00ff", *arrow::binary()), std::string("\0\xff", 2));
  EXPECT_EQ(Parsed<std::string>("a\"b\\", *arrow::utf8()), "a\"b\\");
}

TEST(Literal, NestedTypesHaveNone) { ExpectRefused("1", *arrow::list(arrow::int32())); }

}  // namespace
}  // namespace kafka_iceberg::buffer
