// SPDX-License-Identifier: Apache-2.0
#include "server/endpoints.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace kafka_iceberg::server {
namespace {

using engine::EngineState;
using engine::EngineStatus;
using nlohmann::json;

std::string Dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

int64_t TotalLag(const EngineStatus& status) {
  int64_t total = 0;
  for (const engine::PartitionStatus& partition : status.partitions)
    total += std::max<int64_t>(0, partition.lag);
  return total;
}

HttpResponse Readiness(const EngineStatus* status, Timestamp now, Duration commit_age_max) {
  if (status == nullptr) {
    const json body = {
        {"ready", false},
        {"checks", {{{"name", "engine"}, {"ok", false}, {"detail", "opening the table"}}}}};
    return {.status = 503, .body = Dump(body)};
  }
  const std::vector<Check> checks = ReadinessChecks(*status, now, commit_age_max);
  const bool ready = std::ranges::all_of(checks, &Check::ok);
  json list = json::array();
  for (const Check& check : checks)
    list.push_back({{"name", check.name}, {"ok", check.ok}, {"detail", check.detail}});
  return {.status = ready ? 200 : 503, .body = Dump({{"ready", ready}, {"checks", list}})};
}

// One that is left alone makes the whole not ready: somebody must look.
Check CheckTables(const EngineStatus& status) {
  for (const engine::TableStatus& table : status.tables) {
    const std::string& why = table.failure.empty() ? table.trouble : table.failure;
    if (!why.empty()) return {"tables", false, fmt::format("{}: {}", table.table, why)};
  }
  return {"tables", true, fmt::format("{} tables", status.tables.size())};
}

json TableJson(const engine::TableStatus& table) {
  return {
      {"table", table.table},
      {"state", table.state},
      {"location", table.table_location},
      {"metadata_location", table.metadata_location},
      {"snapshot_id", table.snapshot_id ? json(*table.snapshot_id) : json()},
      {"rows_committed", table.rows_committed},
      {"dead_letters", table.dead_letters},
      {"commits", table.commits},
      {"data_files", table.data_files},
      {"hot_rows", table.hot_rows},
      {"hot_bytes", table.hot_bytes},
      {"epochs_in_flight", table.epochs_in_flight},
      {"resets", table.resets},
      {"last_commit_at", table.last_commit_at ? json(ToRfc3339(*table.last_commit_at)) : json()},
      {"trouble", table.trouble},
      {"failure", table.failure}};
}

}  // namespace

std::vector<Check> ReadinessChecks(const EngineStatus& status, Timestamp now,
                                   Duration commit_age_max) {
  std::vector<Check> checks;
  const bool runs = status.state == EngineState::kRunning || status.state == EngineState::kPaused ||
                    status.state == EngineState::kWaitingForAssignment ||
                    status.state == EngineState::kStarting;
  checks.push_back({"engine", runs,
                    status.failure.empty() ? std::string(ToString(status.state)) : status.failure});
  checks.push_back({"assignment", !status.partitions.empty(),
                    status.partitions.empty()
                        ? "the consumer group has given no partition yet"
                        : fmt::format("{} partitions", status.partitions.size())});
  checks.push_back({"kafka", status.kafka_trouble.empty(),
                    status.kafka_trouble.empty() ? "ok" : status.kafka_trouble});
  checks.push_back({"catalog", status.catalog_trouble.empty(),
                    status.catalog_trouble.empty() ? "ok" : status.catalog_trouble});
  checks.push_back({"dead_letters", status.dead_letter_trouble.empty(),
                    status.dead_letter_trouble.empty() ? "ok" : status.dead_letter_trouble});
  if (!status.tables.empty()) checks.push_back(CheckTables(status));
  const bool waits = TotalLag(status) > 0 && status.last_commit_at.has_value();
  const bool late = waits && now - *status.last_commit_at > commit_age_max;
  checks.push_back({"commit_age", !late,
                    late ? fmt::format("records wait and the last commit was at {}",
                                       ToRfc3339(*status.last_commit_at))
                         : "ok"});
  return checks;
}

std::string StatusToJson(const EngineStatus& status, Timestamp now) {
  json partitions = json::array();
  for (const engine::PartitionStatus& partition : status.partitions) {
    partitions.push_back(
        {{"topic", partition.partition.topic},
         {"partition", partition.partition.partition},
         {"position", partition.position},
         {"committed", partition.committed < 0 ? json() : json(partition.committed)},
         {"high_watermark", partition.high_watermark < 0 ? json() : json(partition.high_watermark)},
         {"lag", partition.lag < 0 ? json() : json(partition.lag)}});
  }
  json body = {
      {"time", ToRfc3339(now)},
      {"state", ToString(status.state)},
      {"table", status.table},
      {"location", status.table_location},
      {"metadata_location", status.metadata_location},
      {"snapshot_id", status.snapshot_id ? json(*status.snapshot_id) : json()},
      {"records_consumed", status.records_consumed},
      {"rows_committed", status.rows_committed},
      {"dead_letters", status.dead_letters},
      {"commits", status.commits},
      {"data_files", status.data_files},
      {"hot_rows", status.hot_rows},
      {"hot_bytes", status.hot_bytes},
      {"epochs_in_flight", status.epochs_in_flight},
      {"resets", status.resets},
      {"lag", TotalLag(status)},
      {"last_commit_at", status.last_commit_at ? json(ToRfc3339(*status.last_commit_at)) : json()},
      {"last_commit_ms",
       std::chrono::duration_cast<std::chrono::milliseconds>(status.last_commit_duration).count()},
      {"kafka_trouble", status.kafka_trouble},
      {"dead_letter_trouble", status.dead_letter_trouble},
      {"metadata_age_ms",
       std::chrono::duration_cast<std::chrono::milliseconds>(status.metadata_age).count()},
      {"catalog_trouble", status.catalog_trouble},
      {"catalog_circuit", status.catalog_circuit},
      {"catalog_failed_checks", status.catalog_failed_checks},
      {"failure", status.failure},
      {"partitions", partitions}};
  if (!status.tables.empty()) {
    json& tables = body["tables"] = json::array();
    for (const engine::TableStatus& table : status.tables) tables.push_back(TableJson(table));
  }
  return Dump(body);
}

HttpHandler MakeEndpoints(std::function<const EngineStatus*(EngineStatus& buffer)> status,
                          telemetry::Metrics& metrics, const Clock& clock,
                          Duration commit_age_max) {
  return [status = std::move(status), &metrics, &clock,
          commit_age_max](const std::string& path) -> HttpResponse {
    EngineStatus buffer;
    if (path == "/metrics")
      return {.content_type = "text/plain; version=0.0.4", .body = metrics.Render()};
    if (path == "/livez") return {.body = "{\"live\":true}\n"};
    if (path == "/readyz") return Readiness(status(buffer), clock.Now(), commit_age_max);
    if (path == "/startupz") {
      const bool started = status(buffer) != nullptr;
      return {.status = started ? 200 : 503, .body = Dump({{"started", started}})};
    }
    if (path == "/api/v1/status") {
      const EngineStatus* current = status(buffer);
      if (current == nullptr) return {.status = 503, .body = "{\"state\":\"opening\"}\n"};
      return {.body = StatusToJson(*current, clock.Now())};
    }
    return {.status = 404,
            .body =
                "{\"error\":\"not found; served: /metrics /livez /readyz /startupz "
                "/api/v1/status\"}\n"};
  };
}

}  // namespace kafka_iceberg::server
