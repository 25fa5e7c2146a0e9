// SPDX-License-Identifier: Apache-2.0
//
// MessageBatcher: collects librdkafka messages into one SourceBatch per topic. The records are
// views of librdkafka's memory, and the batch's owner gives the messages back when the batch dies,
// on whatever thread: nothing is copied and nothing is allocated per record, unless somebody looks
// at its headers.
//
// Owned by the source, used on its poll thread.
#pragma once

#include <memory>
#include <vector>

#include "core/record.h"
#include "kafka/access/secured_client.h"
#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {

class MessageBatcher {
 public:
  explicit MessageBatcher(std::shared_ptr<ConsumerClient> client);
  ~MessageBatcher();

  // Makes this topic's batch the one that Add() adds to. False when there is none: then Open()
  // makes it, with room for `expected` records.
  bool Select(std::string_view topic);
  void Open(std::string_view topic, size_t expected);
  // The messages that follow are of one partition, from this one on. Its headers count for theirs
  // in the batch's size: to look at all of them would cost more than it tells.
  void StartRun(const rd_kafka_message_t& first);
  // Takes ownership of a message without error, of the selected topic.
  void Add(rd_kafka_message_t* message);
  std::vector<SourceBatch> Take();

 private:
  class Messages;

  const std::shared_ptr<ConsumerClient> client_;
  std::vector<SourceBatch> batches_;
  SourceBatch* selected_ = nullptr;
  Messages* selected_messages_ = nullptr;
  size_t header_bytes_each_ = 0;
};

}  // namespace kafka_iceberg::kafka
