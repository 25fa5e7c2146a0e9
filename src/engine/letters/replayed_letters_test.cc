// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/replayed_letters.h"

#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::engine {
namespace {

decode::DeadLetter Letter(int64_t offset) {
  decode::DeadLetter letter;
  letter.topic = "orders";
  letter.offset = offset;
  return letter;
}

TEST(ReplayedLetters, HoldsWhatWasTakenBelowTheEndsOfThePass) {
  ReplayedLetters replayed;
  ASSERT_THAT(replayed.Add({{0, 100}, {1, 50}}, {{{"orders", 0}, {7, 8}}}), IsOk());
  EXPECT_TRUE(replayed.Holds(0, 99, Letter(7)));
  EXPECT_FALSE(replayed.Holds(0, 99, Letter(9)));
  EXPECT_FALSE(replayed.Holds(0, 100, Letter(7))) << "of a record that was read again";
  EXPECT_FALSE(replayed.Holds(1, 50, Letter(7)));
  EXPECT_FALSE(replayed.Holds(2, 0, Letter(7))) << "of a partition that was made later";
}

TEST(ReplayedLetters, ForgetsAPassWhenRetentionTookAllItRead) {
  ReplayedLetters replayed;
  ASSERT_THAT(replayed.Add({{0, 100}, {1, 50}}, {{{"orders", 0}, {7}}}), IsOk());
  replayed.Trim({{0, 100}, {1, 49}});
  EXPECT_TRUE(replayed.Holds(1, 49, Letter(7)));
  replayed.Trim({{0, 100}, {1, 50}});
  EXPECT_FALSE(replayed.Holds(1, 49, Letter(7)));
}

TEST(ReplayedLetters, ComesBackAsItWas) {
  ReplayedLetters replayed;
  ASSERT_THAT(replayed.Add({{0, 100}}, {{{"orders", 0}, {7}}}), IsOk());
  ASSERT_THAT(replayed.Add({{0, 200}}, {{{"orders", 0}, {9}}}), IsOk());
  const auto read = ReplayedLetters::FromText(replayed.ToText());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->ToText(), replayed.ToText());
  EXPECT_TRUE(read->Holds(0, 150, Letter(9)));
}

TEST(ReplayedLetters, WhatIsNoListIsCorrupt) {
  for (const char* text :
       {"", "{}", "[]", R"({"version":2,"passes":[]})", R"({"version":1,"passes":[1]})",
        R"({"version":1,"passes":[{"ends":[[0]],"letters":"[]"}]})",
        R"({"version":1,"passes":[{"ends":[[-1,5]],"letters":"[]"}]})",
        R"({"version":1,"passes":[{"ends":[],"letters":"x"}]})"})
    EXPECT_THAT(ReplayedLetters::FromText(text), IsError(ErrorCode::kCorrupt)) << text;
}

TEST(ReplayedLetters, AreNotWithoutLimit) {
  ReplayedLetters replayed;
  std::set<int64_t> many;
  for (int64_t i = 0; i < 1'500'000; ++i) many.insert(many.end(), i);
  ASSERT_THAT(replayed.Add({{0, 1}}, {{{"orders", 0}, many}}), IsOk());
  EXPECT_THAT(replayed.Add({{0, 2}}, {{{"orders", 0}, many}}), IsError(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace kafka_iceberg::engine
