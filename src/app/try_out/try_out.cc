// SPDX-License-Identifier: Apache-2.0
#include "app/try_out/try_out.h"

#include <sys/resource.h>

#include <fstream>
#include <sstream>

#include "core/thread.h"
#include "engine/connect.h"
#include "engine/engine.h"
#include "iceberg/table_scan.h"

namespace kafka_iceberg::app {
namespace {

constexpr Duration kWatchInterval = std::chrono::milliseconds(200);

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// From the metrics' text form: name_suffix{...operation="x"...} value.
void ReadCatalogStats(const std::string& metrics,
                      std::map<std::string, CatalogOperationStats>& stats) {
  constexpr std::string_view kFamily = "iceberg_catalog_operation_duration_seconds_";
  std::map<std::string, int64_t> under_100_ms;
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kFamily)) continue;
    const size_t at = line.find("operation=\"");
    if (at == std::string::npos) continue;
    const size_t begin = at + std::string_view("operation=\"").size();
    const std::string operation = line.substr(begin, line.find('"', begin) - begin);
    const double value = std::stod(line.substr(line.rfind(' ') + 1));
    const std::string_view suffix = std::string_view(line).substr(kFamily.size());
    if (suffix.starts_with("count")) stats[operation].count = static_cast<int64_t>(value);
    if (suffix.starts_with("sum")) stats[operation].mean_ms = value * 1000;
    if (suffix.starts_with("bucket") && line.find("le=\"0.1\"") != std::string::npos)
      under_100_ms[operation] = static_cast<int64_t>(value);
  }
  for (auto& [operation, one] : stats) {
    if (one.count > 0) one.mean_ms /= static_cast<double>(one.count);
    one.over_100_ms = one.count - under_100_ms[operation];
  }
}

Status ReadTable(engine::Engine& engine, RunFigures& figures) {
  const catalog::TableVersion version = TRY(engine.table().Refresh());
  figures.table_location = version.metadata->location;
  figures.metadata_location = version.metadata_location;
  figures.snapshots = static_cast<int64_t>(version.metadata->snapshots.size());
  const iceberg::Snapshot* snapshot = version.metadata->current_snapshot();
  if (snapshot == nullptr) return {};
  return iceberg::VisitLiveEntries(
      *snapshot, engine.table().store(),
      [&](const iceberg::ManifestFile&, const iceberg::ManifestEntry& entry) -> Status {
        ++figures.data_files;
        figures.data_bytes += entry.file.file_size_in_bytes;
        figures.rows += entry.file.record_count;
        return {};
      });
}

}  // namespace

int64_t PeakMemoryBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

config::Options TryOutOptions(const TryOutRequest& request, Random& random) {
  config::Options options;
  options.kafka.bootstrap_servers = request.bootstrap_servers;
  options.kafka.topic = request.topic;
  options.kafka.format = request.format;
  options.kafka.schema_file = request.schema_file;
  if (request.format != "json") options.kafka.framing = "confluent";
  options.kafka.consumer_group = "kafka-iceberg-" + NewUuid(random);
  options.iceberg.database_name = "demo";
  options.iceberg.table_name = request.table_name;
  options.iceberg.file.warehouse_path = request.directory + "/warehouse";
  options.state_directory = request.directory + "/state";
  options.server_listen = "";
  options.hot_buffer.max_size_mb = request.hot_buffer_mb;
  options.commit.interval_seconds = request.interval_seconds;
  for (const kafka::ProfileField& column : request.columns) {
    options.schema.fields.push_back({.name = column.name, .type = column.type});
  }
  return options;
}

Result<RunFigures> RunToEnd(const config::Options& options, Runtime& runtime,
                            const std::function<void(const engine::EngineStatus&)>& watch) {
  const engine::EngineContext context = runtime.engine_context();
  const std::unique_ptr<engine::Engine> engine =
      TRY(engine::Engine::Open(options, {.stop_at_end = true}, context,
                               TRY(engine::Connect(options, context)), runtime.stop));
  RunFigures figures;
  const double cpu_before = CpuSeconds();
  const SteadyTime started = runtime.clock.Steady();
  Status status;
  {
    const std::jthread watcher = StartThread(
        "ki-watch",
        [&](const std::stop_token& stop) {
          while (runtime.clock.SleepFor(kWatchInterval, stop)) watch(engine->status());
        },
        [](std::string_view) {});
    status = engine->Run(runtime.stop);
  }
  TRY(std::move(status));
  figures.seconds = std::chrono::duration<double>(runtime.clock.Steady() - started).count();
  figures.cpu_seconds = CpuSeconds() - cpu_before;
  figures.peak_memory_bytes = PeakMemoryBytes();
  const engine::EngineStatus last = engine->status();
  watch(last);
  figures.table = last.table;
  figures.records = last.records_consumed;
  for (const engine::PartitionStatus& partition : last.partitions) {
    figures.lag += std::max<int64_t>(0, partition.high_watermark - partition.position);
  }
  TRY(ReadTable(*engine, figures));
  figures.dead_letters = figures.records - figures.rows;
  ReadCatalogStats(runtime.metrics->Render(), figures.catalog);
  return figures;
}

}  // namespace kafka_iceberg::app
