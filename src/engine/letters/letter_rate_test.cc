// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_rate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fake_clock.h"

namespace kafka_iceberg::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LetterRate, ZeroIsNoLimit) {
  FakeClock clock;
  LetterRate rate(0, clock);
  rate.Add(1'000'000'000, "not_json");
  EXPECT_FALSE(rate.must_wait());
  EXPECT_EQ(rate.trouble(), "");
}

TEST(LetterRate, ABurstOfAFewSecondsIsFine) {
  FakeClock clock;
  LetterRate rate(10, clock);
  rate.Add(50, "not_json");
  EXPECT_FALSE(rate.must_wait());
  EXPECT_EQ(rate.trouble(), "");
}

TEST(LetterRate, WhatIsTooMuchWaitsUntilItIsPaidBack) {
  FakeClock clock;
  LetterRate rate(10, clock);
  rate.Add(70, "not_json: why");
  EXPECT_TRUE(rate.must_wait());
  EXPECT_THAT(rate.trouble(), ::testing::HasSubstr("not_json: why"));
  clock.Advance(milliseconds(1900));
  EXPECT_TRUE(rate.must_wait());
  clock.Advance(milliseconds(200));
  EXPECT_FALSE(rate.must_wait());
}

TEST(LetterRate, TheTroubleIsOverWhenLettersAreFewForAWhile) {
  FakeClock clock;
  LetterRate rate(10, clock);
  rate.Add(60, "not_json");
  clock.Advance(seconds(2));
  EXPECT_FALSE(rate.must_wait());
  EXPECT_NE(rate.trouble(), "");
  clock.Advance(seconds(5));
  EXPECT_EQ(rate.trouble(), "");
}

TEST(LetterRate, HoweverManyFailItIsTriedAgainWithinHalfAMinute) {
  FakeClock clock;
  LetterRate rate(10, clock);
  rate.Add(1'000'000'000, "not_json");
  clock.Advance(seconds(31));
  EXPECT_FALSE(rate.must_wait());
}

TEST(LetterRate, OnAverageNoMoreThanAllowed) {
  FakeClock clock;
  LetterRate rate(10, clock);
  int64_t letters = 0;
  for (int tick = 0; tick < 10'000; ++tick) {
    clock.Advance(milliseconds(100));
    if (rate.must_wait()) continue;
    rate.Add(37, "not_json");
    letters += 37;
  }
  EXPECT_LE(letters, 10 * 1000 + 50 + 37);
  EXPECT_GE(letters, 9'900);
}

}  // namespace
}  // namespace kafka_iceberg::engine
