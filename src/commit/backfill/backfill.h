// SPDX-License-Identifier: Apache-2.0
//
// Backfill: a bounded range of a topic that is read into the table beside the live tail. It is
// registered in the table before the first record is read, and has a ledger of its own there
// (LedgerView), which the commits of its rows move: so it goes on wherever it was killed, and no
// two of them read the same offset. Plain values, pure functions, and the commits that register and
// cancel one.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "commit/ledger.h"
#include "commit/note_commit.h"
#include "core/result.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::commit {

// Table property: with the id behind it, what the backfill reads.
inline constexpr std::string_view kBackfillPrefix = "kafka-iceberg.backfill.";
// The property must stay readable; more than anybody does by hand.
inline constexpr size_t kBackfillsMax = 1000;

struct Backfill {
  std::string id;
  std::string request;  // as it was asked for: who asks the same goes on with this one
  EpochRanges ranges;   // of one that was cancelled: what it had read
  bool accepts_duplicates = false;
  bool only_missing = false;  // leaves out offsets that have a row or a dead letter
  bool is_cancelled = false;
  int64_t at_ms = 0;
  Ledger ledger;  // where it stands

  // Names its ledger (see LedgerView).
  std::string lane() const { return "backfill-" + id; }
  bool is_open() const;
  std::optional<OffsetRange> RangeOf(const SourceTopic& topic, int32_t partition) const;
  // Read and committed; still to be read. Empty ranges are left out.
  EpochRanges Done() const;
  EpochRanges Left() const;
  friend bool operator==(const Backfill&, const Backfill&) = default;
};

// {"version":1,"request","ranges","accept-duplicates","only-missing","cancelled","at-ms"}; id and
// ledger stand elsewhere.
std::string BackfillToJson(const Backfill& backfill);
// Of a table, oldest first. kCorrupt when one of them cannot be read.
Result<std::vector<Backfill>> ReadBackfills(const iceberg::TableMetadata& metadata);

// Writes it down, beginning at the start of each range, when nothing in the table has changed since
// `seen` that could put rows into its ranges. The id is chosen here. Errors: kInvalid - the table's
// own ledger does not cover the ranges; kConflict - another backfill is at work on some of them, or
// `seen` is out of date: look at the rows again; kCommitUnknown - run it again to find out.
Result<Backfill> RegisterBackfill(const NoteContext& context, Backfill backfill,
                                  const iceberg::TableMetadata& seen, const std::stop_token& stop);
// What it has read stays; who runs it is fenced. kNotFound; kInvalid: not open.
Result<Backfill> CancelBackfill(const NoteContext& context, const std::string& id,
                                const std::stop_token& stop);

}  // namespace kafka_iceberg::commit
