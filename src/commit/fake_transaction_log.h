// SPDX-License-Identifier: Apache-2.0
//
// A transaction log in memory that can be told to fail and can lose everything, as when its file is
// deleted. Used by one thread; passes transaction_log_conformance.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commit/transaction_log.h"

namespace kafka_iceberg::commit {

class FakeTransactionLog final : public TransactionLog {
 public:
  explicit FakeTransactionLog(Clock& clock) : clock_(clock) {}

  // Everything fails with this until it is taken back.
  void FailWith(std::optional<Error> error) { failure_ = std::move(error); }
  void LoseEverything() { entries_.clear(); }
  const std::vector<LoggedEntry>& entries() const { return entries_; }

  bool was_rebuilt() const override { return false; }
  Result<int64_t> Append(const std::vector<TransactionEntry>& entries) override;
  Result<std::optional<IdempotencyRecord>> FindCommitted(const std::string& table,
                                                         const EpochRanges& ranges) override;
  Result<std::vector<FlushEpoch>> UncommittedEpochs(const std::string& table) override;
  Result<std::vector<LoggedEntry>> ReadRecent(int64_t limit) override;
  Status Trim(int64_t entries_max) override;

 private:
  Clock& clock_;
  std::optional<Error> failure_;
  std::vector<LoggedEntry> entries_;
  int64_t next_id_ = 1;
};

}  // namespace kafka_iceberg::commit
