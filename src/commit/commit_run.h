// SPDX-License-Identifier: Apache-2.0
//
// CommitRun: one call of TransactionCoordinator::Commit(), the loop of ARCHITECTURE.md, "Commit".
// Internal to the coordinator, which holds its mutex meanwhile.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "commit/commit_events.h"
#include "commit/commit_history.h"
#include "commit/commit_state.h"
#include "commit/epoch_append.h"
#include "commit/transaction_coordinator.h"
#include "commit/transaction_log.h"

namespace kafka_iceberg::commit {

// What the coordinator keeps between calls.
struct CoordinatorMemory {
  CommitState epochs;  // undecided ones
  // Their manifests, by epoch uuid: written once, used by every attempt.
  std::map<std::string, std::unique_ptr<EpochAppend>> appends;
  // Epochs that a swap was tried for, whatever was answered: what a server says once is not proof
  // enough to delete anything on.
  std::set<std::string> tried;
  // As far as this process knows the table's ledger, at first from its log; the table's must never
  // be behind it.
  Ledger seen;
  bool has_read_log = false;
  bool has_read_table = false;
};

struct CommitRunContext {
  const CoordinatorOptions& options;
  catalog::TableOperations& table;
  TransactionLog& log;
  Clock& clock;
  Random& random;
  const CommitEvents& events;
  const StepHook& step_hook;
  CoordinatorMemory& memory;
};

class CommitRun {
 public:
  CommitRun(CommitRunContext context, const FlushEpoch& epoch, std::stop_token stop);

  Result<SnapshotCommitResult> Run();

 private:
  // Nothing decided yet: go on with the next attempt.
  using Decision = std::optional<Result<SnapshotCommitResult>>;

  // Checks what the caller gave, and starts (or goes on) keeping track of the epoch.
  Status Begin();
  void ReadLogOnce();
  Decision Attempt(int number);
  Status Refresh();
  Decision Act(const Examination& found);
  // The epoch is ours: prepare, swap, and see what came of it.
  Decision Add(const Ledger& ledger);
  Decision OnOtherSchema(const Error& error);
  Decision Swap(const iceberg::PreparedCommit& prepared);
  Decision OnUnknown(const iceberg::PreparedCommit& prepared, const std::string& detail);
  Decision OnRejected(const iceberg::PreparedCommit& prepared, const std::string& detail);
  // Not decided by this attempt, when another may do better; otherwise the end.
  Decision OnTrouble(const Error& error);

  Decision Landed(const iceberg::Snapshot& snapshot);
  Decision Covered(const iceberg::Snapshot* snapshot);
  Decision Fenced(const Error& error);
  // Nothing was added; in doubt that is not for us to say: kCommitUnknown instead.
  Result<SnapshotCommitResult> Fail(const Error& error) const;

  SnapshotCommitResult NewResult() const;
  std::optional<IdempotencyRecord> FindInLog() const;
  int64_t WriteLog(const SnapshotCommitResult& result) const;
  EpochAppend& AppendOfEpoch();
  bool InDoubt() const;
  void Mark(const StateEntry& entry);
  void Forget(const std::string& epoch_uuid);
  void CleanUp();
  void Step(std::string_view name) const;
  std::string Name() const;

  const CommitRunContext context_;
  const FlushEpoch& epoch_;
  const std::stop_token stop_;
  const SteadyTime started_;
  catalog::TableVersion base_;
  bool is_fresh_ = false;  // base_ was asked for in this call
  int32_t swaps_ = 0;
  bool was_tried_ = false;  // in an earlier call
  Error last_error_;
};

}  // namespace kafka_iceberg::commit
