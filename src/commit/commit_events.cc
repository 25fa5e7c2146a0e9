// SPDX-License-Identifier: Apache-2.0
#include "commit/commit_events.h"

#include <algorithm>
#include <utility>

namespace kafka_iceberg::commit {
namespace {

std::string DatabaseOf(const catalog::TableIdentifier& table) {
  return fmt::format("{}", fmt::join(table.name_space, "."));
}

// [smallest, largest] offset; both are the start when nothing was read.
telemetry::Json OffsetRangeOf(const FlushEpoch& epoch) {
  const OffsetRange span = Span(epoch.ranges);
  return {fmt::format("[{},{}]", span.start, std::max(span.start, span.end - 1))};
}

}  // namespace

CommitEvents::CommitEvents(std::string catalog_type, const catalog::TableIdentifier& table,
                           telemetry::Logger& logger, telemetry::Metrics& metrics)
    : catalog_type_(std::move(catalog_type)),
      database_(DatabaseOf(table)),
      table_(table.name),
      logger_(logger),
      metrics_(metrics) {}

void CommitEvents::Committed(const FlushEpoch& epoch, const SnapshotCommitResult& result) const {
  const telemetry::Labels labels = {{"database", database_}, {"table", table_}};
  metrics_.GetCounter("iceberg_snapshot_commits_total", labels).Add();
  metrics_.GetHistogram("iceberg_snapshot_commit_duration_seconds", labels)
      .Observe(std::chrono::duration<double>(result.duration).count());
  logger_.Info("Iceberg snapshot committed",
               {{"catalog_type", catalog_type_},
                {"database", database_},
                {"table", table_},
                {"snapshot_id", result.snapshot_id},
                {"kafka_offset_range", OffsetRangeOf(epoch)},
                {"files_added", result.files_added},
                {"duration_ms",
                 std::chrono::duration_cast<std::chrono::milliseconds>(result.duration).count()},
                {"committed_at", ToRfc3339(result.committed_at)}});
}

void CommitEvents::AlreadyCommitted(const FlushEpoch& epoch,
                                    const SnapshotCommitResult& result) const {
  metrics_.GetCounter("iceberg_idempotent_retries_total", {{"reason", "already_committed"}}).Add();
  logger_.Info("these offsets are in the table already, nothing was added",
               {{"database", database_},
                {"table", table_},
                {"snapshot_id", result.snapshot_id},
                {"kafka_offset_range", OffsetRangeOf(epoch)}});
}

void CommitEvents::RetriedAfterConflict(const FlushEpoch& epoch, const std::string& detail) const {
  metrics_.GetCounter("iceberg_idempotent_retries_total", {{"reason", "conflict"}}).Add();
  logger_.Info("the commit was not applied, trying again on what the table is then",
               {{"database", database_},
                {"table", table_},
                {"snapshot_id", epoch.snapshot_id},
                {"reason", detail}});
}

void CommitEvents::InDoubt(const FlushEpoch& epoch, const std::string& detail) const {
  logger_.Warn("outcome of a commit is unknown; looking for its snapshot, every file is kept",
               {{"catalog_type", catalog_type_},
                {"database", database_},
                {"table", table_},
                {"snapshot_id", epoch.snapshot_id},
                {"reason", detail}});
}

void CommitEvents::CommittedButNotLogged(const FlushEpoch& epoch, const Error& error) const {
  logger_.Warn("a commit is in the table but not in the transaction log; nothing is lost",
               {{"database", database_},
                {"table", table_},
                {"snapshot_id", epoch.snapshot_id},
                {"reason", error.message()}});
}

void CommitEvents::LogNotReadable(const Error& error) const {
  logger_.Warn("the transaction log cannot be read; going on with the table alone",
               {{"database", database_}, {"table", table_}, {"reason", error.message()}});
}

}  // namespace kafka_iceberg::commit
