// SPDX-License-Identifier: Apache-2.0
//
// The part of SourceStage that keeps the tables going: epochs and their commits, failures and
// resets, back-pressure.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/check.h"
#include "engine/source_stage.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kPollTimeout = std::chrono::milliseconds(50);
constexpr Duration kKafkaTimeout = std::chrono::seconds(10);
constexpr Duration kDescribeTimeout = std::chrono::seconds(2);
constexpr Duration kDiscardTimeout = std::chrono::seconds(120);
constexpr Duration kControlPatience = std::chrono::milliseconds(20);
constexpr Duration kBackPressurePatience = std::chrono::seconds(1);
constexpr int32_t kFailuresMax = 10;
// One of several tables that failed for a reason that does not pass by itself.
constexpr Duration kFailedPause = std::chrono::seconds(60);
// A commit that takes longer is not waited for by the others.
constexpr Duration kStuckAfter = std::chrono::seconds(5);

bool IsOutage(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kTimeout;
}

}  // namespace

Status SourceStage::DrainControl() {
  while (auto report = context_.control.Pop(Duration::zero()))
    TRY(HandleControl(*std::move(report)));
  return {};
}

Status SourceStage::WaitForControl(Duration timeout) {
  if (auto report = context_.control.Pop(timeout)) TRY(HandleControl(*std::move(report)));
  return {};
}

Status SourceStage::HandleControl(FlowReport report) {
  if (const auto* failed = std::get_if<StageFailed>(&report.message);
      failed != nullptr && failed->generation == kEveryGeneration) {
    return failed->error;
  }
  CHECK(report.flow < flows_.size());
  TableFlow& flow = *flows_[report.flow];
  if (const auto* committed = std::get_if<EpochCommitted>(&report.message)) {
    return HandleCommitted(flow, *committed);
  }
  if (const auto* fenced = std::get_if<EpochFenced>(&report.message)) {
    if (!flow.IsCurrent(fenced->generation)) return {};
    context_.logger.Warn(
        "fenced: another writer owns part of these offsets; going back to the table's ledger",
        {{"table", flow.name()}, {"explanation", fenced->explanation}});
    Reset(flow, "fenced", Duration::zero());
    return UpdatePauses();
  }
  if (const auto* failed = std::get_if<StageFailed>(&report.message)) {
    return flow.IsCurrent(failed->generation) ? HandleFailure(flow, failed->error) : Status();
  }
  flow.OnDiscarded(std::get<StageDiscarded>(report.message).generation);
  return {};
}

Status SourceStage::HandleCommitted(TableFlow& flow, const EpochCommitted& committed) {
  if (!flow.OnCommitted(committed)) return {};
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
  CommitGroupOffsets(flow, committed.ranges);
  return {};
}

// Nothing while a table that wants the partition has not said how far it is.
std::optional<int64_t> SourceStage::CoveredByAll(const TopicPartition& partition) const {
  std::optional<int64_t> covered;
  for (const auto& flow : flows_) {
    if (!Takes(*flow, partition)) continue;
    auto next = flow->Covered(partition);
    if (!next) next = flow->Expected(partition);
    if (!next) return std::nullopt;
    covered = std::min(covered.value_or(INT64_MAX), *next);
  }
  return covered;
}

void SourceStage::CommitGroupOffsets(TableFlow& flow, const commit::EpochRanges& ranges) {
  std::map<TopicPartition, int64_t> next_offsets;
  bool all = true;  // of this epoch is in the group's offsets now
  for (const auto& [topic, partitions] : ranges) {
    for (const auto& [partition, range] : partitions) {
      const TopicPartition name{topic.topic, partition};
      const auto feed = feeds_.find(name);
      if (feed == feeds_.end()) continue;  // only what is still ours
      const auto covered = CoveredByAll(name);
      all = all && covered && *covered >= range.end;
      if (covered && *covered > feed->second.group_offset) next_offsets[name] = *covered;
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
  for (const auto& [partition, next] : next_offsets) feeds_.at(partition).group_offset = next;
  if (all) flow.unit()->SendToCommitter(OffsetsCommitted{.ranges = ranges});
}

// What one of several tables cannot do stops the others only when none of them is left.
Status SourceStage::HandleFailure(TableFlow& flow, const Error& error) {
  // An outage is waited for as long as it lasts: /readyz and the log say so. What comes back again
  // and again for another reason is for somebody to look at.
  const bool is_outage = IsOutage(error);
  const bool may_pass = is_outage || error.code() == ErrorCode::kCommitUnknown ||
                        error.code() == ErrorCode::kConflict;
  const int32_t failures = flow.CountFailure();
  const bool gives_up = !may_pass || (!is_outage && failures > kFailuresMax);
  Duration pause = options_.reset_retry.DelayAfter(failures, context_.random);
  if (gives_up) {
    if (only_one()) return error;
    flow.Fail(error);
    if (std::ranges::all_of(flows_, [](const auto& one) { return one->failure().has_value(); })) {
      return error;
    }
    pause = kFailedPause;
    context_.logger.Error(
        "a table cannot be written to; its records are left and read again, the others go on",
        {{"table", flow.name()}, {"reason", error.message()}});
  } else {
    context_.logger.Warn(
        "a flush failed; its records will be read again from the table's ledger",
        {{"table", flow.name()}, {"reason", error.message()}, {"failures_in_a_row", failures}});
  }
  Reset(flow, "failure", pause);
  return UpdatePauses();
}

Status SourceStage::CutIfDue() {
  const SteadyTime now = context_.clock.Steady();
  int64_t filling = 0;
  for (const auto& flow : flows_) {
    if (!flow->runs()) continue;
    if (flow->unit() != nullptr && flow->may_cut() && flow->has_uncut()) {
      if (const std::string_view reason = flow->DueReason(now); !reason.empty()) {
        TRY(CutEpoch(*flow, reason));
      }
    }
    filling += flow->filling_bytes();
  }
  return filling >= options_.flush_bytes ? CutLargest("bytes") : Status();
}

Status SourceStage::CutLargest(std::string_view reason) {
  TableFlow* largest = nullptr;
  for (const auto& flow : flows_) {
    if (!flow->runs() || flow->unit() == nullptr || !flow->may_cut() || !flow->has_uncut())
      continue;
    if (largest == nullptr || flow->filling_bytes() > largest->filling_bytes()) {
      largest = flow.get();
    }
  }
  return largest == nullptr ? Status() : CutEpoch(*largest, reason);
}

// The client reads a recreated topic on at the old offset without a word, and its watch may be
// seconds late: the ids are compared before each commit. A broker that is away cannot have
// delivered anything new.
Status SourceStage::CheckTopicsUnchanged(const TableFlow& flow) {
  for (const TopicPartition& partition : flow.partitions()) {
    const auto known = topics_.find(partition.topic);
    if (known == topics_.end() || known->second.topic_id.empty()) continue;
    if (!topics_checked_.insert(partition.topic).second) continue;
    const Result<SourceTopic> now =
        context_.source.DescribeTopic(partition.topic, kDescribeTimeout);
    if (!now.ok()) {
      if (now.error().code() == ErrorCode::kNotFound) return now.error();
      continue;
    }
    if (now->topic_id != known->second.topic_id && !now->topic_id.empty()) {
      return Error::Invalid(
          "topic {} was recreated while it was being read (topic id {} became {}); what was not "
          "committed is dropped. "
          "Use another table for the new topic, or run `kafka-iceberg run --accept-new-topic` to "
          "append it to this one",
          partition.topic, known->second.topic_id, now->topic_id);
    }
  }
  return {};
}

// Nothing happens when there is nothing to flush.
Status SourceStage::CutEpoch(TableFlow& flow, std::string_view reason) {
  if (flow.unit() == nullptr || !flow.has_uncut()) return {};
  TRY(CheckTopicsUnchanged(flow));
  flow.Cut(reason, context_.clock.Steady());
  return {};
}

Status SourceStage::CutAll(const std::set<TableFlow*>& flows, std::string_view reason) {
  topics_checked_.clear();
  for (TableFlow* flow : flows) {
    if (flow->runs() || flow->state() == FlowState::kBehind) TRY(CutEpoch(*flow, reason));
  }
  return {};
}

Status SourceStage::WaitUntilCommitted(const std::set<TableFlow*>& flows, Duration timeout) {
  const SteadyTime deadline = context_.clock.Steady() + timeout;
  std::map<TableFlow*, uint64_t> waiting;
  for (TableFlow* flow : flows) {
    if (flow->in_flight() > 0) waiting[flow] = flow->generation();
  }
  bool dropped = false;
  while (!waiting.empty()) {
    const SteadyTime now = context_.clock.Steady();
    if (now >= deadline || aborted_.load())
      return Error::Timeout("the last flush was not committed in time");
    TRY(WaitForControl(std::min(kPollTimeout, deadline - now)));
    std::erase_if(waiting, [&](const auto& entry) {
      const bool is_reset = !entry.first->IsCurrent(entry.second);
      dropped = dropped || is_reset;
      return is_reset || entry.first->in_flight() == 0;
    });
  }
  if (dropped) return Error::Conflict("the last flush was dropped and will be read again");
  return {};
}

// Drops everything of the table that is not committed, in every stage; then it goes back to its
// ledger (Restart).
void SourceStage::Reset(TableFlow& flow, std::string_view reason, Duration pause) {
  context_.metrics
      .GetCounter("kafka_iceberg_epochs_discarded_total", {{"reason", std::string(reason)}})
      .Add();
  {
    MutexLock lock(status_mutex_);
    ++status_.resets;
  }
  const SteadyTime now = context_.clock.Steady();
  flow.Discard(now, now + pause);
}

Status SourceStage::TendFlows() {
  const SteadyTime now = context_.clock.Steady();
  for (size_t i = 0; i < flows_.size(); ++i) {
    TableFlow& flow = *flows_[i];
    if (flow.state() == FlowState::kDiscarding && only_one() &&
        now - flow.discarding_since() > kDiscardTimeout) {
      return Error::Timeout("a stage did not answer a reset in time");
    }
    if (flow.state() == FlowState::kWaiting && now >= flow.ready_at()) TRY(Restart(flow));
    if (flow.state() == FlowState::kBehind && flow.in_flight() == 0) {
      flow.Run();
      TRY(Reposition(flow.partitions()));
      TRY(UpdatePauses());
    }
  }
  if (only_one()) return {};
  TRY(LeaveStuckBehind(now));
  return ReleaseHeld(now);
}

Status SourceStage::Restart(TableFlow& flow) {
  marks_.clear();
  if (flow.unit() == nullptr && flow.failure()) {
    if (Status opened = OpenFlow(flow, {}, {}); !opened.ok()) {
      return HandleFailure(flow, opened.error());
    }
  }
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, feed] : feeds_) {
    if (Takes(flow, partition)) partitions.push_back(partition);
  }
  if (!partitions.empty()) {
    if (Status begun = BeginFlow(flow, partitions); !begun.ok()) {
      return HandleFailure(flow, begun.error());
    }
  }
  flow.Run();
  TRY(Reposition(flow.partitions()));
  return UpdatePauses();
}

// A table whose commits hang keeps what it holds, and may hold no more than half of the memory
// together with others like it: the rest is for those whose commits succeed.
Status SourceStage::LeaveStuckBehind(SteadyTime now) {
  int64_t held = 0;
  size_t count = 0;
  std::vector<TableFlow*> stuck;
  for (const auto& flow : flows_) {
    if (flow->unit() == nullptr || flow->Stuck(now) < kStuckAfter) continue;
    held += flow->unit()->hot_buffer().held_bytes();
    ++count;
    if (flow->runs()) stuck.push_back(flow.get());
  }
  if (held < options_.memory_max / 2 || count == flows_.size()) return {};
  for (TableFlow* flow : stuck) {
    flow->FallBehind();
    context_.logger.Warn("commits hang; the table's records are left and read later",
                         {{"table", flow->name()}, {"reason", flow->unit()->trouble()}});
  }
  return stuck.empty() ? Status() : UpdatePauses();
}

// Nothing that runs can make room: what tables that are behind hold is given up for it, and read
// again when their commits succeed.
Status SourceStage::MakeRoom() {
  TableFlow* behind = nullptr;
  for (const auto& flow : flows_) {
    if (flow->state() == FlowState::kDiscarding) return {};  // there will be
    if (flow->runs() && flow->in_flight() > 0) return {};
    if (flow->state() != FlowState::kBehind) continue;
    if (behind == nullptr ||
        flow->unit()->hot_buffer().held_bytes() > behind->unit()->hot_buffer().held_bytes()) {
      behind = flow.get();
    }
  }
  TRY(CutLargest("memory"));
  if (behind == nullptr) return {};
  Reset(*behind, "memory", kFailedPause);
  return UpdatePauses();
}

// A full hot buffer stops fetching until commits make room. Waiting a moment without pausing keeps
// librdkafka's fetched records, which a pause would throw away.
Status SourceStage::ApplyBackPressure() {
  const SteadyTime start = context_.clock.Steady();
  const bool was_paused = paused_;
  while (full() && !paused_ && !aborted_.load()) {
    TRY(CutIfDue());
    if (!only_one()) TRY(MakeRoom());
    if (context_.clock.Steady() - start > kBackPressurePatience) {
      paused_ = true;
      TRY(UpdatePauses());
    }
    TRY(WaitForControl(kControlPatience));
  }
  const bool held_back = IsHeldBack();
  if (held_back && !paused_) {
    paused_ = true;
    TRY(UpdatePauses());
  } else if (was_paused && !held_back && !full()) {
    paused_ = false;
    TRY(UpdatePauses());
  }
  const Duration waited = context_.clock.Steady() - start;
  if (was_paused || waited > kControlPatience) {
    context_.metrics.GetCounter("kafka_iceberg_paused_seconds_total")
        .Add(std::chrono::duration<double>(waited).count());
  }
  return {};
}

bool SourceStage::IsHeldBack() {
  if (context_.letter_rate == nullptr) return false;
  std::string trouble = context_.letter_rate->trouble();
  if (trouble.empty() != letter_trouble_.empty()) {
    if (trouble.empty()) {
      context_.logger.Info("dead letters are few again; ingest goes on at full speed", {});
    } else {
      context_.logger.Warn("too many dead letters, ingest waits; nothing is lost",
                           {{"reason", trouble}});
    }
    context_.metrics.GetGauge("kafka_iceberg_dead_letters_limited").Set(trouble.empty() ? 0 : 1);
    MutexLock lock(status_mutex_);
    status_.dead_letter_trouble = trouble;
  }
  letter_trouble_ = std::move(trouble);
  return context_.letter_rate->must_wait();
}

}  // namespace kafka_iceberg::engine
