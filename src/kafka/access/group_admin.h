// SPDX-License-Identifier: Apache-2.0
//
// GroupAdmin: looks at and moves the offsets of a consumer group from outside of it. Joins no
// group. Used by one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/source_position.h"
#include "kafka/kafka_source_options.h"

namespace kafka_iceberg::kafka {

class GroupAdmin {
 public:
  // Of the options' group. kInvalid as OpenKafkaSource().
  static Result<std::unique_ptr<GroupAdmin>> Open(const KafkaSourceOptions& options);
  virtual ~GroupAdmin() = default;

  // Members that are in the group now; 0 for a group that does not exist.
  virtual Result<size_t> CountMembers(Duration timeout) = 0;
  // Partitions without a committed offset are left out.
  virtual Result<std::map<TopicPartition, int64_t>> CommittedOffsets(
      const std::vector<TopicPartition>& partitions, Duration timeout) = 0;
  // kConflict: the group has members, whose offsets nobody else may move.
  virtual Status CommitOffsets(const std::map<TopicPartition, int64_t>& next_offsets) = 0;
  // The first offset at or after a point in time; the partition's end when there is none.
  virtual Result<std::map<TopicPartition, int64_t>> OffsetsAt(
      const std::vector<TopicPartition>& partitions, int64_t timestamp_ms, Duration timeout) = 0;
  // As RecordSource::DescribeTopic().
  virtual Result<SourceTopic> DescribeTopic(const std::string& topic, Duration timeout) = 0;
};

}  // namespace kafka_iceberg::kafka
