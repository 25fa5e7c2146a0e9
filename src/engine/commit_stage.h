// SPDX-License-Identifier: Apache-2.0
//
// CommitStage: collects the parts of each flush epoch, makes its dead letters and its story
// durable, commits it, and tells the poll thread. Epochs are committed strictly in order. A commit
// that is in doubt or meets an outage is tried again until it is decided, a reset asks to drop it,
// or the engine stops; its files are kept in every case.
//
// Runs on the committer thread, which alone touches the coordinator, the transaction log and the
// dead-letter store.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <vector>

#include "buffer/hot_buffer.h"
#include "commit/transaction_coordinator.h"
#include "commit/transaction_log.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/retry_policy.h"
#include "decode/dead_letter.h"
#include "engine/catalog_checks.h"
#include "engine/epoch.h"
#include "storage/object_store.h"
#include "table/metadata_cache.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::engine {

struct CommitStageOptions {
  int32_t writers = 1;  // parts that make an epoch complete
  std::string table;    // "database.table"
  std::string table_uuid;
  RetryPolicy outage_retry;  // between commits that met an outage
  int64_t log_entries_max = 100'000;
  std::string catalog_type;
  std::string version;       // of the program, for dead letters
  telemetry::Labels labels;  // of numbers that are wanted per table
};

struct CommitStageContext {
  SchemaKeeper& schemas;
  catalog::TableOperations& table;
  commit::TransactionCoordinator& coordinator;
  commit::TransactionLog& log;
  decode::DeadLetterStore& dead_letters;
  buffer::HotBuffer& hot_buffer;
  storage::ObjectStore& store;
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  std::function<void(ControlMessage)> send_control;  // to the poll thread
  table::MetadataCache& metadata_cache;              // told of every commit of ours
  CatalogChecks* checks = nullptr;                   // may be null
};

class CommitStage {
 public:
  CommitStage(CommitStageOptions options, CommitStageContext context);

  // `stop` ends waiting between attempts; the epoch is then left for the next start to decide.
  void Handle(CommitMessage message, const std::stop_token& stop);

  // Writes down how the catalog's health checks went; called when there is nothing else to do.
  void Tick();

  // Called by the poll thread before it sends DiscardMessage{generation}: a retry loop for an older
  // one ends.
  void RequestDiscard(uint64_t generation) { discard_requested_.store(generation); }
  // Why the last attempt did not succeed; empty when it did. For /readyz and status.
  std::string trouble() const;

 private:
  struct Pending {
    std::optional<EpochSealed> sealed;
    std::vector<EpochPart> parts;
  };

  void CommitReady(const std::stop_token& stop);
  // False when the epoch was not committed: everything after it waits for a reset.
  bool CommitOne(EpochSealed sealed, std::vector<EpochPart> parts, const std::stop_token& stop);
  Result<commit::FlushEpoch> Assemble(EpochSealed& sealed, std::vector<EpochPart>& parts);
  void Stamp(std::vector<decode::DeadLetter>& letters) const;
  // What an outage lets fail is tried again until it is decided, told to the operator meanwhile.
  // False: it failed for good, or waiting ended.
  bool WaitAfter(const Error& error, int attempt, const std::stop_token& stop);
  Status RetryLetters(const std::function<Status()>& call, const std::stop_token& stop);
  Result<commit::SnapshotCommitResult> CommitUntilDecided(const commit::FlushEpoch& epoch,
                                                          const std::stop_token& stop);
  void Finish(const EpochSealed& sealed, const commit::FlushEpoch& epoch,
              const commit::SnapshotCommitResult& result);
  void TellOfSchema(const commit::FlushEpoch& epoch);
  void HandleDiscard(const DiscardMessage& message);
  void SetTrouble(std::string trouble);
  void Record(std::vector<commit::TransactionEntry> entries);

  const CommitStageOptions options_;
  const CommitStageContext context_;
  std::atomic<uint64_t> discard_requested_{0};
  uint64_t generation_ = 0;
  bool blocked_ = false;  // an epoch failed: wait for the reset
  std::map<uint64_t, Pending> pending_;
  int64_t commits_since_trim_ = 0;
  std::string schema_json_;     // the table's, as last told of
  bool was_unhealthy_ = false;  // the last health check failed
  mutable Mutex trouble_mutex_;
  std::string trouble_ GUARDED_BY(trouble_mutex_);
};

}  // namespace kafka_iceberg::engine
