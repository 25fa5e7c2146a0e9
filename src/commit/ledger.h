// SPDX-License-Identifier: Apache-2.0
//
// The ledger of one table: for each source partition the next offset. Everything below it is in the
// table (or was dead-lettered, or skipped) and will never be added again. It lives in the table, in
// the property "kafka-iceberg.ledger", written by the same commit as the rows. Plain values and
// pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/source_position.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::commit {

inline constexpr std::string_view kLedgerProperty = "kafka-iceberg.ledger";
inline constexpr std::string_view kRangesSummary = "kafka-iceberg.ranges";
inline constexpr std::string_view kCommitIdSummary = "kafka-iceberg.commit-id";
inline constexpr std::string_view kWriterSummary = "kafka-iceberg.writer";
inline constexpr std::string_view kGenerationSummary = "kafka-iceberg.ledger-generation";

// The ranges one epoch covers, per source topic.
using EpochRanges = std::map<SourceTopic, PartitionRanges>;

// Unknown ids. A broker that is too old, or a mock, tells no cluster id or no topic id; then it is
// empty here. An empty id contradicts nothing: ("", t, "") and ("c", t, "i") may be the same topic,
// ("c", t, "i") and ("c", t, "j") never are. So when ids become known later (the broker was
// upgraded), the table's entry is taken to be the same topic: offsets go on where they were, and
// the next commit writes the ids that are known by then. Taking it for a new topic instead would
// read every record a second time. What ids would have told is lost as long as they are unknown: a
// topic recreated meanwhile is noticed only when its offsets do not reach the ledger's. Where
// several entries are possible nothing is assumed: CheckRanges fences and OtherIncarnation names
// one of them.
struct Ledger {
  std::map<SourceTopic, std::map<int32_t, int64_t>> next_offsets;
  // Counts how often somebody moved the ledger on purpose (see ledger_move.h). Within a generation
  // offsets only grow; between two of them nothing follows from either about the other.
  int64_t generation = 0;

  std::optional<int64_t> NextOffset(const SourceTopic& topic, int32_t partition) const;
  // The entry that is this topic: the one with the same ids, else the only one whose ids contradict
  // none of `topic`'s.
  std::optional<SourceTopic> Identify(const SourceTopic& topic) const;
  // When no entry is this topic: an entry of the same name, if there is one (another topic id or
  // cluster id).
  std::optional<SourceTopic> OtherIncarnation(const SourceTopic& topic) const;
  friend bool operator==(const Ledger&, const Ledger&) = default;
};

// {"version":1,"sources":[{"cluster-id","topic","topic-id","next":{"0":123}}]}; from the first
// generation on version 2, with "generation" beside it: programs that know no generations refuse
// it.
std::string LedgerToJson(const Ledger& ledger);
// Exactly that form and nothing more: a member that is missing, unknown or given twice is kCorrupt,
// because a ledger that is read wrongly costs rows.
Result<Ledger> LedgerFromJson(std::string_view json);
// Empty when the table has none; kCorrupt when it has one that cannot be read.
Result<Ledger> ReadLedger(const iceberg::TableMetadata& metadata);
// {"version":1,"sources":[{"cluster-id","topic","topic-id","ranges":{"0":[100,123]}}]}, the end
// exclusive
std::string RangesToJson(const EpochRanges& ranges);
Result<EpochRanges> RangesFromJson(std::string_view json);

// kInvalid unless every range is 0 <= start <= end and partitions are not negative.
Status ValidateRanges(const EpochRanges& ranges);

enum class RangeVerdict : uint8_t {
  kOurs,  // every range starts at its next offset (or its partition is new to the ledger)
  kAlreadyCommitted,  // every range ends at or below its next offset
  kFenced,            // anything else: another writer owns part of it
};
struct RangeCheck {
  RangeVerdict verdict = RangeVerdict::kFenced;
  std::string explanation;  // which partition, what was expected, what was found
};
// An empty range [n, n) holds nothing to add, so it never makes a commit ours or somebody else's;
// for a partition that the ledger does not know it is ours, and the commit writes down where the
// partition starts.
RangeCheck CheckRanges(const Ledger& ledger, const EpochRanges& ranges);

// The ledger after the ranges are committed. REQUIRES: CheckRanges says kOurs.
Ledger Advance(Ledger ledger, const EpochRanges& ranges);

// kCorrupt, naming the partition, when `witness` knows of an offset that `ledger` does not cover:
// somebody removed the ledger or set it back, or the table was restored from an older state.
// `witness_name` says who testifies. With `missing_only`, entries that are there but lower are
// believed (somebody set them).
Status CheckNotBehind(const Ledger& ledger, const Ledger& witness, std::string_view witness_name,
                      bool missing_only = false);
// Raises `ledger` to the ends of `ranges`, whatever the order in which they come: for building
// witnesses.
void RaiseTo(Ledger& ledger, const EpochRanges& ranges);

// Puts one partition where somebody wants it, forwards or back.
void SetNextOffset(Ledger& ledger, const SourceTopic& topic, int32_t partition, int64_t next);

// Whether every offset of `ranges` is in `outer`, and there is one.
bool Covers(const EpochRanges& outer, const EpochRanges& ranges);
// Whether the two share an offset.
bool Overlaps(const EpochRanges& a, const EpochRanges& b);
// The smallest start and the largest end of all ranges; [0, 0) when there is none.
OffsetRange Span(const EpochRanges& ranges);

}  // namespace kafka_iceberg::commit
