// SPDX-License-Identifier: Apache-2.0
#include "commit/ledger.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "core/check.h"

namespace kafka_iceberg::commit {
namespace {

bool Compatible(const std::string& id, const std::string& other) {
  return id.empty() || other.empty() || id == other;
}

// Whether the two may be one topic: the same name and no id that says otherwise.
bool MayBeSame(const SourceTopic& a, const SourceTopic& b) {
  return a.topic == b.topic && Compatible(a.cluster_id, b.cluster_id) &&
         Compatible(a.topic_id, b.topic_id);
}

std::vector<SourceTopic> Candidates(const Ledger& ledger, const SourceTopic& topic) {
  std::vector<SourceTopic> candidates;
  for (const auto& [known, next] : ledger.next_offsets) {
    if (MayBeSame(known, topic)) candidates.push_back(known);
  }
  return candidates;
}

std::string Name(const SourceTopic& topic, int32_t partition) {
  return fmt::format("{}[{}]", topic.topic, partition);
}

// What the ranges of an epoch say together.
struct Tally {
  bool adds = false;          // something here is not in the ledger yet
  std::string covered;        // a partition whose range is in the ledger already
  std::string contradiction;  // a range that neither starts at the ledger nor lies below it
};

void Contradict(Tally& tally, std::string explanation) {
  if (tally.contradiction.empty()) tally.contradiction = std::move(explanation);
}

void CheckRange(const std::string& name, std::optional<int64_t> next, const OffsetRange& range,
                Tally& tally) {
  if (range.start < 0 || range.end < range.start) {
    Contradict(tally,
               fmt::format("{}: [{}, {}) is not a range of offsets", name, range.start, range.end));
  } else if (next && range.start == range.end && range.start <= *next) {
    return;
  } else if (!next || range.start == *next) {
    tally.adds = true;
  } else if (range.end <= *next) {
    if (tally.covered.empty()) {
      tally.covered = fmt::format("{}: the ledger stands at {} and covers [{}, {})", name, *next,
                                  range.start, range.end);
    }
  } else if (range.start < *next) {
    Contradict(tally, fmt::format("{}: the ledger stands at {}, the flush epoch holds [{}, {}): "
                                  "another writer has committed the offsets below {}",
                                  name, *next, range.start, range.end, *next));
  } else {
    Contradict(tally, fmt::format("{}: the ledger stands at {}, the flush epoch holds [{}, {}): "
                                  "adding it would leave out the offsets between",
                                  name, *next, range.start, range.end));
  }
}

void CheckTopic(const Ledger& ledger, const SourceTopic& topic, const EpochRanges& ranges,
                Tally& tally) {
  const bool ambiguous = !ledger.Identify(topic) && !Candidates(ledger, topic).empty();
  const auto twins = std::ranges::count_if(
      ranges, [&](const auto& other) { return MayBeSame(other.first, topic); });
  if (ambiguous || twins > 1) {
    Contradict(tally,
               fmt::format("topic {}: the {} more than one topic of this name, and the "
                           "broker does not tell its id, so it is not known which one this is",
                           topic.topic, ambiguous ? "ledger knows" : "flush epoch holds"));
    return;
  }
  for (const auto& [partition, range] : ranges.at(topic)) {
    CheckRange(Name(topic, partition), ledger.NextOffset(topic, partition), range, tally);
  }
}

// The entry under which `topic` is kept from now on: its ids, as far as either side knows them.
std::map<int32_t, int64_t>& EntryFor(Ledger& ledger, const SourceTopic& topic) {
  const auto known = ledger.Identify(topic);
  if (!known || *known == topic) return ledger.next_offsets[topic];
  SourceTopic merged = *known;
  if (merged.cluster_id.empty()) merged.cluster_id = topic.cluster_id;
  if (merged.topic_id.empty()) merged.topic_id = topic.topic_id;
  auto node = ledger.next_offsets.extract(*known);
  node.key() = merged;
  return ledger.next_offsets.insert(std::move(node)).position->second;
}

}  // namespace

std::optional<SourceTopic> Ledger::Identify(const SourceTopic& topic) const {
  if (next_offsets.contains(topic)) return topic;
  const std::vector<SourceTopic> candidates = Candidates(*this, topic);
  if (candidates.size() != 1) return std::nullopt;
  return candidates.front();
}

std::optional<int64_t> Ledger::NextOffset(const SourceTopic& topic, int32_t partition) const {
  const auto known = Identify(topic);
  if (!known) return std::nullopt;
  const auto& partitions = next_offsets.at(*known);
  const auto found = partitions.find(partition);
  if (found == partitions.end()) return std::nullopt;
  return found->second;
}

std::optional<SourceTopic> Ledger::OtherIncarnation(const SourceTopic& topic) const {
  if (Identify(topic)) return std::nullopt;
  for (const auto& [known, next] : next_offsets) {
    if (known.topic == topic.topic) return known;
  }
  return std::nullopt;
}

Result<Ledger> ReadLedger(const iceberg::TableMetadata& metadata) {
  const auto property = metadata.properties.find(std::string(kLedgerProperty));
  if (property == metadata.properties.end()) return Ledger{};
  Result<Ledger> ledger = LedgerFromJson(property->second);
  if (!ledger.ok()) {
    return Error::Corrupt("table property {}: {}", kLedgerProperty, ledger.error().message());
  }
  return ledger;
}

Status ValidateRanges(const EpochRanges& ranges) {
  for (const auto& [topic, partitions] : ranges) {
    for (const auto& [partition, range] : partitions) {
      if (partition < 0 || range.start < 0 || range.end < range.start) {
        return Error::Invalid("{}: [{}, {}) is not a range of offsets", Name(topic, partition),
                              range.start, range.end);
      }
    }
  }
  return {};
}

RangeCheck CheckRanges(const Ledger& ledger, const EpochRanges& ranges) {
  Tally tally;
  for (const auto& [topic, partitions] : ranges) CheckTopic(ledger, topic, ranges, tally);
  if (!tally.contradiction.empty()) return {RangeVerdict::kFenced, tally.contradiction};
  if (!tally.adds) return {RangeVerdict::kAlreadyCommitted, tally.covered};
  if (tally.covered.empty()) return {RangeVerdict::kOurs, ""};
  return {RangeVerdict::kFenced,
          tally.covered + " already, while other ranges of the same flush epoch are not committed"};
}

Ledger Advance(Ledger ledger, const EpochRanges& ranges) {
  CHECK(CheckRanges(ledger, ranges).verdict == RangeVerdict::kOurs);
  RaiseTo(ledger, ranges);
  return ledger;
}

void RaiseTo(Ledger& ledger, const EpochRanges& ranges) {
  for (const auto& [topic, partitions] : ranges) {
    std::map<int32_t, int64_t>& next_offsets = EntryFor(ledger, topic);
    for (const auto& [partition, range] : partitions) {
      const auto [entry, added] = next_offsets.try_emplace(partition, range.end);
      entry->second = std::max(entry->second, range.end);
    }
  }
}

void SetNextOffset(Ledger& ledger, const SourceTopic& topic, int32_t partition, int64_t next) {
  EntryFor(ledger, topic)[partition] = next;
}

Status CheckNotBehind(const Ledger& ledger, const Ledger& witness, std::string_view witness_name,
                      bool missing_only) {
  for (const auto& [topic, partitions] : witness.next_offsets) {
    // Several entries may be this topic: that proves nothing against any of them.
    if (!ledger.Identify(topic) && !Candidates(ledger, topic).empty()) continue;
    for (const auto& [partition, seen] : partitions) {
      const auto next = ledger.NextOffset(topic, partition);
      if (next && (missing_only || *next >= seen)) continue;
      const std::string stands =
          next ? fmt::format("stands at {}", *next) : std::string("has no entry");
      return Error::Corrupt("{}: the table's ledger {}, but {} offsets up to {} as committed",
                            Name(topic, partition), stands, witness_name, seen);
    }
  }
  return {};
}

namespace {

// The range of a topic's partition, or an empty one.
OffsetRange Find(const EpochRanges& ranges, const SourceTopic& topic, int32_t partition) {
  const auto partitions = ranges.find(topic);
  if (partitions == ranges.end()) return {};
  const auto range = partitions->second.find(partition);
  return range == partitions->second.end() ? OffsetRange{} : range->second;
}

}  // namespace

bool Covers(const EpochRanges& outer, const EpochRanges& ranges) {
  bool any = false;
  for (const auto& [topic, partitions] : ranges) {
    for (const auto& [partition, range] : partitions) {
      if (range.start == range.end) continue;
      const OffsetRange found = Find(outer, topic, partition);
      if (found.start > range.start || found.end < range.end) return false;
      any = true;
    }
  }
  return any;
}

bool Overlaps(const EpochRanges& a, const EpochRanges& b) {
  for (const auto& [topic, partitions] : a) {
    for (const auto& [partition, range] : partitions) {
      const OffsetRange found = Find(b, topic, partition);
      if (std::max(found.start, range.start) < std::min(found.end, range.end)) return true;
    }
  }
  return false;
}

OffsetRange Span(const EpochRanges& ranges) {
  std::optional<OffsetRange> span;
  for (const auto& [topic, partitions] : ranges) {
    for (const auto& [partition, range] : partitions) {
      if (!span) span = range;
      span->start = std::min(span->start, range.start);
      span->end = std::max(span->end, range.end);
    }
  }
  return span.value_or(OffsetRange{});
}

}  // namespace kafka_iceberg::commit
