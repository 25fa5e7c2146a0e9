// SPDX-License-Identifier: Apache-2.0
//
// The part of verify that asks Kafka: offsets without a row are looked up, each partition once for
// all tables that have such offsets there.
#include <algorithm>
#include <optional>
#include <utility>

#include "engine/offsets/accepted_moves.h"
#include "engine/offsets/offset_runs.h"
#include "engine/verify/verify.h"

namespace kafka_iceberg::engine {
namespace {

constexpr Duration kKafkaTimeout = std::chrono::seconds(10);
constexpr Duration kKafkaSilence = std::chrono::seconds(15);

// What one table wants to know of one partition.
class Question {
 public:
  // What retention has taken stays unexplained.
  Question(PartitionVerdict& verdict, const BelongsHere& belongs, int64_t low)
      : verdict_(verdict), belongs_(belongs) {
    std::vector<OffsetRange> gone;
    for (const OffsetRange& gap : verdict.unexplained) {
      const int64_t split = std::clamp(low, gap.start, gap.end);
      if (split > gap.start) gone.push_back({.start = gap.start, .end = split});
      if (split < gap.end) gaps_.push_back({.start = split, .end = gap.end});
    }
    verdict.unexplained = std::move(gone);
  }

  const std::vector<OffsetRange>& gaps() const { return gaps_; }
  bool is_over() const { return gap_ == gaps_.size(); }

  // Records come in order: gaps of a transactional topic are many and small.
  Status Hear(const Record& record) {
    while (!is_over() && record.offset >= gaps_[gap_].end) ++gap_;
    if (is_over() || record.offset < gaps_[gap_].start || record.value_is_null) return {};
    const bool belongs = !belongs_ || TRY(belongs_(verdict_.partition.topic, record));
    if (belongs) found_.Add(record.offset);
    return {};
  }

  void Conclude() {
    verdict_.lost = Outside(found_.Runs(), verdict_.skipped);
    verdict_.accepted_losses = found_.count() - CountOffsets(verdict_.lost);
    verdict_.legal_gaps = CountOffsets(gaps_) - found_.count();
  }

 private:
  PartitionVerdict& verdict_;
  const BelongsHere& belongs_;
  std::vector<OffsetRange> gaps_;  // in order
  size_t gap_ = 0;
  OffsetRuns found_;
};

Status Answer(const TopicPartition& partition, std::vector<Question>& questions,
              kafka::TopicReader& reader, const std::stop_token& stop) {
  OffsetRuns wanted;
  for (const Question& question : questions) {
    for (const OffsetRange& gap : question.gaps()) wanted.AddRun(gap);
  }
  if (wanted.empty()) return {};
  std::optional<Error> unknown;
  const auto visit = [&](const TopicPartition&, const Record& record) {
    for (Question& question : questions) {
      if (const Status heard = question.Hear(record); !heard.ok()) unknown = heard.error();
    }
    return !unknown && !std::ranges::all_of(questions, &Question::is_over);
  };
  TRY(reader.Read({{partition, wanted.Span()}}, kKafkaSilence, visit, stop));
  if (unknown) return *unknown;
  for (Question& question : questions) question.Conclude();
  return {};
}

}  // namespace

Status CompareWithKafka(std::span<const ReportToCompare> reports, kafka::TopicReader& reader,
                        const std::stop_token& stop) {
  std::map<TopicPartition, std::vector<std::pair<PartitionVerdict*, const BelongsHere*>>> asked;
  for (const ReportToCompare& one : reports) {
    one.report.kafka_asked = true;
    for (PartitionVerdict& verdict : one.report.partitions) {
      if (!verdict.unexplained.empty())
        asked[verdict.partition].emplace_back(&verdict, &one.belongs);
    }
  }
  for (const auto& [partition, verdicts] : asked) {
    const kafka::Watermarks marks = TRY(reader.QueryWatermarks(partition, kKafkaTimeout));
    std::vector<Question> questions;
    for (const auto& [verdict, belongs] : verdicts)
      questions.emplace_back(*verdict, *belongs, marks.low);
    TRY(Answer(partition, questions, reader, stop));
  }
  return {};
}

}  // namespace kafka_iceberg::engine
