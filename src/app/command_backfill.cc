// SPDX-License-Identifier: Apache-2.0
//
// The `backfill` commands: read a bounded range into the table beside the live tail, list what was
// asked for, cancel one.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/offset_targets.h"
#include "app/output.h"
#include "app/routed_tables.h"
#include "core/thread.h"
#include "engine/backfill/backfill_run.h"
#include "engine/connect.h"
#include "engine/letters/open_dead_letters.h"
#include "engine/module_options.h"

namespace kafka_iceberg::app {
namespace {

using commit::Backfill;
using nlohmann::json;

constexpr Duration kProgressInterval = std::chrono::seconds(5);
constexpr int kLooksMax = 3;
constexpr std::string_view kWriter = "kafka-iceberg backfill";

std::vector<std::string> EndsOf(const Arguments& arguments) {
  return arguments.targets.empty() ? std::vector<std::string>{"ledger"} : arguments.targets;
}

std::string RequestText(const Arguments& arguments) {
  std::string text = fmt::format("from {} to {}", fmt::join(arguments.from, " "),
                                 fmt::join(EndsOf(arguments), " "));
  if (arguments.only_missing) text += " missing-only";
  if (arguments.accept_duplicates) text += " accept-duplicates";
  return text;
}

// Both ends of every partition that both name. An end that is not a number somebody wrote is cut to
// what the live tail has read; where there is nothing between the ends there is nothing to do.
Result<std::map<TopicPartition, OffsetRange>> RangesFor(const Arguments& arguments,
                                                        const engine::OffsetSurvey& survey,
                                                        kafka::GroupAdmin& admin) {
  const auto starts = TRY(ParseTargets("--from", arguments.from, survey, admin));
  const auto ends = TRY(ParseTargets("--to", EndsOf(arguments), survey, admin));
  std::map<TopicPartition, OffsetRange> ranges;
  for (const auto& [partition, start] : starts) {
    const auto end = ends.find(partition);
    const auto known =
        std::ranges::find(survey.partitions, partition, &engine::PartitionOffsets::name);
    const bool has_ledger = known != survey.partitions.end() && known->ledger.has_value();
    if (end == ends.end() || (!has_ledger && !start.is_explicit)) continue;
    OffsetRange range{.start = start.offset, .end = end->second.offset};
    if (has_ledger && !end->second.is_explicit) range.end = std::min(range.end, *known->ledger);
    const bool is_empty =
        range.start >= range.end && !(start.is_explicit && end->second.is_explicit);
    if (!is_empty) ranges[partition] = range;
  }
  for (const auto& [partition, end] : ends) {
    if (end.is_explicit && !starts.contains(partition)) {
      return Error::Invalid("--to names {}[{}], --from does not", partition.topic,
                            partition.partition);
    }
  }
  return ranges;
}

Result<engine::BackfillRequest> RequestFor(const Arguments& arguments, const SurveyedTable& table,
                                           kafka::GroupAdmin& admin) {
  engine::BackfillRequest request{.text = RequestText(arguments),
                                  .only_missing = arguments.only_missing,
                                  .accept_duplicates = arguments.accept_duplicates,
                                  .accept_loss = arguments.accept_loss};
  request.ranges = TRY(RangesFor(arguments, table.survey, admin));
  return request;
}

// ---- output

json RangesJson(const Backfill& backfill) {
  json list = json::array();
  for (const auto& [topic, partitions] : backfill.ranges) {
    for (const auto& [partition, range] : partitions) {
      const int64_t next = backfill.is_cancelled
                               ? range.end
                               : backfill.ledger.NextOffset(topic, partition).value_or(range.start);
      list.push_back({{"topic", topic.topic},
                      {"partition", partition},
                      {"from", range.start},
                      {"to", range.end},
                      {"next", next},
                      {"left", range.end - next}});
    }
  }
  return list;
}

std::string_view StateOf(const Backfill& backfill) {
  if (backfill.is_cancelled) return "cancelled";
  return backfill.is_open() ? "open" : "done";
}

json BackfillJson(const Backfill& backfill) {
  return {{"id", backfill.id},
          {"state", StateOf(backfill)},
          {"request", backfill.request},
          {"registered_at", HumanTime(backfill.at_ms)},
          {"accept_duplicates", backfill.accepts_duplicates},
          {"missing_only", backfill.only_missing},
          {"partitions", RangesJson(backfill)}};
}

void PrintRanges(const Backfill& backfill) {
  std::vector<std::vector<std::string>> rows;
  for (const json& range : RangesJson(backfill)) {
    rows.push_back(
        {fmt::format("{}[{}]", range["topic"].get<std::string>(), range["partition"].get<int>()),
         std::to_string(range["from"].get<int64_t>()), std::to_string(range["to"].get<int64_t>()),
         std::to_string(range["next"].get<int64_t>()),
         std::to_string(range["left"].get<int64_t>())});
  }
  std::cout << FormatTable({"partition", "from", "to", "next", "left"}, rows);
}

// ---- run

// What happens to a request.
struct Decision {
  std::optional<Backfill> backfill;  // registered, or found
  std::vector<engine::PlannedRange> plan;
  std::string outcome;
};

class BackfillRunner {
 public:
  BackfillRunner(const Arguments& arguments, const config::Options& options, Runtime& runtime)
      : arguments_(arguments),
        options_(options),
        runtime_(runtime),
        context_(runtime.engine_context()) {}

  Result<int> Run(const config::Options& table_options) {
    connections_ = TRY(ConnectForOffsets(options_, context_));
    table_ = TRY(SurveyTable(connections_, table_options));
    Decision decision = TRY(Decide());
    if (decision.backfill && !arguments_.dry_run) {
      Backfill backfill = *decision.backfill;
      if (backfill.is_open()) {
        const Status read = ReadAll(backfill);
        const bool was_stopped = !read.ok() && read.error().code() == ErrorCode::kCancelled &&
                                 runtime_.stop.stop_requested();
        if (!read.ok() && !was_stopped) return read.error();
      }
      decision.backfill = backfill = TRY(Stored(backfill.id));
      TRY(FinishLetters(backfill));
      if (decision.outcome.empty()) decision.outcome = std::string(StateOf(backfill));
    }
    Print(decision);
    const bool is_open = decision.backfill && decision.backfill->is_open();
    return is_open && !arguments_.dry_run ? kExitTemporary : kExitOk;
  }

 private:
  commit::NoteContext NoteContextFor() {
    return {.table = *table_.table,
            .clock = context_.clock,
            .random = context_.random,
            .writer_id = std::string(kWriter)};
  }

  // As the table has it now.
  Result<Backfill> Stored(const std::string& id) {
    const catalog::TableVersion now = TRY(table_.table->Refresh());
    const std::vector<Backfill> all = TRY(commit::ReadBackfills(*now.metadata));
    const auto found = std::ranges::find(all, id, &Backfill::id);
    if (found == all.end()) {
      return Error::NotFound("{} knows no backfill {}", table_.survey.table, id);
    }
    return *found;
  }

  Result<Decision> Decide() {
    const catalog::TableVersion now = TRY(table_.table->Refresh());
    const std::vector<Backfill> all = TRY(commit::ReadBackfills(*now.metadata));
    const Backfill* known = engine::FindBackfill(all, arguments_.id, RequestText(arguments_));
    if (known == nullptr && !arguments_.id.empty()) return TRY(Missing(arguments_.id));
    if (known != nullptr && known->is_open()) return Decision{.backfill = *known};
    if (known != nullptr && !arguments_.again) {
      return Decision{.backfill = *known,
                      .outcome = "done already; --again looks at the same ranges once more"};
    }
    return Register();
  }

  Result<Decision> Missing(const std::string& id) {
    const Backfill backfill = TRY(Stored(id));
    return Error::Invalid("backfill {} was cancelled", backfill.id);
  }

  // The rows are looked at, and the backfill is registered if nothing has changed by then.
  Result<Decision> Register() {
    Status last;
    for (int look = 0; look < kLooksMax; ++look) {
      const iceberg::TableMetadataPtr seen = TRY(table_.table->Refresh()).metadata;
      table_.survey = TRY(engine::SurveyOffsets(table_.options, *table_.table, *connections_.reader,
                                                *connections_.admin));
      const engine::BackfillRequest request =
          TRY(RequestFor(arguments_, table_, *connections_.admin));
      Decision decision;
      decision.plan = TRY(engine::PlanBackfill(request, table_.survey, TRY(Contents())));
      const Status agreed = engine::CheckAgreed(request, decision.plan);
      const Backfill draft = engine::ToBackfill(request, decision.plan);
      if (arguments_.dry_run || draft.ranges.empty()) {
        if (!arguments_.dry_run) TRY(agreed);
        decision.outcome = !agreed.ok() ? "dry run: would be refused: " + agreed.error().message()
                           : draft.ranges.empty() ? "nothing to read"
                                                  : "dry run: nothing was read";
        return decision;
      }
      TRY(agreed);
      Step("before_register");
      Result<Backfill> registered =
          commit::RegisterBackfill(NoteContextFor(), draft, *seen, runtime_.stop);
      Step("after_register");
      if (registered.ok()) {
        decision.backfill = *std::move(registered);
        return decision;
      }
      last = registered.error();
      if (registered.error().code() != ErrorCode::kConflict) break;
    }
    return last.error();
  }

  Result<engine::TableContents> Contents() {
    return engine::ReadContents({.options = table_.options,
                                 .catalog = *connections_.catalog.catalog,
                                 .table = *table_.table},
                                runtime_.engine_context(), runtime_.stop);
  }

  Status ReadAll(const Backfill& backfill) {
    if (!arguments_.json) {
      std::cerr << fmt::format("{}: backfill {} ({})\n", table_.survey.table, backfill.id,
                               backfill.request);
    }
    TRY(CheckRetention(backfill));
    engine::TableContents contents;
    if (backfill.only_missing) contents = TRY(Contents());
    engine::SourceBounds bounds = engine::BoundsOf(backfill, contents);
    const auto owners = TRY(OpenOwners(options_, context_, connections_.catalog));
    bounds.wants = BelongsTo(table_.survey.table, owners.get());
    const config::Options options = engine::OptionsOfBackfill(table_.options, backfill.id);
    engine::EngineConnections connections = TRY(engine::Connect(options, context_));
    connections.source =
        engine::BoundSource(std::move(connections.source), std::move(bounds), context_.clock);
    const std::unique_ptr<engine::Engine> engine =
        TRY(engine::OpenBackfill(options, backfill, arguments_.accept_loss, context_,
                                 std::move(connections), runtime_.stop));
    const std::jthread progress = StartThread(
        "ki-progress", [&](const std::stop_token& stop) { ReportProgress(*engine, stop); },
        [](std::string_view) {});
    const Status status = engine->Run(runtime_.stop);
    const engine::EngineStatus last = engine->status();
    rows_ = last.rows_committed;
    letters_ = last.dead_letters;
    return status;
  }

  // A process that was killed may have left some to deliver, and the live engine may have nothing
  // to commit for long.
  Status FinishLetters(const Backfill& backfill) {
    TRY(engine::HandOverLetters(table_.options, backfill, context_.clock));
    if (table_.options.dead_letter.mode == "file") return {};
    return engine::SettleDeadLetters({.options = table_.options,
                                      .catalog = *connections_.catalog.catalog,
                                      .table = *table_.table,
                                      .ledger = {},
                                      .writer_id = std::string(kWriter)},
                                     context_);
  }

  // Retention may have overtaken it since it was registered.
  Status CheckRetention(const Backfill& backfill) const {
    for (const auto& [topic, partitions] : backfill.Left()) {
      for (const auto& [partition, range] : partitions) {
        const TopicPartition name{topic.topic, partition};
        const auto found =
            std::ranges::find(table_.survey.partitions, name, &engine::PartitionOffsets::name);
        if (found == table_.survey.partitions.end() || found->low <= range.start) continue;
        if (arguments_.accept_loss) continue;
        return Error::Invalid(
            "{}[{}]: Kafka does not have the offsets from {} to {} any more; to leave them out, "
            "add --accept-loss",
            name.topic, name.partition, range.start, std::min(found->low, range.end) - 1);
      }
    }
    return {};
  }

  void ReportProgress(const engine::Engine& engine, const std::stop_token& stop) const {
    while (context_.clock.SleepFor(kProgressInterval, stop)) {
      const engine::EngineStatus status = engine.status();
      std::string left;
      for (const engine::PartitionStatus& partition : status.partitions) {
        left += fmt::format("{}{}[{}] {}", left.empty() ? "" : ", ", partition.partition.topic,
                            partition.partition.partition, std::max<int64_t>(0, partition.lag));
      }
      std::cerr << fmt::format("{} rows committed, {} dead letters; offsets left: {}\n",
                               HumanCount(status.rows_committed), HumanCount(status.dead_letters),
                               left.empty() ? "waiting for the consumer group" : left);
    }
  }

  void Step(std::string_view name) const {
    if (context_.step_hook) context_.step_hook(name);
  }

  void Print(const Decision& decision) const {
    if (arguments_.json) {
      json plan = json::array();
      for (const engine::PlannedRange& range : decision.plan) {
        plan.push_back({{"topic", range.topic.topic},
                        {"partition", range.partition},
                        {"from", range.range.start},
                        {"to", range.range.end},
                        {"rows", range.rows},
                        {"dead_letters", range.letters},
                        {"removed", range.removed}});
      }
      std::cout << JsonText(
                       {{"table", table_.survey.table},
                        {"backfill", decision.backfill ? BackfillJson(*decision.backfill) : json()},
                        {"plan", plan},
                        {"rows_committed", rows_},
                        {"dead_letters", letters_},
                        {"outcome", decision.outcome}})
                << "\n";
      return;
    }
    if (decision.backfill) {
      PrintRanges(*decision.backfill);
      std::cout << fmt::format("{}: backfill {}: {}; {} rows and {} dead letters in this run\n",
                               table_.survey.table, decision.backfill->id, decision.outcome,
                               HumanCount(rows_), HumanCount(letters_));
      if (decision.backfill->is_open() && !arguments_.dry_run)
        std::cout << "not finished: run the same command again to go on\n";
      return;
    }
    PrintPlan(decision.plan);
    std::cout << fmt::format("{}: {}\n", table_.survey.table, decision.outcome);
  }

  static void PrintPlan(const std::vector<engine::PlannedRange>& plan) {
    std::vector<std::vector<std::string>> rows;
    for (const engine::PlannedRange& range : plan) {
      rows.push_back({fmt::format("{}[{}]", range.topic.topic, range.partition),
                      std::to_string(range.range.start), std::to_string(range.range.end),
                      std::to_string(range.rows), std::to_string(range.letters),
                      std::to_string(range.removed)});
    }
    std::cout << FormatTable({"partition", "from", "to", "with a row", "dead letters", "removed"},
                             rows);
  }

  const Arguments& arguments_;
  const config::Options& options_;
  Runtime& runtime_;
  const engine::EngineContext context_;
  OffsetConnections connections_;
  SurveyedTable table_;
  int64_t rows_ = 0;
  int64_t letters_ = 0;
};

// ---- list and cancel

struct OpenedTable {
  engine::OpenedCatalog catalog;
  std::unique_ptr<catalog::TableOperations> table;
};

Result<OpenedTable> OpenTable(const config::Options& options,
                              const engine::EngineContext& context) {
  OpenedTable opened;
  opened.catalog = TRY(engine::OpenCatalog(options, context));
  opened.table = TRY(opened.catalog.catalog->LoadTable(engine::TargetTable(options)));
  return opened;
}

Status List(const Arguments& arguments, const config::Options& options, Runtime& runtime) {
  const OpenedTable opened = TRY(OpenTable(options, runtime.engine_context()));
  const std::vector<Backfill> all = TRY(commit::ReadBackfills(*opened.table->Current().metadata));
  const std::string name = opened.table->identifier().ToString();
  if (arguments.json) {
    json list = json::array();
    for (const Backfill& backfill : all) list.push_back(BackfillJson(backfill));
    std::cout << JsonText({{"table", name}, {"backfills", list}}) << "\n";
    return {};
  }
  for (const Backfill& backfill : all) {
    std::cout << fmt::format("{}  {}  {}  {}\n", backfill.id, HumanTime(backfill.at_ms),
                             StateOf(backfill), backfill.request);
    PrintRanges(backfill);
  }
  std::cout << fmt::format("{}: {} backfills\n", name, all.size());
  return {};
}

Status Cancel(const Arguments& arguments, const config::Options& options, Runtime& runtime) {
  const engine::EngineContext context = runtime.engine_context();
  const OpenedTable opened = TRY(OpenTable(options, context));
  const Backfill cancelled = TRY(commit::CancelBackfill({.table = *opened.table,
                                                         .clock = context.clock,
                                                         .random = context.random,
                                                         .writer_id = std::string(kWriter)},
                                                        arguments.id, runtime.stop));
  if (arguments.json) {
    std::cout << JsonText(BackfillJson(cancelled)) << "\n";
  } else {
    PrintRanges(cancelled);
    std::cout << fmt::format("backfill {} is cancelled; what it had read stays\n", cancelled.id);
  }
  const Status handed_over = engine::HandOverLetters(options, cancelled, context.clock);
  if (!handed_over.ok()) {
    return handed_over.error().WithContext(
        "it is cancelled, but its dead letters are still in its folder");
  }
  return {};
}

}  // namespace

int BackfillCommand(const Arguments& arguments, Runtime& runtime) {
  // With its routes: they tell which records are the table's.
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  if (!options->routing.routes.empty() && arguments.table.empty()) {
    return ReportError(
        Error::Invalid("the configuration has [[routes]]: say which table with --table NAME"));
  }
  const auto tables = engine::TablesOf(*options, arguments.table);
  if (!tables.ok()) return ReportError(tables.error());
  const config::Options& table = tables->front();
  if (arguments.command != Command::kBackfillRun) {
    const Status status = arguments.command == Command::kBackfillList
                              ? List(arguments, table, runtime)
                              : Cancel(arguments, table, runtime);
    return status.ok() ? kExitOk : ReportError(status.error());
  }
  if (arguments.from.empty() == arguments.id.empty()) {
    std::cerr
        << "kafka-iceberg: say what to read with --from (and --to), or which one to go on with "
           "by --id\n";
    return kExitUsage;
  }
  const Result<int> code = BackfillRunner(arguments, *options, runtime).Run(table);
  return code.ok() ? *code : ReportError(code.error());
}

}  // namespace kafka_iceberg::app
