// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_pointer.h"

#include <algorithm>

#include "catalog/hive/hive_lock.h"
#include "catalog/hive/hive_types.h"
#include "catalog/lost_move.h"
#include "catalog/metadata_file.h"
#include "catalog/metadata_swap.h"

namespace kafka_iceberg::catalog {

namespace {

constexpr Duration kFirstLook = std::chrono::milliseconds(100);
constexpr Duration kLongestLook = std::chrono::seconds(2);

// An error from which it is certain that nothing was changed.
CommitReply NotApplied(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kDenied:
    case ErrorCode::kInvalid:
    case ErrorCode::kUnsupported: return {CommitOutcome::kRejected, error.message()};
    default: return {CommitOutcome::kConflict, error.message()};
  }
}

}  // namespace

Result<std::string> MetadataLocationOf(const HiveTable& table) {
  std::string location = table.Parameter("metadata_location");
  if (!table.is_iceberg() || location.empty())
    return Error::Invalid("{}.{} is a table of Hive, but not an Iceberg table", table.database,
                          table.name);
  return location;
}

Result<std::string> HivePointer::CurrentLocation() {
  return MetadataLocationOf(TRY(client_.GetTable(database(), identifier_.name)));
}

Result<TableVersion> HivePointer::Load(const TableVersion& known) {
  const std::string location = TRY(CurrentLocation());
  if (known.metadata && known.metadata_location == location) return known;
  return TRY(ReadMetadataFile(context_, location)).version;
}

Status HivePointer::CheckAllowed(const iceberg::TableMetadata&, const iceberg::TableMetadata&) {
  return {};
}

SwapResult HivePointer::TrySwap(const Swap& swap) {
  return WriteAndMove(context_, swap, [&](const std::string& next) { return Move(swap, next); });
}

CommitReply HivePointer::Move(const Swap& swap, const std::string& next) {
  if (!options_.takes_lock) return Alter(swap, next);
  const auto turn = HiveTurn::Take(identifier_.ToString(), options_.lock_timeout);
  if (!turn) {
    return {CommitOutcome::kConflict,
            fmt::format("other threads keep committing to {}", identifier_.ToString())};
  }
  // A base that is outdated by now needs no lock.
  const auto current = CurrentLocation();
  if (current.ok() && *current != swap.base.metadata_location) return MovedOn();
  const auto lock =
      HiveLock::Acquire(client_, context_, database(), identifier_.name, options_.lock_timeout);
  if (!lock.ok()) return NotApplied(lock.error());
  // Nothing may be changed with a lock that expired meanwhile.
  if (const Status held = lock.value()->Extend(); !held.ok())
    return {CommitOutcome::kConflict, held.error().message()};
  return Alter(swap, next);
}

CommitReply HivePointer::MovedOn() const {
  return {CommitOutcome::kConflict, fmt::format("table {} moved on", identifier_.ToString())};
}

CommitReply HivePointer::Alter(const Swap& swap, const std::string& next) {
  const std::string& base = swap.base.metadata_location;
  auto table = client_.GetTable(database(), identifier_.name);
  if (!table.ok()) return NotApplied(table.error());
  if (table->Parameter("metadata_location") != base) return MovedOn();
  DescribeTable(swap.base.metadata.get(), swap.next, *table);
  PointTo(next, base, *table);
  const Status altered = client_.AlterTable(database(), identifier_.name, *table, base);
  if (altered.ok()) return {CommitOutcome::kCommitted, {}};
  if (altered.error().code() == ErrorCode::kCommitUnknown)
    return Settle(base, next, altered.error().message());
  return NotApplied(altered.error());
}

CommitReply HivePointer::Settle(const std::string& base, const std::string& next,
                                const std::string& why) {
  const SteadyTime end = context_.clock.Steady() + options_.settle_time;
  for (Duration wait = kFirstLook;; wait = std::min(wait * 2, kLongestLook)) {
    const auto current = CurrentLocation();
    if (current.ok()) {
      const LostMove judged = JudgeLostMove(context_, {base, next, *current});
      if (judged == LostMove::kLanded) return {CommitOutcome::kCommitted, {}};
      // Only where the server compares is it certain that ours cannot land on top of theirs.
      if (judged == LostMove::kOvertaken && !options_.takes_lock)
        return {CommitOutcome::kConflict, why};
    }
    if (context_.clock.Steady() + wait > end) return {CommitOutcome::kUnknown, why};
    context_.clock.SleepFor(wait, {});
  }
}

}  // namespace kafka_iceberg::catalog
