// SPDX-License-Identifier: Apache-2.0
//
// The part of SourceStage for records that are looked at one by one: tables that records name, and
// records that no table takes.
//
// A table that begins in the middle of a partition is made to say so in its ledger before any other
// table covers its first record there. So a partition of which a table's ledger says nothing holds
// nothing for that table below what any ledger covers, and a restart misses no record although it
// does not know beforehand which tables there will be.
#include <algorithm>
#include <set>
#include <utility>

#include "core/check.h"
#include "decode/row_columns.h"
#include "engine/source_stage.h"
#include "engine/tables/shared_batch.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kStartPatience = std::chrono::seconds(10);
constexpr Duration kControlPatience = std::chrono::milliseconds(20);
// A table that may not be had is asked for again after this.
constexpr Duration kRefusedFor = std::chrono::seconds(60);

bool MayPass(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kTimeout ||
         error.code() == ErrorCode::kCommitUnknown || error.code() == ErrorCode::kConflict;
}

decode::DeadLetter ToLetter(const std::string& topic, const Record& record,
                            const RouteRefusal& refusal) {
  return decode::MakeDeadLetter(
      topic, record, {.code = refusal.code, .field_path = refusal.field, .reason = refusal.reason});
}

void Refuse(RouteOutcome& outcome, const RouteShare& share, const Error& reason) {
  for (const uint32_t record : share.records) {
    outcome.refusals.push_back(
        {.record = record,
         .code = "table_refused",
         .field = {},
         .reason = fmt::format("table {}: {}", share.table, reason.message())});
  }
}

// Drops what stands at or after `count` in the batch.
void Shorten(RouteOutcome& outcome, size_t count) {
  for (RouteShare& share : outcome.shares) {
    std::erase_if(share.records, [&](uint32_t record) { return record >= count; });
  }
  std::erase_if(outcome.refusals,
                [&](const RouteRefusal& refusal) { return refusal.record >= count; });
}

}  // namespace

Status SourceStage::RouteEach(SourceBatch batch, uint64_t seeks) {
  // A table that joins may move partitions back, which takes records out of the batch: then it is
  // looked at again, at most once for every table.
  while (!batch.records.empty()) {
    RouteOutcome outcome = context_.router->Route(batch.topic, batch.records);
    if (outcome.stopped) HoldFrom(batch, outcome.routed, *outcome.stopped);
    bool moved = false;
    for (RouteShare& share : outcome.shares) {
      Shorten(outcome, batch.records.size());
      if (share.records.empty()) continue;
      const ReadyTable ready = TRY(MakeReady(share.table, batch, share.records));
      if (ready.readiness == Readiness::kLater) HoldFrom(batch, share.records[0], *ready.reason);
      if (ready.readiness == Readiness::kRefused) {
        Refuse(outcome, share, *ready.reason);
        share.records.clear();
      }
      moved = ready.readiness == Readiness::kMoved;
      if (moved) break;
    }
    Shorten(outcome, batch.records.size());
    if (!moved && !outcome.refusals.empty()) {
      std::vector<uint32_t> refused;
      for (const RouteRefusal& refusal : outcome.refusals) refused.push_back(refusal.record);
      std::ranges::sort(refused);
      const ReadyTable ready = TRY(MakeReady(context_.opener->account_table(), batch, refused));
      if (ready.readiness == Readiness::kLater || ready.readiness == Readiness::kRefused) {
        HoldFrom(batch, refused[0],
                 ready.reason->WithContext("no table can keep account of what no table takes"));
      }
      moved = ready.readiness == Readiness::kMoved;
      Shorten(outcome, batch.records.size());
    }
    if (!moved) return Deliver(std::move(batch), std::move(outcome));
    KeepDeliverable(batch, seeks);
  }
  return {};
}

Status SourceStage::Deliver(SourceBatch batch, RouteOutcome outcome) {
  if (batch.records.empty()) return {};
  holds_in_a_row_ = 0;
  std::set<TableFlow*> flows;
  const Runs runs = Take(batch);
  for (const Stretch& run : runs) {
    const Feed& feed = feeds_.at(run.partition);
    flows.insert(feed.flows.begin(), feed.flows.end());
  }
  AddLetters(batch, outcome.refusals);
  const SharedBatch shared(std::move(batch));
  for (const RouteShare& share : outcome.shares) {
    if (share.records.empty()) continue;
    TableFlow& flow = *flows_by_name_.at(share.table);
    flows.erase(&flow);
    TRY(Offer(flow, shared.Some(share.records), runs));
  }
  for (TableFlow* flow : flows) TRY(Offer(*flow, shared.Some({}), runs));
  return {};
}

void SourceStage::AddLetters(const SourceBatch& batch, const std::vector<RouteRefusal>& refusals) {
  if (refusals.empty()) return;
  TableFlow& flow = *flows_by_name_.at(context_.opener->account_table());
  if (!flow.runs()) return;
  const SteadyTime now = context_.clock.Steady();
  for (const RouteRefusal& refusal : refusals) {
    const Record& record = batch.records[refusal.record];
    const auto position = flow.Position({batch.topic, record.partition});
    if (!position || record.offset < *position) continue;
    context_.metrics.GetCounter("kafka_iceberg_dead_letters_total", {{"reason", refusal.code}})
        .Add();
    if (context_.letter_rate != nullptr) {
      context_.letter_rate->Add(1, fmt::format("{}: {}", refusal.code, refusal.reason));
    }
    flow.AddLetter(ToLetter(batch.topic, record, refusal), now);
  }
}

Result<SourceStage::ReadyTable> SourceStage::MakeReady(const std::string& table,
                                                       const SourceBatch& batch,
                                                       const std::vector<uint32_t>& records) {
  if (const auto found = flows_by_name_.find(table); found != flows_by_name_.end()) {
    if (context_.router->Feeds(batch.topic, table)) return ReadyTable{};
  } else {
    if (const auto refused = refused_.find(table); refused != refused_.end()) {
      if (context_.clock.Steady() < refused->second.until) {
        return ReadyTable{Readiness::kRefused, refused->second.reason};
      }
      refused_.erase(refused);
    }
    std::vector<Record> first;
    for (const uint32_t record : records) first.push_back(batch.records[record]);
    TableFlow& flow = AddFlow(table);
    if (const Status opened = OpenFlow(flow, batch.topic, first); !opened.ok()) {
      flows_by_name_.erase(table);
      flows_.pop_back();
      if (MayPass(opened.error())) return ReadyTable{Readiness::kLater, opened.error()};
      context_.logger.Warn("a table cannot be had; records for it become dead letters",
                           {{"table", table}, {"reason", opened.error().message()}});
      if (refused_.size() >= kRefusedMax) refused_.clear();
      refused_.insert_or_assign(
          table, RefusedTable{context_.clock.Steady() + kRefusedFor, opened.error()});
      return ReadyTable{Readiness::kRefused, opened.error()};
    }
  }
  TableFlow& flow = *flows_by_name_.at(table);
  std::vector<TopicPartition> partitions;
  for (const uint32_t record : records) {
    TopicPartition partition{batch.topic, batch.records[record].partition};
    if (flow.InLedger(partition)) continue;
    if (partitions.empty() || partitions.back() != partition) {
      partitions.push_back(std::move(partition));
    }
  }
  return partitions.empty() ? ReadyTable{} : BeginNamed(flow, partitions);
}

// Has the table's ledger say where these partitions begin, unless it does already.
Result<SourceStage::ReadyTable> SourceStage::BeginNamed(
    TableFlow& flow, const std::vector<TopicPartition>& partitions) {
  const auto later = [](Error reason) { return ReadyTable{Readiness::kLater, std::move(reason)}; };
  if (!flow.runs()) {
    if (flow.failure()) return ReadyTable{Readiness::kRefused, flow.failure()};
    return later(Error::Unavailable("table {} is not ready", flow.name()));
  }
  bool moved = false;
  bool fresh = false;
  const auto version = flow.unit()->table().Refresh();
  if (!version.ok()) return later(version.error());
  const commit::Ledger ledger = TRY(commit::ReadLedger(*version->metadata));
  for (const TopicPartition& partition : partitions) {
    Feed& feed = feeds_.at(partition);
    if (flow.Position(partition)) continue;  // its start is on the way
    // What any table has committed was routed before: there was nothing for this one, or it became
    // a dead letter.
    int64_t from = feed.next;
    for (const TableFlow* other : feed.flows) {
      if (other->InLedger(partition)) from = std::max(from, *other->Covered(partition));
    }
    FlowStart start{.covered_to = from, .fetch_from = from};
    if (ledger.NextOffset(feed.topic, partition.partition) ||
        (ledger.OtherIncarnation(feed.topic) && !options_.accept_new_topic)) {
      const auto found = FindStart(partition, ledger, version->metadata.get());
      if (!found.ok() && MayPass(found.error())) return later(found.error());
      if (!found.ok()) return ReadyTable{Readiness::kRefused, found.error()};
      start = *found;
    }
    flow.Begin(partition, feed.topic, start);
    feed.flows.push_back(&flow);
    moved = moved || start.fetch_from < feed.next;
    fresh = fresh || !start.in_ledger;
  }
  if (moved) {
    TRY(Reposition(partitions));
    return ReadyTable{Readiness::kMoved, std::nullopt};
  }
  if (fresh) TRY(CutEpoch(flow, "start"));
  const uint64_t generation = flow.generation();
  const SteadyTime deadline = context_.clock.Steady() + kStartPatience;
  const auto is_begun = [&] {
    return std::ranges::all_of(
        partitions, [&](const TopicPartition& partition) { return flow.InLedger(partition); });
  };
  while (!is_begun() && flow.IsCurrent(generation) && context_.clock.Steady() < deadline &&
         !aborted_.load()) {
    TRY(WaitForControl(kControlPatience));
  }
  if (is_begun()) return ReadyTable{};
  return later(Error::Timeout("table {} has not confirmed where it begins yet", flow.name()));
}

TableFlow& SourceStage::AddFlow(const std::string& table) {
  flows_.push_back(std::make_unique<TableFlow>(static_cast<FlowId>(flows_.size()), table,
                                               options_.flow, context_.writers));
  flows_by_name_[table] = flows_.back().get();
  return *flows_.back();
}

Status SourceStage::OpenFlow(TableFlow& flow, const std::string& topic,
                             std::span<const Record> records) {
  flow.Attach(*TRY(context_.opener->Open(flow.id(), flow.name(), topic, records)));
  return {};
}

// Where a record goes cannot be told now: its partition waits, and with it those of the records
// after it in the batch.
void SourceStage::HoldFrom(SourceBatch& batch, size_t first, const Error& reason) {
  const Duration pause = options_.reset_retry.DelayAfter(++holds_in_a_row_, context_.random);
  const SteadyTime until = context_.clock.Steady() + pause;
  for (size_t i = first; i < batch.records.size(); ++i) {
    Feed& feed = feeds_.at({batch.topic, batch.records[i].partition});
    feed.held_until = until;
    feed.skipped = true;
  }
  batch.records.erase(batch.records.begin() + static_cast<std::ptrdiff_t>(first),
                      batch.records.end());
  context_.logger.Warn("records wait: it cannot be told now where they go",
                       {{"topic", batch.topic}, {"reason", reason.message()}});
}

Status SourceStage::ReleaseHeld(SteadyTime now) {
  std::vector<TopicPartition> released;
  for (auto& [partition, feed] : feeds_) {
    if (!feed.held_until || now < *feed.held_until) continue;
    feed.held_until.reset();
    released.push_back(partition);
  }
  if (released.empty()) return {};
  TRY(Reposition(released));
  return UpdatePauses();
}

// Tables that records of these partitions were found to name before: they may want records again
// that the others have.
Status SourceStage::AddKnownTables(const std::vector<TopicPartition>& partitions) {
  if (only_one()) return {};
  std::set<std::string> topics;
  for (const TopicPartition& partition : partitions) topics.insert(partition.topic);
  for (const FedTable& fed : TRY(context_.opener->FindFed(topics))) {
    const auto known = flows_by_name_.find(fed.table);
    TableFlow& flow = known == flows_by_name_.end() ? AddFlow(fed.table) : *known->second;
    for (const TopicPartition& partition : partitions) {
      const auto next = fed.next_offsets.find(partition);
      if (next != fed.next_offsets.end()) flow.Expect(partition, next->second);
    }
    if (known != flows_by_name_.end()) continue;
    const Status opened = OpenFlow(flow, {}, {});
    if (!opened.ok()) TRY(HandleFailure(flow, opened.error()));
  }
  return {};
}

}  // namespace kafka_iceberg::engine
