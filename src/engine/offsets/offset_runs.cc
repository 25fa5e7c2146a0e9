// SPDX-License-Identifier: Apache-2.0
#include "engine/offsets/offset_runs.h"

#include <algorithm>

#include "core/check.h"

namespace kafka_iceberg::engine {

void OffsetRuns::AddRun(OffsetRange run) {
  if (run.start >= run.end) return;
  runs_.push_back(run);
  count_ += run.end - run.start;
}

std::vector<OffsetRange> OffsetRuns::Sorted() const {
  std::vector<OffsetRange> sorted = runs_;
  std::ranges::sort(sorted);
  return sorted;
}

OffsetRange OffsetRuns::Span() const {
  CHECK(!runs_.empty());
  OffsetRange span = runs_.front();
  for (const OffsetRange& run : runs_) {
    span.start = std::min(span.start, run.start);
    span.end = std::max(span.end, run.end);
  }
  return span;
}

std::vector<OffsetRange> OffsetRuns::Duplicates() const {
  std::vector<OffsetRange> duplicates;
  int64_t seen_to = INT64_MIN;
  for (const OffsetRange& run : Sorted()) {
    if (run.start < seen_to)
      duplicates.push_back({.start = run.start, .end = std::min(run.end, seen_to)});
    seen_to = std::max(seen_to, run.end);
  }
  return duplicates;
}

std::vector<OffsetRange> OffsetRuns::Missing(OffsetRange within) const {
  std::vector<OffsetRange> missing;
  int64_t next = within.start;
  for (const OffsetRange& run : Sorted()) {
    if (run.end <= next) continue;
    if (run.start >= within.end) break;
    if (run.start > next) missing.push_back({.start = next, .end = run.start});
    next = run.end;
  }
  if (next < within.end) missing.push_back({.start = next, .end = within.end});
  return missing;
}

std::vector<OffsetRange> OffsetRuns::Present(OffsetRange within) const {
  std::vector<OffsetRange> present;
  int64_t next = within.start;
  for (const OffsetRange& gap : Missing(within)) {
    if (next < gap.start) present.push_back({.start = next, .end = gap.start});
    next = gap.end;
  }
  if (next < within.end) present.push_back({.start = next, .end = within.end});
  return present;
}

int64_t CountOffsets(const std::vector<OffsetRange>& ranges) {
  int64_t count = 0;
  for (const OffsetRange& range : ranges) count += range.end - range.start;
  return count;
}

}  // namespace kafka_iceberg::engine
