// SPDX-License-Identifier: Apache-2.0
#include "engine/source_stage.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "engine/tables/shared_batch.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kPollTimeout = std::chrono::milliseconds(50);
constexpr Duration kPushPatience = std::chrono::seconds(1);
// What a record costs beside its payload: the view, and about 400 bytes inside librdkafka.
constexpr size_t kRecordOverhead = sizeof(Record) + 400;
constexpr size_t kDeferredMax = 1000;

// Keeps the records at or after what `first_wanted` says of their partition, run by run: a run is
// a stretch of records of one partition, in offset order.
template <typename FirstWanted>
void KeepWanted(SourceBatch& batch, const FirstWanted& first_wanted) {
  auto kept = batch.records.begin();
  for (auto run = batch.records.begin(); run != batch.records.end();) {
    const auto end = std::find_if(run, batch.records.end(), [&](const Record& record) {
      return record.partition != run->partition;
    });
    const std::optional<int64_t> wanted = first_wanted(TopicPartition{batch.topic, run->partition});
    const auto first = !wanted ? end : std::find_if(run, end, [&](const Record& record) {
      return record.offset >= *wanted;
    });
    kept = first == kept ? end : std::move(first, end, kept);
    run = end;
  }
  batch.records.erase(kept, batch.records.end());
}

}  // namespace

SourceStage::SourceStage(SourceStageOptions options, SourceStageContext context,
                         const std::vector<PlannedTable>& tables)
    : options_(std::move(options)), context_(std::move(context)) {
  CHECK(!context_.writers.empty() && (!only_one() || tables.size() == 1));
  for (const PlannedTable& table : tables) {
    TableFlow& flow = AddFlow(table.name);
    if (table.unit != nullptr) flow.Attach(*table.unit);
    if (!table.trouble) continue;
    flow.Fail(*table.trouble);
    flow.WaitUntil(SteadyTime{0});
  }
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
    SetState(EngineState::kRunning);
  }
}

Status SourceStage::RunLoop(const std::stop_token& stop) {
  while (!stop.stop_requested() && !aborted_.load() && !ended_) TRY(Step());
  return {};
}

Status SourceStage::Step() {
  topics_checked_.clear();
  marks_.clear();
  TRY(DrainControl());
  TRY(TendFlows());
  TRY(ApplyBackPressure());
  for (kafka::SourceEvent& event : context_.source.Poll(kPollTimeout)) {
    deferred_.push_back({.seeks = seeks_, .event = std::move(event)});
  }
  while (!deferred_.empty()) {
    DeferredEvent next = std::move(deferred_.front());
    deferred_.pop_front();
    TRY(HandleEvent(std::move(next)));
  }
  TRY(CutIfDue());
  if (options_.stop_at_end && ReachedEnd()) ended_ = true;
  UpdateGauges();
  return {};
}

Status SourceStage::HandleEvent(DeferredEvent deferred) {
  kafka::SourceEvent& event = deferred.event;
  if (auto* batch = std::get_if<SourceBatch>(&event)) {
    return HandleBatch(std::move(*batch), deferred.seeks);
  }
  if (const auto* assigned = std::get_if<kafka::PartitionsAssigned>(&event)) {
    return HandleAssigned(assigned->partitions);
  }
  if (const auto* revoked = std::get_if<kafka::PartitionsRevoked>(&event)) {
    return HandleRevoked(revoked->partitions);
  }
  if (const auto* lost = std::get_if<kafka::PartitionsLost>(&event))
    return HandleLost(lost->partitions);
  if (const auto* end = std::get_if<kafka::EndOfPartition>(&event)) {
    HandleEnd(*end, deferred.seeks);
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

// Control records and aborted transactions at the end are covered too; nothing to do when already
// past it.
void SourceStage::HandleEnd(const kafka::EndOfPartition& end, uint64_t seeks) {
  const auto found = feeds_.find(end.partition);
  if (found == feeds_.end()) return;
  Feed& feed = found->second;
  if (feed.sought > seeks || feed.held_until || end.next_offset < feed.next) return;
  feed.next = end.next_offset;
  const SteadyTime now = context_.clock.Steady();
  for (TableFlow* flow : feed.flows) {
    if (flow->runs()) flow->Advance(end.partition, end.next_offset, now);
  }
}

// Keeps the records of partitions that are ours and that come after what was taken.
void SourceStage::KeepDeliverable(SourceBatch& batch, uint64_t seeks) {
  KeepWanted(batch, [&](const TopicPartition& partition) -> std::optional<int64_t> {
    const auto found = feeds_.find(partition);
    // A partition that is gone, or records taken before it was moved: they will come again, to
    // whoever owns them. Used now, they would leave a gap.
    if (found == feeds_.end() || found->second.sought > seeks) return std::nullopt;
    if (found->second.held_until) {
      found->second.skipped = true;
      return std::nullopt;
    }
    return found->second.next;
  });
}

Status SourceStage::HandleBatch(SourceBatch batch, uint64_t seeks) {
  KeepDeliverable(batch, seeks);
  if (batch.records.empty()) return {};
  if (only_one()) {
    const Runs runs = Take(batch);
    return Offer(*flows_.front(), std::move(batch), runs);
  }
  const std::vector<std::string>* tables = context_.router->TablesOfTopic(batch.topic);
  if (tables == nullptr) return RouteEach(std::move(batch), seeks);
  return OfferToAll(*tables, std::move(batch));
}

// From here on the records are on their way to the tables; what a table does not take now it reads
// again by itself.
SourceStage::Runs SourceStage::Take(const SourceBatch& batch) {
  Runs runs;
  for (auto run = batch.records.begin(); run != batch.records.end();) {
    const auto end = std::find_if(run, batch.records.end(), [&](const Record& record) {
      return record.partition != run->partition;
    });
    TopicPartition partition{batch.topic, run->partition};
    const int64_t next = std::prev(end)->offset + 1;
    feeds_.at(partition).next = next;
    runs.push_back({.partition = std::move(partition), .next = next});
    run = end;
  }
  const auto count = static_cast<int64_t>(batch.records.size());
  context_.metrics.GetCounter("kafka_iceberg_records_consumed_total")
      .Add(static_cast<double>(count));
  context_.metrics.GetCounter("kafka_iceberg_bytes_consumed_total")
      .Add(static_cast<double>(batch.bytes));
  MutexLock lock(status_mutex_);
  status_.records_consumed += count;
  return runs;
}

Status SourceStage::OfferToAll(const std::vector<std::string>& tables, SourceBatch batch) {
  const Runs runs = Take(batch);
  if (tables.size() == 1) {
    return Offer(*flows_by_name_.at(tables.front()), std::move(batch), runs);
  }
  SharedBatch shared(std::move(batch));
  for (const std::string& table : tables) {
    TRY(Offer(*flows_by_name_.at(table), shared.All(), runs));
  }
  return {};
}

// `batch` holds this table's records of a batch, `runs` is how far the batch as a whole goes.
Status SourceStage::Offer(TableFlow& flow, SourceBatch batch, const Runs& runs) {
  if (!flow.runs()) return {};
  KeepWanted(batch, [&](const TopicPartition& partition) { return flow.Position(partition); });
  if (!batch.records.empty() && flow.unit() == nullptr) {
    if (Status opened = OpenFlow(flow, batch.topic, batch.records); !opened.ok()) {
      return HandleFailure(flow, opened.error());
    }
  }
  const SteadyTime now = context_.clock.Steady();
  for (const Stretch& run : runs) {
    [[maybe_unused]] const bool moved = flow.Advance(run.partition, run.next, now);
  }
  return batch.records.empty() ? Status() : SendToWriters(flow, std::move(batch));
}

// A partition always goes to the same writer within an epoch.
Status SourceStage::SendToWriters(TableFlow& flow, SourceBatch batch) {
  if (flow.active_writers() == 1) return SendToWriter(flow, flow.WriterOf(0), std::move(batch));
  const uint64_t generation = flow.generation();
  std::vector<SourceBatch> parts =
      SharedBatch(std::move(batch)).Split(context_.writers.size(), [&](const Record& record) {
        return flow.WriterOf(record.partition);
      });
  for (size_t writer = 0; writer < parts.size() && flow.IsCurrent(generation); ++writer) {
    if (!parts[writer].records.empty()) TRY(SendToWriter(flow, writer, std::move(parts[writer])));
  }
  return {};
}

Status SourceStage::SendToWriter(TableFlow& flow, size_t writer, SourceBatch batch) {
  const size_t bytes = batch.bytes + batch.records.size() * kRecordOverhead;
  const uint64_t generation = flow.generation();
  WriterTask task{.table = flow.unit(),
                  .message = flow.Fill(std::move(batch), context_.clock.Steady())};
  while (!context_.writers[writer]->PushFor(task, bytes, kPushPatience)) {
    if (aborted_.load()) return Error::Cancelled("stopped at once");
    // The writer is busy for long: stop fetching, but keep the group membership alive and hear what
    // went wrong.
    if (!paused_) {
      paused_ = true;
      TRY(UpdatePauses());
    }
    TRY(DrainControl());
    if (!flow.IsCurrent(generation)) return {};  // a reset will read it again
    if (deferred_.size() >= kDeferredMax) continue;
    for (kafka::SourceEvent& event : context_.source.Poll(Duration::zero())) {
      deferred_.push_back({.seeks = seeks_, .event = std::move(event)});
    }
  }
  return {};
}

bool SourceStage::ReachedEnd() const {
  if (end_targets_.empty()) return false;
  return std::ranges::all_of(end_targets_, [&](const auto& target) {
    const auto found = feeds_.find(target.first);
    if (found == feeds_.end() || found->second.next < target.second) return false;
    return std::ranges::all_of(flows_, [&](const auto& flow) {
      if (flow->failure() || !Takes(*flow, target.first)) return true;
      const auto position = flow->Position(target.first);
      return flow->runs() && position && *position >= target.second;
    });
  });
}

Status SourceStage::Shutdown() {
  if (aborted_.load())
    return Error::Cancelled("stopped at once; uncommitted records will be read again");
  SetState(EngineState::kStopping);
  std::set<TableFlow*> all;
  for (const auto& flow : flows_) all.insert(flow.get());
  TRY(CutAll(all, "shutdown"));
  TRY(WaitUntilCommitted(all, options_.shutdown_timeout));
  for (const auto& flow : flows_) {
    if (flow->failure()) return flow->failure()->WithContext(flow->name());
  }
  return {};
}

}  // namespace kafka_iceberg::engine
