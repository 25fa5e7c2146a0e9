// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/sql_pointer.h"

#include "catalog/lost_move.h"
#include "catalog/metadata_file.h"
#include "catalog/metadata_swap.h"

namespace kafka_iceberg::catalog {

Result<TableVersion> SqlPointer::Load(const TableVersion& known) {
  const std::string location = TRY(rows_.MetadataLocation(identifier_));
  if (known.metadata && known.metadata_location == location) return known;
  return TRY(ReadMetadataFile(context_, location)).version;
}

Status SqlPointer::CheckAllowed(const iceberg::TableMetadata&, const iceberg::TableMetadata&) {
  return {};
}

SwapResult SqlPointer::TrySwap(const Swap& swap) {
  return WriteAndMove(context_, swap, [&](const std::string& next) {
    return Move(swap.base.metadata_location, next);
  });
}

CommitReply SqlPointer::Move(const std::string& base, const std::string& next) {
  const auto moved = rows_.MoveTable(identifier_, base, next);
  if (moved.ok()) {
    if (*moved) return {CommitOutcome::kCommitted, {}};
    return {CommitOutcome::kConflict,
            fmt::format("table {} moved on, or is gone", identifier_.ToString())};
  }
  const std::string& why = moved.error().message();
  switch (moved.error().code()) {
    case ErrorCode::kCommitUnknown: return LookAfter(base, next, why);
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout: return {CommitOutcome::kConflict, why};
    default: return {CommitOutcome::kRejected, why};
  }
}

CommitReply SqlPointer::LookAfter(const std::string& base, const std::string& next,
                                  const std::string& why) {
  const auto current = rows_.MetadataLocation(identifier_);
  if (current.ok()) {
    switch (JudgeLostMove(context_, {base, next, *current})) {
      case LostMove::kLanded: return {CommitOutcome::kCommitted, {}};
      case LostMove::kOvertaken: return {CommitOutcome::kConflict, why};
      case LostMove::kOpen: break;
    }
  }
  return {CommitOutcome::kUnknown, why};
}

}  // namespace kafka_iceberg::catalog
