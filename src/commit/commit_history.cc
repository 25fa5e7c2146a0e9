// SPDX-License-Identifier: Apache-2.0
#include "commit/commit_history.h"

#include <ranges>
#include <utility>

namespace kafka_iceberg::commit {
namespace {

// Null when the snapshot has no such member.
const std::string* SummaryMember(const iceberg::Snapshot& snapshot, std::string_view name) {
  const auto found = snapshot.summary.find(std::string(name));
  return found == snapshot.summary.end() ? nullptr : &found->second;
}

// What the snapshot says about itself; nothing when it is not ours or its text cannot be read
// (anybody may write it).
EpochRanges RangesOf(const iceberg::Snapshot& snapshot) {
  const std::string* text = SummaryMember(snapshot, kRangesSummary);
  if (text == nullptr) return {};
  Result<EpochRanges> ranges = RangesFromJson(*text);
  return ranges.ok() ? std::move(ranges).value() : EpochRanges{};
}

}  // namespace

const iceberg::Snapshot* FindOwnSnapshot(const iceberg::TableMetadata& metadata,
                                         const FlushEpoch& epoch) {
  for (const iceberg::Snapshot& snapshot : metadata.snapshots | std::views::reverse) {
    const std::string* commit_id = SummaryMember(snapshot, kCommitIdSummary);
    // A catalog may drop summary members, so the id alone is enough; but not against another
    // commit's name.
    if (commit_id == nullptr ? snapshot.snapshot_id == epoch.snapshot_id
                             : *commit_id == epoch.uuid) {
      return &snapshot;
    }
  }
  return nullptr;
}

const iceberg::Snapshot* FindSnapshotOf(const iceberg::TableMetadata& metadata,
                                        const EpochRanges& ranges) {
  const iceberg::Snapshot* newest = nullptr;
  for (const iceberg::Snapshot& snapshot : metadata.snapshots) {
    const bool is_newer = newest == nullptr || snapshot.sequence_number >= newest->sequence_number;
    if (is_newer && Overlaps(ranges, RangesOf(snapshot))) newest = &snapshot;
  }
  return newest;
}

Ledger LedgerOfSnapshots(const iceberg::TableMetadata& metadata) {
  Ledger ledger;
  for (const iceberg::Snapshot& snapshot : metadata.snapshots) RaiseTo(ledger, RangesOf(snapshot));
  return ledger;
}

void Witness(Ledger& seen, const EpochRanges& ranges, int64_t generation) {
  if (generation < seen.generation) return;
  if (generation > seen.generation) seen = Ledger{.next_offsets = {}, .generation = generation};
  RaiseTo(seen, ranges);
}

Ledger LedgerOfLog(const std::vector<LoggedEntry>& entries, std::string_view table_uuid) {
  Ledger ledger;
  for (const LoggedEntry& logged : entries) {
    const auto* record = std::get_if<IdempotencyRecord>(&logged.entry);
    if (record != nullptr && record->table_uuid == table_uuid)
      Witness(ledger, record->ranges, record->ledger_generation);
  }
  return ledger;
}

Result<Ledger> ReadTrustedLedger(const iceberg::TableMetadata& metadata, const Ledger& seen,
                                 bool check_snapshots) {
  Ledger ledger = TRY(ReadLedger(metadata));
  const Ledger snapshots = check_snapshots ? LedgerOfSnapshots(metadata) : Ledger{};
  const Status complete = CheckNotBehind(ledger, snapshots, "its snapshots name", true);
  if (!complete.ok()) {
    return Error::Corrupt(
        "{}; the table property {} was removed or changed. To go on where the listed snapshots "
        "end, set it to {} "
        "(merge it with what is there); records below these offsets are in the table already",
        complete.error().message(), kLedgerProperty, LedgerToJson(snapshots));
  }
  // Somebody moved the ledger on purpose since: what was seen says nothing any more.
  if (ledger.generation > seen.generation) return ledger;
  Status in_step = CheckNotBehind(ledger, seen, "this process or its transaction log has seen");
  if (ledger.generation < seen.generation) {
    in_step = Error::Corrupt("the table's ledger is of generation {}, but generation {} was seen",
                             ledger.generation, seen.generation);
  }
  if (!in_step.ok()) {
    return Error::Corrupt(
        "{}; the ledger was set back, or the table was restored from an older state. If the table "
        "is as you want it "
        "and these records are to be read again, stop the process, delete its transaction log and "
        "start it again",
        in_step.error().message());
  }
  return ledger;
}

Examination Examine(const iceberg::TableMetadata& metadata, const FlushEpoch& epoch,
                    const Ledger& seen, bool check_snapshots) {
  using Finding = Examination::Finding;
  if (!epoch.table_uuid.empty() && epoch.table_uuid != metadata.table_uuid) {
    return {.finding = Finding::kBroken,
            .error = Error::Invalid("the flush epoch was written for table {}, this one is {}",
                                    epoch.table_uuid, metadata.table_uuid)};
  }
  if (const iceberg::Snapshot* own = FindOwnSnapshot(metadata, epoch)) {
    return {.finding = Finding::kLanded, .snapshot = own};
  }
  Result<Ledger> ledger = ReadTrustedLedger(metadata, seen, check_snapshots);
  if (!ledger.ok()) return {.finding = Finding::kBroken, .error = ledger.error()};
  if (epoch.ledger_generation != ledger->generation) {
    Error moved = Error::Conflict(
        "somebody moved the ledger on purpose (generation {}) after these offsets were read "
        "(generation {})",
        ledger->generation, epoch.ledger_generation);
    return {.finding = Finding::kFenced,
            .ledger = std::move(ledger).value(),
            .error = std::move(moved)};
  }
  const RangeCheck check = CheckRanges(*ledger, epoch.ranges);
  switch (check.verdict) {
    case RangeVerdict::kOurs:
      return {.finding = Finding::kOurs, .ledger = std::move(ledger).value()};
    case RangeVerdict::kAlreadyCommitted:
      return {.finding = Finding::kCovered,
              .ledger = std::move(ledger).value(),
              .snapshot = FindSnapshotOf(metadata, epoch.ranges)};
    case RangeVerdict::kFenced: break;
  }
  return {.finding = Finding::kFenced,
          .ledger = std::move(ledger).value(),
          .error = Error::Conflict("{}", check.explanation)};
}

}  // namespace kafka_iceberg::commit
