// SPDX-License-Identifier: Apache-2.0
#include "kafka/fake_record_source.h"

#include <gtest/gtest.h>

#include "core/fake_clock.h"

namespace kafka_iceberg::kafka {
namespace {

class FakeRecordSourceTest : public testing::Test {
 protected:
  FakeRecordSourceTest() { broker_.CreateTopic("t", 1); }
  FakeClock clock_;
  FakeBroker broker_;
  FakeRecordSource source_{broker_, clock_};
  const TopicPartition partition_{"t", 0};
};

TEST_F(FakeRecordSourceTest, SkipsGaps) {
  broker_.Append(partition_, {.value = "a"});
  broker_.AppendGap(partition_, 3);
  broker_.Append(partition_, {.value = "b"});
  source_.Give({partition_});
  ASSERT_EQ(source_.Poll(Duration{0}).size(), 1U);
  ASSERT_TRUE(source_.Assign({{partition_, StartAt::kBeginning}}).ok());
  const auto events = source_.Poll(Duration{0});
  const auto& records = std::get<SourceBatch>(events.at(0)).records;
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].offset, 4);
  EXPECT_EQ(std::get<EndOfPartition>(events.at(1)).next_offset, 5);
}

TEST_F(FakeRecordSourceTest, DeliversNothingAfterAFailure) {
  broker_.Append(partition_, {.value = "a"});
  source_.Give({partition_});
  (void)source_.Poll(Duration{0});
  ASSERT_TRUE(source_.Assign({{partition_, StartAt::kBeginning}}).ok());
  source_.FailWith(Error::Corrupt("broken"));
  const auto events = source_.Poll(Duration{0});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<SourceFailed>(events[0]).error.message(), "broken");
}

TEST_F(FakeRecordSourceTest, TroubleLastsUntilHealed) {
  source_.TroubleWith(Error::Unavailable("away"));
  EXPECT_TRUE(std::holds_alternative<SourceTrouble>(source_.Poll(Duration{0}).at(0)));
  EXPECT_EQ(source_.trouble()->message(), "away");
  source_.Heal();
  EXPECT_FALSE(source_.trouble().has_value());
}

TEST_F(FakeRecordSourceTest, FailsAsManyCommitsAsAsked) {
  source_.FailCommits(Error::Timeout("slow"), 1);
  EXPECT_FALSE(source_.CommitOffsets({{partition_, 1}}, Duration{0}).ok());
  EXPECT_TRUE(source_.CommitOffsets({{partition_, 2}}, Duration{0}).ok());
  EXPECT_EQ(broker_.commits().size(), 1U);
  EXPECT_EQ(broker_.committed().at(partition_), 2);
}

TEST_F(FakeRecordSourceTest, ARecreatedTopicHasAnotherId) {
  const auto before = source_.DescribeTopic("t", Duration{0});
  broker_.DeleteTopic("t");
  broker_.CreateTopic("t", 1);
  EXPECT_NE(before->topic_id, source_.DescribeTopic("t", Duration{0})->topic_id);
}

}  // namespace
}  // namespace kafka_iceberg::kafka
