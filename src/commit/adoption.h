// SPDX-License-Identifier: Apache-2.0
//
// What becomes of epochs that an earlier run sealed, uploaded and maybe offered to the catalog, but
// did not report as committed. Any of them may be in doubt: its first request may have been
// applied, or may be still. The decision is pure, given the table; only looking for the files does
// I/O. Used at start, before the first record is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "commit/flush_epoch.h"
#include "commit/ledger.h"
#include "commit/transaction_log.h"
#include "core/result.h"

namespace kafka_iceberg::commit {

enum class EpochFate : uint8_t {
  kAdopt,     // next in line: commit it with its own uuid and snapshot id
  kLanded,    // its snapshot is in the table: commit it too, which finds that out and completes the
              // log
  kCovered,   // its ranges are in the table, it is not known by whose commit: its files may be live
  kReplaced,  // its ranges are in the table by another commit
  kRefuted,   // not next in line: its records are read again
  kOtherTable,    // written for another table of this name, or by a run that did not say for which
  kFilesMissing,  // some of its files are gone: its records are read again
};
std::string_view ToString(EpochFate fate);
// Whether the epoch goes to TransactionCoordinator::Commit(); the others are finished with a
// FlushComplete entry.
bool IsToCommit(EpochFate fate);
struct AdoptionDecision {
  FlushEpoch epoch;
  EpochFate fate = EpochFate::kRefuted;
  std::string explanation;
  // Whether it is proven that no commit, past or late, refers to its data files. Whoever deletes
  // them does so by age (orphan clean-up), never in a failure path.
  bool files_unreferenced = false;
};

// In the order given (oldest first), each as if those to be adopted before it had been committed.
// An epoch whose partitions the ledger does not know is not adopted: an epoch before it may be
// missing from the log, and nothing would show that.
std::vector<AdoptionDecision> PlanAdoption(const std::vector<FlushEpoch>& epochs,
                                           const iceberg::TableMetadata& metadata,
                                           const Ledger& ledger);

// The ledger that positions may be taken from: kCorrupt when the table's own snapshots or the log
// speak against it (see ReadTrustedLedger). Nothing may be read from Kafka then.
Result<Ledger> ReadLedgerAtStart(const iceberg::TableMetadata& metadata, TransactionLog& log);

// Reads the log's open epochs, refreshes the table, decides, and checks that what is to be adopted
// still exists with the size it had. An error means that the table, its ledger or the store could
// not be read: try again or stop.
Result<std::vector<AdoptionDecision>> DecideAdoption(catalog::TableOperations& table,
                                                     TransactionLog& log);

}  // namespace kafka_iceberg::commit
