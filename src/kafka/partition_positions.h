// SPDX-License-Identifier: Apache-2.0
//
// PartitionPositions: for every partition this member reads, which record comes next, and whether a
// record that arrives may be delivered. This is where "offsets only grow" is checked.
//
// Owned by the source and changed by its poll thread only; Snapshot() may be called from any
// thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/source_position.h"

namespace kafka_iceberg::kafka {

enum class Verdict : uint8_t {
  kDeliver,
  kDrop,  // legal, but not for the owner: a leftover of an earlier position, or being given back
  kBackwards,  // the partition went backwards: stop
};

class PartitionPosition {
 public:
  // Decides on the record at `offset` and moves on when it is delivered.
  Verdict Accept(int64_t offset) {
    const int64_t next = next_.load(std::memory_order_relaxed);
    if (withheld_) [[unlikely]]
      return Verdict::kDrop;
    if (offset < next) [[unlikely]]
      return settled_ ? Verdict::kBackwards : Verdict::kDrop;
    settled_ = true;
    next_.store(offset + 1, std::memory_order_relaxed);
    return Verdict::kDeliver;
  }

  // The broker says there is nothing below `offset` left to read (it may skip records that are not
  // ours to see). False when nobody is to hear of it.
  bool ReachedEnd(int64_t offset) {
    if (withheld_) return false;
    if (offset > next()) next_.store(offset, std::memory_order_relaxed);
    return true;
  }

  // Reading restarts at `offset`. Until the first record at or after it, earlier ones are leftovers
  // that were on their way already.
  void RestartAt(int64_t offset) {
    next_.store(offset, std::memory_order_relaxed);
    settled_ = false;
  }
  // The client fetches again from where the owner is; it may repeat, not skip.
  void Repeatable() { settled_ = false; }
  // Nothing more is delivered.
  void Withhold() { withheld_ = true; }

  int64_t next() const { return next_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> next_{0};
  bool settled_ = false;
  bool withheld_ = false;
};

class PartitionPositions {
 public:
  void Add(const TopicPartition& partition, int64_t offset);
  void Remove(const TopicPartition& partition);
  // Null when the partition is not ours. Valid until removed.
  PartitionPosition* Find(std::string_view topic, int32_t partition);
  // Partition and next offset of all that are ours.
  std::map<TopicPartition, int64_t> Snapshot() const;

 private:
  using Partitions = std::map<int32_t, std::unique_ptr<PartitionPosition>>;

  mutable Mutex mutex_;  // guards the shape of the maps; positions are atomic
  std::map<std::string, Partitions, std::less<>> topics_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::kafka
