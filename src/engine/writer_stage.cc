// SPDX-License-Identifier: Apache-2.0
#include "engine/writer_stage.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>

#include "core/check.h"

namespace kafka_iceberg::engine {
namespace {

int64_t BatchBytes(const arrow::RecordBatch& rows) { return arrow::util::TotalBufferSize(rows); }

}  // namespace

WriterStage::WriterStage(WriterStageOptions options, WriterStageContext context,
                         std::unique_ptr<decode::Decoder> decoder,
                         std::unique_ptr<write::TableWriter> writer)
    : options_(options),
      context_(std::move(context)),
      decoder_(std::move(decoder)),
      writer_(std::move(writer)),
      rows_decoded_(context_.metrics.GetCounter("kafka_iceberg_rows_decoded_total")),
      tombstones_(context_.metrics.GetCounter("kafka_iceberg_tombstones_total")),
      ignored_fields_(context_.metrics.GetCounter("kafka_iceberg_ignored_fields_total")),
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
  epoch_ = message.epoch;
  progress_ = message.progress;
  if (!oldest_pending_) oldest_pending_ = message.taken_at;

  const size_t letters_before = dead_letters_.size();
  const decode::DecodeStats stats =
      decoder_->Decode(message.batch.topic, message.batch.records, dead_letters_);
  CHECK(stats.records == stats.rows + stats.dead_letters + stats.tombstones);
  CHECK(dead_letters_.size() - letters_before == static_cast<size_t>(stats.dead_letters));
  stats_.records += stats.records;
  stats_.rows += stats.rows;
  stats_.dead_letters += stats.dead_letters;
  stats_.tombstones += stats.tombstones;
  stats_.ignored_fields += stats.ignored_fields;
  rows_decoded_.Add(static_cast<double>(stats.rows));
  if (stats.tombstones > 0) tombstones_.Add(static_cast<double>(stats.tombstones));
  if (stats.ignored_fields > 0) ignored_fields_.Add(static_cast<double>(stats.ignored_fields));
  for (size_t i = letters_before; i < dead_letters_.size(); ++i) {
    context_.metrics
        .GetCounter("kafka_iceberg_dead_letters_total", {{"reason", dead_letters_[i].code}})
        .Add();
    // A dead letter is memory too: it counts towards the epoch's size, so a flood of them ends the
    // epoch.
    progress_->hot_bytes += static_cast<int64_t>(dead_letters_[i].value.size() + 256);
  }

  if (stats.stopped) {
    // Nobody can say now what these records hold: they wait, as for any other outage.
    return Fail(stats.stopped->WithContext("a schema cannot be had"));
  }
  if (decoder_->pending_rows() >= options_.seal_rows ||
      decoder_->pending_bytes() >= options_.seal_bytes) {
    if (Status status = SealPending(); !status.ok()) Fail(status.error());
  } else {
    Tick();
  }
}

Status WriterStage::SealPending() {
  const std::shared_ptr<arrow::RecordBatch> rows = decoder_->Seal();
  const std::optional<SteadyTime> taken_at = std::exchange(oldest_pending_, std::nullopt);
  if (rows == nullptr) return {};
  context_.hot_buffer.Append(epoch_, rows);
  progress_->hot_bytes += BatchBytes(*rows);
  if (taken_at) {
    visible_latency_.Observe(
        std::chrono::duration<double>(context_.clock.Steady() - *taken_at).count());
  }
  TRY(writer_->Append(*rows));
  progress_->files_closed += writer_->files_closed() - files_reported_;
  files_reported_ = writer_->files_closed();
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
  EpochPart part{.epoch = message.epoch,
                 .generation = message.generation,
                 .writer = options_.index,
                 .files = TRY(writer_->Finish()),
                 .dead_letters = std::exchange(dead_letters_, {}),
                 .stats = std::exchange(stats_, {})};
  files_reported_ = 0;
  if (context_.step_hook) context_.step_hook("after_upload");
  int64_t rows_in_files = 0;
  for (const write::StagedFile& file : part.files) rows_in_files += file.file.record_count;
  CHECK(rows_in_files == part.stats.rows);
  context_.send_part(std::move(part));
  return {};
}

void WriterStage::HandleDiscard(const DiscardMessage& message) {
  [[maybe_unused]] const auto dropped_rows = decoder_->Seal();
  oldest_pending_.reset();
  stats_ = {};
  dead_letters_.clear();
  Drop(writer_->Abandon());
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
