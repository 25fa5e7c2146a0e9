// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/routed_tables.h"
#include "engine/connect.h"
#include "engine/letters/open_dead_letters.h"
#include "engine/module_options.h"
#include "engine/verify/verify.h"

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

json ReportJson(const engine::VerifyReport& report) {
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
                          {"accepted_losses", verdict.accepted_losses},
                          {"to_be_backfilled", verdict.to_be_backfilled}});
  }
  return {{"ok", report.ok()},
          {"table", report.table},
          {"snapshot_id", report.snapshot_id ? json(*report.snapshot_id) : json()},
          {"data_files", report.data_files},
          {"rows", report.rows},
          {"rows_without_offset", report.rows_without_offset},
          {"kafka_asked", report.kafka_asked},
          {"problems", report.problems},
          {"notes", report.notes},
          {"partitions", partitions}};
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
  if (verdict.to_be_backfilled > 0) {
    std::cout << fmt::format("{}: {} offsets wait for a backfill that is not finished\n", name,
                             verdict.to_be_backfilled);
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
  for (const std::string& note : report.notes) std::cout << "note: " << note << "\n";
  std::cout << fmt::format("{}: {} rows in {} data files{}: {}\n", report.table,
                           HumanCount(report.rows), report.data_files,
                           report.kafka_asked ? ", compared with Kafka" : "",
                           report.ok() ? "every offset is in the table once" : "DIFFERENCES FOUND");
}

Result<std::vector<engine::VerifyReport>> Verify(const Arguments& arguments,
                                                 const config::Options& options, Runtime& runtime) {
  const engine::EngineContext context = runtime.engine_context();
  engine::OpenedCatalog catalog = TRY(engine::OpenCatalog(options, context));
  const auto owners = TRY(OpenOwners(options, context, catalog));
  std::vector<engine::VerifyReport> reports;
  std::vector<std::string> names;
  for (const config::Options& one : TRY(AllTables(options, arguments.table, *catalog.catalog))) {
    const auto table = TRY(catalog.catalog->LoadTable(engine::TargetTable(one)));
    const engine::DeadLetterTarget target{
        .options = one, .catalog = *catalog.catalog, .table = *table};
    engine::OffsetsByPartition letters = TRY(engine::ReadLetterOffsets(target));
    if (!arguments.offline) {
      const Status read = engine::AddTopicLetterOffsets(target, context, letters);
      if (!read.ok()) return read.error().WithContext("cannot read the topic of dead letters");
    }
    names.push_back(engine::TargetTable(one).ToString());
    reports.push_back(TRY(engine::VerifyTable(*table, letters, nullptr, runtime.stop)));
    if (arguments.offline && one.dead_letter.mode == "topic") {
      reports.back().notes.push_back(
          fmt::format("the dead letters are in topic {}, which was not read: offsets without a row "
                      "may be theirs",
                      engine::LetterTopicOf(one, table->identifier())));
    }
  }
  if (arguments.offline) return reports;
  std::vector<engine::ReportToCompare> to_compare;
  for (size_t i = 0; i < reports.size(); ++i) {
    to_compare.push_back({.report = reports[i], .belongs = BelongsTo(names[i], owners.get())});
  }
  const auto reader = TRY(engine::OpenTopicReader(options, context));
  const Status compared = engine::CompareWithKafka(to_compare, *reader, runtime.stop);
  if (!compared.ok() && compared.error().code() == ErrorCode::kUnavailable)
    return compared.error().WithContext("cannot ask Kafka (--offline checks the table alone)");
  TRY(compared);
  return reports;
}

}  // namespace

int VerifyCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  const auto reports = Verify(arguments, *options, runtime);
  if (!reports.ok()) return ReportError(reports.error());
  const bool ok = std::ranges::all_of(*reports, &engine::VerifyReport::ok);
  if (!arguments.json) {
    for (const engine::VerifyReport& report : *reports) PrintText(report);
  } else if (options->routing.routes.empty()) {
    std::cout << JsonText(ReportJson(reports->front())) << "\n";
  } else {
    json tables = json::array();
    for (const engine::VerifyReport& report : *reports) tables.push_back(ReportJson(report));
    std::cout << JsonText({{"ok", ok}, {"tables", tables}}) << "\n";
  }
  return ok ? kExitOk : kExitDifference;
}

}  // namespace kafka_iceberg::app
