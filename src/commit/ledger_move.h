// SPDX-License-Identifier: Apache-2.0
//
// Moves the ledger on purpose: some partitions are to be read again, or not to be read. One commit:
// an empty snapshot (so that main moves and every catalog orders it against commits of rows), the
// ledger with its next generation (which fences whoever read under the one before), and a note of
// what was moved and accepted, in a property that survives expiry, for `verify`.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "commit/ledger.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"

namespace kafka_iceberg::commit {

// Table property: every move so far. Snapshot summary: those of this commit.
inline constexpr std::string_view kMovesProperty = "kafka-iceberg.ledger-moves";
// More than anybody does by hand; the property must stay small.
inline constexpr size_t kMovesMax = 1000;

struct PartitionMove {
  SourceTopic topic;
  int32_t partition = 0;
  std::optional<int64_t>
      from;  // where the ledger must stand; absent: it does not know the partition
  int64_t to = 0;
  friend bool operator==(const PartitionMove&, const PartitionMove&) = default;
};

struct LedgerMove {
  PartitionMove move;
  int64_t generation = 0;
  int64_t at_ms = 0;
  friend bool operator==(const LedgerMove&, const LedgerMove&) = default;
};

// {"version":1,"moves":[{"generation","at-ms","cluster-id","topic","topic-id","partition","from",
// "to"}]}, oldest first; "from" is absent for a partition the ledger did not know.
std::string MovesToJson(const std::vector<LedgerMove>& moves);
Result<std::vector<LedgerMove>> MovesFromJson(std::string_view json);
// Empty when nobody moved anything.
Result<std::vector<LedgerMove>> ReadMoves(const iceberg::TableMetadata& metadata);

struct LedgerMoveContext {
  catalog::TableOperations& table;
  Clock& clock;
  Random& random;
  std::string writer_id;
};
struct LedgerMoveResult {
  int64_t snapshot_id = 0;
  int64_t generation = 0;
};
// Whether it may double or lose rows is the caller's to find out, before. Errors: kConflict - the
// ledger does not stand where the moves say (any more): nothing was changed; kCommitUnknown - it
// may have happened or not: look; anything else - nothing was changed.
Result<LedgerMoveResult> MoveLedger(const LedgerMoveContext& context,
                                    const std::vector<PartitionMove>& moves,
                                    const std::stop_token& stop);

}  // namespace kafka_iceberg::commit
