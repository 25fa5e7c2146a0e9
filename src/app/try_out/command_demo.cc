// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/try_out/try_out.h"
#include "core/thread.h"
#include "kafka/mock_broker.h"
#include "kafka/produce/record_producer.h"

namespace kafka_iceberg::app {
namespace {

constexpr int64_t kDefaultRows = 1'000'000;
constexpr int32_t kPartitions = 8;
constexpr int64_t kBadEvery = 100'000;
constexpr const char* kTopic = "orders";

std::string Query(const RunFigures& figures) {
  return fmt::format(
      "SELECT product, count(*) AS orders, sum(quantity * unit_price) AS turnover "
      "FROM iceberg_scan('{}') GROUP BY product ORDER BY orders DESC",
      figures.metadata_location);
}

// How the reader is started; whoever wraps this program may know a better way than an installed
// DuckDB.
std::string QueryCommand(const std::string& query) {
  const char* tool = std::getenv("KAFKA_ICEBERG_SQL_COMMAND");
  if (tool != nullptr && *tool != '\0') return fmt::format("{} \"{}\"", tool, query);
  return fmt::format("duckdb -c \"INSTALL iceberg; LOAD iceberg; {}\"", query);
}

void PrintSummary(const Arguments& arguments, const RunFigures& figures) {
  const double rate =
      figures.seconds > 0 ? static_cast<double>(figures.records) / figures.seconds : 0;
  if (arguments.json) {
    const nlohmann::json body = {{"table", figures.table},
                                 {"location", figures.table_location},
                                 {"metadata_location", figures.metadata_location},
                                 {"rows", figures.rows},
                                 {"dead_letters", figures.dead_letters},
                                 {"seconds", figures.seconds},
                                 {"rows_per_second", rate},
                                 {"lag", figures.lag},
                                 {"snapshots", figures.snapshots},
                                 {"data_files", figures.data_files},
                                 {"data_bytes", figures.data_bytes},
                                 {"query", Query(figures)}};
    std::cout << JsonText(body) << "\n";
    return;
  }
  std::cout << fmt::format(
      "\n{} rows in {:.1f} s: {} rows/s, lag {}\n"
      "table      {}\n"
      "location   {}\n"
      "files      {} ({}), snapshots {}\n"
      "left out   {} bad records, kept as dead letters in {}/state/dead_letters\n"
      "\nQuery it:\n\n  {}\n\n",
      HumanCount(figures.rows), figures.seconds, HumanCount(static_cast<int64_t>(rate)),
      figures.lag, figures.table, figures.table_location, figures.data_files,
      HumanBytes(figures.data_bytes), figures.snapshots, figures.dead_letters, arguments.directory,
      QueryCommand(Query(figures)));
}

Result<RunFigures> Demo(const Arguments& arguments, Runtime& runtime) {
  const int64_t rows = arguments.rows > 0 ? arguments.rows : kDefaultRows;
  // As many more as will be bad, so that the table ends with the rows that were asked for.
  const int64_t records = rows + (rows - 1) / (kBadEvery - 1);
  const std::unique_ptr<kafka::MockBroker> broker = TRY(kafka::MockBroker::Start());
  TRY(broker->CreateTopic(kTopic, kPartitions));
  if (!arguments.json)
    std::cout << fmt::format("producing {} orders to an embedded broker, topic {}\n",
                             HumanCount(rows), kTopic)
              << std::flush;
  const auto producer =
      TRY(kafka::RecordProducer::Open({.bootstrap_servers = broker->bootstrap_servers()}));
  const kafka::ProduceReport produced =
      TRY(kafka::FillTopic(*producer,
                           {.topic = kTopic,
                            .partitions = kPartitions,
                            .count = records,
                            .generator = {.profile = kafka::Profile::kDemo,
                                          .start_ms = ToMillis(runtime.clock.Now()),
                                          .bad_every = kBadEvery}},
                           runtime.clock, runtime.stop));
  if (!arguments.json)
    std::cout << fmt::format("ingesting {} records\n", HumanCount(produced.records)) << std::flush;
  const config::Options options =
      TryOutOptions({.bootstrap_servers = broker->bootstrap_servers(),
                     .topic = kTopic,
                     .directory = arguments.directory,
                     .table_name = kTopic,
                     .columns = kafka::ProfileSchema(kafka::Profile::kDemo),
                     .interval_seconds = 1},
                    runtime.random);
  return RunToEnd(options, runtime, [&](const engine::EngineStatus& status) {
    if (arguments.json || !runtime.terminal_out) return;
    std::cout
        << fmt::format(
               "\r{:>12} records consumed, {} commits, {} rows readable before their commit   ",
               HumanCount(status.records_consumed), status.commits, HumanCount(status.hot_rows))
        << std::flush;
  });
}

}  // namespace

int DemoCommand(const Arguments& given, Runtime& runtime) {
  Arguments arguments = given;
  if (arguments.directory.empty()) arguments.directory = "./kafka-iceberg-demo";
  // The embedded broker starts anew each time, so does the table. Only what a demo wrote is
  // removed.
  std::error_code failed;
  std::filesystem::remove_all(arguments.directory + "/warehouse/demo/orders", failed);
  std::filesystem::remove_all(arguments.directory + "/state", failed);
  const Result<RunFigures> figures = Demo(arguments, runtime);
  if (!figures.ok()) return ReportError(figures.error());
  PrintSummary(arguments, *figures);
  return kExitOk;
}

}  // namespace kafka_iceberg::app
