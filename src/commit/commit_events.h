// SPDX-License-Identifier: Apache-2.0
//
// What a commit tells the world: one function an event, log line and metric together, so that they
// never disagree (PRD part 7 names both). Safe for concurrent use.
#pragma once

#include <string>

#include "catalog/catalog.h"
#include "commit/flush_epoch.h"
#include "commit/transaction_coordinator.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::commit {

class CommitEvents {
 public:
  CommitEvents(std::string catalog_type, const catalog::TableIdentifier& table,
               telemetry::Logger& logger, telemetry::Metrics& metrics);

  void Committed(const FlushEpoch& epoch, const SnapshotCommitResult& result) const;
  void AlreadyCommitted(const FlushEpoch& epoch, const SnapshotCommitResult& result) const;
  void RetriedAfterConflict(const FlushEpoch& epoch, const std::string& detail) const;
  void InDoubt(const FlushEpoch& epoch, const std::string& detail) const;
  void CommittedButNotLogged(const FlushEpoch& epoch, const Error& error) const;
  void LogNotReadable(const Error& error) const;

 private:
  const std::string catalog_type_;
  const std::string database_;
  const std::string table_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
};

}  // namespace kafka_iceberg::commit
