// SPDX-License-Identifier: Apache-2.0
#include "engine/writer_stage.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <iterator>

#include "core/check.h"

namespace kafka_iceberg::engine {
namespace {

// A decoder tells what a record asks for at most once for the schema and once for the values of the
// record, and of its key; each may be told by the decoders of the schemas before and after a
// switch. A switch is progress: a record may ask for one after the other of its columns to be
// widened.
constexpr int kCallsOnOneRecordMax = 16;

int64_t BatchBytes(const arrow::RecordBatch& rows) { return arrow::util::TotalBufferSize(rows); }

}  // namespace

Result<std::unique_ptr<WriterStage>> WriterStage::Open(WriterStageOptions options,
                                                       WriterStageContext context) {
  WriteSchemaPtr schema = context.schemas.Current();
  WriterTools tools = TRY(context.make_tools(*schema));
  return std::unique_ptr<WriterStage>(
      new WriterStage(options, std::move(context), std::move(schema), std::move(tools)));
}

WriterStage::WriterStage(WriterStageOptions options, WriterStageContext context,
                         WriteSchemaPtr schema, WriterTools tools)
    : options_(options),
      context_(std::move(context)),
      schema_(std::move(schema)),
      tools_(std::move(tools)),
      generation_(options_.generation),
      rows_decoded_(context_.metrics.GetCounter("kafka_iceberg_rows_decoded_total")),
      tombstones_(context_.metrics.GetCounter("kafka_iceberg_tombstones_total")),
      ignored_fields_(context_.metrics.GetCounter("kafka_iceberg_ignored_fields_total")),
      rescued_fields_(context_.metrics.GetCounter("kafka_iceberg_rescued_fields_total")),
      visible_latency_(context_.metrics.GetHistogram("kafka_iceberg_visible_latency_seconds")) {}

void WriterStage::Handle(WriterMessage message) {
  if (auto* data = std::get_if<DataMessage>(&message)) {
    HandleData(std::move(*data));
  } else if (const auto* end = std::get_if<EndEpochMessage>(&message)) {
    HandleEndEpoch(*end);
  } else {
    HandleDiscard(std::get<DiscardMessage>(message));
  }
}

void WriterStage::HandleData(DataMessage message) {
  if (failed_ || message.generation != generation_) return;
  CHECK(message.epoch >= epoch_);
  const bool is_new_epoch = message.epoch != epoch_;
  epoch_ = message.epoch;
  progress_ = message.progress;
  // In the middle of an epoch only for records that need it: each switch ends the files at hand.
  if (is_new_epoch) {
    if (Status status = SwitchTo(context_.schemas.AtNewEpoch()); !status.ok())
      return Fail(status.error());
  }
  if (!oldest_pending_) oldest_pending_ = message.taken_at;
  if (Status status = DecodeAll(message.batch); !status.ok()) return Fail(status.error());
  if (tools_.decoder->pending_rows() >= options_.seal_rows ||
      tools_.decoder->pending_bytes() >= options_.seal_bytes) {
    if (Status status = SealPending(); !status.ok()) Fail(status.error());
  } else {
    Tick();
  }
}

Status WriterStage::DecodeAll(const SourceBatch& batch) {
  std::span<const Record> records = batch.records;
  int calls_on_one_record = 0;
  while (true) {
    const size_t letters_before = dead_letters_.size();
    const decode::DecodeStats stats = tools_.decoder->Decode(batch.topic, records, dead_letters_);
    Count(stats, letters_before);
    // Nobody can say now what the others hold: they wait, as for any other outage.
    if (stats.stopped) return stats.stopped->WithContext("a schema cannot be had");
    if (!stats.drift) return {};
    records = records.subspan(static_cast<size_t>(stats.records));
    calls_on_one_record = stats.records == 0 ? calls_on_one_record + 1 : 0;
    CHECK(calls_on_one_record < kCallsOnOneRecordMax);
    const uint64_t version = schema_->version;
    TRY(SwitchTo(TRY(context_.schemas.Settle(*stats.drift))));
    if (schema_->version != version) calls_on_one_record = 0;
  }
}

void WriterStage::Count(const decode::DecodeStats& stats, size_t letters_before) {
  CHECK(stats.records == stats.rows + stats.dead_letters + stats.tombstones);
  CHECK(dead_letters_.size() - letters_before == static_cast<size_t>(stats.dead_letters));
  stats_.records += stats.records;
  stats_.rows += stats.rows;
  stats_.dead_letters += stats.dead_letters;
  stats_.tombstones += stats.tombstones;
  stats_.ignored_fields += stats.ignored_fields;
  rows_decoded_.Add(static_cast<double>(stats.rows));
  const int64_t null_values = stats.tombstones + stats.null_rows;
  if (null_values > 0) tombstones_.Add(static_cast<double>(null_values));
  if (stats.ignored_fields > 0) ignored_fields_.Add(static_cast<double>(stats.ignored_fields));
  if (stats.rescued_fields > 0) rescued_fields_.Add(static_cast<double>(stats.rescued_fields));
  for (size_t i = letters_before; i < dead_letters_.size(); ++i) {
    context_.metrics
        .GetCounter("kafka_iceberg_dead_letters_total", {{"reason", dead_letters_[i].code}})
        .Add();
    // A dead letter is memory too: it counts towards the epoch's size, so a flood of them ends the
    // epoch.
    progress_->hot_bytes += static_cast<int64_t>(dead_letters_[i].value.size() + 256);
  }
  if (stats.dead_letters > 0 && context_.letter_rate != nullptr) {
    const decode::DeadLetter& last = dead_letters_.back();
    context_.letter_rate->Add(stats.dead_letters, fmt::format("{}: {}", last.code, last.reason));
  }
}

Status WriterStage::SwitchTo(WriteSchemaPtr schema) {
  if (schema->version == schema_->version) return {};
  const std::optional<SteadyTime> taken_at = oldest_pending_;
  TRY(SealPending());
  oldest_pending_ = taken_at;
  std::vector<write::StagedFile> files = TRY(tools_.writer->Finish());
  progress_->files_closed += static_cast<int64_t>(files.size()) - files_reported_;
  files_reported_ = 0;
  std::ranges::move(files, std::back_inserter(files_));
  tools_ = TRY(context_.make_tools(*schema));
  schema_ = std::move(schema);
  context_.hot_buffer.SetSchema(schema_->version, tools_.decoder->arrow_schema());
  return {};
}

Status WriterStage::SealPending() {
  const std::shared_ptr<arrow::RecordBatch> rows = tools_.decoder->Seal();
  const std::optional<SteadyTime> taken_at = std::exchange(oldest_pending_, std::nullopt);
  if (rows == nullptr) return {};
  context_.hot_buffer.Append(epoch_, rows);
  progress_->hot_bytes += BatchBytes(*rows);
  if (taken_at) {
    visible_latency_.Observe(
        std::chrono::duration<double>(context_.clock.Steady() - *taken_at).count());
  }
  TRY(tools_.writer->Append(*rows));
  progress_->files_closed += tools_.writer->files_closed() - files_reported_;
  files_reported_ = tools_.writer->files_closed();
  return {};
}

void WriterStage::Tick() {
  if (failed_ || !oldest_pending_ || UntilTick() > Duration::zero()) return;
  if (Status status = SealPending(); !status.ok()) Fail(status.error());
}

Duration WriterStage::UntilTick() const {
  if (!oldest_pending_) return options_.seal_interval;
  return std::max(Duration::zero(),
                  *oldest_pending_ + options_.seal_interval - context_.clock.Steady());
}

void WriterStage::HandleEndEpoch(const EndEpochMessage& message) {
  if (failed_ || message.generation != generation_) return;
  epoch_ = message.epoch;
  if (Status status = FinishEpoch(message); !status.ok()) Fail(status.error());
}

Status WriterStage::FinishEpoch(const EndEpochMessage& message) {
  TRY(SealPending());
  if (context_.step_hook) context_.step_hook("before_upload");
  std::vector<write::StagedFile> files = TRY(FinishFiles());
  EpochPart part{.epoch = message.epoch,
                 .generation = message.generation,
                 .writer = options_.index,
                 .files = std::move(files),
                 .dead_letters = std::exchange(dead_letters_, {}),
                 .stats = std::exchange(stats_, {}),
                 .schema = schema_};
  files_reported_ = 0;
  if (context_.step_hook) context_.step_hook("after_upload");
  int64_t rows_in_files = 0;
  for (const write::StagedFile& file : part.files) rows_in_files += file.file.record_count;
  CHECK(rows_in_files == part.stats.rows);
  context_.send_part(std::move(part));
  return {};
}

// Of all schemas of the epoch.
Result<std::vector<write::StagedFile>> WriterStage::FinishFiles() {
  std::vector<write::StagedFile> last = TRY(tools_.writer->Finish());
  std::vector<write::StagedFile> files = std::exchange(files_, {});
  std::ranges::move(last, std::back_inserter(files));
  return files;
}

void WriterStage::HandleDiscard(const DiscardMessage& message) {
  [[maybe_unused]] const auto dropped_rows = tools_.decoder->Seal();
  oldest_pending_.reset();
  stats_ = {};
  dead_letters_.clear();
  Drop(tools_.writer->Abandon());
  Drop(std::exchange(files_, {}));
  files_reported_ = 0;
  generation_ = message.generation;
  failed_ = false;
  context_.send_control(StageDiscarded{.generation = message.generation});
}

void WriterStage::Fail(Error error) {
  failed_ = true;
  context_.send_control(StageFailed{.generation = generation_, .error = std::move(error)});
}

void WriterStage::Drop(const std::vector<write::StagedFile>& files) {
  // These files were never offered to a commit, so nothing can refer to them. What cannot be
  // deleted now is an orphan.
  for (const write::StagedFile& file : files) {
    if (const Status status = context_.store.Delete(file.file.file_path); !status.ok()) {
      context_.logger.Warn("cannot delete a data file that was never committed",
                           {{"file", file.file.file_path}, {"reason", status.error().message()}});
    }
  }
}

}  // namespace kafka_iceberg::engine
