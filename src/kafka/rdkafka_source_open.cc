// SPDX-License-Identifier: Apache-2.0
//
// Set-up of RdKafkaSource, and librdkafka's callbacks.
#include <array>

#include "core/check.h"
#include "kafka/client_conf.h"
#include "kafka/kafka_settings.h"
#include "kafka/kafka_source.h"
#include "kafka/rdkafka_source.h"
#include "kafka/topic_pattern.h"

namespace kafka_iceberg::kafka {

Result<std::unique_ptr<RecordSource>> OpenKafkaSource(KafkaSourceOptions options, Clock& clock,
                                                      telemetry::Logger& logger) {
  auto source = std::make_unique<RdKafkaSource>(std::move(options), clock, logger);
  TRY(source->Start());
  return source;
}

RdKafkaSource::RdKafkaSource(KafkaSourceOptions options, Clock& clock, telemetry::Logger& logger)
    : options_(std::move(options)), clock_(clock), logger_(logger) {}

RdKafkaSource::~RdKafkaSource() {
  // Destroying a client whose rebalance nobody answered would wait for that answer for ever.
  if (client_ != nullptr && !closed_) [[maybe_unused]]
    const Status left = Close();
}

Result<RdKafkaPtr<rd_kafka_conf_t>> RdKafkaSource::MakeConf() {
  auto conf = TRY(MakeClientConf(ConsumerSettings(options_)));
  rd_kafka_conf_set_rebalance_cb(conf.get(), &RdKafkaSource::OnRebalance);
  rd_kafka_conf_set_error_cb(conf.get(), &RdKafkaSource::OnError);
  rd_kafka_conf_set_stats_cb(conf.get(), &RdKafkaSource::OnStatistics);
  rd_kafka_conf_set_log_cb(conf.get(), &RdKafkaSource::OnLog);
  return conf;
}

Status RdKafkaSource::Start() {
  CHECK(client_ == nullptr);
  if (options_.batch_records_max == 0) return Error::Invalid("batch_records_max must not be 0");
  if (options_.topics.empty() == options_.topic_pattern.empty()) {
    return Error::Invalid("exactly one of topics and topic_pattern must be set");
  }
  auto conf = TRY(MakeConf());
  auto client =
      TRY(SecuredClient::Open(RD_KAFKA_CONSUMER, std::move(conf), this, options_.sasl_tokens));
  // Everything (records, errors, rebalances, log lines) comes through the one queue that Poll()
  // serves.
  rd_kafka_poll_set_consumer(client->get());
  rd_kafka_set_log_queue(client->get(), nullptr);
  client_ = std::make_shared<ConsumerClient>(std::move(client));
  batcher_ = std::make_unique<MessageBatcher>(client_);
  watch_queue_.reset(rd_kafka_queue_new(client_->get()));
  messages_.resize(options_.batch_records_max);
  return Subscribe();
}

Status RdKafkaSource::Subscribe() {
  const PartitionList list(
      rd_kafka_topic_partition_list_new(static_cast<int>(options_.topics.size()) + 1));
  for (const auto& topic : options_.topics) {
    // The client takes a leading ^ for a regular expression.
    if (topic.empty() || topic.front() == '^') {
      return Error::Invalid("'{}' is not a topic name; for a pattern use topic_pattern", topic);
    }
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  if (!options_.topic_pattern.empty()) {
    rd_kafka_topic_partition_list_add(
        list.get(), SubscriptionPattern(options_.topic_pattern).c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto error = rd_kafka_subscribe(client_->get(), list.get());
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return ToError(error,
                 options_.topic_pattern.empty()
                     ? std::string("cannot subscribe")
                     : fmt::format("cannot subscribe to pattern '{}'", options_.topic_pattern));
}

RdKafkaSource& RdKafkaSource::Of(void* opaque) {
  return *static_cast<RdKafkaSource*>(ClientContext::Of(opaque).owner);
}

void RdKafkaSource::OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                                rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& self = Of(opaque);
  auto kind = RebalanceKind::kAssigned;
  if (error != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    kind = rd_kafka_assignment_lost(client) != 0 ? RebalanceKind::kLost : RebalanceKind::kRevoked;
  }
  self.rebalances_.push_back({kind, ToVector(*partitions)});
  // Only here: the batch call drops the next record when it is told to yield.
  if (self.waiting_) rd_kafka_yield(client);
}

void RdKafkaSource::OnError(rd_kafka_t* client, int error, const char* reason, void* opaque) {
  auto& self = Of(opaque);
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, 512> text{};
    const auto fatal = rd_kafka_fatal_error(client, text.data(), text.size());
    self.Fail(ToError(fatal, "the Kafka client gave up", text.data()));
  } else {
    self.health_.OnError(self.client_->secured().Explain(code, reason));
  }
  if (self.waiting_) rd_kafka_yield(client);
}

int RdKafkaSource::OnStatistics(rd_kafka_t*, char* json, size_t size, void* opaque) {
  auto& self = Of(opaque);
  if (self.health_.OnStatistics({json, size})) self.client_->secured().SetConnected();
  return 0;  // the client frees the text
}

void RdKafkaSource::OnLog(const rd_kafka_t* client, int level, const char* facility,
                          const char* text) {
  constexpr int kSyslogWarning = 4;
  auto& self = Of(rd_kafka_opaque(client));
  // Broken connections come as errors too, and are told from there.
  const std::string_view about(facility);
  const bool told_elsewhere = about == "FAIL" || about == "ERROR" || about == "CERTVERIFY";
  const auto to = level <= kSyslogWarning && !told_elsewhere ? telemetry::LogLevel::kWarn
                                                             : telemetry::LogLevel::kDebug;
  self.logger_.Log(to, "kafka client", {{"facility", facility}, {"detail", text}});
}

}  // namespace kafka_iceberg::kafka
