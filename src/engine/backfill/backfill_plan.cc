// SPDX-License-Identifier: Apache-2.0
#include "engine/backfill/backfill_plan.h"

#include <algorithm>

#include "engine/offsets/offset_runs.h"

namespace kafka_iceberg::engine {
namespace {

// The stretches of a partition that have a row, cut to the range.
std::vector<OffsetRange> RowsIn(const TableContents& contents, const TopicPartition& partition,
                                OffsetRange range) {
  std::vector<OffsetRange> rows;
  if (!contents.rows) return {range};
  for (const PartitionVerdict& verdict : contents.rows->partitions) {
    if (verdict.partition != partition) continue;
    for (const OffsetRange& run : verdict.present) {
      const OffsetRange piece{.start = std::max(run.start, range.start),
                              .end = std::min(run.end, range.end)};
      if (piece.start < piece.end) rows.push_back(piece);
    }
  }
  return rows;
}

std::vector<OffsetRange> LettersIn(const TableContents& contents, const TopicPartition& partition,
                                   OffsetRange range) {
  std::vector<OffsetRange> letters;
  const auto found = contents.letters.find(partition);
  if (found == contents.letters.end()) return letters;
  const auto end = found->second.lower_bound(range.end);
  for (auto letter = found->second.lower_bound(range.start); letter != end; ++letter)
    letters.push_back({.start = *letter, .end = *letter + 1});
  return letters;
}

// From the first to the last offset that was not dealt with.
OffsetRange HullOfMissing(const TableContents& contents, const TopicPartition& partition,
                          OffsetRange range) {
  OffsetRuns dealt_with;
  for (const OffsetRange& run : DealtWith(contents, partition, range)) dealt_with.AddRun(run);
  const std::vector<OffsetRange> missing = dealt_with.Missing(range);
  if (missing.empty()) return {.start = range.start, .end = range.start};
  return {.start = missing.front().start, .end = missing.back().end};
}

Status CheckCovered(const PartitionOffsets& offsets, const OffsetRange& range) {
  const TopicPartition name = offsets.name();
  if (range.start < 0 || range.end < range.start) {
    return Error::Invalid("{}[{}]: from {} to {} is not a range of offsets", name.topic,
                          name.partition, range.start, range.end);
  }
  if (!offsets.ledger) {
    return Error::Invalid(
        "{}[{}]: the table's ledger does not know the partition, so nothing can be before it: run "
        "the engine first",
        name.topic, name.partition);
  }
  if (range.end > *offsets.ledger) {
    return Error::Invalid(
        "{}[{}]: the table's ledger stands at {}; offsets from there on are read by the engine "
        "itself, so a backfill must end at or below it",
        name.topic, name.partition, *offsets.ledger);
  }
  return {};
}

Result<PlannedRange> PlanPartition(const BackfillRequest& request, const PartitionOffsets& offsets,
                                   OffsetRange range, const TableContents& contents) {
  TRY(CheckCovered(offsets, range));
  PlannedRange planned{.topic = offsets.topic, .partition = offsets.partition};
  const int64_t first = std::clamp(offsets.low, range.start, range.end);
  planned.removed = first - range.start;
  range.start = first;
  if (request.only_missing) range = HullOfMissing(contents, offsets.name(), range);
  planned.range = range;
  planned.rows = CountOffsets(RowsIn(contents, offsets.name(), range));
  planned.letters = CountOffsets(LettersIn(contents, offsets.name(), range));
  return planned;
}

}  // namespace

std::vector<OffsetRange> DealtWith(const TableContents& contents, const TopicPartition& partition,
                                   OffsetRange range) {
  OffsetRuns runs;
  for (const OffsetRange& run : RowsIn(contents, partition, range)) runs.AddRun(run);
  for (const OffsetRange& run : LettersIn(contents, partition, range)) runs.AddRun(run);
  return runs.Present(range);
}

Result<std::vector<PlannedRange>> PlanBackfill(const BackfillRequest& request,
                                               const OffsetSurvey& survey,
                                               const TableContents& contents) {
  if (request.only_missing && !contents.rows) {
    return Error::Invalid(
        "{} does not tell which offsets have a row (it needs the columns _kafka_partition and "
        "_kafka_offset, and no delete files), so --missing-only is not possible",
        survey.table);
  }
  std::vector<PlannedRange> plan;
  for (const auto& [partition, range] : request.ranges) {
    const auto found = std::ranges::find(survey.partitions, partition, &PartitionOffsets::name);
    if (found == survey.partitions.end()) {
      return Error::Invalid("{}[{}] is no partition of the configured topics", partition.topic,
                            partition.partition);
    }
    const PlannedRange planned = TRY(PlanPartition(request, *found, range, contents));
    if (planned.range.start < planned.range.end || planned.removed > 0) plan.push_back(planned);
  }
  return plan;
}

Status CheckAgreed(const BackfillRequest& request, const std::vector<PlannedRange>& plan) {
  for (const PlannedRange& planned : plan) {
    const std::string name = fmt::format("{}[{}]", planned.topic.topic, planned.partition);
    if (planned.removed > 0 && !request.accept_loss) {
      return Error::Invalid(
          "{}: Kafka does not have the first {} offsets of the range any more, its oldest is {}; "
          "to "
          "leave them out, add --accept-loss",
          name, planned.removed, planned.range.start);
    }
    if (request.only_missing || request.accept_duplicates) continue;
    if (planned.rows > 0) {
      return Error::Invalid(
          "{}: {} offsets from {} to {} have a row in the table already, which would be there "
          "twice; --missing-only reads the others, --accept-duplicates reads all",
          name, planned.rows, planned.range.start, planned.range.end - 1);
    }
    if (planned.letters > 0) {
      return Error::Invalid(
          "{}: {} offsets from {} to {} are dead letters, which `dlq replay` can bring into the "
          "table; --missing-only leaves them to it, --accept-duplicates reads them as well",
          name, planned.letters, planned.range.start, planned.range.end - 1);
    }
  }
  return {};
}

commit::Backfill ToBackfill(const BackfillRequest& request, const std::vector<PlannedRange>& plan) {
  commit::Backfill backfill{.request = request.text,
                            .accepts_duplicates = request.accept_duplicates,
                            .only_missing = request.only_missing};
  for (const PlannedRange& planned : plan) {
    if (planned.range.start < planned.range.end)
      backfill.ranges[planned.topic][planned.partition] = planned.range;
  }
  return backfill;
}

}  // namespace kafka_iceberg::engine
