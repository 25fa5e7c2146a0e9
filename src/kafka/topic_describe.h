// SPDX-License-Identifier: Apache-2.0
//
// Asks the broker for the ids of topics (DescribeTopics), which tell a recreated topic from the one
// that was read before. Internal to this folder; used on the poll thread.
#pragma once

#include <string>
#include <vector>

#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {

struct TopicDescription {
  std::string topic;
  std::string topic_id;  // base64 as Kafka's own tools print it; "" when the broker does not tell
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

// False when this librdkafka cannot ask.
bool CanDescribeTopics();

// The answer arrives on `reply_queue` as one event.
void StartDescribeTopics(rd_kafka_t* client, const std::vector<std::string>& topics,
                         Duration timeout, rd_kafka_queue_t* reply_queue);
Result<std::vector<TopicDescription>> ReadDescribeTopics(rd_kafka_event_t* event);

// The topic with its id and the cluster's, as far as the broker tells them; waits. kNotFound: there
// is no such topic.
Result<SourceTopic> DescribeTopic(rd_kafka_t* client, const std::string& topic, Duration timeout);

}  // namespace kafka_iceberg::kafka
