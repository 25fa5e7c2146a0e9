// SPDX-License-Identifier: Apache-2.0
#include "iceberg/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kafka_iceberg::iceberg {
namespace {

using namespace std::string_literals;

Type Of(TypeId id) { return Type::Primitive(id); }

Int128 Big(int64_t high, uint64_t low) { return (Int128{high} << 64U) | low; }

TEST(ValueBytes, FollowAppendixD) {
  EXPECT_EQ(ToBytes(true, Of(TypeId::kBoolean)), "\x01"s);
  EXPECT_EQ(ToBytes(false, Of(TypeId::kBoolean)), "\0"s);
  EXPECT_EQ(ToBytes(int32_t{1234}, Of(TypeId::kInt)), "\xd2\x04\0\0"s);
  EXPECT_EQ(ToBytes(int32_t{-1}, Of(TypeId::kDate)), "\xff\xff\xff\xff"s);
  EXPECT_EQ(ToBytes(int64_t{1234}, Of(TypeId::kTimestamp)), "\xd2\x04\0\0\0\0\0\0"s);
  EXPECT_EQ(ToBytes(1.0F, Of(TypeId::kFloat)), "\0\0\x80\x3f"s);
  EXPECT_EQ(ToBytes(-1.0, Of(TypeId::kDouble)), "\0\0\0\0\0\0\xf0\xbf"s);
  EXPECT_EQ(ToBytes("ab"s, Of(TypeId::kString)), "ab");
}

TEST(ValueBytes, RoundTripForEveryType) {
  const std::vector<std::pair<Type, Value>> cases = {
      {Of(TypeId::kBoolean), true},
      {Of(TypeId::kInt), std::numeric_limits<int32_t>::min()},
      {Of(TypeId::kLong), std::numeric_limits<int64_t>::max()},
      {Of(TypeId::kFloat), -0.0F},
      {Of(TypeId::kDouble), 1e300},
      {Of(TypeId::kDate), int32_t{-1}},
      {Of(TypeId::kTime), int64_t{81'068'000'000}},
      {Of(TypeId::kTimestamptz), int64_t{-1}},
      {Of(TypeId::kTimestampNs), int64_t{1}},
      {Of(TypeId::kString), "caf\xc3\xa9"s},
      {Of(TypeId::kUuid), "0123456789abcdef"s},
      {Type::Fixed(3), "\0\xff\1"s},
      {Of(TypeId::kBinary), ""s},
      {Type::Decimal(9, 2), DecimalValue{-1420}}};
  for (const auto& [type, value] : cases) {
    const auto read = FromBytes(ToBytes(value, type), type);
    ASSERT_TRUE(read.ok()) << ToString(type);
    EXPECT_EQ(Compare(*read, value), std::strong_ordering::equal) << ToString(type);
  }
}

TEST(ValueBytes, DecimalsUseTheFewestBytes) {
  const Type type = Type::Decimal(38, 0);
  const std::vector<std::pair<Int128, std::string>> cases = {
      {0, "\0"s},
      {127, "\x7f"s},
      {128, "\0\x80"s},
      {-128, "\x80"s},
      {-129, "\xff\x7f"s},
      {255, "\0\xff"s},
      {1420, "\x05\x8c"s},
      {-1, "\xff"s},
      {-256, "\xff\0"s},
      {32'767, "\x7f\xff"s},
      {32'768, "\0\x80\0"s},
      {Big(std::numeric_limits<int64_t>::min(), 0), "\x80" + std::string(15, '\0')},
      {Big(0, std::numeric_limits<uint64_t>::max()), "\0\xff\xff\xff\xff\xff\xff\xff\xff"s}};
  for (const auto& [unscaled, bytes] : cases) {
    EXPECT_EQ(ToBytes(DecimalValue{unscaled}, type), bytes);
    const auto read = FromBytes(bytes, type);
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(std::get<DecimalValue>(*read) == DecimalValue{unscaled});
  }
  EXPECT_TRUE(*FromBytes("\0\0\0\1"s, type) == Value(DecimalValue{1}));  // sign bytes too many
}

TEST(ValueBytes, OldFilesKeepTheWidthFromBeforeAPromotion) {
  EXPECT_EQ(*FromBytes("\xfe\xff\xff\xff"s, Of(TypeId::kLong)), Value(int64_t{-2}));
  EXPECT_EQ(*FromBytes("\0\0\x80\x3f"s, Of(TypeId::kDouble)), Value(1.0));
  EXPECT_EQ(*FromBytes("\x01\0\0\0"s, Of(TypeId::kTimestamp)), Value(int64_t{86'400'000'000}));
  EXPECT_EQ(*FromBytes("\xff\xff\xff\xff"s, Of(TypeId::kTimestampNs)),
            Value(int64_t{-86'400'000'000'000}));
  EXPECT_FALSE(FromBytes("\0\0\0\x7f"s, Of(TypeId::kTimestampNs)).ok());
}

TEST(ValueBytes, WrongLengthsAreCorrupt) {
  const std::vector<std::pair<Type, std::string>> cases = {
      {Of(TypeId::kBoolean), ""},
      {Of(TypeId::kBoolean), "ab"},
      {Of(TypeId::kInt), "abc"},
      {Of(TypeId::kInt), "abcdefgh"},
      {Of(TypeId::kLong), "abcde"},
      {Of(TypeId::kTime), "abcd"},
      {Of(TypeId::kTimestamptz), "abcd"},
      {Of(TypeId::kFloat), "abcdefgh"},
      {Of(TypeId::kDouble), "a"},
      {Of(TypeId::kUuid), "short"},
      {Type::Fixed(2), "abc"},
      {Type::Decimal(9, 2), ""},
      {Type::Decimal(9, 2), std::string(17, 'x')},
      {Of(TypeId::kUnknown), "a"},
      {Type::Struct({}), "a"}};
  for (const auto& [type, bytes] : cases) {
    const auto read = FromBytes(bytes, type);
    ASSERT_FALSE(read.ok()) << ToString(type);
    EXPECT_EQ(read.error().code(), ErrorCode::kCorrupt);
  }
}

// Other writers cut the bounds of fixed columns.
TEST(ValueBytes, AShorterFixedIsABound) { EXPECT_TRUE(FromBytes("ab", Type::Fixed(3)).ok()); }

TEST(ValueOrder, NullsFirstNegativeZeroBelowZeroNanLast) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Value> ascending = {Value(), -infinity, -1.0, -0.0, 0.0, 1.0, infinity, nan};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(Compare(ascending[i], ascending[j]), i <=> j) << i << " " << j;
    }
  }
  EXPECT_TRUE(Compare(-nan, nan) == std::strong_ordering::equal);
  EXPECT_TRUE(Compare(-0.0F, 0.0F) == std::strong_ordering::less);
}

TEST(ValueOrder, StringsCompareAsUnsignedBytes) {
  EXPECT_TRUE(Compare("a"s, "\x80"s) == std::strong_ordering::less);
  EXPECT_TRUE(Compare("\xc3\xa9"s, "z"s) == std::strong_ordering::greater);
  EXPECT_TRUE(Compare("a"s, "ab"s) == std::strong_ordering::less);
}

TEST(ValueOrder, DecimalsCompareBeyond64Bits) {
  EXPECT_TRUE(Compare(DecimalValue{Big(1, 0)}, DecimalValue{Big(0, 5)}) ==
              std::strong_ordering::greater);
  EXPECT_TRUE(Compare(DecimalValue{-1}, DecimalValue{1}) == std::strong_ordering::less);
}

TEST(Bounds, LowerIsAPrefixOfCodePoints) {
  EXPECT_EQ(TruncateLower("iceberg", TypeId::kString, 3), "ice");
  EXPECT_EQ(TruncateLower("a\xc3\xb1\xf0\x9f\x98\x80z", TypeId::kString, 3),
            "a\xc3\xb1\xf0\x9f\x98\x80");
  EXPECT_EQ(TruncateLower("ab", TypeId::kString, 16), "ab");
  EXPECT_EQ(TruncateLower("\xff\xfe\xfd", TypeId::kBinary, 2), "\xff\xfe");
  EXPECT_EQ(TruncateLower("0123456789abcdef", TypeId::kUuid, 4), "0123456789abcdef");
}

TEST(Bounds, UpperIsExactWhenShortEnough) {
  EXPECT_EQ(TruncateUpper("abc", TypeId::kString, 3), "abc");
  EXPECT_EQ(TruncateUpper("", TypeId::kString, 3), "");
  EXPECT_EQ(TruncateUpper("\xff\xff", TypeId::kBinary, 2), "\xff\xff");
  EXPECT_EQ(TruncateUpper("\xff\xff\xff\xff", TypeId::kFixed, 2), "\xff\xff\xff\xff");
  // 16 code points of two bytes each are still 16.
  std::string accents;
  for (int i = 0; i < 16; ++i) accents += "\xc3\xa9";
  EXPECT_EQ(TruncateUpper(accents, TypeId::kString, 16), accents);
}

TEST(Bounds, UpperIncrementsTheLastCodePointThatCanBe) {
  EXPECT_EQ(TruncateUpper("abcd", TypeId::kString, 3), "abd");
  EXPECT_EQ(TruncateUpper("a\x7fz", TypeId::kString, 2), "a\xc2\x80");
  EXPECT_EQ(TruncateUpper("a\xed\x9f\xbfz", TypeId::kString, 2), "a\xee\x80\x80");  // D7FF to E000
  EXPECT_EQ(TruncateUpper("a\xf4\x8f\xbf\xbfz", TypeId::kString, 2), "b");          // 10FFFF cannot
  EXPECT_EQ(TruncateUpper("\xef\xbf\xbfz", TypeId::kString, 1), "\xf0\x90\x80\x80");
  EXPECT_EQ(TruncateUpper("\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbfz", TypeId::kString, 2), std::nullopt);
  EXPECT_EQ(TruncateUpper("abc", TypeId::kString, 0), std::nullopt);
}

TEST(Bounds, UpperOfBinaryIncrementsBytes) {
  EXPECT_EQ(TruncateUpper("\x01\x02\x03", TypeId::kBinary, 2), "\x01\x03");
  EXPECT_EQ(TruncateUpper("\x01\xff\x03", TypeId::kBinary, 2), "\x02");
  EXPECT_EQ(TruncateUpper("\xff\xff\x03", TypeId::kBinary, 2), std::nullopt);
}

TEST(Bounds, MalformedUtf8StillGivesABoundAbove) {
  const std::string value = "ab\xff\xff\xff";
  const auto upper = TruncateUpper(value, TypeId::kString, 4);
  EXPECT_EQ(upper, "ac");
  EXPECT_GT(*upper, value);
  EXPECT_EQ(TruncateUpper("\xff\xff\xff", TypeId::kString, 2), std::nullopt);
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
