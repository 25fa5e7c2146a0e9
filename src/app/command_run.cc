// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/version.h"
#include "core/thread.h"
#include "engine/connect.h"
#include "engine/engine.h"
#include "server/endpoints.h"
#include "server/http_server.h"

namespace kafka_iceberg::app {
namespace {

constexpr Duration kProgressInterval = std::chrono::seconds(5);

// Gives the HTTP server the engine once there is one.
class EngineSlot {
 public:
  void Set(engine::Engine* engine) { engine_.store(engine); }
  const engine::EngineStatus* Fill(engine::EngineStatus& buffer) const {
    const engine::Engine* engine = engine_.load();
    if (engine == nullptr) return nullptr;
    buffer = engine->status();
    return &buffer;
  }

 private:
  std::atomic<engine::Engine*> engine_{nullptr};
};

// On a terminal: a line every few seconds, so that somebody who watches sees it move.
void ReportProgress(const EngineSlot& slot, Runtime& runtime, const std::stop_token& stop) {
  int64_t last_records = 0;
  while (runtime.clock.SleepFor(kProgressInterval, stop)) {
    engine::EngineStatus status;
    if (slot.Fill(status) == nullptr) continue;
    int64_t lag = 0;
    for (const engine::PartitionStatus& partition : status.partitions)
      lag += std::max<int64_t>(0, partition.lag);
    const double seconds = std::chrono::duration<double>(kProgressInterval).count();
    runtime.logger->Info(
        "progress", {{"records", status.records_consumed},
                     {"records_per_second",
                      static_cast<int64_t>(
                          static_cast<double>(status.records_consumed - last_records) / seconds)},
                     {"lag", lag},
                     {"hot_rows", status.hot_rows},
                     {"commits", status.commits}});
    last_records = status.records_consumed;
  }
}

Status Ingest(const Arguments& arguments, const config::Options& options, Runtime& runtime) {
  EngineSlot slot;
  const engine::EngineContext context = runtime.engine_context();
  std::unique_ptr<server::HttpServer> http;
  if (!options.server_listen.empty()) {
    const Duration commit_age_max =
        3 * std::chrono::seconds(options.hot_buffer.ttl_seconds) + std::chrono::seconds(30);
    http = TRY(server::HttpServer::Start(
        options.server_listen,
        server::MakeEndpoints([&slot](engine::EngineStatus& buffer) { return slot.Fill(buffer); },
                              *runtime.metrics, runtime.clock, commit_age_max)));
    runtime.logger->Info("serving health and metrics", {{"port", http->port()}});
  }
  const engine::RunOptions run{.stop_at_end = arguments.stop_at_end,
                               .accept_offset_gap = arguments.accept_offset_gap,
                               .accept_new_topic = arguments.accept_new_topic};
  const std::unique_ptr<engine::Engine> engine = TRY(engine::Engine::Open(
      options, run, context, TRY(engine::Connect(options, context)), runtime.stop));
  slot.Set(engine.get());
  std::jthread progress;
  if (runtime.terminal_err) {
    progress = StartThread(
        "ki-progress", [&](const std::stop_token& stop) { ReportProgress(slot, runtime, stop); },
        [](std::string_view) {});
  }
  const std::stop_callback announce(runtime.stop, [&] {
    runtime.logger->Info("stopping: flushing and committing; a second signal stops at once");
  });
  Status status = engine->Run(runtime.stop);
  if (status.ok()) {
    const engine::EngineStatus last = engine->status();
    runtime.logger->Info(
        "stopped: everything consumed is committed",
        {{"table", last.table}, {"records", last.records_consumed}, {"commits", last.commits}});
  }
  http.reset();  // before the engine it reports on
  return status;
}

}  // namespace

int RunCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  runtime.metrics->GetGauge("kafka_iceberg_build_info", {{"version", std::string(kVersion)}})
      .Set(1);
  runtime.logger->Info("starting", {{"version", kVersion}, {"config", arguments.config_path}});
  const Status status = Ingest(arguments, *options, runtime);
  if (status.ok()) return kExitOk;
  // Stopped before it had begun: nothing was taken, nothing is open.
  if (status.error().code() == ErrorCode::kCancelled && runtime.stop.stop_requested()) {
    runtime.logger->Info("stopped before the first record");
    return kExitOk;
  }
  runtime.logger->Error("stopped by an error", {{"code", ToString(status.error().code())},
                                                {"reason", status.error().message()}});
  return ExitCodeFor(status.error().code());
}

}  // namespace kafka_iceberg::app
