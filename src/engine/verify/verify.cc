// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/verify.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "commit/ledger.h"
#include "commit/ledger_move.h"
#include "engine/offsets/accepted_moves.h"
#include "engine/offsets/offset_runs.h"
#include "iceberg/table_scan.h"
#include "write/parquet_reader.h"

namespace kafka_iceberg::engine {
namespace {

constexpr size_t kProblemsMax = 100;
constexpr std::string_view kPartitionColumn = "_kafka_partition";
constexpr std::string_view kOffsetColumn = "_kafka_offset";
constexpr std::string_view kTopicColumn = "_kafka_topic";

class Verifier {
 public:
  Verifier(catalog::TableOperations& table, const OffsetsByPartition& dead_letters)
      : table_(table), dead_letters_(dead_letters) {}

  Result<VerifyReport> Run(const std::stop_token& stop) {
    version_ = TRY(table_.Refresh());
    ledger_ = TRY(commit::ReadLedger(*version_.metadata));
    moves_ = AcceptedMoves(TRY(commit::ReadMoves(*version_.metadata)),
                           TRY(commit::ReadBackfills(*version_.metadata)));
    report_.table = table_.identifier().ToString();
    report_.snapshot_id = version_.metadata->current_snapshot_id;
    TRY(ReadRows(stop));
    TRY(ReadCommittedRanges());
    Judge();
    return std::move(report_);
  }

 private:
  void AddProblem(std::string problem) {
    if (report_.problems.size() < kProblemsMax) report_.problems.push_back(std::move(problem));
  }

  // The only topic of the ledger, for tables without a topic column.
  Result<std::string> OnlyTopic() const {
    std::set<std::string> topics;
    for (const auto& [topic, offsets] : ledger_.next_offsets) topics.insert(topic.topic);
    if (topics.size() == 1) return *topics.begin();
    return Error::Unsupported(
        "{} is fed from {} topics and has no column {}: rows cannot be told apart; add it to "
        "schema.metadata_columns",
        report_.table, topics.size(), kTopicColumn);
  }

  Status ReadRows(const std::stop_token& stop) {
    const iceberg::Schema& schema = version_.metadata->schema();
    columns_ = {};
    for (const std::string_view name : {kPartitionColumn, kOffsetColumn}) {
      const iceberg::Field* field = schema.FindField(name);
      if (field == nullptr) {
        return Error::Unsupported(
            "{} has no column {}, which verify needs; it is one of schema.metadata_columns",
            report_.table, name);
      }
      columns_.push_back(field->id);
    }
    if (const iceberg::Field* topic = schema.FindField(kTopicColumn)) {
      columns_.push_back(topic->id);
    } else if (!ledger_.next_offsets.empty()) {
      only_topic_ = TRY(OnlyTopic());
    }
    const iceberg::Snapshot* snapshot = version_.metadata->current_snapshot();
    if (snapshot == nullptr) return {};
    std::set<std::string> paths;
    TRY(iceberg::VisitLiveEntries(
        *snapshot, table_.store(),
        [&](const iceberg::ManifestFile&, const iceberg::ManifestEntry& entry) -> Status {
          if (stop.stop_requested()) return Error::Cancelled("stopped");
          if (entry.file.content != iceberg::FileContent::kData) {
            return Error::Unsupported("{} has delete files; verify reads append-only tables",
                                      report_.table);
          }
          if (!paths.insert(entry.file.file_path).second) {
            AddProblem(fmt::format("data file {} is listed twice", entry.file.file_path));
          }
          return ReadFile(entry.file);
        }));
    const auto total = snapshot->summary.find("total-records");
    if (total != snapshot->summary.end() && total->second != std::to_string(report_.rows)) {
      AddProblem(fmt::format("the snapshot's total-records is {}, the files hold {} rows",
                             total->second, report_.rows));
    }
    return {};
  }

  Status ReadFile(const iceberg::DataFile& file) {
    ++report_.data_files;
    int64_t rows = 0;
    const Status read = ReadColumns(file, [&](const arrow::RecordBatch& batch) -> Status {
      rows += batch.num_rows();
      return AddRows(batch);
    });
    report_.rows += rows;
    if (!read.ok()) {
      AddProblem(fmt::format("data file {}: {}", file.file_path, read.error().message()));
    } else if (rows != file.record_count) {
      AddProblem(fmt::format("data file {} holds {} rows, its manifest says {}", file.file_path,
                             rows, file.record_count));
    }
    return {};
  }

  Status ReadColumns(const iceberg::DataFile& file, const write::ParquetReader::Visit& visit) {
    const auto reader =
        TRY(write::ParquetReader::Open(table_.store(), file.file_path, file.file_size_in_bytes));
    return reader->Read(columns_, visit);
  }

  // Files of other writers may lack the columns, or hold them as another type.
  Status AddRows(const arrow::RecordBatch& batch) {
    if (batch.column(0)->type_id() == arrow::Type::NA ||
        batch.column(1)->type_id() == arrow::Type::NA) {
      report_.rows_without_offset += batch.num_rows();
      return {};
    }
    const bool readable =
        batch.column(0)->type_id() == arrow::Type::INT32 &&
        batch.column(1)->type_id() == arrow::Type::INT64 &&
        (columns_.size() < 3 || batch.column(2)->type_id() == arrow::Type::STRING);
    if (!readable)
      return Error::Unsupported("metadata columns of other types than this program writes");
    const auto& partitions = static_cast<const arrow::Int32Array&>(*batch.column(0));
    const auto& offsets = static_cast<const arrow::Int64Array&>(*batch.column(1));
    const arrow::StringArray* topics = nullptr;
    if (columns_.size() > 2) topics = static_cast<const arrow::StringArray*>(batch.column(2).get());
    OffsetRuns* runs = nullptr;
    int32_t partition = -1;
    std::string topic = only_topic_;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (partitions.IsNull(row) || offsets.IsNull(row)) {
        ++report_.rows_without_offset;
        continue;
      }
      const std::string_view row_topic = topics == nullptr ? only_topic_ : topics->GetView(row);
      if (runs == nullptr || partitions.Value(row) != partition || row_topic != topic) {
        partition = partitions.Value(row);
        topic = row_topic;
        runs = &rows_[TopicPartition{topic, partition}];
      }
      runs->Add(offsets.Value(row));
    }
    return {};
  }

  // What the snapshots that are still there say they committed; tells where a partition began.
  Status ReadCommittedRanges() {
    for (const iceberg::Snapshot& snapshot : version_.metadata->snapshots) {
      const auto found = snapshot.summary.find(std::string(commit::kRangesSummary));
      if (found == snapshot.summary.end()) continue;
      for (const auto& [topic, ranges] : TRY(commit::RangesFromJson(found->second))) {
        for (const auto& [partition, range] : ranges) {
          committed_[TopicPartition{topic.topic, partition}].AddRun(range);
        }
      }
    }
    for (const auto& [partition, runs] : committed_) {
      for (const OffsetRange& twice : TakeAway(runs.Duplicates(), moves_.Repeated(partition))) {
        AddProblem(fmt::format("{}[{}]: two snapshots cover offsets {} to {}", partition.topic,
                               partition.partition, twice.start, twice.end - 1));
      }
    }
    return {};
  }

  void Judge() {
    std::map<TopicPartition, int64_t> next_offsets;
    for (const auto& [topic, partitions] : ledger_.next_offsets) {
      for (const auto& [partition, next] : partitions) {
        int64_t& known = next_offsets[TopicPartition{topic.topic, partition}];
        known = std::max(known, next);
      }
    }
    for (const auto& [partition, runs] : rows_) next_offsets.try_emplace(partition, 0);
    for (const auto& [partition, next] : next_offsets) JudgePartition(partition, next);
  }

  void JudgePartition(const TopicPartition& partition, int64_t next_offset) {
    PartitionVerdict verdict{.partition = partition, .next_offset = next_offset};
    const OffsetRuns& runs = rows_[partition];
    verdict.rows = runs.count();
    verdict.present = runs.Runs();
    verdict.skipped = moves_.Skipped(partition);
    const std::vector<OffsetRange>& repeated = moves_.Repeated(partition);
    const std::vector<OffsetRange> twice = runs.Duplicates();
    verdict.duplicates = TakeAway(twice, repeated);
    verdict.accepted_duplicates = CountOffsets(twice) - CountOffsets(verdict.duplicates);
    const std::vector<OffsetRange> covered = Covered(partition, runs, next_offset);
    verdict.covered = {.start = next_offset, .end = next_offset};
    for (const OffsetRange& range : covered)
      verdict.covered.start = std::min(verdict.covered.start, range.start);
    // After the ledger was set back, what it stood at before is there until it is read again.
    for (const OffsetRange& run : Outside(runs.Runs(), repeated)) {
      if (run.end > next_offset)
        verdict.beyond_ledger.push_back(
            {.start = std::max(next_offset, run.start), .end = run.end});
    }
    const std::vector<OffsetRange>& to_come = moves_.ToBeBackfilled(partition);
    for (const OffsetRange& range : to_come)
      verdict.to_be_backfilled += CountOffsets(runs.Missing(range));
    for (const OffsetRange& range : covered) {
      for (const OffsetRange& gap : Outside(runs.Missing(range), to_come))
        ExplainByDeadLetters(gap, verdict);
    }
    report_.partitions.push_back(std::move(verdict));
  }

  // What should be in the table: from where the live tail began to its ledger, and what backfills
  // have read. Where it began is seen from its snapshots and from rows that no backfill brought.
  std::vector<OffsetRange> Covered(const TopicPartition& partition, const OffsetRuns& runs,
                                   int64_t next_offset) const {
    const std::vector<OffsetRange>& backfilled = moves_.Backfilled(partition);
    int64_t from = next_offset;
    for (const OffsetRange& run : Outside(runs.Runs(), backfilled))
      from = std::min(from, run.start);
    if (const auto ranges = committed_.find(partition);
        ranges != committed_.end() && !ranges->second.empty()) {
      from = std::min(from, ranges->second.Span().start);
    }
    OffsetRuns covered;
    covered.AddRun({.start = from, .end = next_offset});
    for (const OffsetRange& range : backfilled) covered.AddRun(range);
    return covered.empty() ? std::vector<OffsetRange>() : covered.Present(covered.Span());
  }

  // Splits a stretch without rows at the dead letters inside it.
  void ExplainByDeadLetters(const OffsetRange& gap, PartitionVerdict& verdict) const {
    int64_t offset = gap.start;
    if (const auto letters = dead_letters_.find(verdict.partition);
        letters != dead_letters_.end()) {
      for (auto letter = letters->second.lower_bound(gap.start);
           letter != letters->second.end() && *letter < gap.end; ++letter) {
        ++verdict.dead_letters;
        if (*letter > offset) verdict.unexplained.push_back({.start = offset, .end = *letter});
        offset = *letter + 1;
      }
    }
    if (offset < gap.end) verdict.unexplained.push_back({.start = offset, .end = gap.end});
  }

  catalog::TableOperations& table_;
  const OffsetsByPartition& dead_letters_;
  catalog::TableVersion version_;
  commit::Ledger ledger_;
  AcceptedMoves moves_;
  std::vector<int32_t> columns_;
  std::string only_topic_;
  std::map<TopicPartition, OffsetRuns> rows_;
  std::map<TopicPartition, OffsetRuns> committed_;
  VerifyReport report_;
};

}  // namespace

bool VerifyReport::ok() const {
  return problems.empty() && std::ranges::all_of(partitions, [](const PartitionVerdict& verdict) {
           return verdict.duplicates.empty() && verdict.lost.empty() &&
                  verdict.beyond_ledger.empty();
         });
}

Result<VerifyReport> VerifyTable(catalog::TableOperations& table,
                                 const OffsetsByPartition& dead_letters, kafka::TopicReader* reader,
                                 const std::stop_token& stop, const BelongsHere& belongs) {
  VerifyReport report = TRY(Verifier(table, dead_letters).Run(stop));
  if (reader != nullptr) {
    const ReportToCompare one{.report = report, .belongs = belongs};
    TRY(CompareWithKafka({&one, 1}, *reader, stop));
  }
  return report;
}

}  // namespace kafka_iceberg::engine
