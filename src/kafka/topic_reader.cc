// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "kafka/access/complaints.h"
#include "kafka/access/secured_client.h"
#include "kafka/client_conf.h"
#include "kafka/kafka_settings.h"
#include "kafka/message_headers.h"
#include "kafka/rdkafka_handles.h"
#include "kafka/topic_pattern.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr Duration kPollTimeout = std::chrono::milliseconds(100);
constexpr Duration kMetadataTurn = std::chrono::seconds(1);

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using MessagePtr = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

// Whether a topic's name is the one asked for, or matches the pattern ("^...").
bool Matches(const std::string& asked, const char* name) {
  const Result<TopicPattern> pattern = TopicPattern::Make(asked);
  return pattern.ok() && pattern->Matches(name);
}

class RdKafkaTopicReader final : public TopicReader {
 public:
  RdKafkaTopicReader(std::unique_ptr<Complaints> complaints, std::unique_ptr<SecuredClient> client,
                     Clock& clock)
      : complaints_(std::move(complaints)), client_(std::move(client)), clock_(clock) {
    rd_kafka_poll_set_consumer(client_->get());
    complaints_->Attach(*client_);
  }

  Result<std::vector<TopicPartition>> FindPartitions(const std::vector<std::string>& topics,
                                                     Duration timeout) override {
    const auto metadata = TRY(AskMetadata(nullptr, timeout));
    std::vector<TopicPartition> found;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
      const auto wanted = [&](const std::string& asked) { return Matches(asked, topic.topic); };
      if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR || std::ranges::none_of(topics, wanted)) continue;
      for (int p = 0; p < topic.partition_cnt; ++p)
        found.push_back({topic.topic, topic.partitions[p].id});
    }
    TRY(CheckAllowed(topics, found, timeout));
    return found;
  }

  Result<Watermarks> QueryWatermarks(const TopicPartition& partition, Duration timeout) override {
    Watermarks marks;
    const rd_kafka_resp_err_t failed = rd_kafka_query_watermark_offsets(
        client_->get(), partition.topic.c_str(), partition.partition, &marks.low, &marks.high,
        ToMs(timeout));
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Explain(failed, fmt::format("cannot ask for the ends of {}", ToString(partition)));
    }
    return marks;
  }

  Status Read(const std::map<TopicPartition, OffsetRange>& ranges, Duration silence,
              const Visit& visit, const std::stop_token& stop) override {
    return ReadRanges(ranges, silence, visit, stop, /*whole=*/false);
  }

  Status ReadWhole(const std::map<TopicPartition, OffsetRange>& ranges, Duration silence,
                   const Visit& visit, const std::stop_token& stop) override {
    return ReadRanges(ranges, silence, visit, stop, /*whole=*/true);
  }

 private:
  using Metadata = RdKafkaPtr<const rd_kafka_metadata_t>;

  Status ReadRanges(const std::map<TopicPartition, OffsetRange>& ranges, Duration silence,
                    const Visit& visit, const std::stop_token& stop, bool whole) {
    std::map<TopicPartition, OffsetRange> left = ranges;
    std::erase_if(left, [](const auto& entry) { return entry.second.start >= entry.second.end; });
    TRY(AssignAll(left));
    SteadyTime heard_at = clock_.Steady();
    while (!left.empty() && !stop.stop_requested()) {
      const MessagePtr message(rd_kafka_consumer_poll(client_->get(), ToMs(kPollTimeout)));
      if (message == nullptr) {
        if (clock_.Steady() - heard_at > silence) {
          if (auto worst = complaints_->Worst()) return *std::move(worst);
          return Error::Timeout("no record came for {} s",
                                std::chrono::duration_cast<std::chrono::seconds>(silence).count());
        }
        continue;
      }
      // That a partition has ended too early is said again and again, and is no news.
      const bool is_early = whole && EndsEarly(*message, left);
      if (is_early && clock_.Steady() - heard_at > silence)
        return Error::Timeout("the topic ends before what is to be read, for too long");
      if (is_early) continue;
      heard_at = clock_.Steady();
      if (!TRY(Take(*message, left, visit))) break;
    }
    rd_kafka_assign(client_->get(), nullptr);
    if (whole && stop.stop_requested()) return Error::Cancelled("stopped while reading a topic");
    return {};
  }

  static bool EndsEarly(const rd_kafka_message_t& message,
                        const std::map<TopicPartition, OffsetRange>& left) {
    if (message.rkt == nullptr || message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) return false;
    const auto range = left.find({rd_kafka_topic_name(message.rkt), message.partition});
    return range != left.end() && message.offset < range->second.end;
  }

  // Of one topic, or of all. The client's own answer only says that there was none, so it is asked
  // in short turns and its complaints are looked at in between.
  Result<Metadata> AskMetadata(rd_kafka_topic_t* topic, Duration timeout) {
    const SteadyTime until = clock_.Steady() + timeout;
    while (true) {
      const Duration left = until - clock_.Steady();
      const rd_kafka_metadata_t* raw = nullptr;
      const auto failed = rd_kafka_metadata(client_->get(), topic == nullptr ? 1 : 0, topic, &raw,
                                            std::max(1, ToMs(std::min(left, kMetadataTurn))));
      if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
        client_->SetConnected();
        return Metadata(raw);
      }
      // Nothing is assigned, so this only serves callbacks.
      const MessagePtr none(rd_kafka_consumer_poll(client_->get(), 0));
      if (complaints_->IsFinal() || clock_.Steady() >= until)
        return Explain(failed, "cannot list topics");
    }
  }

  Error Explain(rd_kafka_resp_err_t error, std::string_view what) const {
    if (auto worst = complaints_->Worst()) return worst->WithContext(what);
    return ToError(error, what);
  }

  // A topic that may not be read is left out of the list of all; asked by its name the broker says
  // so.
  Status CheckAllowed(const std::vector<std::string>& asked,
                      const std::vector<TopicPartition>& found, Duration timeout) {
    for (const std::string& name : asked) {
      const bool is_found = std::ranges::find(found, name, &TopicPartition::topic) != found.end();
      if (name.starts_with('^') || is_found) continue;
      const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> topic(
          rd_kafka_topic_new(client_->get(), name.c_str(), nullptr), &rd_kafka_topic_destroy);
      if (topic == nullptr) continue;  // no name at all
      const auto metadata = TRY(AskMetadata(topic.get(), timeout));
      for (int i = 0; i < metadata->topic_cnt; ++i) {
        if (metadata->topics[i].err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
          return client_->ExplainForbidden(metadata->topics[i].err, name);
      }
    }
    return {};
  }

  Status AssignAll(const std::map<TopicPartition, OffsetRange>& ranges) {
    std::vector<TopicPartition> partitions;
    for (const auto& [partition, range] : ranges) partitions.push_back(partition);
    const PartitionList list = ToPartitionList(partitions);
    int index = 0;
    for (const auto& [partition, range] : ranges) list->elems[index++].offset = range.start;
    const rd_kafka_resp_err_t failed = rd_kafka_assign(client_->get(), list.get());
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(failed, "cannot read the topic");
    return {};
  }

  // False when `visit` has seen enough.
  Result<bool> Take(const rd_kafka_message_t& message, std::map<TopicPartition, OffsetRange>& left,
                    const Visit& visit) {
    if (message.rkt == nullptr) {
      return message.err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
                     message.err == RD_KAFKA_RESP_ERR__TRANSPORT
                 ? Result<bool>(true)
                 : Result<bool>(ToError(message.err, "cannot read the topic"));
    }
    const TopicPartition partition{rd_kafka_topic_name(message.rkt), message.partition};
    const auto found = left.find(partition);
    if (found == left.end()) return true;
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      left.erase(found);
      return true;
    }
    if (message.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
      return client_->ExplainForbidden(message.err, partition.topic);
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return ToError(message.err, fmt::format("cannot read {}", ToString(partition)));
    }
    if (message.offset >= found->second.end) {
      left.erase(found);
      return true;
    }
    const std::vector<Header> headers = HeadersOf(message);
    const Record record{
        .value = {static_cast<const char*>(message.payload), message.len},
        .key = {static_cast<const char*>(message.key), message.key_len},
        .offset = message.offset,
        .timestamp_ms = rd_kafka_message_timestamp(&message, nullptr),
        .partition = message.partition,
        .value_is_null = message.payload == nullptr,
        .key_is_null = message.key == nullptr,
        .headers = headers,
    };
    const bool go_on = visit(partition, record);
    if (message.offset + 1 >= found->second.end) left.erase(found);
    return go_on;
  }

  const std::unique_ptr<Complaints> complaints_;  // outlives the client
  const std::unique_ptr<SecuredClient> client_;
  Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<TopicReader>> TopicReader::Open(const KafkaSourceOptions& options,
                                                       Clock& clock) {
  ClientSettings settings = ConsumerSettings(options);
  // Group settings do nothing here: partitions are assigned by hand and no offset is ever
  // committed.
  std::erase_if(settings, [](const auto& setting) { return setting.first == "group.instance.id"; });
  // Nobody serves statistics here, and log lines are looked at as they come.
  settings.emplace_back("log.queue", "false");
  settings.emplace_back("statistics.interval.ms", "0");
  settings.emplace_back("log.connection.close", "true");
  RdKafkaPtr<rd_kafka_conf_t> conf = TRY(MakeClientConf(settings));
  rd_kafka_conf_set_error_cb(conf.get(), &Complaints::OnError);
  rd_kafka_conf_set_log_cb(conf.get(), &Complaints::OnLog);
  auto complaints = std::make_unique<Complaints>();
  auto client = TRY(SecuredClient::Open(RD_KAFKA_CONSUMER, std::move(conf), complaints.get(),
                                        options.sasl_tokens));
  return std::make_unique<RdKafkaTopicReader>(std::move(complaints), std::move(client), clock);
}

}  // namespace kafka_iceberg::kafka
