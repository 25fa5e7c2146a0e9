// SPDX-License-Identifier: Apache-2.0
//
// RecordSource: reads topics as a member of a consumer group. It never stores or commits an offset
// by itself: the owner says where each newly assigned partition starts, and what to commit after
// the table has it.
//
// Owned and called by one thread (the poll thread), except LagSnapshot() and trouble(). Everything
// a rebalance asks is delivered by Poll() as an event; the source answers the broker only when the
// owner calls Assign()/Revoke(), so rows can be flushed and committed first. Poll() must go on
// being called meanwhile, also while everything is paused: a member that does not poll is expelled.
// Passes record_source_conformance.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/record.h"
#include "core/result.h"
#include "core/source_position.h"

namespace kafka_iceberg::kafka {

// The group gives us these partitions; answer with Assign(), for exactly these.
struct PartitionsAssigned {
  std::vector<TopicPartition> partitions;
};
// The group wants these back: no more of their records come. Flush and commit, then answer with
// Revoke(), for exactly these, soon: the other members wait.
struct PartitionsRevoked {
  std::vector<TopicPartition> partitions;
};
// They are gone already: discard what is not committed, then answer with Revoke().
struct PartitionsLost {
  std::vector<TopicPartition> partitions;
};
// A partition was read to its current end.
struct EndOfPartition {
  TopicPartition partition;
  int64_t next_offset = 0;
};
// Needs somebody's attention but the source goes on trying (broker away, authentication refused,
// ...).
struct SourceTrouble {
  Error error;
};
// The source cannot go on: topic gone or recreated, fatal client error, offset out of range, data
// damaged. No batch follows; rebalances still do, so that the group can be left in order.
struct SourceFailed {
  Error error;
};

using SourceEvent = std::variant<SourceBatch, PartitionsAssigned, PartitionsRevoked, PartitionsLost,
                                 EndOfPartition, SourceTrouble, SourceFailed>;

enum class StartAt : uint8_t { kOffset, kBeginning, kEnd };
struct StartPosition {
  TopicPartition partition;
  StartAt at = StartAt::kOffset;
  int64_t offset = 0;
};

struct PartitionLag {
  int64_t high_watermark = -1;  // -1: not known yet
  int64_t position = -1;        // next offset to be delivered
};

struct Watermarks {
  int64_t low = 0;
  int64_t high = 0;
};

class RecordSource {
 public:
  virtual ~RecordSource() = default;

  // The next events, within `timeout`: at most one SourceBatch per topic, then whatever else
  // happened. Returns as soon as there is anything. Per partition offsets only grow; a record that
  // would go backwards is a SourceFailed (kCorrupt), never delivered. Batches may outlive the
  // source.
  virtual std::vector<SourceEvent> Poll(Duration timeout) = 0;

  // Incremental. kUnavailable, kTimeout: the broker could not say where beginning or end is, ask
  // again.
  virtual Status Assign(const std::vector<StartPosition>& positions) = 0;
  virtual Status Revoke(const std::vector<TopicPartition>& partitions) = 0;
  // Of partitions that are assigned; also forgets what was fetched and not yet delivered.
  virtual Status Seek(const std::vector<StartPosition>& positions) = 0;
  // Pausing throws away what was fetched and not delivered: for a back-pressure of less than some
  // seconds it is cheaper not to poll.
  virtual Status Pause(const std::vector<TopicPartition>& partitions) = 0;
  virtual Status Resume(const std::vector<TopicPartition>& partitions) = 0;
  // Hints for other tools only: the table is the truth. Synchronous, bounded by `timeout`.
  virtual Status CommitOffsets(const std::map<TopicPartition, int64_t>& next_offsets,
                               Duration timeout) = 0;
  // Partitions without a committed offset are absent.
  virtual Result<std::map<TopicPartition, int64_t>> CommittedOffsets(
      const std::vector<TopicPartition>& partitions, Duration timeout) = 0;
  virtual Result<Watermarks> QueryWatermarks(const TopicPartition& partition, Duration timeout) = 0;
  // Cluster id and topic id; ids the broker does not tell stay empty. kNotFound: no such topic.
  virtual Result<SourceTopic> DescribeTopic(const std::string& topic, Duration timeout) = 0;
  virtual std::map<TopicPartition, PartitionLag> LagSnapshot() const = 0;
  // What keeps the source from its broker right now; nothing while all is well. From any thread.
  virtual std::optional<Error> trouble() const = 0;
  // Leaves the group. Further calls are a programming error.
  virtual Status Close() = 0;
};

}  // namespace kafka_iceberg::kafka
