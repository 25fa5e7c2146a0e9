// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/source_harness.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(20);

class TopicReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    harness_.CreateTopic("orders-eu", 2);
    harness_.CreateTopic("my-orders", 1);
    for (const int32_t partition : {0, 1}) {
      std::vector<FakeRecord> records;
      for (int i = 0; i < 20; ++i) records.push_back({.value = fmt::format("{}-{}", partition, i)});
      harness_.Append({"orders-eu", partition}, records);
    }
    reader_ = TopicReader::Open(harness_.Options({}), harness_.clock_).value();
  }

  Status Read(const std::map<TopicPartition, OffsetRange>& ranges, size_t count_max = 1000) {
    return reader_->Read(ranges, kTimeout,
                         [&](const TopicPartition& partition, const Record& record) {
                           EXPECT_EQ(record.value,
                                     fmt::format("{}-{}", partition.partition, record.offset));
                           seen_[partition.partition].push_back(record.offset);
                           return seen_[partition.partition].size() < count_max;
                         },
                         {});
  }

  MockHarness harness_{"classic"};
  std::unique_ptr<TopicReader> reader_;
  std::map<int32_t, std::vector<int64_t>> seen_;
};

TEST_F(TopicReaderTest, FindsTopicsByNameAndPattern) {
  const auto by_name = reader_->FindPartitions({"orders-eu"}, kTimeout);
  ASSERT_TRUE(by_name.ok()) << by_name.error().message();
  EXPECT_THAT(*by_name, testing::UnorderedElementsAre(TopicPartition{"orders-eu", 0},
                                                      TopicPartition{"orders-eu", 1}));
  EXPECT_EQ(reader_->FindPartitions({"^orders"}, kTimeout)->size(), 2U);
  EXPECT_EQ(reader_->FindPartitions({"nothing"}, kTimeout)->size(), 0U);
}

TEST_F(TopicReaderTest, ReadsTheRangesAndNoMore) {
  ASSERT_TRUE(Read({{{"orders-eu", 0}, {5, 8}}, {{"orders-eu", 1}, {18, 20}}}).ok());
  EXPECT_THAT(seen_[0], testing::ElementsAre(5, 6, 7));
  EXPECT_THAT(seen_[1], testing::ElementsAre(18, 19));
}

TEST_F(TopicReaderTest, EndsAtTheEndOfThePartition) {
  ASSERT_TRUE(Read({{{"orders-eu", 0}, {18, 500}}}).ok());
  EXPECT_THAT(seen_[0], testing::ElementsAre(18, 19));
}

TEST_F(TopicReaderTest, StopsWhenTheVisitorHasEnough) {
  ASSERT_TRUE(Read({{{"orders-eu", 0}, {0, 20}}}, 3).ok());
  EXPECT_EQ(seen_[0].size(), 3U);
}

TEST_F(TopicReaderTest, RecordsHaveTheirHeaders) {
  harness_.Append({"my-orders", 0}, {{.value = "v", .headers = {{"a", "1"}, {"b", std::nullopt}}}});
  std::vector<std::string> seen;
  const auto visit = [&](const TopicPartition&, const Record& record) {
    for (const Header& header : record.headers.all())
      seen.push_back(
          fmt::format("{}={}", header.key, header.value_is_null ? "null" : header.value));
    return true;
  };
  ASSERT_TRUE(reader_->Read({{{"my-orders", 0}, {0, 1}}}, kTimeout, visit, {}).ok());
  EXPECT_THAT(seen, testing::ElementsAre("a=1", "b=null"));
}

TEST_F(TopicReaderTest, ReadsAgain) {
  ASSERT_TRUE(Read({{{"orders-eu", 0}, {0, 2}}}).ok());
  ASSERT_TRUE(Read({{{"orders-eu", 0}, {0, 1}}}).ok());
  EXPECT_THAT(seen_[0], testing::ElementsAre(0, 1, 0));
}

TEST_F(TopicReaderTest, AnOffsetThatIsGoneIsAnError) {
  harness_.DeleteRecords({"orders-eu", 0}, 10);
  EXPECT_FALSE(Read({{{"orders-eu", 0}, {2, 8}}}).ok());
}

}  // namespace
}  // namespace kafka_iceberg::kafka
