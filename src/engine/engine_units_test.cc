// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/offsets/offset_runs.h"
#include "engine/partition_tracker.h"
#include "engine/start_position.h"

namespace kafka_iceberg::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const SourceTopic kTopic{.cluster_id = "c", .topic = "events", .topic_id = "t1"};
const TopicPartition kPartition{"events", 0};

TEST(PartitionTracker, CutsWhatWasDeliveredSinceTheLastCut) {
  PartitionTracker tracker;
  tracker.Start(kPartition, kTopic, 100);
  EXPECT_FALSE(tracker.HasUncut());
  EXPECT_TRUE(tracker.Advance(kPartition, 110));
  EXPECT_THAT(tracker.Cut().at(kTopic), ElementsAre(std::pair(0, OffsetRange{100, 110})));
  EXPECT_THAT(tracker.Cut(), IsEmpty());
  EXPECT_TRUE(tracker.Advance(kPartition, 115));
  EXPECT_THAT(tracker.Cut().at(kTopic), ElementsAre(std::pair(0, OffsetRange{110, 115})));
}

TEST(PartitionTracker, NeverGoesBackwards) {
  PartitionTracker tracker;
  tracker.Start(kPartition, kTopic, 100);
  EXPECT_TRUE(tracker.Advance(kPartition, 110));
  EXPECT_FALSE(tracker.Advance(kPartition, 109));
  EXPECT_EQ(tracker.Position(kPartition), 110);
}

TEST(PartitionTracker, RefusesPartitionsThatAreNotOurs) {
  PartitionTracker tracker;
  EXPECT_FALSE(tracker.Advance(kPartition, 1));
  tracker.Start(kPartition, kTopic, 0);
  tracker.Remove(kPartition);
  EXPECT_FALSE(tracker.Advance(kPartition, 1));
  EXPECT_TRUE(tracker.empty());
}

TEST(PartitionTracker, StartingAgainForgetsWhatWasNotCut) {
  PartitionTracker tracker;
  tracker.Start(kPartition, kTopic, 100);
  EXPECT_TRUE(tracker.Advance(kPartition, 150));
  tracker.Start(kPartition, kTopic, 120);
  EXPECT_FALSE(tracker.HasUncut());
  EXPECT_EQ(tracker.Position(kPartition), 120);
}

StartQuestion Question() {
  return {.topic = kTopic, .partition = 0, .low_watermark = 50, .high_watermark = 200};
}

commit::Ledger LedgerAt(int64_t next) {
  commit::Ledger ledger;
  ledger.next_offsets[kTopic][0] = next;
  return ledger;
}

TEST(StartPosition, IsTheLedgers) {
  const auto start = DecideStart(LedgerAt(120), Question());
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->fetch_from, 120);
  EXPECT_EQ(start->covered_to, 120);
}

TEST(StartPosition, MayBeTheVeryEnd) {
  EXPECT_EQ(DecideStart(LedgerAt(200), Question())->fetch_from, 200);
}

TEST(StartPosition, StopsWhenRetentionOverranTheLedger) {
  const auto start = DecideStart(LedgerAt(49), Question());
  ASSERT_FALSE(start.ok());
  EXPECT_THAT(start.error().message(), HasSubstr("wants offset 49"));
  EXPECT_THAT(start.error().message(), HasSubstr("--accept-offset-gap"));
}

TEST(StartPosition, AnAcceptedGapIsCoveredFromTheLedgerOn) {
  StartQuestion question = Question();
  question.accept_offset_gap = true;
  const auto start = DecideStart(LedgerAt(10), question);
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->covered_to, 10);
  EXPECT_EQ(start->fetch_from, 50);
}

TEST(StartPosition, StopsWhenTheTopicEndsBeforeTheLedger) {
  StartQuestion question = Question();
  question.accept_offset_gap = true;  // does not help here
  const auto start = DecideStart(LedgerAt(201), question);
  ASSERT_FALSE(start.ok());
  EXPECT_THAT(start.error().message(), HasSubstr("truncated, restored or recreated"));
}

TEST(StartPosition, StopsAtARecreatedTopic) {
  StartQuestion question = Question();
  question.topic.topic_id = "t2";
  EXPECT_THAT(DecideStart(LedgerAt(120), question).error().message(), HasSubstr("was recreated"));
  question.accept_new_topic = true;
  EXPECT_EQ(DecideStart(LedgerAt(120), question)->fetch_from, 50);
}

TEST(StartPosition, AnAddedPartitionStartsAtItsBeginning) {
  StartQuestion question = Question();
  question.partition = 7;
  question.table_has_snapshots = true;
  question.table_has_our_commits = true;
  EXPECT_EQ(DecideStart(LedgerAt(120), question)->fetch_from, 50);
}

TEST(StartPosition, ANewTableStartsAtTheBeginning) {
  EXPECT_EQ(DecideStart({}, Question())->fetch_from, 50);
}

TEST(StartPosition, ATableWithDataAndNoLedgerNeedsAWord) {
  StartQuestion question = Question();
  question.table_has_snapshots = true;
  EXPECT_FALSE(DecideStart({}, question).ok());
  question.reset = OffsetReset::kEarliest;
  EXPECT_EQ(DecideStart({}, question)->fetch_from, 50);
  question.reset = OffsetReset::kLatest;
  EXPECT_EQ(DecideStart({}, question)->fetch_from, 200);
  question.reset = OffsetReset::kError;
  EXPECT_FALSE(DecideStart({}, question).ok());
}

TEST(StartPosition, ALedgerThatVanishedIsNeverGuessed) {
  StartQuestion question = Question();
  question.table_has_snapshots = true;
  question.table_has_our_commits = true;
  question.reset = OffsetReset::kEarliest;
  const auto start = DecideStart({}, question);
  ASSERT_FALSE(start.ok());
  EXPECT_THAT(start.error().message(), HasSubstr("kafka-iceberg.ledger"));
}

TEST(OffsetRuns, FindsNothingInACleanPartition) {
  OffsetRuns runs;
  for (int64_t offset = 10; offset < 20; ++offset) runs.Add(offset);
  EXPECT_EQ(runs.count(), 10);
  EXPECT_THAT(runs.Duplicates(), IsEmpty());
  EXPECT_THAT(runs.Missing({10, 20}), IsEmpty());
}

TEST(OffsetRuns, FindsDuplicatesAcrossRuns) {
  OffsetRuns runs;
  runs.AddRun({0, 10});
  runs.AddRun({20, 30});
  runs.AddRun({5, 22});
  EXPECT_THAT(runs.Duplicates(), ElementsAre(OffsetRange{5, 10}, OffsetRange{20, 22}));
}

TEST(OffsetRuns, FindsTheSameOffsetThreeTimes) {
  OffsetRuns runs;
  for (int i = 0; i < 3; ++i) runs.AddRun({7, 8});
  EXPECT_THAT(runs.Duplicates(), ElementsAre(OffsetRange{7, 8}, OffsetRange{7, 8}));
}

TEST(OffsetRuns, FindsWhatIsMissing) {
  OffsetRuns runs;
  runs.AddRun({12, 15});
  runs.AddRun({5, 10});
  EXPECT_THAT(runs.Missing({0, 20}),
              ElementsAre(OffsetRange{0, 5}, OffsetRange{10, 12}, OffsetRange{15, 20}));
  EXPECT_THAT(runs.Missing({6, 9}), IsEmpty());
  EXPECT_EQ(CountOffsets(runs.Missing({0, 20})), 12);
}

}  // namespace
}  // namespace kafka_iceberg::engine
