// SPDX-License-Identifier: Apache-2.0
//
// A table in a catalog that can be told to fail, processes that commit to it, and an observer that
// counts: everything a test of the commit protocol stands on, in memory and without time. Used by
// one thread, except that processes may commit from several.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/fake_fault_catalog.h"
#include "catalog/fake_memory_catalog.h"
#include "commit/fake_epoch.h"
#include "commit/fake_table_server.h"
#include "commit/fake_transaction_log.h"
#include "commit/transaction_coordinator.h"
#include "core/fake_clock.h"
#include "core/random.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"
#include "telemetry/fake_telemetry.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::commit {

// After any one of these a commit is done in the end, once.
inline constexpr std::array kAnswersThatMislead = {
    catalog::CommitFault::kResponseLostAfterApply,   catalog::CommitFault::kServerErrorBeforeApply,
    catalog::CommitFault::kAppliedBeforeNextRefresh, catalog::CommitFault::kAppliedAfterNextRefresh,
    catalog::CommitFault::kAppliedBeforeNextCommit,  catalog::CommitFault::kConflict,
    catalog::CommitFault::kConflictAfterApply};

enum class FakeCatalogKind : uint8_t {
  kPointerSwap,  // compares the base: file, SQL, Glue, Hive
  kServer,       // compares the requirements only: REST
};

// One process: its own handle of the table, its own coordinator; the log is on its disk and
// survives it.
struct FakeProcess {
  std::unique_ptr<catalog::TableOperations> table;
  std::unique_ptr<TransactionCoordinator> coordinator;

  Result<SnapshotCommitResult> Commit(const FlushEpoch& epoch) {
    return coordinator->Commit(epoch, {});
  }
};

class FakeCommitWorld {
 public:
  FakeCommitWorld(FakeCatalogKind kind, uint64_t seed);

  // A table handle whose commits and refreshes follow `faults`; and one that always works.
  std::unique_ptr<catalog::TableOperations> OpenFaulty();
  std::unique_ptr<catalog::TableOperations> OpenPlain();
  FakeProcess Start(TransactionLog& process_log, StepHook step_hook = {});
  FakeProcess Start() { return Start(log); }

  // An epoch whose files exist, for this table.
  FlushEpoch Upload(PartitionRanges partitions);
  iceberg::TableMetadataPtr Metadata();
  Ledger TableLedger();
  // Paths of the live data files of main.
  std::vector<std::string> LiveFiles();
  // Empty when the live files made by Upload hold, for each partition of the ledger, every offset
  // from 0 to it once.
  std::string CheckExactlyOnce();
  // Empty when everything that the listed snapshots refer to is there: lists, manifests, and the
  // data files made by Upload.
  std::string CheckReadable();

  // What other people do to a table.
  void ForeignAppend(const std::string& path);
  void SetProperty(const std::string& name, const std::string& value);
  void RemoveProperty(const std::string& name);
  // Removes every snapshot but main's head.
  void ExpireSnapshots();

  double Counter(const std::string& name, const telemetry::Labels& labels);

  FakeClock clock;
  storage::MemoryStore memory{clock};
  storage::FaultStore store{memory};
  SeededRandom random;
  std::unique_ptr<telemetry::Metrics> metrics = telemetry::MakeMetrics();
  telemetry::FakeLogger logger;
  catalog::CommitFaults faults;
  FakeTransactionLog log{clock};

 private:
  void Change(std::vector<iceberg::MetadataUpdate> updates);
  // Live data files of the snapshot; a manifest is decoded once, but must still be there.
  Result<std::vector<std::string>> FilesOf(const iceberg::Snapshot& snapshot);

  catalog::FakeMemoryCatalog catalog_;
  std::unique_ptr<FakeTableServer> server_;  // null for kPointerSwap
  std::unique_ptr<catalog::TableOperations> observer_;
  std::map<std::string, std::vector<std::string>> files_by_manifest_;
};

}  // namespace kafka_iceberg::commit
