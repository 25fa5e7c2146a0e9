// SPDX-License-Identifier: Apache-2.0
#include "commit/transaction_coordinator.h"

#include <utility>

#include "commit/commit_run.h"
#include "core/mutex.h"

namespace kafka_iceberg::commit {

struct TransactionCoordinator::State {
  CoordinatorOptions options;
  catalog::TableOperations& table;
  TransactionLog& log;
  Clock& clock;
  Random& random;
  StepHook step_hook;
  CommitEvents events;
  Mutex mutex = {};
  CoordinatorMemory memory GUARDED_BY(mutex) = {};
};

TransactionCoordinator::TransactionCoordinator(const CoordinatorOptions& options,
                                               const CoordinatorContext& context)
    : state_(new State{
          .options = options,
          .table = context.table,
          .log = context.log,
          .clock = context.clock,
          .random = context.random,
          .step_hook = context.step_hook,
          .events = CommitEvents(options.catalog_type, context.table.identifier(), context.logger,
                                 context.metrics),
      }) {}

TransactionCoordinator::~TransactionCoordinator() = default;

Result<SnapshotCommitResult> TransactionCoordinator::Commit(const FlushEpoch& epoch,
                                                            std::stop_token stop) {
  MutexLock lock(state_->mutex);
  CommitRun run({.options = state_->options,
                 .table = state_->table,
                 .log = state_->log,
                 .clock = state_->clock,
                 .random = state_->random,
                 .events = state_->events,
                 .step_hook = state_->step_hook,
                 .memory = state_->memory},
                epoch, std::move(stop));
  return run.Run();
}

int64_t TransactionCoordinator::NewSnapshotId() {
  return iceberg::NewSnapshotId(*state_->table.Current().metadata, state_->random);
}

}  // namespace kafka_iceberg::commit
