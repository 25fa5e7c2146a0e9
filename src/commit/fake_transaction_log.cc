// SPDX-License-Identifier: Apache-2.0
#include "commit/fake_transaction_log.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "commit/commit_state.h"

namespace kafka_iceberg::commit {
namespace {

template <typename Kind>
std::set<std::string> EpochsWith(const std::vector<LoggedEntry>& entries) {
  std::set<std::string> epochs;
  for (const LoggedEntry& logged : entries) {
    if (const auto* entry = std::get_if<Kind>(&logged.entry)) epochs.insert(entry->epoch_uuid);
  }
  return epochs;
}

std::string EpochOf(const TransactionEntry& entry) {
  return std::visit(
      [](const auto& kind) -> std::string {
        if constexpr (requires { kind.epoch_uuid; }) return kind.epoch_uuid;
        return {};
      },
      entry);
}

std::string TableOf(const TransactionEntry& entry) {
  return std::visit(
      [](const auto& kind) -> std::string {
        if constexpr (requires { kind.table; }) return kind.table;
        return {};
      },
      entry);
}

}  // namespace

Result<int64_t> FakeTransactionLog::Append(const std::vector<TransactionEntry>& entries) {
  if (failure_) return *failure_;
  if (entries.empty()) return 0;
  for (const TransactionEntry& entry : entries) {
    entries_.push_back({.id = next_id_++, .at = clock_.Now(), .entry = entry});
  }
  return entries_.back().id;
}

Result<std::optional<IdempotencyRecord>> FakeTransactionLog::FindCommitted(
    const std::string& table, const EpochRanges& ranges) {
  if (failure_) return *failure_;
  for (const LoggedEntry& logged : entries_ | std::views::reverse) {
    const auto* record = std::get_if<IdempotencyRecord>(&logged.entry);
    if (record != nullptr && record->table == table && Covers(record->ranges, ranges)) {
      return std::optional(*record);
    }
  }
  return std::optional<IdempotencyRecord>();
}

Result<std::vector<FlushEpoch>> FakeTransactionLog::UncommittedEpochs(const std::string& table) {
  if (failure_) return *failure_;
  std::vector<TransactionEntry> entries;
  for (const LoggedEntry& logged : entries_) {
    if (TableOf(logged.entry) == table) entries.push_back(logged.entry);
  }
  return commit::UncommittedEpochs(Replay(entries));
}

Result<std::vector<LoggedEntry>> FakeTransactionLog::ReadRecent(int64_t limit) {
  if (failure_) return *failure_;
  const auto count =
      std::min<size_t>(entries_.size(), static_cast<size_t>(std::max<int64_t>(limit, 0)));
  return std::vector<LoggedEntry>(entries_.rbegin(),
                                  entries_.rbegin() + static_cast<std::ptrdiff_t>(count));
}

Status FakeTransactionLog::Trim(int64_t entries_max) {
  if (failure_) return *failure_;
  const auto kept = static_cast<size_t>(std::max<int64_t>(entries_max, 1));
  if (entries_.size() <= kept) return {};
  const int64_t oldest_kept = entries_[entries_.size() - kept].id;
  const std::set<std::string> sealed = EpochsWith<BufferSnapshot>(entries_);
  std::set<std::string> closed = EpochsWith<IcebergSnapshotCreated>(entries_);
  closed.merge(EpochsWith<FlushComplete>(entries_));
  std::erase_if(entries_, [&](const LoggedEntry& logged) {
    const std::string epoch = EpochOf(logged.entry);
    return logged.id < oldest_kept && !(sealed.contains(epoch) && !closed.contains(epoch));
  });
  return {};
}

}  // namespace kafka_iceberg::commit
