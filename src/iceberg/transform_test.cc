// SPDX-License-Identifier: Apache-2.0
#include "iceberg/transform.h"

#include <gtest/gtest.h>

#include <limits>

namespace kafka_iceberg::iceberg {
namespace {

using namespace std::string_literals;

Type Of(TypeId id) { return Type::Primitive(id); }

Value ApplyText(std::string_view transform, const Type& type, const Value& value) {
  return Apply(ParseTransform(transform), type, value);
}

TEST(Transform, TextRoundTrips) {
  for (const std::string_view text :
       {"identity", "year", "month", "day", "hour", "void", "bucket[16]", "truncate[4]"}) {
    const Transform transform = ParseTransform(text);
    EXPECT_NE(transform.kind, TransformKind::kUnknown) << text;
    EXPECT_EQ(ToString(transform), text);
  }
}

TEST(Transform, UnknownOnesKeepTheirText) {
  for (const std::string_view text :
       {"zorder", "bucket", "bucket[0]", "bucket[-1]", "bucket[x]", "bucket[3", "bucket(3)",
        "truncate[99999999999]", "", "bucket[3]x"}) {
    const Transform transform = ParseTransform(text);
    EXPECT_EQ(transform.kind, TransformKind::kUnknown) << text;
    EXPECT_EQ(ToString(transform), text);
  }
}

// The spec's Appendix B and further inputs hashed with another implementation of murmur3.
TEST(Murmur3, PublishedVectors) {
  const std::vector<std::pair<std::string, int32_t>> cases = {
      {"", 0},
      {"iceberg", 1'210'000'089},
      {"34", -427'558'391},
      {"\0\1\2\3"s, -188'683'207},
      {"\x80"s, 267'099'677},
      {"\xff\xfe"s, -1'765'250'992},
      {"\x80\x81\x82"s, 1'963'501'909},
      {"\xff\xff\xff\xff"s, 1'982'413'648},
      {"\x80"
       "abc\xfe"s,
       -1'054'438'764},
      {"\xf0\x9f\x98\x80 caf\xc3\xa9"s, -211'947'459},
      {"\xfa\xfb\xfc\xfd\xfe\xffz"s, -1'651'321'155},
      {std::string(13, '\xff'), 365'846'922}};
  for (const auto& [bytes, hash] : cases) EXPECT_EQ(Murmur3(bytes), hash);
}

TEST(BucketHash, PublishedVectors) {
  const std::vector<std::tuple<Type, Value, int32_t>> cases = {
      {Of(TypeId::kInt), int32_t{34}, 2'017'239'379},
      {Of(TypeId::kLong), int64_t{34}, 2'017'239'379},
      {Type::Decimal(9, 2), DecimalValue{1420}, -500'754'589},
      {Of(TypeId::kDate), int32_t{17'486}, -653'330'422},
      {Of(TypeId::kTime), int64_t{81'068'000'000}, -662'762'989},
      {Of(TypeId::kTimestamp), int64_t{1'510'871'468'000'000}, -2'047'944'441},
      {Of(TypeId::kTimestamptz), int64_t{1'510'871'468'000'000}, -2'047'944'441},
      {Of(TypeId::kTimestamp), int64_t{1'510'871'468'000'001}, -1'207'196'810},
      {Of(TypeId::kTimestampNs), int64_t{1'510'871'468'000'000'000}, -2'047'944'441},
      {Of(TypeId::kTimestamptzNs), int64_t{1'510'871'468'000'001'001}, -1'207'196'810},
      {Of(TypeId::kString), "iceberg"s, 1'210'000'089},
      {Of(TypeId::kUuid), "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"s,
       1'488'055'340},
      {Type::Fixed(4), "\0\1\2\3"s, -188'683'207},
      {Of(TypeId::kBinary), "\0\1\2\3"s, -188'683'207},
      {Of(TypeId::kBoolean), true, 1'392'991'556},
      {Of(TypeId::kDouble), 1.0, -142'385'009},
      {Of(TypeId::kFloat), 1.0F, -142'385'009},
      {Of(TypeId::kDouble), 0.0, 1'669'671'676},
      {Of(TypeId::kDouble), -0.0, 1'669'671'676},
      {Of(TypeId::kFloat), -0.0F, 1'669'671'676}};
  for (const auto& [type, value, hash] : cases)
    EXPECT_EQ(BucketHash(value, type), hash) << ToString(type);
}

TEST(Bucket, IsNeverNegative) {
  EXPECT_EQ(ApplyText("bucket[16]", Of(TypeId::kString), "iceberg"s), Value(int32_t{9}));
  EXPECT_EQ(ApplyText("bucket[16]", Of(TypeId::kLong), int64_t{34}), Value(int32_t{3}));
  // "34" hashes to a negative number.
  EXPECT_EQ(ApplyText("bucket[100]", Of(TypeId::kString), "34"s),
            Value(static_cast<int32_t>((-427'558'391 & 0x7fffffff) % 100)));
  EXPECT_TRUE(IsNull(ApplyText("bucket[16]", Of(TypeId::kInt), Value())));
}

// Before the epoch, nanoseconds round down to the microsecond they lie in.
TEST(Bucket, NegativeNanosecondsFloorToMicroseconds) {
  EXPECT_EQ(BucketHash(int64_t{-1}, Of(TypeId::kTimestampNs)),
            BucketHash(int64_t{-1}, Of(TypeId::kTimestamp)));
  EXPECT_EQ(BucketHash(int64_t{-1'001}, Of(TypeId::kTimestamptzNs)),
            BucketHash(int64_t{-2}, Of(TypeId::kTimestamptz)));
}

TEST(Truncate, NumbersRoundTowardsMinusInfinity) {
  for (const auto& [in, out] : std::map<int32_t, int32_t>{{0, 0},
                                                          {1, 0},
                                                          {9, 0},
                                                          {10, 10},
                                                          {11, 10},
                                                          {-1, -10},
                                                          {-10, -10},
                                                          {-12, -20},
                                                          {-2'147'483'640, -2'147'483'640}}) {
    EXPECT_EQ(ApplyText("truncate[10]", Of(TypeId::kInt), in), Value(out)) << in;
    EXPECT_EQ(ApplyText("truncate[10]", Of(TypeId::kLong), int64_t{in}), Value(int64_t{out})) << in;
  }
  const auto decimal = [](int64_t unscaled) {
    return std::get<DecimalValue>(
        ApplyText("truncate[50]", Type::Decimal(9, 2), DecimalValue{unscaled}));
  };
  EXPECT_TRUE(decimal(1065) == DecimalValue{1050});
  EXPECT_TRUE(decimal(-5) == DecimalValue{-50});
  EXPECT_TRUE(decimal(-1065) == DecimalValue{-1100});
}

// The mathematical result does not fit; all engines agree on the wrapped one.
TEST(Truncate, WrapsBelowTheSmallestNumber) {
  EXPECT_EQ(ApplyText("truncate[10]", Of(TypeId::kInt), std::numeric_limits<int32_t>::min()),
            Value(int32_t{2'147'483'646}));
  EXPECT_EQ(ApplyText("truncate[10]", Of(TypeId::kLong), std::numeric_limits<int64_t>::min()),
            Value(int64_t{9'223'372'036'854'775'806}));
  EXPECT_EQ(ApplyText("truncate[2147483647]", Of(TypeId::kInt), int32_t{-1}),
            Value(int32_t{-2'147'483'647}));
}

TEST(Truncate, StringsByCodePointsBinaryByBytes) {
  EXPECT_EQ(ApplyText("truncate[3]", Of(TypeId::kString), "a\xc3\xb1\xf0\x9f\x98\x80z"s),
            Value("a\xc3\xb1\xf0\x9f\x98\x80"s));
  EXPECT_EQ(ApplyText("truncate[3]", Of(TypeId::kString), "ab"s), Value("ab"s));
  EXPECT_EQ(ApplyText("truncate[3]", Of(TypeId::kBinary), "a\xc3\xb1\xf0"s), Value("a\xc3\xb1"s));
}

TEST(TimeTransforms, DatesFloorBeforeTheEpoch) {
  const std::vector<int32_t> days = {17'501, -1, 0, -719'162, -365, -366, -31, -32};
  const std::vector<int32_t> years = {47, -1, 0, -1969, -1, -2, -1, -1};
  const std::vector<int32_t> months = {575, -1, 0, -23'628, -12, -13, -1, -2};
  for (size_t i = 0; i < days.size(); ++i) {
    EXPECT_EQ(ApplyText("year", Of(TypeId::kDate), days[i]), Value(years[i]));
    EXPECT_EQ(ApplyText("month", Of(TypeId::kDate), days[i]), Value(months[i]));
    EXPECT_EQ(ApplyText("day", Of(TypeId::kDate), days[i]), Value(days[i]));
  }
}

TEST(TimeTransforms, TimestampsFloorBeforeTheEpoch) {
  const std::vector<int64_t> micros = {1'512'151'975'038'194,
                                       -1,
                                       0,
                                       -3'599'000'001,
                                       -3'600'000'000,
                                       -3'600'000'001,
                                       -86'399'000'001,
                                       -62'135'596'800'000'000};
  const std::vector<int32_t> years = {47, -1, 0, -1, -1, -1, -1, -1969};
  const std::vector<int32_t> months = {575, -1, 0, -1, -1, -1, -1, -23'628};
  const std::vector<int32_t> days = {17'501, -1, 0, -1, -1, -1, -1, -719'162};
  const std::vector<int32_t> hours = {420'042, -1, 0, -1, -1, -2, -24, -17'259'888};
  for (size_t i = 0; i < micros.size(); ++i) {
    for (const TypeId id : {TypeId::kTimestamp, TypeId::kTimestamptz}) {
      EXPECT_EQ(ApplyText("year", Of(id), micros[i]), Value(years[i])) << micros[i];
      EXPECT_EQ(ApplyText("month", Of(id), micros[i]), Value(months[i])) << micros[i];
      EXPECT_EQ(ApplyText("day", Of(id), micros[i]), Value(days[i])) << micros[i];
      EXPECT_EQ(ApplyText("hour", Of(id), micros[i]), Value(hours[i])) << micros[i];
    }
  }
  EXPECT_EQ(ApplyText("hour", Of(TypeId::kTimestampNs), int64_t{-1}), Value(int32_t{-1}));
  EXPECT_EQ(ApplyText("day", Of(TypeId::kTimestamptzNs), int64_t{86'400'000'000'000}),
            Value(int32_t{1}));
  EXPECT_EQ(ApplyText("year", Of(TypeId::kTimestampNs), std::numeric_limits<int64_t>::min()),
            Value(int32_t{-293}));
}

TEST(Transform, NullAndVoidGiveNull) {
  for (const std::string_view text : {"identity", "bucket[2]", "truncate[2]", "void"}) {
    EXPECT_TRUE(IsNull(ApplyText(text, Of(TypeId::kInt), Value()))) << text;
  }
  for (const std::string_view text : {"year", "month", "day", "hour"}) {
    EXPECT_TRUE(IsNull(ApplyText(text, Of(TypeId::kTimestamp), Value()))) << text;
  }
  EXPECT_TRUE(IsNull(ApplyText("void", Of(TypeId::kInt), int32_t{1})));
  EXPECT_EQ(ApplyText("identity", Of(TypeId::kString), "x"s), Value("x"s));
}

TEST(Transform, ResultTypes) {
  const Type timestamp = Of(TypeId::kTimestamptz);
  EXPECT_EQ(*ResultType(ParseTransform("day"), timestamp), Of(TypeId::kDate));
  EXPECT_EQ(*ResultType(ParseTransform("hour"), timestamp), Of(TypeId::kInt));
  EXPECT_EQ(*ResultType(ParseTransform("bucket[4]"), Of(TypeId::kUuid)), Of(TypeId::kInt));
  EXPECT_EQ(*ResultType(ParseTransform("truncate[4]"), Type::Decimal(9, 2)), Type::Decimal(9, 2));
  EXPECT_EQ(*ResultType(ParseTransform("void"), Of(TypeId::kDouble)), Of(TypeId::kDouble));
  EXPECT_EQ(*ResultType(ParseTransform("identity"), Of(TypeId::kDouble)), Of(TypeId::kDouble));
}

TEST(Transform, RefusesIllegalSources) {
  const std::vector<std::pair<std::string_view, Type>> cases = {
      {"bucket[4]", Of(TypeId::kDouble)},  {"bucket[4]", Of(TypeId::kBoolean)},
      {"truncate[4]", Of(TypeId::kDate)},  {"truncate[4]", Of(TypeId::kUuid)},
      {"hour", Of(TypeId::kDate)},         {"day", Of(TypeId::kLong)},
      {"year", Of(TypeId::kTime)},         {"identity", Of(TypeId::kVariant)},
      {"identity", Of(TypeId::kGeometry)}, {"identity", Type::Struct({})},
      {"zorder", Of(TypeId::kInt)}};
  for (const auto& [transform, type] : cases) {
    const auto result = ResultType(ParseTransform(transform), type);
    ASSERT_FALSE(result.ok()) << transform << " " << ToString(type);
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
