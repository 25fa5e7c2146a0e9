// SPDX-License-Identifier: Apache-2.0
#include "engine/offsets/accepted_moves.h"

#include <algorithm>
#include <deque>

namespace kafka_iceberg::engine {
namespace {

const std::vector<OffsetRange>& Find(
    const std::map<TopicPartition, std::vector<OffsetRange>>& ranges,
    const TopicPartition& partition) {
  static const std::vector<OffsetRange> none;
  const auto found = ranges.find(partition);
  return found == ranges.end() ? none : found->second;
}

// What is left of `range` without `cut`, which it overlaps; empty pieces are left out.
std::vector<OffsetRange> Without(const OffsetRange& range, const OffsetRange& cut) {
  std::vector<OffsetRange> rest;
  if (range.start < cut.start) rest.push_back({.start = range.start, .end = cut.start});
  if (cut.end < range.end) rest.push_back({.start = cut.end, .end = range.end});
  return rest;
}

std::vector<OffsetRange> Subtract(const std::vector<OffsetRange>& ranges,
                                  std::vector<OffsetRange> accepted, bool consume) {
  std::vector<OffsetRange> left;
  std::deque<OffsetRange> open(ranges.begin(), ranges.end());
  while (!open.empty()) {
    const OffsetRange range = open.front();
    open.pop_front();
    const auto overlap = std::ranges::find_if(accepted, [&](const OffsetRange& other) {
      return std::max(other.start, range.start) < std::min(other.end, range.end);
    });
    if (overlap == accepted.end()) {
      if (range.start < range.end) left.push_back(range);
      continue;
    }
    const OffsetRange by = *overlap;
    for (const OffsetRange& piece : Without(range, by)) open.push_front(piece);
    if (!consume) continue;
    accepted.erase(overlap);
    for (const OffsetRange& piece : Without(by, range)) accepted.push_back(piece);
  }
  std::ranges::sort(left);
  return left;
}

}  // namespace

std::vector<OffsetRange> TakeAway(const std::vector<OffsetRange>& ranges,
                                  std::vector<OffsetRange> accepted) {
  return Subtract(ranges, std::move(accepted), true);
}

std::vector<OffsetRange> Outside(const std::vector<OffsetRange>& ranges,
                                 const std::vector<OffsetRange>& covering) {
  return Subtract(ranges, covering, false);
}

AcceptedMoves::AcceptedMoves(const std::vector<commit::LedgerMove>& moves,
                             const std::vector<commit::Backfill>& backfills) {
  for (const commit::Backfill& backfill : backfills) {
    Add(backfill.Done(), backfilled_);
    if (backfill.is_open()) Add(backfill.Left(), to_be_backfilled_);
    if (backfill.accepts_duplicates) Add(backfill.Done(), repeated_);
  }
  // How far each partition was read by then: what is read again reaches up to there.
  std::map<TopicPartition, int64_t> reached;
  for (const commit::LedgerMove& entry : moves) {
    if (!entry.move.from) continue;
    const TopicPartition partition{entry.move.topic.topic, entry.move.partition};
    const auto [place, is_first] = reached.try_emplace(partition, *entry.move.from);
    place->second = std::max(place->second, *entry.move.from);
    if (entry.move.to < place->second)
      repeated_[partition].push_back({.start = entry.move.to, .end = place->second});
    if (entry.move.to > *entry.move.from)
      skipped_[partition].push_back({.start = *entry.move.from, .end = entry.move.to});
  }
}

void AcceptedMoves::Add(const commit::EpochRanges& ranges, Ranges& to) {
  for (const auto& [topic, partitions] : ranges) {
    for (const auto& [partition, range] : partitions) to[{topic.topic, partition}].push_back(range);
  }
}

const std::vector<OffsetRange>& AcceptedMoves::Backfilled(const TopicPartition& partition) const {
  return Find(backfilled_, partition);
}

const std::vector<OffsetRange>& AcceptedMoves::ToBeBackfilled(
    const TopicPartition& partition) const {
  return Find(to_be_backfilled_, partition);
}

const std::vector<OffsetRange>& AcceptedMoves::Repeated(const TopicPartition& partition) const {
  return Find(repeated_, partition);
}

const std::vector<OffsetRange>& AcceptedMoves::Skipped(const TopicPartition& partition) const {
  return Find(skipped_, partition);
}

}  // namespace kafka_iceberg::engine
