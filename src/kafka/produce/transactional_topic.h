// SPDX-License-Identifier: Apache-2.0
//
// TransactionalTopic: one Kafka topic into which records are written exactly once, by any number of
// processes that share a transactional id. Of the sessions of one id only the newest can write;
// starting it ends what older ones had begun. Kafka remembers no outcome for us, so whoever does
// not know what became of a write starts a session and reads the topic: what is not there by then
// will never be. Used by one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/record.h"
#include "core/result.h"
#include "core/source_position.h"
#include "kafka/kafka_source_options.h"
#include "kafka/produce/record_producer.h"
#include "kafka/record_source.h"

namespace kafka_iceberg::kafka {

struct TransactionalTopicOptions {
  KafkaSourceOptions client;  // servers, login and raw settings; the group is not used
  std::string topic;
  std::string transactional_id;
  Duration timeout = std::chrono::seconds(30);  // of each call
};

struct TopicState {
  std::string topic_id;  // of this incarnation; "" where the broker does not tell
  // The ends include what transactions that are open have written.
  std::map<int32_t, Watermarks> partitions;
};

struct TopicSettings {
  int64_t record_bytes_max = 0;
  bool is_compacted = false;
};

struct PartitionedRecord {
  int32_t partition = 0;
  OutgoingRecord record;
};

class TransactionalTopic {
 public:
  virtual ~TransactionalTopic() = default;
  virtual const std::string& name() const = 0;

  // As it is now. kNotFound: there is no such topic.
  virtual Result<TopicState> Look() = 0;
  // Makes it, kept for ever; fine when it is there. `replication` 0: as the broker does.
  virtual Status Create(int32_t partitions, int32_t replication) = 0;
  // Nothing when the broker does not tell, which needs a permission of its own.
  virtual std::optional<TopicSettings> Settings() = 0;

  // When it returns, every older session of the id has written its last record. kUnsupported: the
  // broker knows no transactions; kDenied names the permission.
  virtual Status StartSession(int64_t batch_bytes_max) = 0;
  // All of the records or none, seen at once by readers of what is committed. `before_commit` is
  // called when the broker has them all and nobody sees them. After any error the session is over,
  // and whether they were written is open. kConflict: a newer session took over; kInvalid: the
  // broker does not take a record of that size.
  virtual Status Write(const std::vector<PartitionedRecord>& records,
                       const std::function<void()>& before_commit) = 0;

  // What is committed in these ranges, all of it, in order within a partition. kTimeout: something
  // in them is not decided yet. `visit` returns false to stop.
  using Visit = std::function<bool(const TopicPartition&, const Record&)>;
  virtual Status Read(const std::map<int32_t, OffsetRange>& ranges, const Visit& visit) = 0;
};

// Connects when first used. `clock` outlives it.
std::unique_ptr<TransactionalTopic> OpenTransactionalTopic(TransactionalTopicOptions options,
                                                           Clock& clock);

}  // namespace kafka_iceberg::kafka
