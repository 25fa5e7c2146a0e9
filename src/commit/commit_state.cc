// SPDX-License-Identifier: Apache-2.0
#include "commit/commit_state.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace kafka_iceberg::commit {
namespace {

EpochState* FindMutable(CommitState& state, std::string_view epoch_uuid) {
  return const_cast<EpochState*>(std::as_const(state).Find(epoch_uuid));
}

EpochState& FindOrAdd(CommitState& state, const std::string& epoch_uuid, const std::string& table) {
  if (EpochState* known = FindMutable(state, epoch_uuid)) return *known;
  state.epochs.push_back({.epoch = {.uuid = epoch_uuid}, .table = table});
  return state.epochs.back();
}

void UpdatePhase(EpochState& epoch) {
  const auto files = static_cast<int64_t>(epoch.epoch.files.size());
  if (epoch.sealed && files == epoch.files_expected) epoch.phase = EpochPhase::kUploaded;
}

Status CheckTable(const EpochState* known, const std::string& table) {
  if (known == nullptr || known->table == table) return {};
  return Error::Invalid("epoch {} belongs to table {}, not {}", known->epoch.uuid, known->table,
                        table);
}

Status Check(const EpochState* known, const BufferSnapshot& entry) {
  TRY(CheckTable(known, entry.table));
  TRY(ValidateRanges(entry.ranges));
  if (entry.snapshot_id <= 0)
    return Error::Invalid("snapshot id {} is not positive", entry.snapshot_id);
  if (known != nullptr && known->sealed) return Error::Invalid("epoch is sealed twice");
  const auto files = known == nullptr ? 0 : static_cast<int64_t>(known->epoch.files.size());
  if (entry.files < files) {
    return Error::Invalid("epoch is sealed with {} files, {} were written", entry.files, files);
  }
  return {};
}

Status Check(const EpochState* known, const ParquetWritten& entry) {
  TRY(CheckTable(known, entry.table));
  if (known == nullptr) return {};
  if (known->phase != EpochPhase::kOpen) return Error::Invalid("epoch has all its files already");
  const bool doubled = std::ranges::any_of(known->epoch.files, [&](const write::StagedFile& file) {
    return file.file.file_path == entry.file.file.file_path;
  });
  if (doubled) return Error::Invalid("file {} is written twice", entry.file.file.file_path);
  return {};
}

Status CheckOffered(const EpochState* known) {
  if (known == nullptr) return Error::Invalid("epoch is not known");
  if (known->phase == EpochPhase::kOpen) return Error::Invalid("epoch is not complete");
  if (known->phase == EpochPhase::kCommitted) return Error::Invalid("epoch is committed already");
  return {};
}

Status Check(const EpochState* known, const AttemptInDoubt&) { return CheckOffered(known); }
Status Check(const EpochState* known, const AttemptsSettled&) { return CheckOffered(known); }

Status Check(const EpochState* known, const IcebergSnapshotCreated& entry) {
  TRY(CheckOffered(known));
  TRY(CheckTable(known, entry.table));
  if (entry.snapshot_id != known->epoch.snapshot_id) {
    return Error::Invalid("epoch was sealed for snapshot {}, not {}", known->epoch.snapshot_id,
                          entry.snapshot_id);
  }
  return {};
}

Status Check(const EpochState* known, const FlushComplete& entry) {
  if (known == nullptr) return Error::Invalid("epoch is not known");
  TRY(CheckTable(known, entry.table));
  if (known->phase == EpochPhase::kInDoubt) return Error::Invalid("epoch is in doubt");
  return {};
}

void ApplyTo(CommitState& state, const BufferSnapshot& entry) {
  EpochState& epoch = FindOrAdd(state, entry.epoch_uuid, entry.table);
  epoch.sealed = true;
  epoch.files_expected = entry.files;
  epoch.epoch.snapshot_id = entry.snapshot_id;
  epoch.epoch.ranges = entry.ranges;
  epoch.epoch.rows = entry.rows;
  epoch.epoch.dead_letters = entry.dead_letters;
  epoch.epoch.table_uuid = entry.table_uuid;
  epoch.epoch.ledger_generation = entry.ledger_generation;
  epoch.epoch.letters = entry.letters;
  epoch.epoch.schema = entry.schema;
  UpdatePhase(epoch);
}

void ApplyTo(CommitState& state, const ParquetWritten& entry) {
  EpochState& epoch = FindOrAdd(state, entry.epoch_uuid, entry.table);
  epoch.epoch.files.push_back(entry.file);
  UpdatePhase(epoch);
}

void ApplyTo(CommitState& state, const AttemptInDoubt& entry) {
  EpochState& epoch = *FindMutable(state, entry.epoch_uuid);
  epoch.phase = EpochPhase::kInDoubt;
  epoch.ever_in_doubt = true;
}

void ApplyTo(CommitState& state, const AttemptsSettled& entry) {
  FindMutable(state, entry.epoch_uuid)->phase = EpochPhase::kUploaded;
}

void ApplyTo(CommitState& state, const IcebergSnapshotCreated& entry) {
  FindMutable(state, entry.epoch_uuid)->phase = EpochPhase::kCommitted;
}

void ApplyTo(CommitState& state, const FlushComplete& entry) {
  std::erase_if(state.epochs,
                [&](const EpochState& epoch) { return epoch.epoch.uuid == entry.epoch_uuid; });
}

bool IsUndecided(const EpochState& epoch) {
  return epoch.phase == EpochPhase::kUploaded || epoch.phase == EpochPhase::kInDoubt;
}

bool EndsAtStartOf(const FlushEpoch& earlier, const FlushEpoch& later, const Ledger& ledger) {
  for (const auto& [topic, partitions] : later.ranges) {
    const auto shared = earlier.ranges.find(topic);
    if (shared == earlier.ranges.end()) continue;
    for (const auto& [partition, range] : partitions) {
      const auto other = shared->second.find(partition);
      if (other == shared->second.end() || ledger.NextOffset(topic, partition)) continue;
      const bool is_empty = other->second.start == other->second.end;
      if (!is_empty && other->second.end == range.start) return true;
    }
  }
  return false;
}

}  // namespace

const EpochState* CommitState::Find(std::string_view epoch_uuid) const {
  const auto found = std::ranges::find_if(
      epochs, [&](const EpochState& epoch) { return epoch.epoch.uuid == epoch_uuid; });
  return found == epochs.end() ? nullptr : &*found;
}

Status CanApply(const CommitState& state, const StateEntry& entry) {
  return std::visit(
      [&](const auto& kind) -> Status {
        if (kind.epoch_uuid.empty()) return Error::Invalid("epoch has no uuid");
        const Status status = Check(state.Find(kind.epoch_uuid), kind);
        if (!status.ok()) return status.error().WithContext("epoch " + kind.epoch_uuid);
        return {};
      },
      entry);
}

void Apply(CommitState& state, const StateEntry& entry) {
  CHECK(CanApply(state, entry).ok());
  std::visit([&](const auto& kind) { ApplyTo(state, kind); }, entry);
}

std::vector<StateEntry> EntriesOf(const FlushEpoch& epoch, const std::string& table) {
  std::vector<StateEntry> entries;
  entries.emplace_back(BufferSnapshot{.table = table,
                                      .epoch_uuid = epoch.uuid,
                                      .snapshot_id = epoch.snapshot_id,
                                      .ranges = epoch.ranges,
                                      .rows = epoch.rows,
                                      .dead_letters = epoch.dead_letters,
                                      .files = static_cast<int64_t>(epoch.files.size()),
                                      .table_uuid = epoch.table_uuid,
                                      .ledger_generation = epoch.ledger_generation,
                                      .letters = epoch.letters,
                                      .schema = epoch.schema});
  for (const write::StagedFile& file : epoch.files) {
    entries.emplace_back(ParquetWritten{.table = table, .epoch_uuid = epoch.uuid, .file = file});
  }
  return entries;
}

CommitState Replay(const std::vector<TransactionEntry>& entries) {
  CommitState state;
  for (const TransactionEntry& entry : entries) {
    std::visit(
        [&]<typename Kind>(const Kind& kind) {
          if constexpr (std::is_constructible_v<StateEntry, const Kind&>) {
            const StateEntry applicable = kind;
            if (CanApply(state, applicable).ok()) Apply(state, applicable);
          }
        },
        entry);
  }
  return state;
}

std::vector<FlushEpoch> UncommittedEpochs(const CommitState& state) {
  std::vector<FlushEpoch> epochs;
  for (const EpochState& epoch : state.epochs) {
    if (IsUndecided(epoch)) epochs.push_back(epoch.epoch);
  }
  return epochs;
}

bool MayCleanUp(const CommitState& state, std::string_view epoch_uuid) {
  const EpochState* epoch = state.Find(epoch_uuid);
  return epoch != nullptr && !epoch->ever_in_doubt && epoch->phase == EpochPhase::kUploaded;
}

const EpochState* UndecidedBefore(const CommitState& state, const Ledger& ledger,
                                  const FlushEpoch& epoch) {
  for (const EpochState& other : state.epochs) {
    if (other.epoch.uuid == epoch.uuid || !IsUndecided(other)) continue;
    if (EndsAtStartOf(other.epoch, epoch, ledger)) return &other;
  }
  return nullptr;
}

std::vector<std::string> Overtaken(const CommitState& state, const Ledger& ledger,
                                   std::string_view epoch_uuid) {
  std::vector<std::string> overtaken;
  for (const EpochState& other : state.epochs) {
    const bool possible = CheckRanges(ledger, other.epoch.ranges).verdict == RangeVerdict::kOurs;
    if (other.epoch.uuid != epoch_uuid && !possible) overtaken.push_back(other.epoch.uuid);
  }
  return overtaken;
}

}  // namespace kafka_iceberg::commit
