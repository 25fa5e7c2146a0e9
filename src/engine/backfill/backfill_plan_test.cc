// SPDX-License-Identifier: Apache-2.0
#include "engine/backfill/backfill_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "engine/backfill/backfill_run.h"

namespace kafka_iceberg::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const SourceTopic kTopic{"c", "t", "i"};
const TopicPartition kZero{"t", 0};

// Kafka has 10 to 200, the table's ledger stands at 150; rows 100 to 149, a letter at 120.
OffsetSurvey Survey() {
  OffsetSurvey survey{.table = "raw.events"};
  survey.partitions = {{.topic = kTopic, .partition = 0, .ledger = 150, .low = 10, .high = 200},
                       {.topic = kTopic, .partition = 1, .ledger = {}, .low = 0, .high = 9}};
  return survey;
}
TableContents Contents() {
  TableContents contents;
  contents.rows = VerifyReport{};
  contents.rows->partitions = {{.partition = kZero, .present = {{100, 120}, {121, 150}}}};
  contents.letters[kZero] = {120};
  return contents;
}
BackfillRequest From(int64_t start, int64_t end) {
  return {.text = "test", .ranges = {{kZero, {start, end}}}};
}

TEST(BackfillPlan, HistoryWithoutRowsIsTaken) {
  const auto plan = PlanBackfill(From(10, 100), Survey(), Contents());
  ASSERT_THAT(plan, IsOk());
  ASSERT_THAT(*plan, SizeIs(1));
  EXPECT_EQ(plan->front().rows, 0);
  EXPECT_THAT(CheckAgreed(From(10, 100), *plan), IsOk());
  EXPECT_EQ(ToBackfill(From(10, 100), *plan).ranges.at(kTopic).at(0), (OffsetRange{10, 100}));
}

TEST(BackfillPlan, RowsAndLettersAreCountedAndRefused) {
  BackfillRequest request = From(90, 125);
  const auto plan = PlanBackfill(request, Survey(), Contents());
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->front().rows, 24);
  EXPECT_EQ(plan->front().letters, 1);
  const Status refused = CheckAgreed(request, *plan);
  ASSERT_THAT(refused, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(refused.error().message(), HasSubstr("24 offsets from 90 to 124 have a row"));
  request.accept_duplicates = true;
  EXPECT_THAT(CheckAgreed(request, *plan), IsOk());
  const auto letter = PlanBackfill(From(120, 121), Survey(), Contents());
  EXPECT_THAT(CheckAgreed(From(120, 121), *letter).error().message(), HasSubstr("dead letters"));
}

TEST(BackfillPlan, OnlyMissingReadsWhatWasNotDealtWith) {
  BackfillRequest request = From(90, 150);
  request.only_missing = true;
  const auto plan = PlanBackfill(request, Survey(), Contents());
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->front().range, (OffsetRange{90, 100})) << "what is dealt with at the end is cut";
  EXPECT_THAT(CheckAgreed(request, *plan), IsOk());
  EXPECT_THAT(DealtWith(Contents(), kZero, {90, 130}), ElementsAre(OffsetRange{100, 130}));
  request.ranges = {{kZero, {100, 150}}};
  EXPECT_THAT(*PlanBackfill(request, Survey(), Contents()), IsEmpty());
}

TEST(BackfillPlan, ATableThatDoesNotTellItsRowsDoublesAll) {
  TableContents contents;
  const auto plan = PlanBackfill(From(10, 20), Survey(), contents);
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(CheckAgreed(From(10, 20), *plan), IsError(ErrorCode::kInvalid));
  BackfillRequest request = From(10, 20);
  request.only_missing = true;
  EXPECT_THAT(PlanBackfill(request, Survey(), contents), IsError(ErrorCode::kInvalid));
}

TEST(BackfillPlan, WhatTheLiveTailReadsIsRefused) {
  EXPECT_THAT(PlanBackfill(From(140, 151), Survey(), Contents()), IsError(ErrorCode::kInvalid));
  BackfillRequest other{.text = "test", .ranges = {{{"t", 1}, {0, 5}}}};
  EXPECT_THAT(PlanBackfill(other, Survey(), Contents()), IsError(ErrorCode::kInvalid))
      << "the ledger does not know it";
  other.ranges = {{{"t", 7}, {0, 5}}};
  EXPECT_THAT(PlanBackfill(other, Survey(), Contents()), IsError(ErrorCode::kInvalid));
}

TEST(BackfillPlan, WhatKafkaRemovedIsLeftOutWhenAgreedTo) {
  BackfillRequest request = From(0, 50);
  const auto plan = PlanBackfill(request, Survey(), Contents());
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->front().removed, 10);
  EXPECT_EQ(plan->front().range, (OffsetRange{10, 50}));
  EXPECT_THAT(CheckAgreed(request, *plan), IsError(ErrorCode::kInvalid));
  request.accept_loss = true;
  EXPECT_THAT(CheckAgreed(request, *plan), IsOk());
  const auto nothing = PlanBackfill(From(0, 10), Survey(), Contents());
  ASSERT_THAT(nothing, IsOk());
  EXPECT_THAT(CheckAgreed(From(0, 10), *nothing), IsError(ErrorCode::kInvalid))
      << "said, not empty";
  EXPECT_THAT(ToBackfill(From(0, 10), *nothing).ranges, IsEmpty());
}

commit::Backfill Known(std::string id, std::string request, int64_t next) {
  commit::Backfill backfill{
      .id = std::move(id), .request = std::move(request), .ranges = {{kTopic, {{0, {0, 10}}}}}};
  commit::SetNextOffset(backfill.ledger, kTopic, 0, next);
  return backfill;
}

TEST(FindBackfill, TheSameRequestGoesOnWithTheOpenOne) {
  std::vector<commit::Backfill> all = {Known("a", "x", 10), Known("b", "x", 5), Known("c", "y", 0)};
  EXPECT_EQ(FindBackfill(all, "", "x")->id, "b");
  EXPECT_EQ(FindBackfill(all, "a", "")->id, "a");
  EXPECT_EQ(FindBackfill(all, "", "z"), nullptr);
  all[1].is_cancelled = true;
  EXPECT_EQ(FindBackfill(all, "", "x")->id, "a");
  EXPECT_EQ(FindBackfill(all, "b", ""), nullptr);
}

}  // namespace
}  // namespace kafka_iceberg::engine
