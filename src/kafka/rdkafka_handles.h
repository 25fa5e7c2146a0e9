// SPDX-License-Identifier: Apache-2.0
//
// Owners of librdkafka's C objects, and its errors as ours. Included by .cc files and internal
// headers of this folder only. Thread contract: that of the objects (a client may be used from any
// thread).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/source_position.h"
#include "kafka/rdkafka_extra.h"

namespace kafka_iceberg::kafka {

struct RdKafkaDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_AdminOptions_t* options) const {
    rd_kafka_AdminOptions_destroy(options);
  }
  void operator()(rd_kafka_TopicCollection_t* topics) const {
    rd_kafka_TopicCollection_destroy(topics);
  }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_ConfigResource_t* resource) const {
    rd_kafka_ConfigResource_destroy(resource);
  }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
template <typename T>
using RdKafkaPtr = std::unique_ptr<T, RdKafkaDeleter>;
using PartitionList = RdKafkaPtr<rd_kafka_topic_partition_list_t>;

// `what` (lower case, "cannot commit offsets of group g") and librdkafka's text, under the code
// that fits.
Error ToError(rd_kafka_resp_err_t error, std::string_view what, std::string_view detail = {});
// Takes ownership; nothing when `error` is null.
Status ToStatus(rd_kafka_error_t* error, std::string_view what);
ErrorCode ToErrorCode(rd_kafka_resp_err_t error);
bool IsUnknownTopic(rd_kafka_resp_err_t error);

PartitionList ToPartitionList(const std::vector<TopicPartition>& partitions);
std::vector<TopicPartition> ToVector(const rd_kafka_topic_partition_list_t& list);
// "orders [3]"
std::string ToString(const TopicPartition& partition);
// Milliseconds for librdkafka, at least 0, rounded up.
int ToMs(Duration duration);

}  // namespace kafka_iceberg::kafka
