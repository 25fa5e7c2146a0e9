// SPDX-License-Identifier: Apache-2.0
//
// What a table's metadata (and, as a hint, the transaction log) tells about commits made before:
// which snapshot is an epoch's, which one holds a range, and whether the ledger can be believed.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "commit/flush_epoch.h"
#include "commit/ledger.h"
#include "commit/transaction_entry.h"
#include "core/result.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::commit {

// The snapshot that this epoch's commit made; null when it is not (or no longer) listed.
const iceberg::Snapshot* FindOwnSnapshot(const iceberg::TableMetadata& metadata,
                                         const FlushEpoch& epoch);
// The newest snapshot that recorded some of `ranges`; null when none is listed any more.
const iceberg::Snapshot* FindSnapshotOf(const iceberg::TableMetadata& metadata,
                                        const EpochRanges& ranges);

// How far the listed snapshots' own records reach.
Ledger LedgerOfSnapshots(const iceberg::TableMetadata& metadata);
// Adds to what is known as committed: a newer generation voids what was known of older ones.
void Witness(Ledger& seen, const EpochRanges& ranges, int64_t generation);
// How far the log's idempotency records for this table (by its uuid) reach.
Ledger LedgerOfLog(const std::vector<LoggedEntry>& entries, std::string_view table_uuid);

// The table's ledger, when nothing speaks against it. kCorrupt, with what to do, when
// - partitions are missing from it that listed snapshots of ours hold: the property was removed or
// cut; where nothing is
//   known any start would be accepted, so going on could add every row a second time;
// - it is behind what `seen` (this process, or its log) knows as committed in the same generation,
//   or of an older generation: it was set back, or the table was restored from an older state.
// With `check_snapshots` false only the second is looked for (it implies the first once `seen` came
// from here).
Result<Ledger> ReadTrustedLedger(const iceberg::TableMetadata& metadata, const Ledger& seen,
                                 bool check_snapshots = true);

// What the table's metadata says about an epoch that is to be committed.
struct Examination {
  enum class Finding : uint8_t {
    kOurs,     // next in line: add it
    kLanded,   // its own snapshot is there: `snapshot`
    kCovered,  // its ranges are in the table by another commit (or by its own, expired since)
    kFenced,   // another writer owns part of it: `error`
    kBroken,   // the ledger cannot be believed, or this is another table: `error`
  };
  Finding finding = Finding::kBroken;
  Ledger ledger;                                 // kOurs, kCovered, kFenced
  const iceberg::Snapshot* snapshot = nullptr;   // kLanded; kCovered when it is listed
  Error error = Error::Corrupt("not examined");  // kFenced, kBroken
};
Examination Examine(const iceberg::TableMetadata& metadata, const FlushEpoch& epoch,
                    const Ledger& seen, bool check_snapshots);

}  // namespace kafka_iceberg::commit
