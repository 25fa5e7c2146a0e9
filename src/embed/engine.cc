// SPDX-License-Identifier: Apache-2.0
#include "kafka_iceberg/engine.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <thread>
#include <utility>

#include "config/config_file.h"
#include "engine/connect.h"
#include "engine/engine.h"
#include "iceberg/table_metadata_json.h"
#include "telemetry/stream_logger.h"

namespace kafka_iceberg {
namespace {

Result<buffer::Predicate::Op> ParseOperator(const std::string& text) {
  using Op = buffer::Predicate::Op;
  static const std::map<std::string, Op> operators = {
      {"=", Op::kEq}, {"!=", Op::kNe}, {"<", Op::kLt},           {"<=", Op::kLe},
      {">", Op::kGt}, {">=", Op::kGe}, {"is null", Op::kIsNull}, {"is not null", Op::kIsNotNull}};
  const auto found = operators.find(text);
  if (found == operators.end()) return Error::Invalid("\"{}\" is not an operator", text);
  return found->second;
}

// {"kafka.topic", "orders"} as the environment variable that overrides the key.
config::Environment WithOverrides(const std::map<std::string, std::string>& overrides) {
  config::Environment environment = config::ProcessEnvironment();
  for (const auto& [key, value] : overrides) {
    std::string name = "KAFKA_ICEBERG__";
    for (const char c : key) {
      if (c == '.') {
        name += "__";
      } else {
        name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      }
    }
    environment[name] = value;
  }
  return environment;
}

Result<config::Options> LoadOptions(const OpenOptions& options) {
  if (options.config_file.empty() == options.config_text.empty()) {
    return Error::Invalid("exactly one of config_file and config_text must be set");
  }
  const config::Environment environment = WithOverrides(options.overrides);
  config::LoadedOptions loaded =
      options.config_file.empty()
          ? config::ParseOptions(options.config_text, "config_text", environment)
          : TRY(config::LoadOptionsFile(options.config_file, environment));
  if (loaded.problems.empty()) return std::move(loaded.options);
  std::string text;
  for (const config::Problem& problem : loaded.problems)
    text += (text.empty() ? "" : "\n") + problem.ToString();
  return Error::Invalid("{}", text);
}

class EmbeddedEngine final : public Engine {
 public:
  explicit EmbeddedEngine(const OpenOptions& options)
      : metrics_(telemetry::MakeMetrics()),
        logger_(options.log ? telemetry::MakeStreamLogger({}, clock_, options.log)
                            : telemetry::MakeStderrLogger({}, clock_)) {}

  Status Open(const config::Options& options, bool stop_at_end) {
    const engine::EngineContext context{.clock = clock_,
                                        .random = random_,
                                        .logger = *logger_,
                                        .metrics = *metrics_,
                                        .step_hook = {}};
    has_routes_ = !options.routing.routes.empty();
    engine_ = TRY(engine::Engine::Open(options, {.stop_at_end = stop_at_end}, context,
                                       TRY(engine::Connect(options, context)), std::stop_token()));
    return {};
  }

  Status Run(const std::stop_token& stop) override { return engine_->Run(stop); }

  Status RunFor(std::chrono::milliseconds duration) override {
    std::stop_source source;
    // Ends with the run, also when that ends early (stop_at_end, a failure).
    std::jthread timer([&](const std::stop_token& cancelled) {
      if (clock_.SleepFor(duration, cancelled)) source.request_stop();
    });
    return engine_->Run(source.get_token());
  }

  Result<std::shared_ptr<arrow::Table>> QueryHotBuffer(const std::vector<Condition>& where,
                                                       const std::vector<std::string>& columns,
                                                       int64_t limit) const override {
    return QueryHotBuffer(TRY(OnlyTable()), where, columns, limit);
  }

  Result<std::shared_ptr<arrow::Table>> QueryHotBuffer(const std::string& table,
                                                       const std::vector<Condition>& where,
                                                       const std::vector<std::string>& columns,
                                                       int64_t limit) const override {
    const buffer::HotBuffer* rows = engine_->FindHotBuffer(table);
    if (rows == nullptr) return Error::NotFound("table {} is not open", table);
    buffer::Filter filter;
    for (const Condition& condition : where) {
      const auto op = TRY(ParseOperator(condition.op));
      filter.push_back({.column = condition.column, .op = op, .literal = condition.literal});
    }
    return rows->Query(filter, columns, limit);
  }

  Result<TableInfo> LoadTable() override { return LoadTable(TRY(OnlyTable())); }

  Result<TableInfo> LoadTable(const std::string& name) override {
    catalog::TableOperations* table = engine_->FindTable(name);
    if (table == nullptr) return Error::NotFound("table {} is not open", name);
    const catalog::TableVersion version = TRY(table->Refresh());
    TableInfo info{.name = name,
                   .location = version.metadata->location,
                   .metadata_location = version.metadata_location,
                   .snapshot_id = version.metadata->current_snapshot_id,
                   .schema_json = iceberg::SchemaToJson(version.metadata->schema())};
    if (const iceberg::Snapshot* snapshot = version.metadata->current_snapshot()) {
      const auto total = snapshot->summary.find("total-records");
      if (total != snapshot->summary.end()) info.total_records = std::atoll(total->second.c_str());
    }
    return info;
  }

  Statistics statistics() const override {
    const engine::EngineStatus status = engine_->status();
    Statistics statistics{.state = std::string(engine::ToString(status.state)),
                          .table = status.table,
                          .records_consumed = status.records_consumed,
                          .commits = status.commits,
                          .hot_rows = status.hot_rows,
                          .hot_bytes = status.hot_bytes,
                          .snapshot_id = status.snapshot_id};
    for (const engine::PartitionStatus& partition : status.partitions) {
      statistics.partitions.push_back({.topic = partition.partition.topic,
                                       .partition = partition.partition.partition,
                                       .next_offset = partition.position,
                                       .committed_offset = partition.committed,
                                       .lag = partition.lag});
    }
    for (const engine::TableStatus& table : status.tables) {
      statistics.tables.push_back({.table = table.table,
                                   .state = table.state,
                                   .trouble = table.failure.empty() ? table.trouble : table.failure,
                                   .rows_committed = table.rows_committed,
                                   .commits = table.commits,
                                   .hot_rows = table.hot_rows,
                                   .snapshot_id = table.snapshot_id});
    }
    return statistics;
  }

  std::string metrics() const override { return metrics_->Render(); }

 private:
  Result<std::string> OnlyTable() const {
    if (has_routes_) return Error::Invalid("there are several tables; name one");
    return engine_->table().identifier().ToString();
  }

  bool has_routes_ = false;
  SystemClock clock_;
  SystemRandom random_;
  const std::unique_ptr<telemetry::Metrics> metrics_;
  const std::unique_ptr<telemetry::Logger> logger_;
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(const OpenOptions& options) {
  const config::Options loaded = TRY(LoadOptions(options));
  auto engine = std::make_unique<EmbeddedEngine>(options);
  TRY(engine->Open(loaded, options.stop_at_end));
  return engine;
}

}  // namespace kafka_iceberg
