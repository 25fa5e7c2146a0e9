// SPDX-License-Identifier: Apache-2.0
#include "engine/tables/table_flow.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace kafka_iceberg::engine {
namespace {

// What a dead letter costs beside its key and value, roughly.
constexpr size_t kLetterOverhead = 256;

}  // namespace

std::string_view ToString(FlowState state) {
  switch (state) {
    case FlowState::kRunning: return "running";
    case FlowState::kDiscarding: return "resetting";
    case FlowState::kWaiting: return "waiting";
    case FlowState::kBehind: return "behind";
  }
  return "unknown";
}

TableFlow::TableFlow(FlowId id, std::string name, FlowOptions options,
                     std::vector<BoundedQueue<WriterTask>*> writers)
    : id_(id), name_(std::move(name)), options_(options), writers_(std::move(writers)) {
  CHECK(!writers_.empty());
}

void TableFlow::Begin(const TopicPartition& partition, const SourceTopic& topic,
                      const FlowStart& start) {
  tracker_.Start(partition, topic, start.covered_to, start.in_ledger);
  begun_at_[partition] = start.covered_to;
  expected_.erase(partition);
  if (start.in_ledger) {
    committed_[partition] = start.covered_to;
  } else {
    committed_.erase(partition);
  }
  if (start.fetch_from > start.covered_to) CHECK(tracker_.Advance(partition, start.fetch_from));
}

void TableFlow::Remove(const TopicPartition& partition) {
  tracker_.Remove(partition);
  committed_.erase(partition);
  begun_at_.erase(partition);
  expected_.erase(partition);
}

std::optional<int64_t> TableFlow::Position(const TopicPartition& partition) const {
  return tracker_.Position(partition);
}

std::optional<int64_t> TableFlow::Covered(const TopicPartition& partition) const {
  if (const auto found = committed_.find(partition); found != committed_.end()) {
    return found->second;
  }
  const auto begun = begun_at_.find(partition);
  return begun == begun_at_.end() ? std::nullopt : std::optional(begun->second);
}

std::optional<int64_t> TableFlow::Expected(const TopicPartition& partition) const {
  const auto found = expected_.find(partition);
  return found == expected_.end() ? std::nullopt : std::optional(found->second);
}

bool TableFlow::InLedger(const TopicPartition& partition) const {
  return committed_.contains(partition) || expected_.contains(partition);
}

bool TableFlow::Advance(const TopicPartition& partition, int64_t next, SteadyTime now) {
  if (!tracker_.Advance(partition, next)) return false;
  if (!idle_since_) idle_since_ = now;
  return true;
}

void TableFlow::Touch(SteadyTime now) {
  if (!epoch_started_) epoch_started_ = now;
}

DataMessage TableFlow::Fill(SourceBatch batch, SteadyTime now) {
  Touch(now);
  epoch_records_ += static_cast<int64_t>(batch.records.size());
  return {.epoch = epoch_,
          .generation = generation_,
          .progress = progress_,
          .batch = std::move(batch),
          .taken_at = now};
}

void TableFlow::AddLetter(decode::DeadLetter letter, SteadyTime now) {
  Touch(now);
  ++epoch_records_;
  progress_->hot_bytes +=
      static_cast<int64_t>(letter.key.size() + letter.value.size() + kLetterOverhead);
  letters_.push_back(std::move(letter));
}

// Tables begin with different writers, so that quiet ones spread over the threads.
size_t TableFlow::WriterOf(int32_t partition) const {
  return (id_ + static_cast<size_t>(partition) % active_writers_) % writers_.size();
}

bool TableFlow::may_cut() const {
  return in_flight_.size() < static_cast<size_t>(options_.epochs_in_flight_max);
}

std::string_view TableFlow::DueReason(SteadyTime now) const {
  if (epoch_started_) {
    if (progress_->files_closed.load() >= options_.flush_files) return "files";
    if (now - *epoch_started_ >= options_.flush_interval) return "interval";
  } else if (options_.idle_interval > Duration::zero() && idle_since_ &&
             now - *idle_since_ >= options_.idle_interval) {
    return "idle";
  }
  return {};
}

void TableFlow::Cut(std::string_view reason, SteadyTime now) {
  CHECK(unit_ != nullptr && tracker_.HasUncut());
  EpochSealed sealed{.epoch = epoch_,
                     .generation = generation_,
                     .ranges = tracker_.Cut(),
                     .records = epoch_records_,
                     .reason = std::string(reason),
                     .sealed_at = now,
                     .dead_letters = std::exchange(letters_, {})};
  for (BoundedQueue<WriterTask>* writer : writers_) {
    writer->PushControl(
        {.table = unit_, .message = EndEpochMessage{.epoch = epoch_, .generation = generation_}});
  }
  unit_->SendToCommitter(std::move(sealed));
  in_flight_.push_back({.epoch = epoch_, .sealed_at = now});
  const bool busy = progress_->hot_bytes.load() >= options_.single_writer_bytes;
  active_writers_ = busy ? writers_.size() : 1;
  StartEpoch();
}

void TableFlow::StartEpoch() {
  ++epoch_;
  epoch_records_ = 0;
  epoch_started_.reset();
  idle_since_.reset();
  progress_ = std::make_shared<EpochProgress>();
}

Duration TableFlow::Stuck(SteadyTime now) const {
  return in_flight_.empty() ? Duration::zero() : now - in_flight_.front().sealed_at;
}

bool TableFlow::OnCommitted(const EpochCommitted& committed) {
  if (committed.generation != generation_) return false;
  CHECK(!in_flight_.empty() && in_flight_.front().epoch == committed.epoch);
  in_flight_.pop_front();
  failures_in_a_row_ = 0;
  failure_.reset();
  for (const auto& [topic, ranges] : committed.ranges) {
    for (const auto& [partition, range] : ranges) {
      const TopicPartition name{topic.topic, partition};
      if (tracker_.Position(name)) committed_[name] = range.end;
    }
  }
  ++totals_.commits;
  totals_.rows_committed += committed.rows;
  totals_.dead_letters += committed.dead_letters;
  totals_.data_files += committed.result.files_added;
  if (committed.result.snapshot_id != 0) totals_.snapshot_id = committed.result.snapshot_id;
  totals_.last_commit_at = committed.result.committed_at;
  totals_.last_commit_duration = committed.result.duration;
  return true;
}

void TableFlow::Discard(SteadyTime now, SteadyTime ready_at) {
  ++generation_;
  ++totals_.resets;
  state_ = FlowState::kDiscarding;
  ready_at_ = ready_at;
  discarding_since_ = now;
  letters_.clear();
  if (unit_ == nullptr) return WaitUntil(ready_at);
  discards_missing_ = writers_.size() + 1;
  unit_->RequestDiscard(generation_);
  for (BoundedQueue<WriterTask>* writer : writers_) {
    writer->PushControl({.table = unit_, .message = DiscardMessage{.generation = generation_}});
  }
  unit_->SendToCommitter(DiscardMessage{.generation = generation_});
}

void TableFlow::OnDiscarded(uint64_t generation) {
  if (generation != generation_ || state_ != FlowState::kDiscarding) return;
  if (--discards_missing_ > 0) return;
  // All stages are past the cut: nobody appends to a dropped epoch any more.
  unit_->hot_buffer().DiscardFrom(in_flight_.empty() ? epoch_ : in_flight_.front().epoch);
  in_flight_.clear();
  StartEpoch();
  state_ = FlowState::kWaiting;
}

void TableFlow::WaitUntil(SteadyTime ready_at) {
  state_ = FlowState::kWaiting;
  ready_at_ = ready_at;
}

void TableFlow::Describe(TableStatus& status) const {
  status = totals_;
  status.table = name_;
  status.state = ToString(state_);
  status.epochs_in_flight = static_cast<int64_t>(in_flight_.size());
  if (failure_) status.failure = failure_->message();
}

}  // namespace kafka_iceberg::engine
