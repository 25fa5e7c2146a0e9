// SPDX-License-Identifier: Apache-2.0
#include "table/table_change.h"

namespace kafka_iceberg::table {
namespace {

constexpr int kAttemptsMax = 8;

}  // namespace

Result<bool> ChangeTable(
    catalog::TableOperations& table, std::string_view what,
    const std::function<Result<TableChange>(const iceberg::TableMetadata& base)>& plan) {
  const std::string name = table.identifier().ToString();
  std::string detail;
  // What an attempt of unknown outcome did is seen by looking again.
  bool may_be_done = false;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const catalog::TableVersion base = table.Current();
    const TableChange change = TRY(plan(*base.metadata));
    if (change.updates.empty()) return may_be_done;
    const catalog::CommitReply reply = table.Commit(base, change.updates, change.requirements);
    switch (reply.outcome) {
      case catalog::CommitOutcome::kCommitted: return true;
      case catalog::CommitOutcome::kRejected:
        return Error::Invalid("cannot {} of table {}: {}", what, name, reply.detail);
      case catalog::CommitOutcome::kUnknown: may_be_done = true; break;
      case catalog::CommitOutcome::kConflict: break;
    }
    if (auto refreshed = table.Refresh(); !refreshed.ok()) {
      if (reply.outcome != catalog::CommitOutcome::kUnknown) return refreshed.error();
      return Error::CommitUnknown("cannot tell whether it was possible to {} of table {}: {}; {}",
                                  what, name, reply.detail, refreshed.error().message());
    }
    detail = reply.detail;
  }
  return Error::Unavailable("cannot {} of table {}: {} attempts failed, the last one: {}", what,
                            name, kAttemptsMax, detail);
}

}  // namespace kafka_iceberg::table
