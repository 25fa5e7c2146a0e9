// SPDX-License-Identifier: Apache-2.0
//
// TransactionLog: one SQLite file that tells what this process did (PRD part 3.6). It answers "was
// this range committed" fast, lets a restart adopt files that were uploaded and not committed, and
// tells the story afterwards. It is a hint: deleting it never loses or doubles a row. Every append
// is durable when it returns. Used by the committer thread only. Passes
// transaction_log_conformance.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commit/ledger.h"
#include "commit/transaction_entry.h"
#include "core/clock.h"
#include "core/result.h"

namespace kafka_iceberg::commit {

class TransactionLog {
 public:
  // Opens or creates the file; its directory must exist. One that is torn or corrupt is moved aside
  // (`<path>.corrupt-<time>`), a new one is started and `was_rebuilt()` says so; the table is the
  // truth. kUnavailable: another process has it open; kInvalid: the file is a database of something
  // else, left alone.
  static Result<std::unique_ptr<TransactionLog>> Open(const std::string& path, Clock& clock);
  virtual ~TransactionLog() = default;

  virtual bool was_rebuilt() const = 0;
  // All of them in one transaction; the id of the last (0 when there is none). A full disk is kIo
  // and keeps nothing; the log goes on when there is space again. After any other failure of the
  // disk it refuses everything until it is opened again: what the operating system once failed to
  // write must not be trusted.
  virtual Result<int64_t> Append(const std::vector<TransactionEntry>& entries) = 0;
  // The newest snapshot whose recorded ranges cover all of `ranges`, if there is one.
  virtual Result<std::optional<IdempotencyRecord>> FindCommitted(const std::string& table,
                                                                 const EpochRanges& ranges) = 0;
  // Epochs that were sealed with all their files uploaded and neither committed nor completed,
  // oldest first.
  virtual Result<std::vector<FlushEpoch>> UncommittedEpochs(const std::string& table) = 0;
  // The newest entries, newest first.
  virtual Result<std::vector<LoggedEntry>> ReadRecent(int64_t limit) = 0;
  // Keeps the newest `entries_max`; never drops an epoch that is still open.
  virtual Status Trim(int64_t entries_max) = 0;
};

}  // namespace kafka_iceberg::commit
