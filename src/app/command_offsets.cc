// SPDX-License-Identifier: Apache-2.0
//
// The `offsets` commands: show where everybody stands, move the ledger of one table or of all.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/offset_targets.h"
#include "app/output.h"
#include "app/routed_tables.h"
#include "engine/module_options.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

json OrNull(std::optional<int64_t> value) { return value ? json(*value) : json(); }
std::string OrDash(std::optional<int64_t> value) { return value ? std::to_string(*value) : "-"; }

json SurveyJson(const engine::OffsetSurvey& survey) {
  json list = json::array();
  for (const engine::PartitionOffsets& offsets : survey.partitions) {
    list.push_back({{"topic", offsets.topic.topic},
                    {"partition", offsets.partition},
                    {"ledger", OrNull(offsets.ledger)},
                    {"group", OrNull(offsets.group)},
                    {"low", offsets.low},
                    {"high", offsets.high},
                    {"lag", offsets.lag()}});
  }
  return {{"table", survey.table},
          {"group", survey.group},
          {"group_members", survey.group_members},
          {"ledger_generation", survey.generation},
          {"partitions", list}};
}

void PrintSurvey(const engine::OffsetSurvey& survey) {
  std::vector<std::vector<std::string>> rows;
  for (const engine::PartitionOffsets& offsets : survey.partitions) {
    rows.push_back({fmt::format("{}[{}]", offsets.topic.topic, offsets.partition),
                    OrDash(offsets.ledger), OrDash(offsets.group), std::to_string(offsets.low),
                    std::to_string(offsets.high), std::to_string(offsets.lag())});
  }
  std::cout << FormatTable({"partition", "table", "group", "oldest", "end", "lag"}, rows)
            << fmt::format("{}: ledger of generation {}; group {}: {} members\n", survey.table,
                           survey.generation, survey.group, survey.group_members);
}

void Show(const std::vector<SurveyedTable>& tables, bool has_routes, bool as_json) {
  if (!as_json) {
    for (const SurveyedTable& table : tables) PrintSurvey(table.survey);
    return;
  }
  json list = json::array();
  for (const SurveyedTable& table : tables) list.push_back(SurveyJson(table.survey));
  std::cout << JsonText(has_routes ? json({{"tables", list}}) : list.front()) << "\n";
}

// A move of one table, planned.
struct TableMove {
  SurveyedTable* table = nullptr;
  engine::ResetRequest request;
  std::vector<engine::PlannedMove> plan;
  std::string outcome;
};

json PlanJson(const TableMove& move) {
  json list = json::array();
  for (const engine::PlannedMove& planned : move.plan) {
    list.push_back({{"topic", planned.move.topic.topic},
                    {"partition", planned.move.partition},
                    {"from", OrNull(planned.move.from)},
                    {"to", planned.move.to},
                    {"doubled_rows", planned.doubled_rows},
                    {"skipped_offsets", planned.skipped_offsets}});
  }
  return {{"table", move.table->survey.table}, {"moves", list}, {"outcome", move.outcome}};
}

void PrintPlan(const TableMove& move) {
  std::vector<std::vector<std::string>> rows;
  for (const engine::PlannedMove& planned : move.plan) {
    const commit::PartitionMove& one = planned.move;
    rows.push_back({fmt::format("{}[{}]", one.topic.topic, one.partition), OrDash(one.from),
                    std::to_string(one.to), std::to_string(planned.doubled_rows),
                    std::to_string(planned.skipped_offsets)});
  }
  std::cout << FormatTable({"partition", "from", "to", "rows doubled", "offsets left out"}, rows)
            << fmt::format("{}: {}\n", move.table->survey.table, move.outcome);
}

void PrintPlans(const std::vector<TableMove>& moves, bool has_routes, bool as_json) {
  if (!as_json) {
    std::ranges::for_each(moves, PrintPlan);
    return;
  }
  json list = json::array();
  for (const TableMove& move : moves) list.push_back(PlanJson(move));
  std::cout << JsonText(has_routes ? json({{"tables", list}}) : list.front()) << "\n";
}

// What of the targets is this table's. A table that records name takes a partition from its first
// record there on, and not because somebody moved something.
std::map<TopicPartition, int64_t> TargetsOf(const SurveyedTable& table, bool has_routes,
                                            const std::map<TopicPartition, OffsetTarget>& targets) {
  std::map<TopicPartition, int64_t> own;
  for (const auto& [partition, target] : targets) {
    const auto found =
        std::ranges::find(table.survey.partitions, partition, &engine::PartitionOffsets::name);
    if (has_routes && (found == table.survey.partitions.end() || !found->ledger)) continue;
    own[partition] = target.offset;
  }
  return own;
}

Result<TableMove> Plan(const Arguments& arguments, SurveyedTable& table, bool has_routes,
                       const OffsetConnections& connections, const std::stop_token& stop) {
  TableMove move{.table = &table,
                 .request = {.only_back = arguments.command == Command::kOffsetsRewind,
                             .accept_duplicates = arguments.accept_duplicates,
                             .accept_loss = arguments.accept_loss}};
  const auto targets =
      TRY(ParseTargets("--to", arguments.targets, table.survey, *connections.admin));
  move.request.targets = TargetsOf(table, has_routes, targets);
  // Which offsets have a row; a table that does not tell is told from one that cannot be read.
  Result<engine::VerifyReport> verified = engine::VerifyTable(*table.table, {}, nullptr, stop);
  std::optional<engine::VerifyReport> rows;
  if (verified.ok()) {
    rows = std::move(verified).value();
  } else if (verified.error().code() != ErrorCode::kUnsupported) {
    return verified.error();
  }
  move.plan = TRY(engine::PlanReset(move.request, table.survey, rows));
  return move;
}

Status MoveOne(TableMove& move, bool has_routes, const OffsetConnections& connections,
               const engine::EngineContext& context, const std::stop_token& stop) {
  const engine::MoveOutcome moved = TRY(engine::MoveOffsets({.table = *move.table->table,
                                                             .admin = *connections.admin,
                                                             .engine = context,
                                                             .shares_group = has_routes},
                                                            move.table->survey, move.plan, stop));
  if (!moved.warning.empty()) std::cerr << "warning: " << moved.warning << "\n";
  move.outcome = fmt::format("moved in snapshot {}; the ledger is of generation {} now",
                             moved.result.snapshot_id, moved.result.generation);
  return {};
}

// Nothing is moved unless everything may be.
Status Move(const Arguments& arguments, std::vector<SurveyedTable>& tables, bool has_routes,
            const OffsetConnections& connections, Runtime& runtime) {
  std::vector<TableMove> moves;
  std::optional<Error> refusal;
  for (SurveyedTable& table : tables) {
    moves.push_back(TRY(Plan(arguments, table, has_routes, connections, runtime.stop)));
    TableMove& move = moves.back();
    Status agreed = engine::CheckAgreed(move.request, move.plan);
    if (!agreed.ok() && has_routes) agreed = agreed.error().WithContext(table.survey.table);
    if (!agreed.ok() && !refusal) refusal = agreed.error();
    move.outcome = !agreed.ok()
                       ? "dry run: would be refused: " + agreed.error().message()
                       : (move.plan.empty() ? "nothing to move" : "dry run: nothing was moved");
  }
  if (!arguments.dry_run) {
    if (refusal) return *refusal;
    const engine::EngineContext context = runtime.engine_context();
    for (TableMove& move : moves) {
      if (move.plan.empty()) continue;
      const Status moved = MoveOne(move, has_routes, connections, context, runtime.stop);
      if (moved.ok()) continue;
      return has_routes ? Status(moved.error().WithContext(move.table->survey.table +
                                                           " and those after it were not moved"))
                        : moved;
    }
  }
  PrintPlans(moves, has_routes, arguments.json);
  return {};
}

Status Run(const Arguments& arguments, const config::Options& options, Runtime& runtime) {
  const bool has_routes = !options.routing.routes.empty();
  const bool shows = arguments.command == Command::kOffsetsShow;
  if (has_routes && !shows && arguments.table.empty() && !arguments.all_tables) {
    return Error::Invalid(
        "the configuration has [[routes]]: say which ledger to move, with --table NAME or "
        "--all-tables");
  }
  const OffsetConnections connections = TRY(ConnectForOffsets(options, runtime.engine_context()));
  std::vector<SurveyedTable> tables;
  for (const config::Options& one :
       TRY(AllTables(options, arguments.table, *connections.catalog.catalog))) {
    Result<SurveyedTable> table = SurveyTable(connections, one);
    // Of several tables some may not have been made yet.
    const bool is_new = !table.ok() && table.error().code() == ErrorCode::kNotFound;
    if (is_new && has_routes && arguments.table.empty()) {
      std::cerr << "warning: " << table.error().message() << "\n";
      continue;
    }
    tables.push_back(TRY(std::move(table)));
  }
  if (tables.empty()) return Error::NotFound("none of the tables is there yet");
  if (!shows) return Move(arguments, tables, has_routes, connections, runtime);
  Show(tables, has_routes, arguments.json);
  return {};
}

}  // namespace

int OffsetsCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  const Status status = Run(arguments, *options, runtime);
  return status.ok() ? kExitOk : ReportError(status.error());
}

}  // namespace kafka_iceberg::app
