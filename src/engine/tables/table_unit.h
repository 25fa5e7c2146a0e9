// SPDX-License-Identifier: Apache-2.0
//
// TableUnit: one opened table with everything that works for it alone: catalog operations,
// transaction log, dead letters, hot buffer, and its committer with a thread of its own, so that a
// table whose commits hang keeps nobody else waiting.
//
// Opened by the poll thread (or before it runs) and then never closed before the engine is. What
// the writers, the poll thread and readers use is safe from their threads; each function says
// which.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "buffer/hot_buffer.h"
#include "commit/transaction_coordinator.h"
#include "commit/transaction_log.h"
#include "config/options.h"
#include "core/bounded_queue.h"
#include "decode/dead_letter.h"
#include "engine/commit_stage.h"
#include "engine/engine.h"
#include "engine/epoch.h"
#include "engine/table_plan.h"
#include "engine/writer_stage.h"
#include "table/metadata_cache.h"
#include "table/table_manager.h"

namespace kafka_iceberg::engine {

// What all tables of an engine share; outlives them.
struct TableUnitContext {
  const EngineContext& engine;
  OpenedCatalog& catalog;
  BoundedQueue<FlowReport>& control;
  int32_t writers = 1;
  // Of the hot buffers together; null: the table has one of its own.
  std::shared_ptr<buffer::MemoryAccount> memory;
  LetterRate* letter_rate = nullptr;  // told of every letter; may be null
};

struct TableUnitRequest {
  FlowId id = 0;
  // The configuration as if this were the only table; see RouteOptions.
  config::Options options;
  std::shared_ptr<const PayloadFormat> format;
  SampleRecords sample;         // asked when the table is new and no column is declared
  bool takes_checks = true;     // writes the catalog's health checks into its log
  bool labels_metrics = false;  // numbers of this table carry its name
  std::string ledger_lane;      // of the table's ledgers (commit/backfill/ledger_view.h)
};

class TableUnit {
 public:
  // Loads or creates the table, and finishes what an earlier run left uploaded for it.
  static Result<std::unique_ptr<TableUnit>> Open(const TableUnitRequest& request,
                                                 const TableUnitContext& context,
                                                 const std::stop_token& stop);
  ~TableUnit();  // EndCommitter(), when it runs
  TableUnit(const TableUnit&) = delete;
  TableUnit& operator=(const TableUnit&) = delete;

  void StartCommitter();
  // Ends waiting between attempts; what is undecided is left for the next start to decide.
  void StopCommitter() { stop_.request_stop(); }
  // Lets it finish what is queued, and joins.
  void EndCommitter();

  // Called on the thread of the writer that needs it. `generation` is the table's current one.
  Result<std::unique_ptr<WriterStage>> MakeWriter(int32_t index, uint64_t generation);
  // From any thread.
  void SendToCommitter(CommitMessage message) { queue_.PushControl(std::move(message)); }
  void Report(ControlMessage message) const;
  void RequestDiscard(uint64_t generation) { committer_->RequestDiscard(generation); }
  std::string trouble() const { return committer_->trouble(); }

  FlowId id() const { return id_; }
  const std::string& name() const { return name_; }
  const config::Options& options() const { return options_; }
  catalog::TableOperations& table() { return *table_; }
  buffer::HotBuffer& hot_buffer() { return *hot_buffer_; }
  table::MetadataCache& metadata_cache() { return *metadata_cache_; }

 private:
  TableUnit(const TableUnitRequest& request, const TableUnitContext& context);
  Status OpenTable(const TableUnitRequest& request, const std::stop_token& stop);
  void TellHowOpened(const table::OpenedTable& opened);
  Status OpenLog(const std::stop_token& stop);
  Status OpenLetters();
  Status OpenStages(bool takes_checks, bool labels_metrics);
  void RunCommitter();

  const FlowId id_;
  const config::Options options_;
  const TableUnitContext context_;
  const EngineContext& engine_;
  const std::shared_ptr<const PayloadFormat> format_;
  const Duration idle_wait_;
  const std::string writer_id_;
  std::string name_;

  // Destroyed in reverse order: the committer goes before what it uses.
  std::unique_ptr<catalog::TableOperations> table_;
  std::optional<commit::SchemaEvolution> schema_evolution_;  // made while the table was opened
  std::unique_ptr<commit::TransactionLog> log_;
  std::unique_ptr<commit::TransactionCoordinator> coordinator_;
  std::unique_ptr<decode::DeadLetterStore> dead_letters_;
  std::unique_ptr<table::MetadataCache> metadata_cache_;
  std::unique_ptr<SchemaKeeper> schema_keeper_;
  std::unique_ptr<buffer::HotBuffer> hot_buffer_;
  BoundedQueue<CommitMessage> queue_{1};
  std::unique_ptr<CommitStage> committer_;
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace kafka_iceberg::engine
