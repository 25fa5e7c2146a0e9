// SPDX-License-Identifier: Apache-2.0
//
// The part of SourceStage that tells others what it does.
#include <algorithm>
#include <utility>

#include "engine/source_stage.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kGaugeInterval = std::chrono::seconds(1);

}  // namespace

void SourceStage::SetState(EngineState state) {
  MutexLock lock(status_mutex_);
  status_.state = state;
}

std::vector<PartitionStatus> SourceStage::DescribePartitions() {
  std::vector<PartitionStatus> partitions;
  for (const auto& [partition, lag] : context_.source.LagSnapshot()) {
    const auto feed = feeds_.find(partition);
    if (feed == feeds_.end()) continue;
    PartitionStatus status{.partition = partition,
                           .position = feed->second.next,
                           .high_watermark = lag.high_watermark};
    // -1 as long as one of its tables has nothing.
    const auto in_ledger = [&](const TableFlow* flow) { return flow->InLedger(partition); };
    if (!feed->second.flows.empty() && std::ranges::all_of(feed->second.flows, in_ledger)) {
      status.committed = CoveredByAll(partition).value_or(-1);
    }
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
  return partitions;
}

std::vector<TableStatus> SourceStage::DescribeTables() const {
  std::vector<TableStatus> tables;
  for (const auto& flow : flows_) flow->Describe(tables.emplace_back());
  return tables;
}

void SourceStage::UpdateGauges() {
  const SteadyTime now = context_.clock.Steady();
  if (now - gauges_updated_ < kGaugeInterval) return;
  gauges_updated_ = now;
  const std::optional<Error> trouble = context_.source.trouble();
  std::vector<PartitionStatus> partitions = DescribePartitions();
  std::vector<TableStatus> tables = DescribeTables();
  int64_t rows = 0;
  int64_t in_flight = 0;
  for (const auto& flow : flows_) {
    if (flow->unit() != nullptr) rows += flow->unit()->hot_buffer().rows();
    in_flight += static_cast<int64_t>(flow->in_flight());
  }
  context_.metrics.GetGauge("kafka_iceberg_hot_buffer_rows").Set(static_cast<double>(rows));
  context_.metrics.GetGauge("kafka_iceberg_hot_buffer_bytes")
      .Set(static_cast<double>(context_.memory->load()));
  const bool reads =
      !paused_ && std::ranges::any_of(flows_, [](const auto& flow) { return flow->runs(); });
  MutexLock lock(status_mutex_);
  status_.partitions = std::move(partitions);
  status_.tables = std::move(tables);
  status_.kafka_trouble = trouble ? trouble->message() : "";
  status_.epochs_in_flight = in_flight;
  if (status_.state == EngineState::kRunning || status_.state == EngineState::kPaused) {
    status_.state = reads ? EngineState::kRunning : EngineState::kPaused;
  }
}

void SourceStage::Fill(EngineStatus& status) const {
  MutexLock lock(status_mutex_);
  status = status_;
}

}  // namespace kafka_iceberg::engine
