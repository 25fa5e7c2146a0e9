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
#include "engine/routing/plan_router.h"
#include "engine/routing/table_directory.h"
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
                          {"accepted_losses", verdict.accepted_losses}});
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

// The tables of the configuration, and those that records have named.
Result<std::vector<config::Options>> TablesToVerify(const Arguments& arguments,
                                                    const config::Options& options,
                                                    catalog::Catalog& catalog) {
  if (options.routing.routes.empty() || !arguments.table.empty()) {
    return engine::TablesOf(options, arguments.table);
  }
  const auto plan = TRY(engine::RoutePlan::Make(options));
  std::vector<config::Options> tables;
  for (const std::string& table : plan->fixed_tables()) {
    tables.push_back(plan->OptionsFor(table, {}));
  }
  for (const std::string& table : TRY(engine::FindNamedTables(*plan, catalog, {}))) {
    config::Options named = plan->OptionsFor(table, {});
    const auto loaded = catalog.LoadTable(engine::TargetTable(named));
    if (!loaded.ok() && loaded.error().code() == ErrorCode::kNotFound) continue;
    tables.push_back(std::move(named));
  }
  return tables;
}

// With routes a record without a row may belong to another table.
Result<engine::BelongsHere> BelongsTo(const std::string& table, const config::Options& options,
                                      engine::PlanRouter* router) {
  if (router == nullptr) return engine::BelongsHere();
  const bool keeps_account = table == TRY(engine::RoutePlan::Make(options))->account_table();
  return engine::BelongsHere([=](const std::string& topic, const Record& record) -> Result<bool> {
    if (const auto* tables = router->TablesOfTopic(topic)) {
      return std::ranges::find(*tables, table) != tables->end();
    }
    const engine::RouteOutcome outcome = router->Route(topic, {&record, 1});
    if (outcome.stopped) return *outcome.stopped;
    if (keeps_account) return !outcome.refusals.empty();
    return std::ranges::find(outcome.shares, table, &engine::RouteShare::table) !=
           outcome.shares.end();
  });
}

Result<std::vector<engine::VerifyReport>> Verify(const Arguments& arguments,
                                                 const config::Options& options, Runtime& runtime) {
  const engine::EngineContext context = runtime.engine_context();
  const engine::OpenedCatalog catalog = TRY(engine::OpenCatalog(options, context));
  std::unique_ptr<engine::PlanRouter> router;
  if (!options.routing.routes.empty()) {
    router = std::make_unique<engine::PlanRouter>(
        TRY(engine::RoutePlan::Make(options)),
        TRY(engine::OpenSchemaSource(options, context, *catalog.http)), *runtime.metrics);
  }
  std::unique_ptr<kafka::TopicReader> reader;
  if (!arguments.offline) reader = TRY(engine::OpenTopicReader(options, context));
  std::vector<engine::VerifyReport> reports;
  for (const config::Options& one : TRY(TablesToVerify(arguments, options, *catalog.catalog))) {
    const auto table = TRY(catalog.catalog->LoadTable(engine::TargetTable(one)));
    const engine::DeadLetterTarget target{
        .options = one, .catalog = *catalog.catalog, .table = *table};
    engine::OffsetsByPartition letters = TRY(engine::ReadLetterOffsets(target));
    const bool is_unread = arguments.offline && one.dead_letter.mode == "topic";
    if (!arguments.offline) {
      const Status read = engine::AddTopicLetterOffsets(target, context, letters);
      if (!read.ok()) return read.error().WithContext("cannot read the topic of dead letters");
    }
    const std::string name = engine::TargetTable(one).ToString();
    Result<engine::VerifyReport> report = engine::VerifyTable(
        *table, letters, reader.get(), runtime.stop, TRY(BelongsTo(name, options, router.get())));
    if (!report.ok() && report.error().code() == ErrorCode::kUnavailable && !arguments.offline) {
      return report.error().WithContext("cannot ask Kafka (--offline checks the table alone)");
    }
    reports.push_back(TRY(std::move(report)));
    if (is_unread) {
      reports.back().notes.push_back(
          fmt::format("the dead letters are in topic {}, which was not read: offsets without a row "
                      "may be theirs",
                      engine::LetterTopicOf(one, table->identifier())));
    }
  }
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
    std::cout << ReportJson(reports->front()).dump(2) << "\n";
  } else {
    json tables = json::array();
    for (const engine::VerifyReport& report : *reports) tables.push_back(ReportJson(report));
    std::cout << json({{"ok", ok}, {"tables", tables}}).dump(2) << "\n";
  }
  return ok ? kExitOk : kExitDifference;
}

}  // namespace kafka_iceberg::app
