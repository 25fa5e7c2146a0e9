// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "iceberg/value.h"

namespace kafka_iceberg::iceberg {
namespace {

using namespace std::string_literals;

Type Of(TypeId id) { return Type::Primitive(id); }

struct Case {
  Type type;
  Value value;
  std::string json;
};

std::vector<Case> Cases() {
  return {
      {Of(TypeId::kBoolean), true, "true"},
      {Of(TypeId::kInt), int32_t{-5}, "-5"},
      {Of(TypeId::kLong), std::numeric_limits<int64_t>::min(), "-9223372036854775808"},
      {Of(TypeId::kFloat), 0.1F, "0.1"},
      {Of(TypeId::kDouble), 14.25, "14.25"},
      {Type::Decimal(9, 2), DecimalValue{1420}, "\"14.20\""},
      {Type::Decimal(9, 2), DecimalValue{-5}, "\"-0.05\""},
      {Type::Decimal(9, 0), DecimalValue{0}, "\"0\""},
      {Of(TypeId::kDate), int32_t{17'486}, "\"2017-11-16\""},
      {Of(TypeId::kTime), int64_t{81'068'123'456}, "\"22:31:08.123456\""},
      {Of(TypeId::kTimestamp), int64_t{1'510'871'468'000'001}, "\"2017-11-16T22:31:08.000001\""},
      {Of(TypeId::kTimestamptz), int64_t{1'510'871'468'000'001},
       "\"2017-11-16T22:31:08.000001+00:00\""},
      {Of(TypeId::kTimestampNs), int64_t{1}, "\"1970-01-01T00:00:00.000000001\""},
      {Of(TypeId::kTimestamptzNs), int64_t{-1}, "\"1969-12-31T23:59:59.999999999+00:00\""},
      {Of(TypeId::kString), "a\"\\\n\x01\xc3\xa9"s, "\"a\\\"\\\\\\n\\u0001\xc3\xa9\""},
      {Of(TypeId::kUuid), "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"s,
       "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\""},
      {Type::Fixed(2), "\0\xff"s, "\"00ff\""},
      {Of(TypeId::kBinary), ""s, "\"\""},
      {Of(TypeId::kString), Value(), "null"}};
}

TEST(ValueJson, FollowsAppendixD) {
  for (const Case& c : Cases()) EXPECT_EQ(ToJsonText(c.value, c.type), c.json) << ToString(c.type);
}

TEST(ValueJson, ReadsWhatItWrites) {
  for (const Case& c : Cases()) {
    const auto value = FromJsonText(c.json, c.type);
    ASSERT_TRUE(value.ok()) << c.json << " " << value.error().message();
    EXPECT_EQ(Compare(*value, c.value), std::strong_ordering::equal) << c.json;
  }
}

TEST(ValueJson, DecimalsMayHaveFewerDecimals) {
  EXPECT_TRUE(*FromJsonText("\"14.2\"", Type::Decimal(9, 2)) == Value(DecimalValue{1420}));
  EXPECT_TRUE(*FromJsonText("\"-14\"", Type::Decimal(9, 2)) == Value(DecimalValue{-1400}));
}

TEST(ValueJson, RejectsValuesOfAnotherType) {
  const std::vector<std::pair<Type, std::string>> cases = {
      {Of(TypeId::kBoolean), "1"},
      {Of(TypeId::kInt), "2147483648"},
      {Of(TypeId::kInt), "1.5"},
      {Of(TypeId::kInt), "\"1\""},
      {Of(TypeId::kLong), "9223372036854775808"},
      {Of(TypeId::kFloat), "1e300"},
      {Of(TypeId::kFloat), "true"},
      {Type::Decimal(4, 2), "\"123.00\""},
      {Type::Decimal(9, 2), "\"1.234\""},
      {Type::Decimal(9, 2), "\"1.2.3\""},
      {Type::Decimal(9, 2), "\"1e3\""},
      {Type::Decimal(9, 2), "\"\""},
      {Of(TypeId::kDate), "\"2017-02-30\""},
      {Of(TypeId::kDate), "\"+99999999-01-01\""},
      {Of(TypeId::kTimestamp), "\"2017-11-16T22:31:08+00:00\""},
      {Of(TypeId::kTimestamptz), "\"2017-11-16T22:31:08\""},
      {Of(TypeId::kTimestamptz), "\"2017-11-16T22:31:08+01:00\""},
      {Of(TypeId::kUuid), "\"f79c3e09677c4bbda4793f349cb785e7\""},
      {Of(TypeId::kUuid), "\"f79c3e09-677c-4bbd-a479-3f349cb785-7\""},
      {Type::Fixed(2), "\"00\""},
      {Of(TypeId::kBinary), "\"0g\""},
      {Of(TypeId::kBinary), "\"000\""},
      {Of(TypeId::kVariant), "\"x\""},
      {Type::Struct({}), "{}"}};
  for (const auto& [type, json] : cases) EXPECT_FALSE(FromJsonText(json, type).ok()) << json;
  EXPECT_EQ(FromJsonText("[[[", Of(TypeId::kInt)).error().code(), ErrorCode::kCorrupt);
}

TEST(ValueJson, NumbersWithoutJsonFormAreNull) {
  EXPECT_EQ(ToJsonText(std::numeric_limits<double>::quiet_NaN(), Of(TypeId::kDouble)), "null");
  EXPECT_EQ(ToJsonText(-std::numeric_limits<float>::infinity(), Of(TypeId::kFloat)), "null");
}

TEST(ValueJson, StringsThatAreNotUtf8AreRepaired) {
  EXPECT_EQ(ToJsonText("a\xff\xed\xa0\x80z"s, Of(TypeId::kString)),
            "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"");
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
