// SPDX-License-Identifier: Apache-2.0
//
// RdKafkaSource: RecordSource over one librdkafka consumer. Internal to this folder (made by
// OpenKafkaSource()).
//
// Used by the poll thread, except LagSnapshot() and trouble(). All librdkafka callbacks are served
// inside Poll() and Close(), on the caller's thread, and only enqueue.
#pragma once

#include <deque>
#include <set>

#include "core/clock.h"
#include "kafka/access/secured_client.h"
#include "kafka/connection_health.h"
#include "kafka/kafka_source_options.h"
#include "kafka/message_batcher.h"
#include "kafka/partition_positions.h"
#include "kafka/record_source.h"
#include "kafka/topic_watch.h"
#include "telemetry/logger.h"

namespace kafka_iceberg::kafka {

class RdKafkaSource final : public RecordSource {
 public:
  RdKafkaSource(KafkaSourceOptions options, Clock& clock, telemetry::Logger& logger);
  ~RdKafkaSource() override;
  RdKafkaSource(const RdKafkaSource&) = delete;
  RdKafkaSource& operator=(const RdKafkaSource&) = delete;

  // Creates the client and subscribes; once, before anything else.
  Status Start();

  std::vector<SourceEvent> Poll(Duration timeout) override;
  Status Assign(const std::vector<StartPosition>& positions) override;
  Status Revoke(const std::vector<TopicPartition>& partitions) override;
  Status Seek(const std::vector<StartPosition>& positions) override;
  Status Pause(const std::vector<TopicPartition>& partitions) override;
  Status Resume(const std::vector<TopicPartition>& partitions) override;
  Status CommitOffsets(const std::map<TopicPartition, int64_t>& next_offsets,
                       Duration timeout) override;
  Result<std::map<TopicPartition, int64_t>> CommittedOffsets(
      const std::vector<TopicPartition>& partitions, Duration timeout) override;
  Result<Watermarks> QueryWatermarks(const TopicPartition& partition, Duration timeout) override;
  Result<SourceTopic> DescribeTopic(const std::string& topic, Duration timeout) override;
  std::map<TopicPartition, PartitionLag> LagSnapshot() const override;
  std::optional<Error> trouble() const override { return health_.trouble(); }
  Status Close() override;

 private:
  enum class RebalanceKind : uint8_t { kAssigned, kRevoked, kLost };
  // A question of the group that the owner has to answer; one after the other, in order.
  struct Rebalance {
    RebalanceKind kind;
    std::vector<TopicPartition> partitions;
    bool told = false;
  };

  // Set-up (rdkafka_source_open.cc).
  Result<RdKafkaPtr<rd_kafka_conf_t>> MakeConf();
  Status Subscribe();
  static RdKafkaSource& Of(void* opaque);
  static void OnRebalance(rd_kafka_t*, rd_kafka_resp_err_t error,
                          rd_kafka_topic_partition_list_t* partitions, void* self);
  static void OnError(rd_kafka_t* client, int error, const char* reason, void* self);
  static int OnStatistics(rd_kafka_t*, char* json, size_t size, void* self);
  static void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text);

  // Reading (rdkafka_source_poll.cc).
  size_t Fetch(Duration timeout);
  void Deliver(size_t count, std::vector<SourceEvent>& events);
  void DeliverRun(std::span<rd_kafka_message_t*> run, std::span<rd_kafka_message_t*> rest);
  void OnMessageError(const rd_kafka_message_t& message);
  void OnOffsetOutOfRange(const TopicPartition& partition, int64_t wanted, std::string_view reason);
  void OnTopicMissing(const rd_kafka_message_t& message, std::string_view topic);
  void WatchTopics();
  std::vector<std::string> TopicsToWatch() const;
  void Fail(Error error);

  // The group (rdkafka_source_group.cc).
  void TellRebalance(std::vector<SourceEvent>& events);
  void AnswerEmptyRebalances();
  Status CheckAnswer(RebalanceKind kind, std::vector<TopicPartition> answer) const;
  Result<PartitionList> ToAbsolute(const std::vector<StartPosition>& positions);
  Status SeekClient(const rd_kafka_topic_partition_list_t& list);
  void Withhold(const std::vector<TopicPartition>& partitions);
  void AnswerAllForClose();

  const KafkaSourceOptions options_;
  Clock& clock_;
  telemetry::Logger& logger_;
  std::shared_ptr<ConsumerClient> client_;
  std::unique_ptr<MessageBatcher> batcher_;
  std::vector<rd_kafka_message_t*> messages_;  // scratch of one Poll()
  PartitionPositions positions_;
  ConnectionHealth health_;
  TopicWatch topic_watch_;
  RdKafkaPtr<rd_kafka_queue_t> watch_queue_;
  bool watch_asked_ = false;
  std::deque<Rebalance> rebalances_;
  std::vector<SourceEvent> events_;  // happened, not yet polled
  bool waiting_ = false;             // inside the one call that rd_kafka_yield() may interrupt
  bool failed_ = false;
  bool closed_ = false;
};

}  // namespace kafka_iceberg::kafka
