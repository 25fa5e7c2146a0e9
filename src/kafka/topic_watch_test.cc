// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::kafka {
namespace {

using testing::HasSubstr;

const TopicDescription kMissing{.topic = "orders",
                                .error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
const TopicDescription kFirst{.topic = "orders", .topic_id = "id-1"};
const TopicDescription kSecond{.topic = "orders", .topic_id = "id-2"};

TEST(TopicWatch, GivesUpOnATopicThatStaysMissing) {
  TopicWatch watch;
  auto events = watch.OnAnswer({kMissing});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<SourceTrouble>(events[0]).error.code(), ErrorCode::kNotFound);
  for (int i = 2; i < TopicWatch::kTriesMax; ++i) EXPECT_TRUE(watch.OnAnswer({kMissing}).empty());
  events = watch.OnAnswer({kMissing});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_THAT(std::get<SourceFailed>(events[0]).error.message(),
              HasSubstr("'orders' does not exist"));
}

TEST(TopicWatch, ForgetsThatATopicWasMissing) {
  TopicWatch watch;
  for (int i = 1; i < TopicWatch::kTriesMax; ++i) (void)watch.OnAnswer({kMissing});
  EXPECT_TRUE(watch.OnAnswer({kFirst}).empty());
  const auto events = watch.OnAnswer({kMissing});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<SourceTrouble>(events[0]));
}

TEST(TopicWatch, ARecreatedTopicIsAFailure) {
  TopicWatch watch;
  EXPECT_TRUE(watch.OnAnswer({kFirst}).empty());
  EXPECT_TRUE(watch.OnAnswer({kFirst}).empty());
  const auto events = watch.OnAnswer({kSecond});
  ASSERT_EQ(events.size(), 1U);
  const auto& error = std::get<SourceFailed>(events[0]).error;
  EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr("id-1 became id-2"));
}

TEST(TopicWatch, AnIdThatIsNotToldIsNoChange) {
  TopicWatch watch;
  EXPECT_TRUE(watch.OnAnswer({kFirst}).empty());
  EXPECT_TRUE(watch.OnAnswer({{.topic = "orders"}}).empty());
  EXPECT_TRUE(watch.OnAnswer({kFirst}).empty());
}

TEST(TopicWatch, OtherErrorsSayNothingAboutTheTopic) {
  TopicWatch watch;
  const TopicDescription denied{.topic = "orders",
                                .error = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(watch.OnAnswer({denied}).empty());
}

TEST(TopicWatch, AsksMoreOftenWhileATopicIsMissing) {
  TopicWatch watch;
  const SteadyTime start = std::chrono::seconds(100);
  EXPECT_TRUE(watch.Due(start));
  watch.Asked(start);
  EXPECT_FALSE(watch.Due(start + TopicWatch::kMissingInterval));
  EXPECT_TRUE(watch.Due(start + TopicWatch::kInterval));
  watch.Suspect("orders");
  EXPECT_TRUE(watch.Due(start));
  watch.Asked(start);
  EXPECT_TRUE(watch.Due(start + TopicWatch::kMissingInterval));
}

}  // namespace
}  // namespace kafka_iceberg::kafka
