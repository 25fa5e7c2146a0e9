// SPDX-License-Identifier: Apache-2.0
//
// AcceptedMoves: what follows from the moves of a ledger, and from backfills, for whoever counts
// rows: offsets that were to be read again may be in the table once more for each time, offsets
// that were passed over need not be there. Pure.
#pragma once

#include <map>
#include <vector>

#include "commit/backfill/backfill.h"
#include "commit/ledger_move.h"
#include "core/source_position.h"

namespace kafka_iceberg::engine {

// Without what `accepted` holds; of several equal stretches each takes one of `accepted`'s with it.
std::vector<OffsetRange> TakeAway(const std::vector<OffsetRange>& ranges,
                                  std::vector<OffsetRange> accepted);
// Without what any of `covering` holds.
std::vector<OffsetRange> Outside(const std::vector<OffsetRange>& ranges,
                                 const std::vector<OffsetRange>& covering);

class AcceptedMoves {
 public:
  AcceptedMoves() = default;
  AcceptedMoves(const std::vector<commit::LedgerMove>& moves,
                const std::vector<commit::Backfill>& backfills);

  // Once for each time.
  const std::vector<OffsetRange>& Repeated(const TopicPartition& partition) const;
  const std::vector<OffsetRange>& Skipped(const TopicPartition& partition) const;
  // What backfills have read, and what open ones will.
  const std::vector<OffsetRange>& Backfilled(const TopicPartition& partition) const;
  const std::vector<OffsetRange>& ToBeBackfilled(const TopicPartition& partition) const;

 private:
  using Ranges = std::map<TopicPartition, std::vector<OffsetRange>>;
  static void Add(const commit::EpochRanges& ranges, Ranges& to);

  Ranges repeated_;
  Ranges skipped_;
  Ranges backfilled_;
  Ranges to_be_backfilled_;
};

}  // namespace kafka_iceberg::engine
