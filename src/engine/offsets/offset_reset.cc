// SPDX-License-Identifier: Apache-2.0
#include "engine/offsets/offset_reset.h"

#include <algorithm>

#include "engine/connect.h"
#include "engine/offsets/accepted_moves.h"
#include "engine/offsets/offset_runs.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(10);

std::string Name(const SourceTopic& topic, int32_t partition) {
  return fmt::format("{}[{}]", topic.topic, partition);
}

// Which offsets of a partition have a row.
OffsetRuns RowsOf(const std::optional<VerifyReport>& rows, const TopicPartition& partition) {
  OffsetRuns runs;
  if (!rows) return runs;
  for (const PartitionVerdict& verdict : rows->partitions) {
    if (verdict.partition != partition) continue;
    for (const OffsetRange& run : verdict.present) runs.AddRun(run);
  }
  return runs;
}

int64_t CountFrom(const OffsetRuns& runs, int64_t start) {
  int64_t count = 0;
  for (const OffsetRange& run : runs.Runs())
    count += std::max<int64_t>(0, run.end - std::max(run.start, start));
  return count;
}

Result<std::optional<PlannedMove>> PlanPartition(const PartitionOffsets& offsets, int64_t target,
                                                 bool only_back,
                                                 const std::optional<VerifyReport>& rows) {
  if (target < offsets.low || target > offsets.high) {
    return Error::Invalid("{}: offset {} is not in Kafka, which has {} to {}",
                          Name(offsets.topic, offsets.partition), target, offsets.low,
                          offsets.high);
  }
  const int64_t from = offsets.ledger.value_or(offsets.low);
  const bool stays = offsets.ledger == target || (only_back && target >= from);
  if (stays) return std::optional<PlannedMove>();
  PlannedMove planned{.move = {.topic = offsets.topic,
                               .partition = offsets.partition,
                               .from = offsets.ledger,
                               .to = target}};
  const OffsetRuns runs = RowsOf(rows, offsets.name());
  planned.doubled_rows = rows ? CountFrom(runs, target) : std::max<int64_t>(0, from - target);
  if (target > from)
    planned.skipped_offsets = CountOffsets(runs.Missing({.start = from, .end = target}));
  return std::optional<PlannedMove>(planned);
}

}  // namespace

Result<OffsetSurvey> SurveyOffsets(const config::Options& options, catalog::TableOperations& table,
                                   kafka::TopicReader& reader, kafka::GroupAdmin& admin) {
  const catalog::TableVersion version = TRY(table.Refresh());
  const commit::Ledger ledger = TRY(commit::ReadLedger(*version.metadata));
  OffsetSurvey survey{.table = table.identifier().ToString(),
                      .group = options.kafka.consumer_group,
                      .generation = ledger.generation};
  const std::vector<TopicPartition> partitions = TRY(FindConfiguredPartitions(options, reader));
  survey.group_members = TRY(admin.CountMembers(kTimeout));
  const auto committed = TRY(admin.CommittedOffsets(partitions, kTimeout));
  std::map<std::string, SourceTopic> topics;
  for (const TopicPartition& partition : partitions) {
    const auto known = topics.find(partition.topic);
    const SourceTopic topic =
        known != topics.end() ? known->second : TRY(admin.DescribeTopic(partition.topic, kTimeout));
    topics[partition.topic] = topic;
    const kafka::Watermarks marks = TRY(reader.QueryWatermarks(partition, kTimeout));
    PartitionOffsets offsets{.topic = topic,
                             .partition = partition.partition,
                             .ledger = ledger.NextOffset(topic, partition.partition),
                             .group = {},
                             .low = marks.low,
                             .high = marks.high};
    if (const auto found = committed.find(partition); found != committed.end())
      offsets.group = found->second;
    survey.partitions.push_back(std::move(offsets));
  }
  return survey;
}

Result<std::vector<PlannedMove>> PlanReset(const ResetRequest& request, const OffsetSurvey& survey,
                                           const std::optional<VerifyReport>& rows) {
  std::vector<PlannedMove> plan;
  for (const auto& [partition, target] : request.targets) {
    const auto found = std::ranges::find(survey.partitions, partition, &PartitionOffsets::name);
    if (found == survey.partitions.end()) {
      return Error::Invalid("{}[{}] is no partition of the configured topics", partition.topic,
                            partition.partition);
    }
    auto planned = TRY(PlanPartition(*found, target, request.only_back, rows));
    if (planned) plan.push_back(*std::move(planned));
  }
  return plan;
}

Status CheckAgreed(const ResetRequest& request, const std::vector<PlannedMove>& plan) {
  for (const PlannedMove& planned : plan) {
    const std::string name = Name(planned.move.topic, planned.move.partition);
    if (planned.doubled_rows > 0 && !request.accept_duplicates) {
      return Error::Invalid(
          "{}: going to offset {} would add {} rows a second time, which are in the table already; "
          "to accept that, add --accept-duplicates",
          name, planned.move.to, planned.doubled_rows);
    }
    if (planned.skipped_offsets > 0 && !request.accept_loss) {
      return Error::Invalid(
          "{}: going to offset {} would leave out {} offsets that were never read; to accept that, "
          "add --accept-loss",
          name, planned.move.to, planned.skipped_offsets);
    }
  }
  return {};
}

Result<MoveOutcome> MoveOffsets(const MoveContext& context, const OffsetSurvey& survey,
                                const std::vector<PlannedMove>& plan, const std::stop_token& stop) {
  const auto refuse = [&] {
    return Error::Conflict(
        "consumer group {} has live members: stop every process that feeds {} first", survey.group,
        survey.table);
  };
  if (survey.group_members > 0) return refuse();
  std::vector<commit::PartitionMove> moves;
  std::map<TopicPartition, int64_t> before;
  std::map<TopicPartition, int64_t> after;
  for (const PlannedMove& planned : plan) {
    moves.push_back(planned.move);
    const TopicPartition partition{planned.move.topic.topic, planned.move.partition};
    after[partition] = planned.move.to;
    const auto found = std::ranges::find(survey.partitions, partition, &PartitionOffsets::name);
    const auto known = found->group ? found->group : found->ledger;
    before[partition] = known.value_or(found->low);
    if (context.shares_group) after[partition] = std::min(after[partition], before[partition]);
  }
  // The broker itself refuses this to anybody but the members, whatever protocol they speak.
  const Status alone = context.admin.CommitOffsets(before);
  if (!alone.ok()) return alone.error().code() == ErrorCode::kConflict ? refuse() : alone.error();
  MoveOutcome outcome;
  outcome.result = TRY(commit::MoveLedger({.table = context.table,
                                           .clock = context.engine.clock,
                                           .random = context.engine.random,
                                           .writer_id = "kafka-iceberg offsets"},
                                          moves, stop));
  // Only a hint, for tools that show lag.
  const Status hinted = context.admin.CommitOffsets(after);
  if (!hinted.ok()) {
    outcome.warning = fmt::format(
        "the ledger was moved, the offsets of consumer group {} were not (the next run does): {}",
        survey.group, hinted.error().message());
  }
  return outcome;
}

}  // namespace kafka_iceberg::engine
