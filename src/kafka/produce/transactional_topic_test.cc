// SPDX-License-Identifier: Apache-2.0
//
// The client's side of transactions against the embedded broker, which answers and fails as a
// broker does, but fences nobody and hides nothing: that is tested against Kafka, in tests/e2e.
#include "kafka/produce/transactional_topic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "kafka/client_conf.h"
#include "kafka/kafka_settings.h"
#include "kafka/produce/transaction_errors.h"
#include "kafka/source_harness.h"

namespace kafka_iceberg::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kMessageTooLarge = 10;
constexpr int kTransactionalIdDenied = 53;
constexpr int kTopicDenied = 29;
constexpr int kOldEpoch = 47;
constexpr int kFenced = 90;

class TransactionalTopicTest : public testing::Test {
 protected:
  void SetUp() override { harness_.CreateTopic("dead", 2); }

  std::unique_ptr<TransactionalTopic> Open(const std::string& topic = "dead",
                                           Duration timeout = std::chrono::seconds(10)) {
    return OpenTransactionalTopic({.client = harness_.Options({}),
                                   .topic = topic,
                                   .transactional_id = "kafka-iceberg-letters-1",
                                   .timeout = timeout},
                                  harness_.clock_);
  }

  static std::vector<PartitionedRecord> Records(int32_t partition,
                                                const std::vector<std::string_view>& values) {
    std::vector<PartitionedRecord> records;
    for (const std::string_view value : values) {
      records.push_back({.partition = partition,
                         .record = {.value = value, .headers = {{"h", "1"}, {"h", "", true}}}});
    }
    return records;
  }

  // What a reader of committed records sees in partition 0. Not by TopicReader: the embedded
  // broker's markers of transactions have no checksum, and our clients check those.
  std::vector<std::string> Read() {
    RdKafkaPtr<rd_kafka_conf_t> conf =
        MakeClientConf({{"bootstrap.servers", harness_.broker_->bootstrap_servers()},
                        {"group.id", "reader"},
                        {"isolation.level", "read_committed"},
                        {"enable.partition.eof", "true"},
                        {"check.crcs", "false"}})
            .value();
    const RdKafkaPtr<rd_kafka_t> client(
        rd_kafka_new(RD_KAFKA_CONSUMER, conf.release(), nullptr, 0));
    const PartitionList partitions = ToPartitionList({{"dead", 0}});
    partitions->elems[0].offset = 0;
    rd_kafka_assign(client.get(), partitions.get());
    std::vector<std::string> values;
    for (int polls = 0; polls < 100; ++polls) {
      rd_kafka_message_t* const message = rd_kafka_consumer_poll(client.get(), 200);
      if (message == nullptr) continue;
      const auto error = message->err;
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        values.emplace_back(static_cast<const char*>(message->payload), message->len);
      rd_kafka_message_destroy(message);
      if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        EXPECT_EQ(error, RD_KAFKA_RESP_ERR__PARTITION_EOF);
        break;
      }
    }
    rd_kafka_assign(client.get(), nullptr);
    return values;
  }

  MockHarness harness_{"classic"};
};

TEST_F(TransactionalTopicTest, WhatIsWrittenIsRead) {
  const auto topic = Open();
  ASSERT_THAT(topic->StartSession(1'000'000), IsOk());
  int calls = 0;
  ASSERT_THAT(topic->Write(Records(0, {"a", "b"}), [&] { ++calls; }), IsOk());
  ASSERT_THAT(topic->Write(Records(0, {"c"}), {}), IsOk());
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(Read(), ElementsAre("a", "b", "c"));
}

TEST_F(TransactionalTopicTest, EverythingIsAtTheBrokerBeforeTheCommit) {
  const auto topic = Open();
  ASSERT_THAT(topic->StartSession(1'000'000), IsOk());
  int64_t end = -1;
  ASSERT_THAT(topic->Write(Records(1, {"a", "b", "c"}),
                           [&] { end = Open()->Look()->partitions.at(1).high; }),
              IsOk());
  EXPECT_EQ(end, 3);
}

TEST_F(TransactionalTopicTest, AnOlderSessionIsShutOut) {
  for (const MockRequest request : {MockRequest::kProduce, MockRequest::kEndTransaction,
                                    MockRequest::kAddPartitionsToTransaction}) {
    const auto topic = Open();
    ASSERT_THAT(topic->StartSession(1'000'000), IsOk());
    harness_.broker_->FailNext(request, {request == MockRequest::kProduce ? kOldEpoch : kFenced});
    EXPECT_THAT(topic->Write(Records(0, {"a"}), {}), IsError(ErrorCode::kConflict))
        << static_cast<int>(request);
  }
}

TEST_F(TransactionalTopicTest, AWriteThatFailedIsFollowedByANewSession) {
  const auto topic = Open();
  ASSERT_THAT(topic->StartSession(1'000'000), IsOk());
  harness_.broker_->FailNext(MockRequest::kProduce, {kMessageTooLarge});
  EXPECT_THAT(topic->Write(Records(0, {"a"}), {}), IsError(ErrorCode::kInvalid));
  ASSERT_THAT(topic->StartSession(1'000'000), IsOk());
  ASSERT_THAT(topic->Write(Records(0, {"a"}), {}), IsOk());
  EXPECT_THAT(Read(), ElementsAre("a"));
}

TEST_F(TransactionalTopicTest, TheCommitsAnswerMayBeLost) {
  const auto topic = Open();
  ASSERT_THAT(topic->StartSession(1'000'000), IsOk());
  harness_.broker_->FailNext(MockRequest::kEndTransaction, {MockBroker::kDropConnection});
  // The client asks again; whatever it says, the topic has it once.
  (void)topic->Write(Records(0, {"a"}), {});
  ASSERT_THAT(topic->StartSession(1'000'000), IsOk());
  EXPECT_THAT(Read(), ElementsAre("a"));
}

TEST_F(TransactionalTopicTest, AForbiddenIdNamesThePermission) {
  const auto topic = Open();
  // The client that the harness writes with asks for an id of its own, perhaps only now.
  harness_.broker_->FailNext(MockRequest::kInitProducerId,
                             {kTransactionalIdDenied, kTransactionalIdDenied});
  const Status session = topic->StartSession(1'000'000);
  ASSERT_THAT(session, IsError(ErrorCode::kDenied));
  EXPECT_THAT(session.error().message(), HasSubstr("transactional ids that begin with"));
}

TEST_F(TransactionalTopicTest, AForbiddenTopicNamesThePermission) {
  const auto topic = Open();
  ASSERT_THAT(topic->StartSession(1'000'000), IsOk());
  harness_.broker_->FailNext(MockRequest::kAddPartitionsToTransaction, {kTopicDenied});
  const Status written = topic->Write(Records(0, {"a"}), {});
  ASSERT_THAT(written, IsError(ErrorCode::kDenied));
  EXPECT_THAT(written.error().message(), HasSubstr("grant Write"));
}

TEST_F(TransactionalTopicTest, ABrokerThatIsAwayIsSaidInTime) {
  const auto topic = Open("dead", std::chrono::seconds(1));
  ASSERT_THAT(harness_.broker_->SetDown(), IsOk());
  EXPECT_FALSE(topic->Look().ok());
  EXPECT_FALSE(topic->StartSession(1'000'000).ok());
  ASSERT_THAT(harness_.broker_->SetUp(), IsOk());
}

TEST_F(TransactionalTopicTest, ATopicThatIsMissingIsSaid) {
  EXPECT_THAT(Open("nothing")->Look(), IsError(ErrorCode::kNotFound));
}

TEST_F(TransactionalTopicTest, SettingsThatAreNotToldAreNone) { EXPECT_FALSE(Open()->Settings()); }

TEST_F(TransactionalTopicTest, TheUserCannotTakeTheGuaranteesAway) {
  KafkaSourceOptions options = harness_.Options({});
  for (const char* key : {"transactional.id", "enable.idempotence", "acks", "request.required.acks",
                          "transaction.timeout.ms", "message.timeout.ms", "partitioner"}) {
    options.librdkafka = {{key, "1"}};
    ASSERT_EQ(CheckSettings(options).size(), 1U) << key;
    EXPECT_THAT(CheckSettings(options)[0].error.message(), HasSubstr("belongs to the engine"));
  }
}

TEST(TransactionErrors, SayWhatToDoNext) {
  const TransactionNames names{"dead", "id"};
  const auto code = [&](rd_kafka_resp_err_t error) {
    return TransactionError(names, error, "why").code();
  };
  EXPECT_EQ(code(RD_KAFKA_RESP_ERR__FENCED), ErrorCode::kConflict);
  EXPECT_EQ(code(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH), ErrorCode::kConflict);
  EXPECT_EQ(code(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE), ErrorCode::kUnsupported);
  EXPECT_EQ(code(RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT), ErrorCode::kUnsupported);
  EXPECT_EQ(code(RD_KAFKA_RESP_ERR__TIMED_OUT), ErrorCode::kTimeout);
  EXPECT_EQ(code(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), ErrorCode::kInvalid);
  // Only the size of a record may say that the record is wrong.
  EXPECT_EQ(code(RD_KAFKA_RESP_ERR__STATE), ErrorCode::kUnavailable);
  EXPECT_EQ(code(RD_KAFKA_RESP_ERR__INVALID_ARG), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace kafka_iceberg::kafka
