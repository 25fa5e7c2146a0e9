// SPDX-License-Identifier: Apache-2.0
#include "kafka/partition_positions.h"

#include <gtest/gtest.h>

namespace kafka_iceberg::kafka {
namespace {

TEST(PartitionPosition, AcceptsGrowingOffsetsWithGaps) {
  PartitionPosition position;
  position.RestartAt(5);
  EXPECT_EQ(position.Accept(5), Verdict::kDeliver);
  EXPECT_EQ(position.Accept(9), Verdict::kDeliver);
  EXPECT_EQ(position.next(), 10);
}

TEST(PartitionPosition, GoingBackwardsIsNoticed) {
  PartitionPosition position;
  position.RestartAt(0);
  EXPECT_EQ(position.Accept(7), Verdict::kDeliver);
  EXPECT_EQ(position.Accept(7), Verdict::kBackwards);
  EXPECT_EQ(position.Accept(3), Verdict::kBackwards);
  EXPECT_EQ(position.next(), 8);
}

TEST(PartitionPosition, DropsLeftoversAfterARestart) {
  PartitionPosition position;
  position.RestartAt(100);
  EXPECT_EQ(position.Accept(98), Verdict::kDrop);
  EXPECT_EQ(position.Accept(99), Verdict::kDrop);
  EXPECT_EQ(position.Accept(100), Verdict::kDeliver);
  EXPECT_EQ(position.Accept(99), Verdict::kBackwards);
}

TEST(PartitionPosition, DropsRepeatsAfterAResume) {
  PartitionPosition position;
  position.RestartAt(0);
  EXPECT_EQ(position.Accept(4), Verdict::kDeliver);
  position.Repeatable();
  EXPECT_EQ(position.Accept(4), Verdict::kDrop);
  EXPECT_EQ(position.Accept(5), Verdict::kDeliver);
}

TEST(PartitionPosition, DeliversNothingWhileWithheld) {
  PartitionPosition position;
  position.RestartAt(0);
  position.Withhold();
  EXPECT_EQ(position.Accept(0), Verdict::kDrop);
  EXPECT_FALSE(position.ReachedEnd(5));
  EXPECT_EQ(position.next(), 0);
}

TEST(PartitionPosition, TheEndMovesItForwardOnly) {
  PartitionPosition position;
  position.RestartAt(10);
  EXPECT_TRUE(position.ReachedEnd(14));
  EXPECT_EQ(position.next(), 14);
  EXPECT_TRUE(position.ReachedEnd(3));
  EXPECT_EQ(position.next(), 14);
}

TEST(PartitionPositions, KnowsOnlyWhatWasAdded) {
  PartitionPositions positions;
  positions.Add({"a", 1}, 10);
  positions.Add({"b", 1}, 20);
  EXPECT_EQ(positions.Find("a", 1)->next(), 10);
  EXPECT_EQ(positions.Find("a", 2), nullptr);
  EXPECT_EQ(positions.Find("c", 1), nullptr);
  positions.Remove({"a", 1});
  positions.Remove({"a", 1});
  EXPECT_EQ(positions.Find("a", 1), nullptr);
  EXPECT_EQ(positions.Snapshot(), (std::map<TopicPartition, int64_t>{{{"b", 1}, 20}}));
}

TEST(PartitionPositions, AddingAgainStartsAnew) {
  PartitionPositions positions;
  positions.Add({"a", 0}, 10);
  positions.Find("a", 0)->Withhold();
  positions.Add({"a", 0}, 3);
  EXPECT_EQ(positions.Find("a", 0)->Accept(3), Verdict::kDeliver);
}

}  // namespace
}  // namespace kafka_iceberg::kafka
