// SPDX-License-Identifier: Apache-2.0
#include "engine/source_stage.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kPollTimeout = std::chrono::milliseconds(50);
constexpr Duration kPushPatience = std::chrono::seconds(1);
constexpr Duration kKafkaTimeout = std::chrono::seconds(10);
constexpr Duration kDescribeTimeout = std::chrono::seconds(2);
constexpr int32_t kFailuresMax = 10;
// What a record costs beside its payload: the view, and about 400 bytes inside librdkafka.
constexpr size_t kRecordOverhead = sizeof(Record) + 400;
constexpr size_t kDeferredMax = 1000;

bool CarriesOffsets(const kafka::SourceEvent& event) {
  return std::holds_alternative<SourceBatch>(event) ||
         std::holds_alternative<kafka::EndOfPartition>(event);
}

// The memory of a batch, shared by the parts it was split into.
class SharedOwner final : public BatchOwner {
 public:
  explicit SharedOwner(std::shared_ptr<BatchOwner> owner) : owner_(std::move(owner)) {}

 private:
  const std::shared_ptr<BatchOwner> owner_;
};

}  // namespace

SourceStage::SourceStage(SourceStageOptions options, SourceStageContext context)
    : options_(std::move(options)), context_(std::move(context)) {
  CHECK(!context_.writers.empty());
}

Status SourceStage::Run(const std::stop_token& stop) {
  stop_ = stop;
  const Status status = RunToTheEnd(stop);
  gauges_updated_ = SteadyTime{0};  // the last word on positions and lag
  UpdateGauges();
  const Status closed = context_.source.Close();
  if (status.ok()) return closed;
  return status;
}

Status SourceStage::RunToTheEnd(const std::stop_token& stop) {
  while (true) {
    TRY(RunLoop(stop));
    const Status status = Shutdown();
    if (status.ok() || !ended_ || stop.stop_requested() || aborted_.load()) return status;
    const ErrorCode code = status.error().code();
    if (code != ErrorCode::kConflict && code != ErrorCode::kTimeout) return status;
    // The end was reached, but its flush was dropped or waits for an outage to pass. Nobody is in a
    // hurry: the end is when everything is committed.
    ended_ = false;
    MutexLock lock(status_mutex_);
    status_.state = EngineState::kRunning;
  }
}

Status SourceStage::RunLoop(const std::stop_token& stop) {
  while (!stop.stop_requested() && !aborted_.load() && !ended_) TRY(Step());
  return {};
}

Status SourceStage::Step() {
  TRY(DrainControl());
  TRY(ApplyBackPressure());
  for (kafka::SourceEvent& event : context_.source.Poll(kPollTimeout)) {
    deferred_.push_back({.generation = generation_, .event = std::move(event)});
  }
  while (!deferred_.empty()) {
    DeferredEvent next = std::move(deferred_.front());
    deferred_.pop_front();
    // A reset went back to the ledger: records taken before it would leave a gap if they were used
    // now.
    if (next.generation != generation_ && CarriesOffsets(next.event)) continue;
    TRY(HandleEvent(std::move(next.event)));
  }
  TRY(CutIfDue());
  if (options_.stop_at_end && ReachedEnd()) ended_ = true;
  UpdateGauges();
  return {};
}

Status SourceStage::HandleEvent(kafka::SourceEvent event) {
  if (auto* batch = std::get_if<SourceBatch>(&event)) return HandleBatch(std::move(*batch));
  if (const auto* assigned = std::get_if<kafka::PartitionsAssigned>(&event)) {
    return HandleAssigned(assigned->partitions);
  }
  if (const auto* revoked = std::get_if<kafka::PartitionsRevoked>(&event)) {
    return HandleRevoked(revoked->partitions);
  }
  if (const auto* lost = std::get_if<kafka::PartitionsLost>(&event))
    return HandleLost(lost->partitions);
  if (const auto* end = std::get_if<kafka::EndOfPartition>(&event)) {
    // Control records and aborted transactions at the end are covered too; nothing to do when
    // already past it.
    [[maybe_unused]] const bool moved = tracker_.Advance(end->partition, end->next_offset);
    return {};
  }
  if (const auto* trouble = std::get_if<kafka::SourceTrouble>(&event)) {
    context_.metrics
        .GetCounter("kafka_iceberg_source_errors_total",
                    {{"reason", std::string(ToString(trouble->error.code()))}})
        .Add();
    context_.logger.Warn("kafka is in trouble, trying again; nothing is lost",
                         {{"reason", trouble->error.message()}});
    return {};
  }
  return std::get<kafka::SourceFailed>(event).error;
}

// Keeps the records of partitions that are ours and that come after what was delivered, run by run:
// a run is a stretch of records of one partition, in offset order.
void SourceStage::KeepDeliverable(SourceBatch& batch) {
  auto kept = batch.records.begin();
  for (auto run = batch.records.begin(); run != batch.records.end();) {
    const auto end = std::find_if(run, batch.records.end(), [&](const Record& record) {
      return record.partition != run->partition;
    });
    const TopicPartition partition{batch.topic, run->partition};
    const auto position = tracker_.Position(partition);
    // A partition that is gone, or records a reset sent back: they will come again, to whoever owns
    // them.
    const auto first = !position ? end : std::find_if(run, end, [&](const Record& record) {
      return record.offset >= *position;
    });
    if (first != end && tracker_.Advance(partition, std::prev(end)->offset + 1)) {
      kept = std::move(first, end, kept);
    }
    run = end;
  }
  batch.records.erase(kept, batch.records.end());
}

Status SourceStage::HandleBatch(SourceBatch batch) {
  KeepDeliverable(batch);
  if (batch.records.empty()) return {};
  if (!epoch_started_) epoch_started_ = context_.clock.Steady();
  epoch_records_ += static_cast<int64_t>(batch.records.size());
  context_.metrics.GetCounter("kafka_iceberg_records_consumed_total")
      .Add(static_cast<double>(batch.records.size()));
  context_.metrics.GetCounter("kafka_iceberg_bytes_consumed_total")
      .Add(static_cast<double>(batch.bytes));
  {
    MutexLock lock(status_mutex_);
    status_.records_consumed += static_cast<int64_t>(batch.records.size());
  }
  return Route(std::move(batch));
}

Status SourceStage::Route(SourceBatch batch) {
  if (active_writers_ == 1) return SendToWriter(0, std::move(batch));
  const uint64_t generation = generation_;
  std::vector<SourceBatch> parts = Split(std::move(batch));
  for (size_t writer = 0; writer < parts.size() && generation_ == generation; ++writer) {
    if (!parts[writer].records.empty()) TRY(SendToWriter(writer, std::move(parts[writer])));
  }
  return {};
}

// A partition always goes to the same writer within an epoch.
std::vector<SourceBatch> SourceStage::Split(SourceBatch batch) const {
  std::vector<SourceBatch> parts(active_writers_);
  const std::shared_ptr<BatchOwner> owner = std::move(batch.owner);
  for (SourceBatch& part : parts) {
    part.topic = batch.topic;
    part.owner = std::make_unique<SharedOwner>(owner);
    part.records.reserve(batch.records.size());
  }
  for (const Record& record : batch.records) {
    SourceBatch& part = parts[static_cast<size_t>(record.partition) % active_writers_];
    part.bytes += record.key.size() + record.value.size();
    part.records.push_back(record);
  }
  return parts;
}

Status SourceStage::SendToWriter(size_t writer, SourceBatch batch) {
  const size_t bytes = batch.bytes + batch.records.size() * kRecordOverhead;
  WriterMessage message = DataMessage{.epoch = epoch_,
                                      .generation = generation_,
                                      .progress = progress_,
                                      .batch = std::move(batch),
                                      .taken_at = context_.clock.Steady()};
  while (!context_.writers[writer]->PushFor(message, bytes, kPushPatience)) {
    if (aborted_.load()) return Error::Cancelled("stopped at once");
    // The writer is busy for long: stop fetching, but keep the group membership alive and hear what
    // went wrong.
    if (!paused_) TRY(PauseAll());
    TRY(DrainControl());
    if (std::get<DataMessage>(message).generation != generation_)
      return {};  // a reset will read it again
    if (deferred_.size() >= kDeferredMax) continue;
    for (kafka::SourceEvent& event : context_.source.Poll(Duration::zero())) {
      deferred_.push_back({.generation = generation_, .event = std::move(event)});
    }
  }
  return {};
}

Status SourceStage::DrainControl() {
  while (auto message = context_.control.Pop(Duration::zero()))
    TRY(HandleControl(*std::move(message)));
  return {};
}

Status SourceStage::WaitForControl(Duration timeout) {
  if (auto message = context_.control.Pop(timeout)) TRY(HandleControl(*std::move(message)));
  return {};
}

Status SourceStage::HandleControl(ControlMessage message) {
  if (const auto* committed = std::get_if<EpochCommitted>(&message))
    return HandleCommitted(*committed);
  if (const auto* fenced = std::get_if<EpochFenced>(&message)) {
    if (fenced->generation != generation_) return {};
    context_.logger.Warn(
        "fenced: another writer owns part of these offsets; going back to the table's ledger",
        {{"table", context_.table.identifier().ToString()}, {"explanation", fenced->explanation}});
    return Reset("fenced");
  }
  if (const auto* failed = std::get_if<StageFailed>(&message)) return HandleFailure(*failed);
  return {};  // StageDiscarded of a reset that gave up waiting
}

Status SourceStage::HandleCommitted(const EpochCommitted& committed) {
  if (committed.generation != generation_) return {};
  CHECK(!in_flight_.empty() && in_flight_.front().epoch == committed.epoch);
  in_flight_.pop_front();
  failures_in_a_row_ = 0;
  for (const auto& [topic, ranges] : committed.ranges) {
    for (const auto& [partition, range] : ranges) {
      committed_[TopicPartition{topic.topic, partition}] = range.end;
    }
  }
  {
    MutexLock lock(status_mutex_);
    ++status_.commits;
    status_.rows_committed += committed.rows;
    status_.dead_letters += committed.dead_letters;
    if (committed.result.snapshot_id != 0) status_.snapshot_id = committed.result.snapshot_id;
    status_.data_files += committed.result.files_added;
    status_.last_commit_at = committed.result.committed_at;
    status_.last_commit_duration = committed.result.duration;
  }
  CommitGroupOffsets(committed.ranges);
  return {};
}

void SourceStage::CommitGroupOffsets(const commit::EpochRanges& ranges) {
  std::map<TopicPartition, int64_t> next_offsets;
  for (const auto& [topic, partitions] : ranges) {
    for (const auto& [partition, range] : partitions) {
      const TopicPartition name{topic.topic, partition};
      if (tracker_.Position(name)) next_offsets[name] = range.end;  // only what is still ours
    }
  }
  if (next_offsets.empty()) return;
  if (context_.step_hook) context_.step_hook("before_offsets");
  const Status status = context_.source.CommitOffsets(next_offsets, kKafkaTimeout);
  if (context_.step_hook) context_.step_hook("after_offsets");
  if (!status.ok()) {
    context_.logger.Warn("cannot commit offsets to the consumer group; the table is not affected",
                         {{"reason", status.error().message()}});
    return;
  }
  context_.committer.PushControl(OffsetsCommitted{.ranges = ranges});
}

Status SourceStage::HandleFailure(const StageFailed& failed) {
  if (failed.generation == kEveryGeneration) return failed.error;
  if (failed.generation != generation_) return {};
  const ErrorCode code = failed.error.code();
  // An outage is waited for as long as it lasts: /readyz and the log say so. What comes back again
  // and again for another reason is for somebody to look at.
  const bool is_outage = code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout;
  const bool may_pass =
      is_outage || code == ErrorCode::kCommitUnknown || code == ErrorCode::kConflict;
  ++failures_in_a_row_;
  if (!may_pass || (!is_outage && failures_in_a_row_ > kFailuresMax)) return failed.error;
  const Duration pause = options_.reset_retry.DelayAfter(failures_in_a_row_, context_.random);
  context_.logger.Warn(
      "a flush failed; its records will be read again from the table's ledger",
      {{"reason", failed.error.message()}, {"failures_in_a_row", failures_in_a_row_}});
  TRY(PauseAll());
  const SteadyTime until = context_.clock.Steady() + pause;
  while (context_.clock.Steady() < until && !aborted_.load()) {
    [[maybe_unused]] const bool slept = context_.clock.SleepFor(kPollTimeout, std::stop_token());
  }
  return Reset("failure");
}

Status SourceStage::CutIfDue() {
  if (!epoch_started_ || in_flight_.size() >= static_cast<size_t>(options_.epochs_in_flight_max)) {
    return {};
  }
  if (progress_->hot_bytes.load() >= options_.flush_bytes) return CutEpoch("bytes");
  if (progress_->files_closed.load() >= options_.flush_files) return CutEpoch("files");
  if (context_.clock.Steady() - *epoch_started_ >= options_.flush_interval) {
    return CutEpoch("interval");
  }
  return {};
}

// The client reads a recreated topic on at the old offset without a word, and its watch may be
// seconds late: the ids are compared before each commit. A broker that is away cannot have
// delivered anything new.
Status SourceStage::CheckTopicsUnchanged() {
  for (const auto& [name, known] : topics_) {
    if (known.topic_id.empty()) continue;
    const Result<SourceTopic> now = context_.source.DescribeTopic(name, kDescribeTimeout);
    if (!now.ok()) {
      if (now.error().code() == ErrorCode::kNotFound) return now.error();
      continue;
    }
    if (now->topic_id != known.topic_id && !now->topic_id.empty()) {
      return Error::Invalid(
          "topic {} was recreated while it was being read (topic id {} became {}); what was not "
          "committed is dropped. "
          "Use another table for the new topic, or run `kafka-iceberg run --accept-new-topic` to "
          "append it to this one",
          name, known.topic_id, now->topic_id);
    }
  }
  return {};
}

// Nothing happens when there is nothing to flush.
Status SourceStage::CutEpoch(std::string_view reason) {
  if (!tracker_.HasUncut()) return {};
  TRY(CheckTopicsUnchanged());
  EpochSealed sealed{.epoch = epoch_,
                     .generation = generation_,
                     .ranges = tracker_.Cut(),
                     .records = epoch_records_,
                     .reason = std::string(reason),
                     .sealed_at = context_.clock.Steady()};
  for (BoundedQueue<WriterMessage>* writer : context_.writers) {
    writer->PushControl(EndEpochMessage{.epoch = epoch_, .generation = generation_});
  }
  context_.committer.PushControl(std::move(sealed));
  in_flight_.push_back({.epoch = epoch_, .sealed_at = context_.clock.Steady()});
  const bool busy = progress_->hot_bytes.load() >= options_.single_writer_bytes;
  active_writers_ = busy ? context_.writers.size() : 1;
  StartEpoch();
  return {};
}

void SourceStage::StartEpoch() {
  ++epoch_;
  epoch_records_ = 0;
  epoch_started_.reset();
  progress_ = std::make_shared<EpochProgress>();
}

Status SourceStage::WaitUntilCommitted(Duration timeout) {
  const SteadyTime deadline = context_.clock.Steady() + timeout;
  const uint64_t generation = generation_;
  while (!in_flight_.empty() && generation_ == generation) {
    const SteadyTime now = context_.clock.Steady();
    if (now >= deadline || aborted_.load())
      return Error::Timeout("the last flush was not committed in time");
    TRY(WaitForControl(std::min(kPollTimeout, deadline - now)));
  }
  if (generation_ != generation)
    return Error::Conflict("the last flush was dropped and will be read again");
  return {};
}

bool SourceStage::ReachedEnd() const {
  if (end_targets_.empty()) return false;
  return std::ranges::all_of(end_targets_, [&](const auto& target) {
    const auto position = tracker_.Position(target.first);
    return position && *position >= target.second;
  });
}

Status SourceStage::Shutdown() {
  if (aborted_.load())
    return Error::Cancelled("stopped at once; uncommitted records will be read again");
  {
    MutexLock lock(status_mutex_);
    status_.state = EngineState::kStopping;
  }
  TRY(CutEpoch("shutdown"));
  return WaitUntilCommitted(options_.shutdown_timeout);
}

}  // namespace kafka_iceberg::engine
