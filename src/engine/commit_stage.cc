// SPDX-License-Identifier: Apache-2.0
#include "engine/commit_stage.h"

#include <iterator>
#include <utility>

#include "core/check.h"
#include "iceberg/table_metadata_json.h"
#include "write/verify_file.h"

namespace kafka_iceberg::engine {
namespace {

constexpr int64_t kTrimEveryCommits = 500;

bool MayPass(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kCommitUnknown ||
         code == ErrorCode::kTimeout;
}

}  // namespace

CommitStage::CommitStage(CommitStageOptions options, CommitStageContext context)
    : options_(std::move(options)),
      context_(std::move(context)),
      schema_json_(iceberg::SchemaToJson(context_.schemas.Current()->metadata->schema())) {}

void CommitStage::Handle(CommitMessage message, const std::stop_token& stop) {
  if (auto* part = std::get_if<EpochPart>(&message)) {
    if (part->generation != generation_ || blocked_) return;
    pending_[part->epoch].parts.push_back(std::move(*part));
  } else if (auto* sealed = std::get_if<EpochSealed>(&message)) {
    if (sealed->generation != generation_ || blocked_) return;
    pending_[sealed->epoch].sealed = std::move(*sealed);
  } else if (const auto* offsets = std::get_if<OffsetsCommitted>(&message)) {
    Record({commit::OffsetCommit{.table = options_.table, .ranges = offsets->ranges}});
    return;
  } else {
    HandleDiscard(std::get<DiscardMessage>(message));
    return;
  }
  CommitReady(stop);
}

void CommitStage::CommitReady(const std::stop_token& stop) {
  while (!pending_.empty() && !blocked_) {
    Pending& oldest = pending_.begin()->second;
    const bool complete =
        oldest.sealed && oldest.parts.size() == static_cast<size_t>(options_.writers);
    if (!complete) return;
    EpochSealed sealed = *std::move(oldest.sealed);
    std::vector<EpochPart> parts = std::move(oldest.parts);
    pending_.erase(pending_.begin());
    blocked_ = !CommitOne(std::move(sealed), std::move(parts), stop);
  }
}

bool CommitStage::CommitOne(EpochSealed sealed, std::vector<EpochPart> parts,
                            const std::stop_token& stop) {
  context_.metrics.GetCounter("kafka_iceberg_flushes_total", {{"reason", sealed.reason}}).Add();
  context_.metrics.GetHistogram("kafka_iceberg_flush_duration_seconds")
      .Observe(std::chrono::duration<double>(context_.clock.Steady() - sealed.sealed_at).count());
  Result<commit::FlushEpoch> epoch = Assemble(sealed, parts);
  if (!epoch.ok()) {
    context_.send_control(StageFailed{.generation = sealed.generation, .error = epoch.error()});
    return false;
  }
  // Letters are delivered in the order of the commits that named them, whosever they are.
  const Status settled = RetryLetters([&] { return context_.dead_letters.Settle(); }, stop);
  if (!settled.ok()) {
    context_.send_control(StageFailed{.generation = sealed.generation, .error = settled.error()});
    return false;
  }
  epoch->letters_delivered = context_.dead_letters.Delivered();
  Result<commit::SnapshotCommitResult> result = CommitUntilDecided(*epoch, stop);
  if (result.ok()) {
    context_.dead_letters.Forget(epoch->letters_delivered);
    const Status published =
        RetryLetters([&] { return context_.dead_letters.Publish(epoch->uuid); }, stop);
    if (!published.ok()) {
      // They are durable, and the next commit or start meets them again: before it does anything
      // else.
      context_.logger.Error("dead letters are not finished",
                            {{"table", options_.table}, {"reason", published.error().message()}});
    }
    Finish(sealed, *epoch, *result);
    return true;
  }
  telemetry::Labels labels = options_.labels;
  labels["outcome"] = ToString(result.error().code());
  context_.metrics.GetCounter("kafka_iceberg_commit_failures_total", labels).Add();
  if (result.error().code() == ErrorCode::kConflict) {
    // Fenced is proven: the letters' records belong to somebody else, or will be decoded again.
    if (const Status status = context_.dead_letters.Discard(epoch->uuid); !status.ok()) {
      context_.logger.Warn("cannot drop staged dead letters; the next start decides about them",
                           {{"reason", status.error().message()}});
    }
    Record({commit::FlushComplete{.table = options_.table, .epoch_uuid = epoch->uuid}});
    context_.send_control(
        EpochFenced{.generation = sealed.generation, .explanation = result.error().message()});
  } else {
    context_.send_control(StageFailed{.generation = sealed.generation, .error = result.error()});
  }
  return false;
}

// From parts to one epoch whose files are checked and whose story is durable, ready to be committed
// or adopted.
Result<commit::FlushEpoch> CommitStage::Assemble(EpochSealed& sealed,
                                                 std::vector<EpochPart>& parts) {
  commit::FlushEpoch epoch{.uuid = NewUuid(context_.random),
                           .snapshot_id = context_.coordinator.NewSnapshotId(),
                           .ranges = sealed.ranges,
                           .table_uuid = options_.table_uuid};
  epoch.ledger_generation = TRY(commit::ReadLedger(*context_.table.Current().metadata)).generation;
  std::vector<decode::DeadLetter> letters = std::move(sealed.dead_letters);
  auto records = static_cast<int64_t>(letters.size());
  uint64_t schema_version = 0;
  for (EpochPart& part : parts) {
    if (part.schema->version > schema_version) {
      schema_version = part.schema->version;
      epoch.schema = part.schema->pending;
    }
    records += part.stats.records;
    epoch.rows += part.stats.rows;
    std::ranges::move(part.files, std::back_inserter(epoch.files));
    std::ranges::move(part.dead_letters, std::back_inserter(letters));
  }
  // What was handed to the writers is what came out of them: nothing vanished in between.
  CHECK(records == sealed.records);
  epoch.dead_letters = static_cast<int64_t>(letters.size());

  int64_t bytes = 0;
  std::vector<commit::TransactionEntry> entries;
  for (const write::StagedFile& file : epoch.files) {
    TRY(write::VerifyFile(file, context_.store));
    bytes += file.file.file_size_in_bytes;
    entries.push_back(
        commit::ParquetWritten{.table = options_.table, .epoch_uuid = epoch.uuid, .file = file});
  }
  context_.metrics.GetCounter("kafka_iceberg_data_files_written_total")
      .Add(static_cast<double>(epoch.files.size()));
  context_.metrics.GetCounter("kafka_iceberg_data_bytes_written_total")
      .Add(static_cast<double>(bytes));
  if (!letters.empty()) {
    Stamp(letters);
    epoch.letters =
        TRY(context_.dead_letters.Stage({.uuid = epoch.uuid, .ranges = epoch.ranges}, letters));
  }
  entries.push_back(commit::BufferSnapshot{.table = options_.table,
                                           .epoch_uuid = epoch.uuid,
                                           .snapshot_id = epoch.snapshot_id,
                                           .ranges = epoch.ranges,
                                           .rows = epoch.rows,
                                           .dead_letters = epoch.dead_letters,
                                           .files = static_cast<int64_t>(epoch.files.size()),
                                           .table_uuid = options_.table_uuid,
                                           .ledger_generation = epoch.ledger_generation,
                                           .letters = epoch.letters,
                                           .schema = epoch.schema});
  TRY(context_.log.Append(entries));
  return epoch;
}

Result<commit::SnapshotCommitResult> CommitStage::CommitUntilDecided(
    const commit::FlushEpoch& epoch, const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    Result<commit::SnapshotCommitResult> result = context_.coordinator.Commit(epoch, stop);
    if (result.ok()) {
      SetTrouble("");
      return result;
    }
    if (!WaitAfter(result.error(), attempt, stop)) return result;
  }
}

bool CommitStage::WaitAfter(const Error& error, int attempt, const std::stop_token& stop) {
  if (!MayPass(error.code())) return false;
  SetTrouble(error.message());
  const Duration pause = options_.outage_retry.DelayAfter(attempt, context_.random);
  context_.logger.Warn(
      "commit not decided yet, trying again; nothing is lost",
      {{"table", options_.table},
       {"reason", error.message()},
       {"attempt", attempt},
       {"retry_in_ms", std::chrono::duration_cast<std::chrono::milliseconds>(pause).count()}});
  return context_.clock.SleepFor(pause, stop) && discard_requested_.load() <= generation_;
}

Status CommitStage::RetryLetters(const std::function<Status()>& call, const std::stop_token& stop) {
  for (int attempt = 1;; ++attempt) {
    const Status status = call();
    if (status.ok()) {
      if (attempt > 1) SetTrouble("");
      return {};
    }
    if (!WaitAfter(status.error(), attempt, stop)) return status;
  }
}

void CommitStage::Stamp(std::vector<decode::DeadLetter>& letters) const {
  const int64_t now_ms = ToMillis(context_.clock.Now());
  for (decode::DeadLetter& letter : letters) {
    letter.version = options_.version;
    letter.written_ms = now_ms;
  }
}

void CommitStage::Finish(const EpochSealed& sealed, const commit::FlushEpoch& epoch,
                         const commit::SnapshotCommitResult& result) {
  // The table has it: from here on failures are reported, never undone.
  const auto snapshot_id =
      result.snapshot_id == 0 ? std::nullopt : std::optional<int64_t>(result.snapshot_id);
  context_.hot_buffer.Commit(sealed.epoch, snapshot_id);
  context_.metadata_cache.Put(context_.table.Current());
  Record({commit::FlushComplete{.table = options_.table, .epoch_uuid = epoch.uuid}});
  if (epoch.schema != nullptr) TellOfSchema(epoch);
  if (++commits_since_trim_ >= kTrimEveryCommits) {
    commits_since_trim_ = 0;
    if (const Status status = context_.log.Trim(options_.log_entries_max); !status.ok()) {
      context_.logger.Warn("cannot trim the transaction log",
                           {{"reason", status.error().message()}});
    }
  }
  if (!result.already_committed) {
    context_.metrics.GetCounter("kafka_iceberg_rows_committed_total", options_.labels)
        .Add(static_cast<double>(epoch.rows));
  }
  context_.metrics.GetGauge("kafka_iceberg_last_commit_timestamp_seconds", options_.labels)
      .Set(static_cast<double>(ToMillis(result.committed_at)) / 1000);
  context_.send_control(EpochCommitted{.epoch = sealed.epoch,
                                       .generation = sealed.generation,
                                       .ranges = epoch.ranges,
                                       .rows = result.already_committed ? 0 : epoch.rows,
                                       .dead_letters = epoch.dead_letters,
                                       .result = result});
}

void CommitStage::TellOfSchema(const commit::FlushEpoch& epoch) {
  std::string schema_json = iceberg::SchemaToJson(*epoch.schema);
  if (schema_json == schema_json_) return;
  context_.metrics.GetCounter("kafka_iceberg_schema_evolutions_total").Add();
  context_.logger.Info("schema evolved", {{"table", options_.table}, {"epoch", epoch.uuid}});
  Record({commit::SchemaEvolution{
      .table = options_.table, .old_schema = schema_json_, .new_schema = schema_json}});
  schema_json_ = std::move(schema_json);
}

void CommitStage::HandleDiscard(const DiscardMessage& message) {
  pending_.clear();
  context_.schemas.Restart();
  blocked_ = false;
  generation_ = message.generation;
  SetTrouble("");
  context_.send_control(StageDiscarded{.generation = message.generation});
}

void CommitStage::Tick() {
  if (context_.checks == nullptr) return;
  std::vector<commit::TransactionEntry> entries;
  for (const catalog::CatalogCheck& check : context_.checks->Take()) {
    if (check.status.ok()) {
      if (was_unhealthy_) SetTrouble("");
    } else {
      SetTrouble(check.status.error().message());
      entries.push_back(commit::CatalogError{.catalog_type = options_.catalog_type,
                                             .error_message = check.status.error().message(),
                                             .retry_count = check.failures_in_a_row});
    }
    was_unhealthy_ = !check.status.ok();
    entries.push_back(commit::CatalogHealthCheck{
        .catalog_type = options_.catalog_type,
        .is_healthy = check.status.ok(),
        .response_time_ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(check.took).count()});
  }
  if (!entries.empty()) Record(std::move(entries));
}

std::string CommitStage::trouble() const {
  MutexLock lock(trouble_mutex_);
  return trouble_;
}

void CommitStage::SetTrouble(std::string trouble) {
  MutexLock lock(trouble_mutex_);
  trouble_ = std::move(trouble);
}

void CommitStage::Record(std::vector<commit::TransactionEntry> entries) {
  if (const auto appended = context_.log.Append(entries); !appended.ok()) {
    context_.logger.Warn("cannot write the transaction log; the table is not affected",
                         {{"reason", appended.error().message()}});
  }
}

}  // namespace kafka_iceberg::engine
