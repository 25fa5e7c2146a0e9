// SPDX-License-Identifier: Apache-2.0
//
// CommitState: what is known about a table's flush epochs between their sealing and their commit.
// It changes only by applying entries in order; everything here is pure. The coordinator drives one
// in memory (who is in doubt, what may be cleaned up), the transaction log replays its rows into
// one (which epochs are left to adopt).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "commit/flush_epoch.h"
#include "commit/transaction_entry.h"
#include "core/result.h"

namespace kafka_iceberg::commit {

enum class EpochPhase : uint8_t {
  kOpen,       // not sealed yet, or some of its files are not uploaded: never offered to a catalog
  kUploaded,   // complete; attempts so far are proven not applied
  kInDoubt,    // an attempt may have been applied, or may still be
  kCommitted,  // in the table
};

struct EpochState {
  FlushEpoch epoch;
  std::string table;
  bool sealed = false;
  int64_t files_expected = 0;
  EpochPhase phase = EpochPhase::kOpen;
  bool ever_in_doubt = false;
};

struct CommitState {
  std::vector<EpochState> epochs;  // in the order they were first heard of

  const EpochState* Find(std::string_view epoch_uuid) const;
};

// Two entries that only memory knows: the log has no row for them, so after a restart every epoch
// it shows as uncommitted must be taken for one in doubt.
struct AttemptInDoubt {
  std::string epoch_uuid;
};
// It is proven what became of every attempt so far: none of them can still change the table.
struct AttemptsSettled {
  std::string epoch_uuid;
};

using StateEntry = std::variant<BufferSnapshot, ParquetWritten, AttemptInDoubt, AttemptsSettled,
                                IcebergSnapshotCreated, FlushComplete>;

// kInvalid with the rule that `entry` would break. In particular an epoch in doubt is left only by
// proof (committed or settled), and an epoch is committed only under the snapshot id it was sealed
// with.
Status CanApply(const CommitState& state, const StateEntry& entry);
// REQUIRES: CanApply(state, entry).
void Apply(CommitState& state, const StateEntry& entry);

// The entries that bring a complete epoch into a state.
std::vector<StateEntry> EntriesOf(const FlushEpoch& epoch, const std::string& table);
// Replays rows of a log: an entry that cannot be applied (its beginning was trimmed away) is passed
// over.
CommitState Replay(const std::vector<TransactionEntry>& entries);
// Complete and neither committed nor finished, oldest first.
std::vector<FlushEpoch> UncommittedEpochs(const CommitState& state);

// Whether what was written for attempts (manifests, manifest lists; never data files) may be
// deleted: the epoch is not committed and no attempt was ever in doubt.
bool MayCleanUp(const CommitState& state, std::string_view epoch_uuid);
// An undecided epoch that ends where `epoch` starts, in a partition that the ledger does not know
// yet: it must come first, and there the ledger cannot keep the order. Null when there is none.
const EpochState* UndecidedBefore(const CommitState& state, const Ledger& ledger,
                                  const FlushEpoch& epoch);
// Epochs other than `epoch_uuid` that can no longer be added: the ledger has moved over their
// ranges.
std::vector<std::string> Overtaken(const CommitState& state, const Ledger& ledger,
                                   std::string_view epoch_uuid);

}  // namespace kafka_iceberg::commit
