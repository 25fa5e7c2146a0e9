// SPDX-License-Identifier: Apache-2.0
#include "iceberg/text/calendar.h"

#include <gtest/gtest.h>

#include <limits>

namespace kafka_iceberg::iceberg {
namespace {

TEST(Calendar, DaysAndDatesAreInverse) {
  for (int64_t days = -800'000; days < 800'000; days += 37) {
    EXPECT_EQ(DaysFromCivil(CivilFromDays(days)), days);
  }
  EXPECT_EQ(DaysFromCivil({2017, 11, 16}), 17'486);
  EXPECT_EQ(DaysFromCivil({1969, 12, 31}), -1);
  EXPECT_EQ(DaysFromCivil({2000, 2, 29}), 11'016);
}

TEST(Calendar, DivisionRoundsDown) {
  EXPECT_EQ(FloorDiv(-1, 10), -1);
  EXPECT_EQ(FloorDiv(-10, 10), -1);
  EXPECT_EQ(FloorDiv(9, 10), 0);
  EXPECT_EQ(FloorDiv(std::numeric_limits<int64_t>::min(), 1), std::numeric_limits<int64_t>::min());
}

TEST(Calendar, DatesAsText) {
  EXPECT_EQ(FormatDate(17'486), "2017-11-16");
  EXPECT_EQ(FormatDate(-719'528), "0000-01-01");
  EXPECT_EQ(FormatDate(DaysFromCivil({-44, 3, 15})), "-0044-03-15");
  EXPECT_EQ(FormatDate(DaysFromCivil({10'000, 1, 1})), "+10000-01-01");
  for (const int64_t days : {int64_t{0}, int64_t{-1}, int64_t{17'486}, int64_t{-1'000'000},
                             int64_t{std::numeric_limits<int32_t>::min()},
                             int64_t{std::numeric_limits<int32_t>::max()}}) {
    EXPECT_EQ(ParseDate(FormatDate(days)), days) << FormatDate(days);
  }
}

TEST(Calendar, RejectsWhatIsNoDate) {
  for (const std::string_view text :
       {"", "2017", "2017-13-01", "2017-00-01", "2017-02-29", "2017-04-31", "2017-11-1", "17-11-16",
        "2017/11/16", "2017-11-16 ", "2017-11-32", "99999999999-01-01", "20a7-11-16",
        "--17-11-16"}) {
    EXPECT_EQ(ParseDate(text), std::nullopt) << text;
  }
}

TEST(Calendar, TimesPrintAsManyFractionDigitsAsNeeded) {
  EXPECT_EQ(FormatTimeOfDay(0, kMicrosPerSecond), "00:00:00");
  EXPECT_EQ(FormatTimeOfDay(81'068'000'000, kMicrosPerSecond), "22:31:08");
  EXPECT_EQ(FormatTimeOfDay(81'068'000'001, kMicrosPerSecond), "22:31:08.000001");
  EXPECT_EQ(FormatTimeOfDay(81'068'100'000, kMicrosPerSecond), "22:31:08.1");
  EXPECT_EQ(FormatTimeOfDay(1, kNanosPerSecond), "00:00:00.000000001");
}

TEST(Calendar, ParsesTimes) {
  EXPECT_EQ(ParseTimeOfDay("22:31:08", kMicrosPerSecond), 81'068'000'000);
  EXPECT_EQ(ParseTimeOfDay("22:31", kMicrosPerSecond), 81'060'000'000);
  EXPECT_EQ(ParseTimeOfDay("22:31:08.038", kMicrosPerSecond), 81'068'038'000);
  EXPECT_EQ(ParseTimeOfDay("22:31:08.000000001", kNanosPerSecond), 81'068'000'000'001);
  for (const std::string_view text :
       {"", "24:00:00", "22:60:00", "22:31:60", "22:31:08.", "22-31-08", "22:31:08.0000001",
        "22:31:8", "22:31:08x", "2:31:08", "22:31:"}) {
    EXPECT_EQ(ParseTimeOfDay(text, kMicrosPerSecond), std::nullopt) << text;
  }
}

TEST(Calendar, TimestampsReachTheEndsOfTheirRange) {
  EXPECT_EQ(FormatTimestamp(-1, kMicrosPerSecond), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(ParseTimestamp("1969-12-31T23:59:59.999999", kMicrosPerSecond), -1);
  EXPECT_EQ(ParseTimestamp("2017-11-16T22:31:08", kMicrosPerSecond), 1'510'871'468'000'000);
  for (const int64_t per_second : {kMicrosPerSecond, kNanosPerSecond}) {
    for (const int64_t units :
         {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
      EXPECT_EQ(ParseTimestamp(FormatTimestamp(units, per_second), per_second), units);
    }
  }
  EXPECT_EQ(ParseTimestamp("2262-04-11T23:47:16.854775808", kNanosPerSecond), std::nullopt);
  EXPECT_EQ(ParseTimestamp("1677-09-21T00:12:43.145224191", kNanosPerSecond), std::nullopt);
  EXPECT_EQ(ParseTimestamp("2017-11-16 22:31:08", kMicrosPerSecond), std::nullopt);
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
