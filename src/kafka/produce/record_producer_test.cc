// SPDX-License-Identifier: Apache-2.0
#include "kafka/produce/record_producer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "kafka/mock_broker.h"

namespace kafka_iceberg::kafka {
namespace {

class RecordProducerTest : public testing::Test {
 protected:
  RecordProducerTest() {
    broker_ = MockBroker::Start().value();
    producer_ = RecordProducer::Open({.bootstrap_servers = broker_->bootstrap_servers(),
                                      .linger = Duration{0},
                                      .timeout = std::chrono::seconds(20)})
                    .value();
  }
  int64_t Count(const std::string& topic, int partitions) {
    int64_t count = 0;
    for (int32_t i = 0; i < partitions; ++i) {
      const auto offsets = producer_->Offsets(topic, i);
      EXPECT_TRUE(offsets.ok());
      if (offsets.ok()) count += offsets->second - offsets->first;
    }
    return count;
  }

  SystemClock clock_;
  std::unique_ptr<MockBroker> broker_;
  std::unique_ptr<RecordProducer> producer_;
};

TEST_F(RecordProducerTest, SpreadsRecordsOverPartitions) {
  ASSERT_TRUE(broker_->CreateTopic("t", 4).ok());
  const auto report =
      Produce(*producer_, {.topic = "t", .partitions = 4, .count = 10'500}, clock_, {});
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->records, 10'500);
  EXPECT_GT(report->bytes, 10'500 * 150);
  EXPECT_EQ(Count("t", 4), 10'500);
  for (int32_t i = 0; i < 4; ++i) EXPECT_GE(producer_->Offsets("t", i)->second, 2000);
}

TEST_F(RecordProducerTest, HoldsToARate) {
  ASSERT_TRUE(broker_->CreateTopic("t", 1).ok());
  FakeClock clock;  // moves only when the producer waits
  const auto report = Produce(
      *producer_, {.topic = "t", .partitions = 1, .count = 5000, .records_per_second = 1000}, clock,
      {});
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->records, 5000);
  EXPECT_NEAR(std::chrono::duration<double>(report->elapsed).count(), 5.0, 0.1);
}

TEST_F(RecordProducerTest, StopsOnRequest) {
  ASSERT_TRUE(broker_->CreateTopic("t", 1).ok());
  std::stop_source stop;
  stop.request_stop();
  const auto report =
      Produce(*producer_, {.topic = "t", .count = 1'000'000}, clock_, stop.get_token());
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->records, 0);
}

TEST_F(RecordProducerTest, TellsHowMuchASmallBrokerKept) {
  ASSERT_TRUE(broker_->CreateTopic("t", 1).ok());
  const auto report = FillTopic(*producer_, {.topic = "t", .count = 10'000'000}, clock_, {});
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_LT(report->records, 1'000'000);
  EXPECT_GT(report->retained, 50'000);
  EXPECT_LE(report->retained, report->records);
  EXPECT_EQ(report->retained, Count("t", 1));
}

TEST_F(RecordProducerTest, FillsOnlyAsMuchAsAsked) {
  ASSERT_TRUE(broker_->CreateTopic("t", 2).ok());
  const auto report =
      FillTopic(*producer_, {.topic = "t", .partitions = 2, .count = 3000}, clock_, {});
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->records, 3000);
  EXPECT_EQ(report->retained, 3000);
}

TEST_F(RecordProducerTest, RefusesNonsense) {
  EXPECT_FALSE(Produce(*producer_, {.topic = "t", .partitions = 0, .count = 1}, clock_, {}).ok());
  EXPECT_FALSE(Produce(*producer_, {.topic = "t", .count = -1}, clock_, {}).ok());
  EXPECT_EQ(
      RecordProducer::Open({.bootstrap_servers = "x:1", .compression = "best"}).error().code(),
      ErrorCode::kInvalid);
}

TEST(RecordProducer, SaysThatRecordsWereNotWritten) {
  auto broker = MockBroker::Start().value();
  ASSERT_TRUE(broker->CreateTopic("t", 1).ok());
  ASSERT_TRUE(broker->SetDown().ok());
  auto producer = RecordProducer::Open({.bootstrap_servers = broker->bootstrap_servers(),
                                        .timeout = std::chrono::milliseconds(200)})
                      .value();
  ASSERT_TRUE(producer->Send("t", 0, {.value = "v"}).ok());
  EXPECT_FALSE(producer->Flush().ok());
}

}  // namespace
}  // namespace kafka_iceberg::kafka
