// SPDX-License-Identifier: Apache-2.0
#include "kafka/mock_broker.h"

#include <array>

#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr int32_t kAllBrokers = -1;

Status Outcome(rd_kafka_resp_err_t error, std::string_view what) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return ToError(error, what);
}

}  // namespace

struct MockBroker::Cluster {
  RdKafkaPtr<rd_kafka_t> host;
  rd_kafka_mock_cluster_t* mock = nullptr;

  ~Cluster() {
    if (mock != nullptr) rd_kafka_mock_cluster_destroy(mock);
  }
};

Result<std::unique_ptr<MockBroker>> MockBroker::Start(int brokers) {
  auto cluster = std::make_unique<Cluster>();
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, nullptr);
  std::array<char, 512> reason{};
  cluster->host.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size()));
  if (cluster->host == nullptr) {
    rd_kafka_conf_destroy(conf);
    return Error::Io("cannot start the embedded broker: {}", reason.data());
  }
  cluster->mock = rd_kafka_mock_cluster_new(cluster->host.get(), brokers);
  if (cluster->mock == nullptr) {
    return Error::Io("cannot start the embedded broker: no loopback port to listen on");
  }
  if (rd_kafka_mock_group_initial_rebalance_delay_ms != nullptr) {
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster->mock, 0);
  }
  // Questions about topics go to the controller; without this it is a broker that does not exist.
  if (rd_kafka_mock_set_controller_id != nullptr) rd_kafka_mock_set_controller_id(cluster->mock, 1);
  return std::unique_ptr<MockBroker>(new MockBroker(std::move(cluster)));
}

MockBroker::MockBroker(std::unique_ptr<Cluster> cluster)
    : cluster_(std::move(cluster)),
      bootstrap_servers_(rd_kafka_mock_cluster_bootstraps(cluster_->mock)) {}

MockBroker::~MockBroker() = default;

Status MockBroker::CreateTopic(const std::string& topic, int partitions) {
  return Outcome(rd_kafka_mock_topic_create(cluster_->mock, topic.c_str(), partitions, 1),
                 fmt::format("cannot create topic '{}'", topic));
}

Status MockBroker::DeleteTopic(const std::string& topic) {
  if (rd_kafka_mock_topic_delete == nullptr) {
    return Error::Unsupported("this librdkafka's embedded broker cannot delete topics");
  }
  return Outcome(rd_kafka_mock_topic_delete(cluster_->mock, topic.c_str()),
                 fmt::format("cannot delete topic '{}'", topic));
}

Status MockBroker::DeleteRecords(const TopicPartition& partition, int64_t before_offset) {
  if (rd_kafka_mock_partition_delete_records == nullptr) {
    return Error::Unsupported("this librdkafka's embedded broker cannot delete records");
  }
  return Outcome(rd_kafka_mock_partition_delete_records(cluster_->mock, partition.topic.c_str(),
                                                        partition.partition, before_offset),
                 fmt::format("cannot delete records of {}", ToString(partition)));
}

void MockBroker::FailNext(MockRequest request, const std::vector<int>& errors) {
  std::vector<rd_kafka_resp_err_t> codes;
  for (const int error : errors) codes.push_back(static_cast<rd_kafka_resp_err_t>(error));
  rd_kafka_mock_push_request_errors_array(cluster_->mock, static_cast<int16_t>(request),
                                          codes.size(), codes.data());
}

Status MockBroker::SetDown() {
  return Outcome(rd_kafka_mock_broker_set_down(cluster_->mock, kAllBrokers), "cannot stop brokers");
}

Status MockBroker::SetUp() {
  return Outcome(rd_kafka_mock_broker_set_up(cluster_->mock, kAllBrokers), "cannot start brokers");
}

Status MockBroker::SetDelay(Duration delay) {
  return Outcome(rd_kafka_mock_broker_set_rtt(cluster_->mock, kAllBrokers, ToMs(delay)),
                 "cannot delay brokers");
}

}  // namespace kafka_iceberg::kafka
