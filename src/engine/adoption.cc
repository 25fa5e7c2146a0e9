// SPDX-License-Identifier: Apache-2.0
#include "engine/adoption.h"

#include "commit/adoption.h"
#include "write/verify_file.h"

namespace kafka_iceberg::engine {
namespace {

// The bytes that were uploaded are the bytes that were written: checked before a commit refers to
// them.
Status VerifyAll(const commit::FlushEpoch& epoch, storage::ObjectStore& store) {
  for (const write::StagedFile& file : epoch.files) TRY(write::VerifyFile(file, store));
  return {};
}

bool MustStop(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout ||
         code == ErrorCode::kCommitUnknown || code == ErrorCode::kCancelled ||
         code == ErrorCode::kDenied;
}

Status Adopt(const commit::FlushEpoch& epoch, commit::TransactionCoordinator& coordinator,
             catalog::TableOperations& table, const EngineContext& context,
             const std::stop_token& stop) {
  TRY(VerifyAll(epoch, table.store()));
  const commit::SnapshotCommitResult result = TRY(coordinator.Commit(epoch, stop));
  context.metrics.GetCounter("kafka_iceberg_epochs_adopted_total").Add();
  context.logger.Info("files of an earlier run adopted",
                      {{"table", table.identifier().ToString()},
                       {"epoch", epoch.uuid},
                       {"files", epoch.files.size()},
                       {"rows", epoch.rows},
                       {"snapshot_id", result.snapshot_id},
                       {"already_committed", result.already_committed}});
  return {};
}

}  // namespace

Status AdoptLeftovers(commit::TransactionCoordinator& coordinator, commit::TransactionLog& log,
                      catalog::TableOperations& table, const EngineContext& context,
                      const std::stop_token& stop) {
  const std::string name = table.identifier().ToString();
  for (const commit::AdoptionDecision& decision : TRY(commit::DecideAdoption(table, log))) {
    Status outcome =
        commit::IsToCommit(decision.fate)
            ? Adopt(decision.epoch, coordinator, table, context, stop)
            : Status(Error::Invalid("{}: {}", ToString(decision.fate), decision.explanation));
    if (!outcome.ok()) {
      if (MustStop(outcome.error().code()))
        return outcome.error().WithContext("finishing the commit of an earlier run");
      context.logger.Info(
          "files of an earlier run are not used; what is not in the table is read again",
          {{"table", name}, {"epoch", decision.epoch.uuid}, {"reason", outcome.error().message()}});
    }
    TRY(log.Append({commit::FlushComplete{.table = name, .epoch_uuid = decision.epoch.uuid}}));
  }
  return {};
}

}  // namespace kafka_iceberg::engine
