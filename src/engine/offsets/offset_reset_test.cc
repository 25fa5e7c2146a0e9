// SPDX-License-Identifier: Apache-2.0
#include "engine/offsets/offset_reset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::engine {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const TopicPartition kPartition{"t", 0};

OffsetSurvey Survey(std::optional<int64_t> ledger, int64_t low = 0, int64_t high = 200) {
  OffsetSurvey survey{.table = "db.t", .group = "g"};
  survey.partitions = {{.topic = {"c", "t", "i"},
                        .partition = 0,
                        .ledger = ledger,
                        .group = {},
                        .low = low,
                        .high = high}};
  return survey;
}

VerifyReport Rows(std::vector<OffsetRange> present) {
  VerifyReport report;
  report.partitions.push_back({.partition = kPartition, .present = std::move(present)});
  return report;
}

TEST(PlanReset, BackDoublesTheRowsFromThere) {
  const ResetRequest request{.targets = {{kPartition, 40}}};
  const auto plan = PlanReset(request, Survey(100), Rows({{0, 90}}));
  ASSERT_THAT(plan, IsOk());
  ASSERT_THAT(*plan, SizeIs(1));
  EXPECT_EQ((*plan)[0].doubled_rows, 50);
  EXPECT_EQ((*plan)[0].skipped_offsets, 0);
  const Status agreed = CheckAgreed(request, *plan);
  ASSERT_FALSE(agreed.ok());
  EXPECT_THAT(agreed.error().message(), HasSubstr("--accept-duplicates"));
  EXPECT_TRUE(CheckAgreed({.targets = {}, .accept_duplicates = true}, *plan).ok());
}

TEST(PlanReset, BackOverOffsetsWithoutRowsIsFree) {
  const ResetRequest request{.targets = {{kPartition, 40}}};
  const auto plan = PlanReset(request, Survey(100), Rows({{0, 40}}));
  ASSERT_THAT(plan, IsOk());
  EXPECT_TRUE(CheckAgreed(request, *plan).ok());
}

TEST(PlanReset, AheadLosesWhatHasNoRow) {
  const ResetRequest request{.targets = {{kPartition, 150}}};
  const auto plan = PlanReset(request, Survey(100), Rows({{0, 100}, {100, 110}}));
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ((*plan)[0].skipped_offsets, 40);
  const Status agreed = CheckAgreed(request, *plan);
  ASSERT_FALSE(agreed.ok());
  EXPECT_THAT(agreed.error().message(), HasSubstr("--accept-loss"));
}

TEST(PlanReset, AgreeingToOneIsNotAgreeingToTheOther) {
  const auto ahead = PlanReset({.targets = {{kPartition, 150}}}, Survey(100), Rows({}));
  EXPECT_FALSE(CheckAgreed({.targets = {}, .accept_duplicates = true}, *ahead).ok());
  const auto back = PlanReset({.targets = {{kPartition, 50}}}, Survey(100), Rows({{0, 100}}));
  EXPECT_FALSE(CheckAgreed({.targets = {}, .accept_loss = true}, *back).ok());
}

TEST(PlanReset, BackToWhereItWasBeforeARewindIsFree) {
  const ResetRequest request{.targets = {{kPartition, 100}}};
  const auto plan = PlanReset(request, Survey(40), Rows({{0, 100}}));
  ASSERT_THAT(plan, IsOk());
  EXPECT_TRUE(CheckAgreed(request, *plan).ok());
}

TEST(PlanReset, WithoutOffsetsInTheTableEveryStepBackDoubles) {
  const auto plan = PlanReset({.targets = {{kPartition, 40}}}, Survey(100), std::nullopt);
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ((*plan)[0].doubled_rows, 60);
}

TEST(PlanReset, RewindNeverGoesAhead) {
  const auto plan =
      PlanReset({.targets = {{kPartition, 150}}, .only_back = true}, Survey(100), Rows({}));
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(*plan, IsEmpty());
}

TEST(PlanReset, AnUnknownPartitionLosesWhatIsBelowItsTarget) {
  const auto plan = PlanReset({.targets = {{kPartition, 50}}}, Survey(std::nullopt, 10), Rows({}));
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ((*plan)[0].skipped_offsets, 40);
  EXPECT_EQ((*plan)[0].move.from, std::nullopt);
}

TEST(PlanReset, RefusesWhatKafkaDoesNotHave) {
  EXPECT_THAT(PlanReset({.targets = {{kPartition, 9}}}, Survey(100, 10), Rows({})),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(PlanReset({.targets = {{kPartition, 201}}}, Survey(100), Rows({})),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(PlanReset({.targets = {{{"other", 0}, 20}}}, Survey(100), Rows({})),
              IsError(ErrorCode::kInvalid));
}

}  // namespace
}  // namespace kafka_iceberg::engine
