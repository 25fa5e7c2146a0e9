// SPDX-License-Identifier: Apache-2.0
//
// The `offsets` commands: show where everybody stands, move the ledger of the configured table.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "decode/text/temporal_text.h"
#include "engine/connect.h"
#include "engine/kafka_tokens.h"
#include "engine/module_options.h"
#include "engine/offsets/offset_reset.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

constexpr Duration kKafkaTimeout = std::chrono::seconds(10);

// Everything the commands look at.
struct Connections {
  engine::OpenedCatalog catalog;
  std::unique_ptr<catalog::TableOperations> table;
  std::unique_ptr<kafka::TopicReader> reader;
  std::unique_ptr<kafka::GroupAdmin> admin;
  engine::OffsetSurvey survey;
};

Result<Connections> Open(const config::Options& options, const engine::EngineContext& context) {
  Connections connections;
  connections.catalog = TRY(engine::OpenCatalog(options, context));
  connections.table = TRY(connections.catalog.catalog->LoadTable(engine::TargetTable(options)));
  connections.reader = TRY(engine::OpenTopicReader(options, context));
  connections.admin =
      TRY(kafka::GroupAdmin::Open(TRY(engine::SecuredSourceOptions(options, context.clock))));
  connections.survey = TRY(
      engine::SurveyOffsets(options, *connections.table, *connections.reader, *connections.admin));
  return connections;
}

json OrNull(std::optional<int64_t> value) { return value ? json(*value) : json(); }
std::string OrDash(std::optional<int64_t> value) { return value ? std::to_string(*value) : "-"; }

void PrintSurvey(const engine::OffsetSurvey& survey, bool as_json) {
  json list = json::array();
  std::vector<std::vector<std::string>> rows;
  for (const engine::PartitionOffsets& offsets : survey.partitions) {
    list.push_back({{"topic", offsets.topic.topic},
                    {"partition", offsets.partition},
                    {"ledger", OrNull(offsets.ledger)},
                    {"group", OrNull(offsets.group)},
                    {"low", offsets.low},
                    {"high", offsets.high},
                    {"lag", offsets.lag()}});
    rows.push_back({fmt::format("{}[{}]", offsets.topic.topic, offsets.partition),
                    OrDash(offsets.ledger), OrDash(offsets.group), std::to_string(offsets.low),
                    std::to_string(offsets.high), std::to_string(offsets.lag())});
  }
  if (as_json) {
    std::cout << json({{"table", survey.table},
                       {"group", survey.group},
                       {"group_members", survey.group_members},
                       {"ledger_generation", survey.generation},
                       {"partitions", list}})
                     .dump(2)
              << "\n";
    return;
  }
  std::cout << FormatTable({"partition", "table", "group", "oldest", "end", "lag"}, rows)
            << fmt::format("{}: ledger of generation {}; group {}: {} members\n", survey.table,
                           survey.generation, survey.group, survey.group_members);
}

// "topic:partition:offset"; nothing when it is not of that form.
std::optional<std::pair<TopicPartition, int64_t>> ParseExplicit(std::string_view text) {
  const size_t last = text.rfind(':');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const size_t middle = text.rfind(':', last - 1);
  if (middle == std::string_view::npos || middle == 0) return std::nullopt;
  const auto number = [](std::string_view digits, auto& value) {
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size() && value >= 0;
  };
  TopicPartition partition{std::string(text.substr(0, middle)), 0};
  int64_t offset = 0;
  if (!number(text.substr(middle + 1, last - middle - 1), partition.partition) ||
      !number(text.substr(last + 1), offset))
    return std::nullopt;
  return std::pair(std::move(partition), offset);
}

Result<std::map<TopicPartition, int64_t>> TargetsFor(const std::string& text,
                                                     Connections& connections) {
  std::map<TopicPartition, int64_t> targets;
  std::vector<TopicPartition> partitions;
  for (const engine::PartitionOffsets& offsets : connections.survey.partitions) {
    partitions.push_back(offsets.name());
    if (text == "earliest") targets[offsets.name()] = offsets.low;
    if (text == "latest") targets[offsets.name()] = offsets.high;
  }
  if (text == "earliest" || text == "latest") return targets;
  if (auto named = ParseExplicit(text)) {
    targets.insert(*std::move(named));
    return targets;
  }
  constexpr int kMillis = 3;
  int64_t time_ms = 0;
  const auto parsed = decode::ParseTimestamp(text, decode::Offset::kRequired, kMillis, time_ms);
  if (parsed != decode::TextError::kNone) {
    return Error::Invalid(
        "--to {}: expected earliest, latest, a time such as 2026-01-08T14:30:00Z, or "
        "topic:partition:offset",
        text);
  }
  return connections.admin->OffsetsAt(partitions, time_ms, kKafkaTimeout);
}

Result<engine::ResetRequest> RequestFor(const Arguments& arguments, Connections& connections) {
  engine::ResetRequest request{.only_back = arguments.command == Command::kOffsetsRewind,
                               .accept_duplicates = arguments.accept_duplicates,
                               .accept_loss = arguments.accept_loss};
  for (const std::string& text : arguments.targets) {
    for (const auto& [partition, target] : TRY(TargetsFor(text, connections))) {
      if (!request.targets.emplace(partition, target).second) {
        return Error::Invalid("--to {}: {}[{}] has a target already", text, partition.topic,
                              partition.partition);
      }
    }
  }
  return request;
}

void PrintPlan(const std::vector<engine::PlannedMove>& plan, const std::string& outcome,
               bool as_json) {
  json list = json::array();
  std::vector<std::vector<std::string>> rows;
  for (const engine::PlannedMove& planned : plan) {
    const commit::PartitionMove& move = planned.move;
    list.push_back({{"topic", move.topic.topic},
                    {"partition", move.partition},
                    {"from", OrNull(move.from)},
                    {"to", move.to},
                    {"doubled_rows", planned.doubled_rows},
                    {"skipped_offsets", planned.skipped_offsets}});
    rows.push_back({fmt::format("{}[{}]", move.topic.topic, move.partition), OrDash(move.from),
                    std::to_string(move.to), std::to_string(planned.doubled_rows),
                    std::to_string(planned.skipped_offsets)});
  }
  if (as_json) {
    std::cout << json({{"moves", list}, {"outcome", outcome}}).dump(2) << "\n";
    return;
  }
  std::cout << FormatTable({"partition", "from", "to", "rows doubled", "offsets left out"}, rows)
            << outcome << "\n";
}

Status Move(const Arguments& arguments, const engine::EngineContext& context,
            Connections& connections, const std::stop_token& stop) {
  const engine::ResetRequest request = TRY(RequestFor(arguments, connections));
  // Which offsets have a row; a table that does not tell is told from one that cannot be read.
  Result<engine::VerifyReport> verified =
      engine::VerifyTable(*connections.table, {}, nullptr, stop);
  std::optional<engine::VerifyReport> rows;
  if (verified.ok()) {
    rows = std::move(verified).value();
  } else if (verified.error().code() != ErrorCode::kUnsupported) {
    return verified.error();
  }
  const auto plan = TRY(engine::PlanReset(request, connections.survey, rows));
  if (plan.empty()) {
    PrintPlan(plan, "nothing to move", arguments.json);
    return {};
  }
  const Status agreed = engine::CheckAgreed(request, plan);
  if (arguments.dry_run) {
    PrintPlan(plan,
              agreed.ok() ? "dry run: nothing was moved"
                          : "dry run: would be refused: " + agreed.error().message(),
              arguments.json);
    return {};
  }
  TRY(agreed);
  const engine::MoveOutcome moved = TRY(engine::MoveOffsets(
      {.table = *connections.table, .admin = *connections.admin, .engine = context},
      connections.survey, plan, stop));
  if (!moved.warning.empty()) std::cerr << "warning: " << moved.warning << "\n";
  PrintPlan(plan,
            fmt::format("moved in snapshot {}; the ledger is of generation {} now",
                        moved.result.snapshot_id, moved.result.generation),
            arguments.json);
  return {};
}

}  // namespace

int OffsetsCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  if (!options->routing.routes.empty()) {
    return ReportError(Error::Unsupported(
        "offsets does not work on a configuration with [[routes]]: several tables share a topic's "
        "partitions"));
  }
  const engine::EngineContext context = runtime.engine_context();
  Result<Connections> connections = Open(*options, context);
  if (!connections.ok()) return ReportError(connections.error());
  if (arguments.command == Command::kOffsetsShow) {
    PrintSurvey(connections->survey, arguments.json);
    return kExitOk;
  }
  const Status moved = Move(arguments, context, *connections, runtime.stop);
  return moved.ok() ? kExitOk : ReportError(moved.error());
}

}  // namespace kafka_iceberg::app
