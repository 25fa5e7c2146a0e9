// SPDX-License-Identifier: Apache-2.0
//
// OffsetRuns: the offsets of one partition that have a row, as stretches of consecutive ones; finds
// what is there twice and what is not there. Pure; memory follows the number of stretches, not of
// rows.
#pragma once

#include <cstdint>
#include <vector>

#include "core/source_position.h"

namespace kafka_iceberg::engine {

class OffsetRuns {
 public:
  void Add(int64_t offset) {
    if (!runs_.empty() && runs_.back().end == offset) {
      ++runs_.back().end;
    } else {
      runs_.push_back({.start = offset, .end = offset + 1});
    }
    ++count_;
  }
  void AddRun(OffsetRange run);

  int64_t count() const { return count_; }
  bool empty() const { return runs_.empty(); }
  // As they were added.
  const std::vector<OffsetRange>& Runs() const { return runs_; }
  // First and one past the last offset. REQUIRES: not empty.
  OffsetRange Span() const;
  // Stretches that occur more than once, each listed once per extra occurrence, in order.
  std::vector<OffsetRange> Duplicates() const;
  // Stretches of `within` without a row, in order.
  std::vector<OffsetRange> Missing(OffsetRange within) const;
  // Stretches of `within` with a row, in order and apart from each other.
  std::vector<OffsetRange> Present(OffsetRange within) const;

 private:
  std::vector<OffsetRange> Sorted() const;

  std::vector<OffsetRange> runs_;
  int64_t count_ = 0;
};

// How many offsets the ranges hold.
int64_t CountOffsets(const std::vector<OffsetRange>& ranges);

}  // namespace kafka_iceberg::engine
