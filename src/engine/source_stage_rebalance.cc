// SPDX-License-Identifier: Apache-2.0
//
// The part of SourceStage that decides where partitions start: assignment, revocation, resets; and
// back-pressure.
#include <algorithm>
#include <utility>

#include "core/check.h"
#include "engine/source_stage.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kKafkaTimeout = std::chrono::seconds(10);
constexpr Duration kDiscardTimeout = std::chrono::seconds(120);
// Below the group's max.poll.interval.ms (5 minutes), after which the group would take the
// partitions away.
constexpr Duration kSilenceMax = std::chrono::seconds(240);
constexpr Duration kControlPatience = std::chrono::milliseconds(20);
constexpr Duration kBackPressurePatience = std::chrono::seconds(1);
constexpr Duration kGaugeInterval = std::chrono::seconds(1);

// A catalog may give a new table an empty first snapshot.
bool HoldsData(const iceberg::TableMetadata& metadata) {
  return std::ranges::any_of(metadata.snapshots, [](const iceberg::Snapshot& snapshot) {
    const auto files = snapshot.summary.find("total-data-files");
    return files == snapshot.summary.end() || files->second != "0";
  });
}

bool HasOurCommits(const iceberg::TableMetadata& metadata) {
  return std::ranges::any_of(metadata.snapshots, [](const iceberg::Snapshot& snapshot) {
    return snapshot.summary.contains(std::string(commit::kCommitIdSummary));
  });
}

}  // namespace

Status SourceStage::HandleAssigned(const std::vector<TopicPartition>& partitions) {
  context_.metrics.GetCounter("kafka_iceberg_rebalances_total").Add();
  const std::vector<kafka::StartPosition> starts = TRY(FindStarts(partitions));
  TRY(context_.source.Assign(starts));
  if (paused_) TRY(context_.source.Pause(partitions));
  context_.logger.Info("partitions assigned", {{"count", partitions.size()},
                                               {"table", context_.table.identifier().ToString()}});
  MutexLock lock(status_mutex_);
  status_.state = EngineState::kRunning;
  return {};
}

Result<std::vector<kafka::StartPosition>> SourceStage::FindStarts(
    const std::vector<TopicPartition>& partitions) {
  const SteadyTime deadline = context_.clock.Steady() + kSilenceMax;
  for (int attempt = 1;; ++attempt) {
    Result<std::vector<kafka::StartPosition>> starts = TryFindStarts(partitions);
    if (starts.ok()) return starts;
    const ErrorCode code = starts.error().code();
    const bool may_pass = code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout;
    const Duration pause = options_.reset_retry.DelayAfter(attempt, context_.random);
    if (!may_pass || context_.clock.Steady() + pause > deadline) return starts;
    context_.logger.Warn("cannot find out where partitions start, trying again",
                         {{"reason", starts.error().message()}, {"attempt", attempt}});
    if (!context_.clock.SleepFor(pause, stop_) || aborted_.load()) return starts;
  }
}

Result<std::vector<kafka::StartPosition>> SourceStage::TryFindStarts(
    const std::vector<TopicPartition>& partitions) {
  const catalog::TableVersion table = TRY(context_.table.Refresh());
  const commit::Ledger ledger = TRY(commit::ReadLedger(*table.metadata));
  std::vector<kafka::StartPosition> starts;
  for (const TopicPartition& partition : partitions) {
    starts.push_back(TRY(FindStart(partition, ledger, *table.metadata)));
  }
  return starts;
}

Result<kafka::StartPosition> SourceStage::FindStart(const TopicPartition& partition,
                                                    const commit::Ledger& ledger,
                                                    const iceberg::TableMetadata& metadata) {
  const SourceTopic topic = TRY(Describe(partition.topic));
  const kafka::Watermarks marks = TRY(context_.source.QueryWatermarks(partition, kKafkaTimeout));
  const StartDecision start =
      TRY(DecideStart(ledger, {.topic = topic,
                               .partition = partition.partition,
                               .low_watermark = marks.low,
                               .high_watermark = marks.high,
                               .reset = options_.offset_reset,
                               .table_has_snapshots = HoldsData(metadata),
                               .table_has_our_commits = HasOurCommits(metadata),
                               .accept_offset_gap = options_.accept_offset_gap,
                               .accept_new_topic = options_.accept_new_topic}));
  tracker_.Start(partition, topic, start.covered_to);
  if (start.fetch_from > start.covered_to) {
    context_.logger.Error(
        "records were removed by Kafka before they were ingested; going on as asked",
        {{"topic", partition.topic},
         {"partition", partition.partition},
         {"from_offset", start.covered_to},
         {"to_offset", start.fetch_from}});
    CHECK(tracker_.Advance(partition, start.fetch_from));
  }
  if (ledger.NextOffset(topic, partition.partition)) {
    committed_[partition] = start.covered_to;
  } else {
    committed_.erase(partition);
  }
  if (options_.stop_at_end && !end_targets_.contains(partition))
    end_targets_[partition] = marks.high;
  return kafka::StartPosition{
      .partition = partition, .at = kafka::StartAt::kOffset, .offset = start.fetch_from};
}

Result<SourceTopic> SourceStage::Describe(const std::string& topic) {
  const auto known = topics_.find(topic);
  if (known != topics_.end()) return known->second;
  SourceTopic described = TRY(context_.source.DescribeTopic(topic, kKafkaTimeout));
  topics_[topic] = described;
  return described;
}

Status SourceStage::HandleRevoked(const std::vector<TopicPartition>& partitions) {
  const uint64_t generation = generation_;
  TRY(CutEpoch("rebalance"));
  const Status committed = WaitUntilCommitted(options_.revoke_timeout);
  for (const TopicPartition& partition : partitions) {
    tracker_.Remove(partition);
    committed_.erase(partition);
    end_targets_.erase(partition);
  }
  if (!committed.ok()) {
    context_.logger.Warn(
        "partitions leave before their last records were committed; the next owner reads them "
        "again",
        {{"reason", committed.error().message()}, {"count", partitions.size()}});
    if (generation_ == generation) TRY(Reset("revoked before the commit"));
  }
  context_.logger.Info("partitions revoked", {{"count", partitions.size()}});
  TRY(context_.source.Revoke(partitions));
  if (tracker_.empty()) {
    topics_.clear();  // a topic may be another one when it comes back
    MutexLock lock(status_mutex_);
    status_.state = EngineState::kWaitingForAssignment;
  }
  return {};
}

Status SourceStage::HandleLost(const std::vector<TopicPartition>& partitions) {
  context_.logger.Warn(
      "partitions lost to another group member; what was not committed is dropped here",
      {{"count", partitions.size()}});
  for (const TopicPartition& partition : partitions) {
    tracker_.Remove(partition);
    committed_.erase(partition);
    end_targets_.erase(partition);
  }
  TRY(Reset("partitions lost"));
  return context_.source.Revoke(partitions);
}

// Drops everything that is not committed, in every stage, and goes back to the table's ledger.
Status SourceStage::Reset(std::string_view reason) {
  const uint64_t first_dropped = in_flight_.empty() ? epoch_ : in_flight_.front().epoch;
  ++generation_;
  context_.metrics
      .GetCounter("kafka_iceberg_epochs_discarded_total", {{"reason", std::string(reason)}})
      .Add();
  {
    MutexLock lock(status_mutex_);
    ++status_.resets;
  }
  context_.request_discard(generation_);
  for (BoundedQueue<WriterMessage>* writer : context_.writers) {
    writer->PushControl(DiscardMessage{.generation = generation_});
  }
  context_.committer.PushControl(DiscardMessage{.generation = generation_});
  TRY(AwaitDiscards(generation_));
  // All stages are past the cut: nobody appends to a dropped epoch any more.
  context_.hot_buffer.DiscardFrom(first_dropped);
  in_flight_.clear();
  StartEpoch();
  return RestartFromLedger();
}

Status SourceStage::AwaitDiscards(uint64_t generation) {
  size_t missing = context_.writers.size() + 1;
  const SteadyTime deadline = context_.clock.Steady() + kDiscardTimeout;
  while (missing > 0) {
    if (aborted_.load()) return Error::Cancelled("stopped at once");
    if (context_.clock.Steady() > deadline)
      return Error::Timeout("a stage did not answer a reset in time");
    const auto message = context_.control.Pop(kControlPatience);
    if (!message) continue;
    if (const auto* failed = std::get_if<StageFailed>(&*message)) {
      if (failed->generation == kEveryGeneration) return failed->error;
    }
    const auto* discarded = std::get_if<StageDiscarded>(&*message);
    if (discarded != nullptr && discarded->generation == generation) --missing;
    // A commit that succeeded just before the reset is in the table's ledger, which is read next.
  }
  return {};
}

Status SourceStage::RestartFromLedger() {
  const std::vector<TopicPartition> partitions = tracker_.partitions();
  if (partitions.empty()) return {};
  const std::vector<kafka::StartPosition> starts = TRY(FindStarts(partitions));
  TRY(context_.source.Seek(starts));
  return paused_ ? ResumeAll() : Status();
}

// A full hot buffer stops fetching until commits make room. Waiting a moment without pausing keeps
// librdkafka's fetched records, which a pause would throw away.
Status SourceStage::ApplyBackPressure() {
  const SteadyTime start = context_.clock.Steady();
  const bool was_paused = paused_;
  while (context_.hot_buffer.full() && !paused_ && !aborted_.load()) {
    TRY(CutIfDue());
    if (context_.clock.Steady() - start > kBackPressurePatience) TRY(PauseAll());
    TRY(WaitForControl(kControlPatience));
  }
  const bool held_back = IsHeldBack();
  if (held_back && !paused_) TRY(PauseAll());
  if (was_paused && !held_back && !context_.hot_buffer.full()) TRY(ResumeAll());
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

Status SourceStage::PauseAll() {
  paused_ = true;
  return context_.source.Pause(tracker_.partitions());
}

Status SourceStage::ResumeAll() {
  paused_ = false;
  return context_.source.Resume(tracker_.partitions());
}

void SourceStage::UpdateGauges() {
  const SteadyTime now = context_.clock.Steady();
  if (now - gauges_updated_ < kGaugeInterval) return;
  gauges_updated_ = now;
  const std::optional<Error> trouble = context_.source.trouble();
  std::vector<PartitionStatus> partitions;
  for (const auto& [partition, lag] : context_.source.LagSnapshot()) {
    const auto position = tracker_.Position(partition);
    if (!position) continue;
    PartitionStatus status{
        .partition = partition, .position = *position, .high_watermark = lag.high_watermark};
    if (const auto found = committed_.find(partition); found != committed_.end())
      status.committed = found->second;
    if (status.high_watermark >= 0) {
      status.lag =
          std::max<int64_t>(0, status.high_watermark - std::max<int64_t>(status.committed, 0));
      context_.metrics
          .GetGauge(
              "kafka_iceberg_consumer_lag",
              {{"topic", partition.topic}, {"partition", std::to_string(partition.partition)}})
          .Set(static_cast<double>(status.lag));
    }
    partitions.push_back(std::move(status));
  }
  context_.metrics.GetGauge("kafka_iceberg_hot_buffer_rows")
      .Set(static_cast<double>(context_.hot_buffer.rows()));
  context_.metrics.GetGauge("kafka_iceberg_hot_buffer_bytes")
      .Set(static_cast<double>(context_.hot_buffer.bytes()));
  MutexLock lock(status_mutex_);
  status_.partitions = std::move(partitions);
  status_.kafka_trouble = trouble ? trouble->message() : "";
  status_.epochs_in_flight = static_cast<int64_t>(in_flight_.size());
  if (status_.state == EngineState::kRunning || status_.state == EngineState::kPaused) {
    status_.state = paused_ ? EngineState::kPaused : EngineState::kRunning;
  }
}

void SourceStage::Fill(EngineStatus& status) const {
  MutexLock lock(status_mutex_);
  status = status_;
}

}  // namespace kafka_iceberg::engine
