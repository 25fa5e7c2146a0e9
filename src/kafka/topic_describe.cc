// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_describe.h"

#include <array>

namespace kafka_iceberg::kafka {

bool CanDescribeTopics() { return rd_kafka_DescribeTopics != nullptr; }

void StartDescribeTopics(rd_kafka_t* client, const std::vector<std::string>& topics,
                         Duration timeout, rd_kafka_queue_t* reply_queue) {
  const RdKafkaPtr<rd_kafka_AdminOptions_t> options(
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_ANY));
  std::array<char, 256> reason{};
  // A little less, so that the client's own answer comes in time. Out of range leaves its default,
  // a minute.
  (void)rd_kafka_AdminOptions_set_request_timeout(
      options.get(), std::max(1, ToMs(timeout * 9 / 10)), reason.data(), reason.size());
  std::vector<const char*> names;
  names.reserve(topics.size());
  for (const auto& topic : topics) names.push_back(topic.c_str());
  const RdKafkaPtr<rd_kafka_TopicCollection_t> collection(
      rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
  rd_kafka_DescribeTopics(client, collection.get(), options.get(), reply_queue);
}

Result<std::vector<TopicDescription>> ReadDescribeTopics(rd_kafka_event_t* event) {
  const auto error = rd_kafka_event_error(event);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* const detail = rd_kafka_event_error_string(event);
    return ToError(error, "cannot describe topics", detail == nullptr ? "" : detail);
  }
  const auto* const result = rd_kafka_event_DescribeTopics_result(event);
  if (result == nullptr) return Error::Unavailable("cannot describe topics: unexpected answer");
  size_t count = 0;
  const auto** const topics = rd_kafka_DescribeTopics_result_topics(result, &count);
  std::vector<TopicDescription> descriptions;
  for (size_t i = 0; i < count; ++i) {
    TopicDescription description;
    description.topic = rd_kafka_TopicDescription_name(topics[i]);
    if (const auto* failed = rd_kafka_TopicDescription_error(topics[i]); failed != nullptr) {
      description.error = rd_kafka_error_code(failed);
    }
    const auto* const id = rd_kafka_TopicDescription_topic_id(topics[i]);
    const bool has_id = id != nullptr && (rd_kafka_Uuid_most_significant_bits(id) != 0 ||
                                          rd_kafka_Uuid_least_significant_bits(id) != 0);
    if (has_id) description.topic_id = rd_kafka_Uuid_base64str(id);
    descriptions.push_back(std::move(description));
  }
  return descriptions;
}

Result<SourceTopic> DescribeTopic(rd_kafka_t* client, const std::string& topic, Duration timeout) {
  SourceTopic description{.topic = topic};
  if (CanDescribeTopics()) {
    const RdKafkaPtr<rd_kafka_queue_t> replies(rd_kafka_queue_new(client));
    StartDescribeTopics(client, {topic}, timeout, replies.get());
    const RdKafkaPtr<rd_kafka_event_t> reply(rd_kafka_queue_poll(replies.get(), ToMs(timeout)));
    if (reply == nullptr) {
      return Error::Timeout("cannot describe topic '{}': no answer within {} ms", topic,
                            ToMs(timeout));
    }
    for (auto& found : TRY(ReadDescribeTopics(reply.get()))) {
      if (IsUnknownTopic(found.error)) return Error::NotFound("topic '{}' does not exist", topic);
      if (found.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return ToError(found.error, fmt::format("cannot describe topic '{}'", topic));
      }
      description.topic_id = std::move(found.topic_id);
    }
  }
  // Known already once a broker has answered, so this does not wait a second time in vain.
  if (char* const cluster = rd_kafka_clusterid(client, ToMs(timeout)); cluster != nullptr) {
    description.cluster_id = cluster;
    rd_kafka_mem_free(client, cluster);
  }
  return description;
}

}  // namespace kafka_iceberg::kafka
