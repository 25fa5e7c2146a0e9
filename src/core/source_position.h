// SPDX-License-Identifier: Apache-2.0
//
// Where rows come from: topics, partitions and ranges of offsets. Plain values that cross every
// module border. Ranges count offsets, not rows: transactions and compaction leave legal gaps, and
// dead-lettered records are covered.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace kafka_iceberg {

// One incarnation of a topic: a recreated topic has the same name and another id.
// Ids are empty where the broker is too old (or a mock) to tell them.
struct SourceTopic {
  std::string cluster_id;
  std::string topic;
  std::string topic_id;
  friend auto operator<=>(const SourceTopic&, const SourceTopic&) = default;
};

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

// Offsets [start, end).
struct OffsetRange {
  int64_t start = 0;
  int64_t end = 0;
  friend auto operator<=>(const OffsetRange&, const OffsetRange&) = default;
};

using PartitionRanges = std::map<int32_t, OffsetRange>;

}  // namespace kafka_iceberg
