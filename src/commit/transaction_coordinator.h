// SPDX-License-Identifier: Apache-2.0
//
// TransactionCoordinator: the only code path that adds rows of Kafka's records to a table
// (ARCHITECTURE.md, "Commit"). Replayed dead letters have a commit of their own.
//
// Commit() turns one flush epoch into one snapshot together with its ledger, exactly once, whatever
// the catalog answers. Used by the committer thread; safe for concurrent calls all the same (they
// are serialised), so that callers who race with the same range get one snapshot.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "commit/flush_epoch.h"
#include "commit/ledger.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::commit {

class TransactionLog;

struct SnapshotCommitResult {
  int64_t snapshot_id =
      0;  // 0: already committed, by a snapshot that is neither listed nor logged any more
  Timestamp committed_at;
  int64_t transaction_log_entry_id = 0;
  int64_t files_added = 0;
  int32_t attempts = 0;
  Duration duration{0};
  bool already_committed = false;  // an earlier commit covers the ranges; nothing was added now
};

struct CoordinatorOptions {
  std::string writer_id;  // who commits: host, process, start
  std::string catalog_type;
  int32_t retries_max = 3;  // after the first attempt (PRD part 3.3)
  // Pauses between attempts.
  std::vector<Duration> backoff = {std::chrono::milliseconds(100), std::chrono::milliseconds(200),
                                   std::chrono::milliseconds(400)};
};

// Steps a test may stop at; production passes none. Called with the name of each step as it is
// reached: before_manifests, before_swap, after_swap, before_log, after_log.
using StepHook = std::function<void(std::string_view)>;

// What a coordinator works with; all of it outlives the coordinator.
struct CoordinatorContext {
  catalog::TableOperations& table;
  TransactionLog& log;
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  StepHook step_hook;
};

class TransactionCoordinator {
 public:
  TransactionCoordinator(const CoordinatorOptions& options, const CoordinatorContext& context);
  ~TransactionCoordinator();

  // `stop` ends the waiting between attempts; the first attempt is always made.
  // Errors: kConflict - fenced: another writer owns part of the ranges, drop the epoch and go back
  // to the ledger; kUnavailable - still moving after all retries: nothing was added, call again
  // later with the same epoch; kCommitUnknown - undecided: keep every file and call again later
  // with the same epoch; kCancelled - stopped while waiting, nothing was added: as kUnavailable;
  // anything else - rejected for good, nothing was added. Among these kCorrupt: the table's ledger
  // cannot be read, was removed or was set back; somebody must look before anything is added.
  Result<SnapshotCommitResult> Commit(const FlushEpoch& epoch, std::stop_token stop);

  // A snapshot id that the table does not use yet.
  int64_t NewSnapshotId();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kafka_iceberg::commit
