// SPDX-License-Identifier: Apache-2.0
#include "engine/backfill/backfill_run.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "commit/transaction_log.h"
#include "decode/dead_letter.h"
#include "decode/letters/durable_files.h"

namespace kafka_iceberg::engine {
namespace {

constexpr std::string_view kFolder = "backfills";
constexpr std::string_view kFinishedLetters = ".jsonl";

std::string FolderOf(const config::Options& table) {
  return fmt::format("{}/{}", table.state_directory, kFolder);
}

// What a process that was killed had staged: kept when it is covered.
Status SettleFiles(const std::string& folder, const commit::Backfill& backfill) {
  const commit::EpochRanges done = backfill.Done();
  const auto is_covered = [&](const TopicPartition& partition, int64_t offset) {
    return std::ranges::any_of(done, [&](const auto& source) {
      const auto range = source.second.find(partition.partition);
      return source.first.topic == partition.topic && range != source.second.end() &&
             offset < range->second.end;
    });
  };
  [[maybe_unused]] const auto settled = TRY(decode::OpenFileDeadLetterStore(folder, is_covered));
  return {};
}

}  // namespace

config::Options OptionsOfBackfill(const config::Options& table, const std::string& id) {
  config::Options options = table;
  options.routing.routes.clear();
  options.kafka.consumer_group += "-backfill-" + id;
  options.state_directory = fmt::format("{}/{}", FolderOf(table), id);
  return options;
}

std::vector<std::string> LetterFoldersOfBackfills(const config::Options& table) {
  std::vector<std::string> folders;
  std::error_code failed;
  // A folder that goes away meanwhile ends the list; its letters have moved on.
  for (std::filesystem::directory_iterator entry(FolderOf(table), failed), end;
       !failed && entry != end; entry.increment(failed)) {
    folders.push_back(LetterFolderOf(OptionsOfBackfill(table, entry->path().filename().string())));
  }
  return folders;
}

const commit::Backfill* FindBackfill(const std::vector<commit::Backfill>& all,
                                     const std::string& id, const std::string& request) {
  const commit::Backfill* found = nullptr;
  for (const commit::Backfill& backfill : all) {
    if (backfill.is_cancelled || (id.empty() ? backfill.request != request : backfill.id != id))
      continue;
    if (found == nullptr || !found->is_open()) found = &backfill;
  }
  return found;
}

// Letters first: a replay that makes a row of one in between is seen as a row then.
Result<TableContents> ReadContents(const DeadLetterTarget& target, const EngineContext& context,
                                   const std::stop_token& stop) {
  TableContents contents;
  contents.letters = TRY(ReadLetterOffsets(target));
  TRY(AddTopicLetterOffsets(target, context, contents.letters));
  Result<VerifyReport> rows = VerifyTable(target.table, {}, nullptr, stop);
  if (rows.ok()) {
    contents.rows = std::move(rows).value();
  } else if (rows.error().code() != ErrorCode::kUnsupported) {
    return rows.error();
  }
  return contents;
}

SourceBounds BoundsOf(const commit::Backfill& backfill, const TableContents& contents) {
  SourceBounds bounds;
  for (const auto& [topic, partitions] : backfill.ranges) {
    for (const auto& [partition, range] : partitions)
      bounds.ranges[{topic.topic, partition}] = range;
  }
  if (!backfill.only_missing) return bounds;
  for (const auto& [partition, range] : bounds.ranges)
    bounds.left_out[partition] = DealtWith(contents, partition, range);
  return bounds;
}

Result<std::unique_ptr<Engine>> OpenBackfill(const config::Options& options,
                                             const commit::Backfill& backfill, bool accept_loss,
                                             const EngineContext& context,
                                             EngineConnections connections,
                                             const std::stop_token& stop) {
  return Engine::Open(
      options,
      {.stop_at_end = true, .accept_offset_gap = accept_loss, .ledger_lane = backfill.lane()},
      context, std::move(connections), stop);
}

Status HandOverLetters(const config::Options& table, const commit::Backfill& backfill,
                       Clock& clock) {
  const config::Options options = OptionsOfBackfill(table, backfill.id);
  const std::string from = LetterFolderOf(options);
  const std::string to = LetterFolderOf(table);
  std::error_code failed;
  if (!std::filesystem::exists(options.state_directory, failed)) return {};
  // Only one process works with the folder at a time.
  const auto lock =
      TRY(commit::TransactionLog::Open(options.state_directory + "/transactions.db", clock));
  if (std::filesystem::exists(from, failed)) {
    TRY(SettleFiles(from, backfill));
    decode::DurableFiles& files = decode::PosixDurableFiles();
    TRY(files.CreateDirectory(to));
    for (const decode::DirectoryEntry& entry : TRY(files.List(from))) {
      if (!entry.name.ends_with(kFinishedLetters)) continue;
      TRY(files.Rename(fmt::format("{}/{}", from, entry.name),
                       fmt::format("{}/backfill-{}-{}", to, backfill.id, entry.name)));
    }
    TRY(files.SyncDirectory(to));
    TRY(files.SyncDirectory(from));
  }
  // Nothing of it is needed any more; what cannot be removed does no harm.
  if (!backfill.is_open()) std::filesystem::remove_all(options.state_directory, failed);
  return {};
}

}  // namespace kafka_iceberg::engine
