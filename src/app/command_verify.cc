// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "engine/connect.h"
#include "engine/letters/open_dead_letters.h"
#include "engine/module_options.h"
#include "engine/verify.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

constexpr size_t kRangesShown = 10;

json RangesJson(const std::vector<OffsetRange>& ranges) {
  json list = json::array();
  for (const OffsetRange& range : ranges) list.push_back({range.start, range.end});
  return list;
}

std::string RangesText(const std::vector<OffsetRange>& ranges) {
  std::string text;
  for (size_t i = 0; i < std::min(ranges.size(), kRangesShown); ++i) {
    text += fmt::format("{}{}-{}", i == 0 ? "" : ", ", ranges[i].start, ranges[i].end - 1);
  }
  if (ranges.size() > kRangesShown)
    text += fmt::format(" and {} more", ranges.size() - kRangesShown);
  return text;
}

void PrintJson(const engine::VerifyReport& report) {
  json partitions = json::array();
  for (const engine::PartitionVerdict& verdict : report.partitions) {
    partitions.push_back({{"topic", verdict.partition.topic},
                          {"partition", verdict.partition.partition},
                          {"next_offset", verdict.next_offset},
                          {"covered", {verdict.covered.start, verdict.covered.end}},
                          {"rows", verdict.rows},
                          {"dead_letters", verdict.dead_letters},
                          {"legal_gaps", verdict.legal_gaps},
                          {"duplicates", RangesJson(verdict.duplicates)},
                          {"lost", RangesJson(verdict.lost)},
                          {"unexplained", RangesJson(verdict.unexplained)},
                          {"beyond_ledger", RangesJson(verdict.beyond_ledger)},
                          {"accepted_duplicates", verdict.accepted_duplicates},
                          {"accepted_losses", verdict.accepted_losses}});
  }
  const json body = {{"ok", report.ok()},
                     {"table", report.table},
                     {"snapshot_id", report.snapshot_id ? json(*report.snapshot_id) : json()},
                     {"data_files", report.data_files},
                     {"rows", report.rows},
                     {"rows_without_offset", report.rows_without_offset},
                     {"kafka_asked", report.kafka_asked},
                     {"problems", report.problems},
                     {"partitions", partitions}};
  std::cout << body.dump(2) << "\n";
}

void PrintFindings(const engine::PartitionVerdict& verdict) {
  const std::string name =
      fmt::format("{}[{}]", verdict.partition.topic, verdict.partition.partition);
  const auto print = [&](const char* what, const std::vector<OffsetRange>& ranges) {
    if (!ranges.empty())
      std::cout << fmt::format("{}: {}: offsets {}\n", name, what, RangesText(ranges));
  };
  print("DUPLICATES", verdict.duplicates);
  print("LOST, Kafka still has them", verdict.lost);
  print("rows the ledger does not know of", verdict.beyond_ledger);
  print("no row, and Kafka could not be asked", verdict.unexplained);
  if (verdict.accepted_duplicates > 0 || verdict.accepted_losses > 0) {
    std::cout << fmt::format("{}: accepted when the ledger was moved: {} rows twice, {} left out\n",
                             name, verdict.accepted_duplicates, verdict.accepted_losses);
  }
}

void PrintText(const engine::VerifyReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const engine::PartitionVerdict& verdict : report.partitions) {
    rows.push_back({fmt::format("{}[{}]", verdict.partition.topic, verdict.partition.partition),
                    std::to_string(verdict.covered.start), std::to_string(verdict.next_offset),
                    std::to_string(verdict.rows), std::to_string(verdict.dead_letters),
                    std::to_string(verdict.legal_gaps), std::to_string(verdict.duplicates.size()),
                    std::to_string(verdict.lost.size())});
  }
  std::cout << FormatTable(
      {"partition", "from", "next", "rows", "dead letters", "legal gaps", "duplicates", "lost"},
      rows);
  for (const engine::PartitionVerdict& verdict : report.partitions) PrintFindings(verdict);
  for (const std::string& problem : report.problems) std::cout << "problem: " << problem << "\n";
  std::cout << fmt::format("{}: {} rows in {} data files{}: {}\n", report.table,
                           HumanCount(report.rows), report.data_files,
                           report.kafka_asked ? ", compared with Kafka" : "",
                           report.ok() ? "every offset is in the table once" : "DIFFERENCES FOUND");
}

Result<engine::VerifyReport> Verify(const Arguments& arguments, const config::Options& options,
                                    Runtime& runtime) {
  const engine::EngineContext context = runtime.engine_context();
  const engine::OpenedCatalog catalog = TRY(engine::OpenCatalog(options, context));
  const auto table = TRY(catalog.catalog->LoadTable(engine::TargetTable(options)));
  const engine::OffsetsByPartition letters = TRY(engine::ReadLetterOffsets(
      {.options = options, .catalog = *catalog.catalog, .table = *table}));
  std::unique_ptr<kafka::TopicReader> reader;
  if (!arguments.offline) reader = TRY(engine::OpenTopicReader(options, context));
  Result<engine::VerifyReport> report =
      engine::VerifyTable(*table, letters, reader.get(), runtime.stop);
  if (!report.ok() && report.error().code() == ErrorCode::kUnavailable && !arguments.offline) {
    return report.error().WithContext("cannot ask Kafka (--offline checks the table alone)");
  }
  return report;
}

}  // namespace

int VerifyCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  const Result<engine::VerifyReport> report = Verify(arguments, *options, runtime);
  if (!report.ok()) return ReportError(report.error());
  if (arguments.json) {
    PrintJson(*report);
  } else {
    PrintText(*report);
  }
  return report->ok() ? kExitOk : kExitDifference;
}

}  // namespace kafka_iceberg::app
