// SPDX-License-Identifier: Apache-2.0
//
// The part of SourceStage that decides where partitions start: assignment, revocation, and moving
// them back for a table that reads again.
#include <algorithm>
#include <set>
#include <utility>

#include "core/check.h"
#include "engine/source_stage.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kKafkaTimeout = std::chrono::seconds(10);
// Below the group's max.poll.interval.ms (5 minutes), after which the group would take the
// partitions away.
constexpr Duration kSilenceMax = std::chrono::seconds(240);

bool IsOutage(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kTimeout;
}

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
  for (const kafka::StartPosition& start : starts) {
    Feed& feed = feeds_.at(start.partition);
    feed.next = start.offset;
    feed.sought = ++seeks_;
    feed.is_assigned = true;
  }
  TRY(UpdatePauses());
  if (only_one()) {
    context_.logger.Info("partitions assigned",
                         {{"count", partitions.size()}, {"table", flows_.front()->name()}});
  } else {
    context_.logger.Info("partitions assigned",
                         {{"count", partitions.size()}, {"tables", flows_.size()}});
  }
  SetState(EngineState::kRunning);
  return {};
}

Result<std::vector<kafka::StartPosition>> SourceStage::FindStarts(
    const std::vector<TopicPartition>& partitions) {
  const SteadyTime deadline = context_.clock.Steady() + kSilenceMax;
  for (int attempt = 1;; ++attempt) {
    marks_.clear();
    Result<std::vector<kafka::StartPosition>> starts = TryFindStarts(partitions);
    if (starts.ok()) return starts;
    const Duration pause = options_.reset_retry.DelayAfter(attempt, context_.random);
    if (!IsOutage(starts.error()) || context_.clock.Steady() + pause > deadline) return starts;
    context_.logger.Warn("cannot find out where partitions start, trying again",
                         {{"reason", starts.error().message()}, {"attempt", attempt}});
    if (!context_.clock.SleepFor(pause, stop_) || aborted_.load()) return starts;
  }
}

Result<std::vector<kafka::StartPosition>> SourceStage::TryFindStarts(
    const std::vector<TopicPartition>& partitions) {
  for (const TopicPartition& partition : partitions) {
    const SourceTopic topic = TRY(Describe(partition.topic));
    const kafka::Watermarks marks = TRY(Marks(partition));
    feeds_[partition] = Feed{.topic = topic};
    if (options_.stop_at_end && !end_targets_.contains(partition))
      end_targets_[partition] = marks.high;
  }
  TRY(AddKnownTables(partitions));
  size_t ready = 0;
  std::optional<Error> trouble;
  for (const auto& flow : flows_) {
    // A table that waits finds the partitions when it starts again.
    if (!flow->runs() && flow->state() != FlowState::kBehind) continue;
    const Status begun = BeginFlow(*flow, partitions);
    if (begun.ok()) {
      ++ready;
    } else if (only_one() || IsOutage(begun.error())) {
      trouble = begun.error();
    } else {
      TRY(HandleFailure(*flow, begun.error()));
    }
  }
  // With none that is ready nothing could be read; with some, the others try again by themselves.
  if (trouble && ready == 0) return *trouble;
  if (trouble) {
    for (const auto& flow : flows_) {
      const bool left_out = std::ranges::any_of(partitions, [&](const TopicPartition& partition) {
        return Takes(*flow, partition) && !flow->Position(partition);
      });
      if (flow->runs() && left_out) TRY(HandleFailure(*flow, *trouble));
    }
  }
  std::vector<kafka::StartPosition> starts;
  for (const TopicPartition& partition : partitions) {
    const int64_t offset = TRY(FirstWanted(partition));
    starts.push_back({.partition = partition, .at = kafka::StartAt::kOffset, .offset = offset});
  }
  return starts;
}

Result<int64_t> SourceStage::FirstWanted(const TopicPartition& partition) {
  std::optional<int64_t> low;
  for (const auto& flow : flows_) {
    const auto wanted = flow->runs() ? flow->Position(partition) : flow->Expected(partition);
    if (wanted) low = std::min(low.value_or(INT64_MAX), *wanted);
  }
  if (low) return *low;
  // Nothing is read until the table is ready and says where.
  if (IsAwaited(partition)) {
    feeds_.at(partition).is_unplaced = true;
    return TRY(Marks(partition)).low;
  }
  return TRY(FindStart(partition, {}, nullptr)).fetch_from;
}

// A table that is always given records of the partition will be ready soon.
bool SourceStage::IsAwaited(const TopicPartition& partition) const {
  return std::ranges::any_of(flows_, [&](const auto& flow) {
    return !flow->runs() && !flow->failure() &&
           (only_one() || context_.router->Feeds(partition.topic, flow->name()));
  });
}

// Puts the table on those of the partitions that feed it, at its ledger.
Status SourceStage::BeginFlow(TableFlow& flow, const std::vector<TopicPartition>& partitions) {
  commit::Ledger ledger;
  iceberg::TableMetadataPtr metadata;
  if (flow.unit() != nullptr) {
    metadata = TRY(flow.unit()->table().Refresh()).metadata;
    ledger = TRY(commit::ReadLedger(*metadata));
  }
  for (const TopicPartition& partition : partitions) {
    Feed& feed = feeds_.at(partition);
    flow.Remove(partition);
    std::erase(feed.flows, &flow);
    // A table that records name begins a partition with its first record there.
    const bool is_named = !only_one() && !context_.router->Feeds(partition.topic, flow.name());
    if (is_named && !ledger.NextOffset(feed.topic, partition.partition)) continue;
    const FlowStart start = TRY(FindStart(partition, ledger, metadata.get()));
    flow.Begin(partition, feed.topic, start);
    feed.flows.push_back(&flow);
    if (start.fetch_from > start.covered_to) {
      context_.logger.Error(
          "records were removed by Kafka before they were ingested; going on as asked",
          {{"table", flow.name()},
           {"topic", partition.topic},
           {"partition", partition.partition},
           {"from_offset", start.covered_to},
           {"to_offset", start.fetch_from}});
    }
  }
  return {};
}

Result<FlowStart> SourceStage::FindStart(const TopicPartition& partition,
                                         const commit::Ledger& ledger,
                                         const iceberg::TableMetadata* metadata) {
  const SourceTopic topic = TRY(Describe(partition.topic));
  const kafka::Watermarks marks = TRY(Marks(partition));
  const StartDecision start = TRY(
      DecideStart(ledger, {.topic = topic,
                           .partition = partition.partition,
                           .low_watermark = marks.low,
                           .high_watermark = marks.high,
                           .reset = options_.offset_reset,
                           .table_has_snapshots = metadata != nullptr && HoldsData(*metadata),
                           .table_has_our_commits = metadata != nullptr && HasOurCommits(*metadata),
                           .accept_offset_gap = options_.accept_offset_gap,
                           .accept_new_topic = options_.accept_new_topic}));
  return FlowStart{.covered_to = start.covered_to,
                   .fetch_from = start.fetch_from,
                   .in_ledger = ledger.NextOffset(topic, partition.partition).has_value()};
}

Result<SourceTopic> SourceStage::Describe(const std::string& topic) {
  const auto known = topics_.find(topic);
  if (known != topics_.end()) return known->second;
  SourceTopic described = TRY(context_.source.DescribeTopic(topic, kKafkaTimeout));
  topics_[topic] = described;
  return described;
}

Result<kafka::Watermarks> SourceStage::Marks(const TopicPartition& partition) {
  const auto known = marks_.find(partition);
  if (known != marks_.end()) return known->second;
  const kafka::Watermarks marks = TRY(context_.source.QueryWatermarks(partition, kKafkaTimeout));
  marks_[partition] = marks;
  return marks;
}

// Whether the table wants the partition, be it ready for it or not.
bool SourceStage::Takes(const TableFlow& flow, const TopicPartition& partition) const {
  return only_one() || context_.router->Feeds(partition.topic, flow.name()) ||
         flow.Position(partition) || flow.InLedger(partition);
}

void SourceStage::Forget(const std::vector<TopicPartition>& partitions) {
  for (const TopicPartition& partition : partitions) {
    for (const auto& flow : flows_) flow->Remove(partition);
    feeds_.erase(partition);
    end_targets_.erase(partition);
  }
}

std::set<TableFlow*> SourceStage::FlowsOf(const std::vector<TopicPartition>& partitions) const {
  std::set<TableFlow*> flows;
  for (const TopicPartition& partition : partitions) {
    const auto feed = feeds_.find(partition);
    if (feed != feeds_.end()) flows.insert(feed->second.flows.begin(), feed->second.flows.end());
  }
  return flows;
}

Status SourceStage::HandleRevoked(const std::vector<TopicPartition>& partitions) {
  const std::set<TableFlow*> flows = FlowsOf(partitions);
  TRY(CutAll(flows, "rebalance"));
  const Status committed = WaitUntilCommitted(flows, options_.revoke_timeout);
  Forget(partitions);
  if (!committed.ok()) {
    context_.logger.Warn(
        "partitions leave before their last records were committed; the next owner reads them "
        "again",
        {{"reason", committed.error().message()}, {"count", partitions.size()}});
  }
  for (TableFlow* flow : flows) {
    const bool holds_some = flow->in_flight() > 0 || flow->state() == FlowState::kBehind;
    if (holds_some && flow->state() != FlowState::kDiscarding) {
      Reset(*flow, "revoked before the commit", Duration::zero());
    }
  }
  context_.logger.Info("partitions revoked", {{"count", partitions.size()}});
  TRY(context_.source.Revoke(partitions));
  if (feeds_.empty()) {
    topics_.clear();  // a topic may be another one when it comes back
    SetState(EngineState::kWaitingForAssignment);
  }
  return UpdatePauses();
}

Status SourceStage::HandleLost(const std::vector<TopicPartition>& partitions) {
  context_.logger.Warn(
      "partitions lost to another group member; what was not committed is dropped here",
      {{"count", partitions.size()}});
  const std::set<TableFlow*> flows = FlowsOf(partitions);
  Forget(partitions);
  for (TableFlow* flow : flows) {
    if (flow->runs() || flow->state() == FlowState::kBehind) {
      Reset(*flow, "partitions lost", Duration::zero());
    }
  }
  TRY(context_.source.Revoke(partitions));
  return UpdatePauses();
}

// Moves the partitions to where the tables that run want them: back for one that reads again, and
// on when none wants what is between.
Status SourceStage::Reposition(const std::vector<TopicPartition>& partitions) {
  std::vector<kafka::StartPosition> seeks;
  for (const TopicPartition& partition : partitions) {
    Feed& feed = feeds_.at(partition);
    std::optional<int64_t> low;
    for (const TableFlow* flow : feed.flows) {
      if (flow->runs()) low = std::min(low.value_or(INT64_MAX), *flow->Position(partition));
    }
    // What was skipped has not been looked at: nobody knows whom it is for.
    if (low) feed.is_unplaced = false;
    int64_t next = low.value_or(feed.next);
    if (feed.skipped) next = std::min(next, feed.next);
    if (next == feed.next && !feed.skipped) continue;
    feed.next = next;
    feed.sought = ++seeks_;
    if (!feed.held_until) feed.skipped = false;
    seeks.push_back({.partition = partition, .at = kafka::StartAt::kOffset, .offset = next});
  }
  return seeks.empty() ? Status() : context_.source.Seek(seeks);
}

// Reads on where a table wants records, or one may be named by them, and nowhere else.
Status SourceStage::UpdatePauses() {
  std::vector<TopicPartition> pause;
  std::vector<TopicPartition> resume;
  for (auto& [partition, feed] : feeds_) {
    if (!feed.is_assigned) continue;
    const bool wanted = std::ranges::any_of(feed.flows, &TableFlow::runs) ||
                        (!only_one() && !(feed.is_unplaced && IsAwaited(partition)) &&
                         context_.router->TablesOfTopic(partition.topic) == nullptr);
    const bool paused = paused_ || feed.held_until.has_value() || !wanted;
    if (paused == feed.paused) continue;
    feed.paused = paused;
    (paused ? pause : resume).push_back(partition);
  }
  if (!pause.empty()) TRY(context_.source.Pause(pause));
  if (!resume.empty()) TRY(context_.source.Resume(resume));
  return {};
}

}  // namespace kafka_iceberg::engine
