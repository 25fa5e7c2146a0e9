// SPDX-License-Identifier: Apache-2.0
#include "commit/adoption.h"

#include <utility>

#include "commit/commit_history.h"

namespace kafka_iceberg::commit {
namespace {

constexpr int64_t kLogEntriesRead = 1000;

// A partition that is not in the ledger, or empty when all are.
std::string UnknownPartition(const Ledger& ledger, const EpochRanges& ranges) {
  for (const auto& [topic, partitions] : ranges) {
    for (const auto& [partition, range] : partitions) {
      if (!ledger.NextOffset(topic, partition))
        return fmt::format("{}[{}]", topic.topic, partition);
    }
  }
  return {};
}

AdoptionDecision DecideCovered(const FlushEpoch& epoch, const iceberg::TableMetadata& metadata) {
  const iceberg::Snapshot* snapshot = FindSnapshotOf(metadata, epoch.ranges);
  if (snapshot == nullptr) {
    return {epoch, EpochFate::kCovered,
            "its ranges are in the table by a snapshot that is expired"};
  }
  return {epoch, EpochFate::kReplaced,
          fmt::format("its ranges are in the table by snapshot {}", snapshot->snapshot_id), true};
}

AdoptionDecision Decide(const FlushEpoch& epoch, const iceberg::TableMetadata& metadata,
                        const Ledger& ledger) {
  if (epoch.table_uuid.empty() || epoch.table_uuid != metadata.table_uuid) {
    return {epoch, EpochFate::kOtherTable,
            epoch.table_uuid.empty() ? "it does not say for which table it was written"
                                     : "it was written for another table of this name"};
  }
  if (const iceberg::Snapshot* own = FindOwnSnapshot(metadata, epoch)) {
    return {epoch, EpochFate::kLanded, fmt::format("it is snapshot {}", own->snapshot_id)};
  }
  if (epoch.ledger_generation != ledger.generation) {
    return {epoch, EpochFate::kRefuted,
            fmt::format("somebody moved the ledger on purpose since (generation {}, now {})",
                        epoch.ledger_generation, ledger.generation)};
  }
  const RangeCheck check = CheckRanges(ledger, epoch.ranges);
  if (check.verdict == RangeVerdict::kAlreadyCommitted) return DecideCovered(epoch, metadata);
  if (check.verdict == RangeVerdict::kFenced)
    return {epoch, EpochFate::kRefuted, check.explanation};
  const std::string unknown = UnknownPartition(ledger, epoch.ranges);
  if (!unknown.empty()) return {epoch, EpochFate::kRefuted, unknown + " is not in the ledger yet"};
  return {epoch, EpochFate::kAdopt, "it starts where the ledger stands"};
}

// An attempt of the epoch can only land on a table whose ledger stands at the epoch's start, and
// had one landed, the ledger would cover the epoch. Ledgers only grow and main moves with them, so
// a ledger that does neither proves that no attempt landed or ever will. It must be the table's
// own, not one that expects other epochs to be adopted. Nothing of this holds across generations.
bool IsDead(const FlushEpoch& epoch, const Ledger& ledger) {
  if (epoch.ledger_generation != ledger.generation) return false;
  return CheckRanges(ledger, epoch.ranges).verdict == RangeVerdict::kFenced;
}

// Empty when all files are there; otherwise what is wrong with the first that is not.
Result<std::string> MissingFile(const FlushEpoch& epoch, storage::ObjectStore& store) {
  for (const write::StagedFile& staged : epoch.files) {
    const Result<storage::ObjectInfo> info = store.Stat(staged.file.file_path);
    if (!info.ok() && info.error().code() == ErrorCode::kNotFound) {
      return fmt::format("{} is gone", staged.file.file_path);
    }
    if (!info.ok()) return info.error();
    if (info->size_bytes != staged.file.file_size_in_bytes) {
      return fmt::format("{} has {} bytes instead of {}", staged.file.file_path, info->size_bytes,
                         staged.file.file_size_in_bytes);
    }
  }
  return std::string();
}

}  // namespace

std::string_view ToString(EpochFate fate) {
  switch (fate) {
    case EpochFate::kAdopt: return "adopt";
    case EpochFate::kLanded: return "landed";
    case EpochFate::kCovered: return "covered";
    case EpochFate::kReplaced: return "replaced";
    case EpochFate::kRefuted: return "refuted";
    case EpochFate::kOtherTable: return "other_table";
    case EpochFate::kFilesMissing: return "files_missing";
  }
  return "unknown";
}

bool IsToCommit(EpochFate fate) { return fate == EpochFate::kAdopt || fate == EpochFate::kLanded; }

std::vector<AdoptionDecision> PlanAdoption(const std::vector<FlushEpoch>& epochs,
                                           const iceberg::TableMetadata& metadata,
                                           const Ledger& ledger) {
  std::vector<AdoptionDecision> decisions;
  Ledger expected = ledger;
  for (const FlushEpoch& epoch : epochs) {
    decisions.push_back(Decide(epoch, metadata, expected));
    AdoptionDecision& decision = decisions.back();
    if (decision.fate == EpochFate::kRefuted) decision.files_unreferenced = IsDead(epoch, ledger);
    if (decision.fate == EpochFate::kAdopt) expected = Advance(expected, epoch.ranges);
  }
  return decisions;
}

Result<Ledger> ReadLedgerAtStart(const iceberg::TableMetadata& metadata, TransactionLog& log) {
  const std::vector<LoggedEntry> entries = TRY(log.ReadRecent(kLogEntriesRead));
  return ReadTrustedLedger(metadata, LedgerOfLog(entries, metadata.table_uuid));
}

Result<std::vector<AdoptionDecision>> DecideAdoption(catalog::TableOperations& table,
                                                     TransactionLog& log) {
  const std::string name = table.identifier().ToString();
  std::vector<FlushEpoch> epochs = TRY(log.UncommittedEpochs(name));
  if (epochs.empty()) return std::vector<AdoptionDecision>();
  const iceberg::TableMetadataPtr metadata = TRY(table.Refresh()).metadata;
  const Ledger ledger = TRY(ReadLedgerAtStart(*metadata, log));

  std::vector<AdoptionDecision> lost;
  // An epoch whose files are gone leaves a gap, so the plan is made again without it.
  while (true) {
    std::vector<AdoptionDecision> decisions = PlanAdoption(epochs, *metadata, ledger);
    bool is_complete = true;
    for (const AdoptionDecision& decision : decisions) {
      if (decision.fate != EpochFate::kAdopt) continue;
      std::string missing = TRY(MissingFile(decision.epoch, table.store()));
      if (missing.empty()) continue;
      lost.push_back({decision.epoch, EpochFate::kFilesMissing, std::move(missing)});
      std::erase_if(epochs,
                    [&](const FlushEpoch& epoch) { return epoch.uuid == decision.epoch.uuid; });
      is_complete = false;
      break;
    }
    if (!is_complete) continue;
    decisions.insert(decisions.end(), lost.begin(), lost.end());
    return decisions;
  }
}

}  // namespace kafka_iceberg::commit
