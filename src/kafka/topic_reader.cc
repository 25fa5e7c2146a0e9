// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_reader.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kafka/client_conf.h"
#include "kafka/kafka_settings.h"
#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {
namespace {

constexpr Duration kPollTimeout = std::chrono::milliseconds(100);
constexpr size_t kErrorBytes = 512;

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using MessagePtr = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

// Whether a topic's name is the one asked for, or matches the pattern ("^...").
bool Matches(const std::string& asked, const char* name) {
  if (!asked.starts_with('^')) return asked == name;
  regex_t pattern;
  const std::string anchored = SubscriptionPattern(asked);
  if (regcomp(&pattern, anchored.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  const bool matches = regexec(&pattern, name, 0, nullptr, 0) == 0;
  regfree(&pattern);
  return matches;
}

class RdKafkaTopicReader final : public TopicReader {
 public:
  RdKafkaTopicReader(rd_kafka_t* client, Clock& clock) : client_(client), clock_(clock) {
    rd_kafka_poll_set_consumer(client_.get());
  }

  Result<std::vector<TopicPartition>> FindPartitions(const std::vector<std::string>& topics,
                                                     Duration timeout) override {
    const rd_kafka_metadata_t* raw = nullptr;
    const rd_kafka_resp_err_t failed =
        rd_kafka_metadata(client_.get(), 1, nullptr, &raw, ToMs(timeout));
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(failed, "cannot list topics");
    const RdKafkaPtr<const rd_kafka_metadata_t> metadata(raw);
    std::vector<TopicPartition> found;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
      const auto wanted = [&](const std::string& asked) { return Matches(asked, topic.topic); };
      if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR || std::ranges::none_of(topics, wanted)) continue;
      for (int p = 0; p < topic.partition_cnt; ++p)
        found.push_back({topic.topic, topic.partitions[p].id});
    }
    return found;
  }

  Result<Watermarks> QueryWatermarks(const TopicPartition& partition, Duration timeout) override {
    Watermarks marks;
    const rd_kafka_resp_err_t failed = rd_kafka_query_watermark_offsets(
        client_.get(), partition.topic.c_str(), partition.partition, &marks.low, &marks.high,
        ToMs(timeout));
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return ToError(failed, fmt::format("cannot ask for the ends of {}", ToString(partition)));
    }
    return marks;
  }

  Status Read(const std::map<TopicPartition, OffsetRange>& ranges, Duration silence,
              const Visit& visit, const std::stop_token& stop) override {
    std::map<TopicPartition, OffsetRange> left = ranges;
    std::erase_if(left, [](const auto& entry) { return entry.second.start >= entry.second.end; });
    TRY(AssignAll(left));
    SteadyTime heard_at = clock_.Steady();
    while (!left.empty() && !stop.stop_requested()) {
      const MessagePtr message(rd_kafka_consumer_poll(client_.get(), ToMs(kPollTimeout)));
      if (message == nullptr) {
        if (clock_.Steady() - heard_at > silence) {
          return Error::Timeout("no record came for {} s",
                                std::chrono::duration_cast<std::chrono::seconds>(silence).count());
        }
        continue;
      }
      heard_at = clock_.Steady();
      if (!TRY(Take(*message, left, visit))) break;
    }
    rd_kafka_assign(client_.get(), nullptr);
    return {};
  }

 private:
  Status AssignAll(const std::map<TopicPartition, OffsetRange>& ranges) {
    std::vector<TopicPartition> partitions;
    for (const auto& [partition, range] : ranges) partitions.push_back(partition);
    const PartitionList list = ToPartitionList(partitions);
    int index = 0;
    for (const auto& [partition, range] : ranges) list->elems[index++].offset = range.start;
    const rd_kafka_resp_err_t failed = rd_kafka_assign(client_.get(), list.get());
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) return ToError(failed, "cannot read the topic");
    return {};
  }

  // False when `visit` has seen enough.
  static Result<bool> Take(const rd_kafka_message_t& message,
                           std::map<TopicPartition, OffsetRange>& left, const Visit& visit) {
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
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return ToError(message.err, fmt::format("cannot read {}", ToString(partition)));
    }
    if (message.offset >= found->second.end) {
      left.erase(found);
      return true;
    }
    const Record record{
        .value = {static_cast<const char*>(message.payload), message.len},
        .key = {static_cast<const char*>(message.key), message.key_len},
        .offset = message.offset,
        .timestamp_ms = rd_kafka_message_timestamp(&message, nullptr),
        .partition = message.partition,
        .value_is_null = message.payload == nullptr,
        .key_is_null = message.key == nullptr,
    };
    const bool go_on = visit(partition, record);
    if (message.offset + 1 >= found->second.end) left.erase(found);
    return go_on;
  }

  const RdKafkaPtr<rd_kafka_t> client_;
  Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<TopicReader>> TopicReader::Open(const KafkaSourceOptions& options,
                                                       Clock& clock) {
  ClientSettings settings = ConsumerSettings(options);
  // Group settings do nothing here: partitions are assigned by hand and no offset is ever
  // committed.
  std::erase_if(settings, [](const auto& setting) { return setting.first == "group.instance.id"; });
  // What the client has to say comes as errors; nobody serves its log lines or statistics here.
  settings.emplace_back("log.queue", "false");
  settings.emplace_back("statistics.interval.ms", "0");
  RdKafkaPtr<rd_kafka_conf_t> conf = TRY(MakeClientConf(settings));
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  std::array<char, kErrorBytes> why{};
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), why.data(), why.size());
  if (client == nullptr) return Error::Invalid("cannot start the Kafka client: {}", why.data());
  [[maybe_unused]] auto* owned_by_client = conf.release();
  return std::make_unique<RdKafkaTopicReader>(client, clock);
}

}  // namespace kafka_iceberg::kafka
