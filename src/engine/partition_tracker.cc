// SPDX-License-Identifier: Apache-2.0
#include "engine/partition_tracker.h"

#include <algorithm>

namespace kafka_iceberg::engine {

void PartitionTracker::Start(const TopicPartition& partition, const SourceTopic& topic,
                             int64_t offset, bool in_ledger) {
  states_[partition] =
      State{.topic = topic, .cut = offset, .next = offset, .to_be_told = !in_ledger};
}

void PartitionTracker::Remove(const TopicPartition& partition) { states_.erase(partition); }

bool PartitionTracker::Advance(const TopicPartition& partition, int64_t next) {
  const auto found = states_.find(partition);
  if (found == states_.end() || next < found->second.next) return false;
  found->second.next = next;
  return true;
}

bool PartitionTracker::HasUncut() const {
  return std::ranges::any_of(states_, [](const auto& entry) {
    return entry.second.next > entry.second.cut || entry.second.to_be_told;
  });
}

commit::EpochRanges PartitionTracker::Cut() {
  commit::EpochRanges ranges;
  for (auto& [partition, state] : states_) {
    if (state.next == state.cut && !state.to_be_told) continue;
    ranges[state.topic][partition.partition] = OffsetRange{.start = state.cut, .end = state.next};
    state.cut = state.next;
    state.to_be_told = false;
  }
  return ranges;
}

std::optional<int64_t> PartitionTracker::Position(const TopicPartition& partition) const {
  const auto found = states_.find(partition);
  if (found == states_.end()) return std::nullopt;
  return found->second.next;
}

std::vector<TopicPartition> PartitionTracker::partitions() const {
  std::vector<TopicPartition> all;
  all.reserve(states_.size());
  for (const auto& [partition, state] : states_) all.push_back(partition);
  return all;
}

}  // namespace kafka_iceberg::engine
