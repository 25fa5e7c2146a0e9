// SPDX-License-Identifier: Apache-2.0
//
// PartitionTracker: which offsets of each assigned partition were handed to the writers, and which
// of them belong to the current flush epoch. Pure bookkeeping, owned by the poll thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "commit/ledger.h"
#include "core/source_position.h"

namespace kafka_iceberg::engine {

class PartitionTracker {
 public:
  // The partition is ours and is read from `offset` on. A second call moves it (after a reset).
  // With `in_ledger` false the next cut holds the partition even when nothing was delivered, so
  // that the table knows where it started.
  void Start(const TopicPartition& partition, const SourceTopic& topic, int64_t offset,
             bool in_ledger = true);
  void Remove(const TopicPartition& partition);

  // The next offset after what was delivered moves up to `next`; false when it would go backwards,
  // or when the partition is not ours: the caller must not use the records.
  bool Advance(const TopicPartition& partition, int64_t next);

  // Whether a cut would hold anything.
  bool HasUncut() const;
  // The ranges since the last cut; the next ones start where these end.
  commit::EpochRanges Cut();

  std::optional<int64_t> Position(const TopicPartition& partition) const;
  std::vector<TopicPartition> partitions() const;
  bool empty() const { return states_.empty(); }

 private:
  struct State {
    SourceTopic topic;
    int64_t cut = 0;          // start of the current epoch's range
    int64_t next = 0;         // end of it
    bool to_be_told = false;  // its start is not in the ledger
  };
  std::map<TopicPartition, State> states_;
};

}  // namespace kafka_iceberg::engine
