// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "server/http_client.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

std::string Text(const json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void Print(const json& status) {
  for (const char* name :
       {"state", "table", "location", "snapshot_id", "records_consumed", "commits",
        "last_commit_at", "last_commit_ms", "lag", "hot_rows", "hot_bytes", "kafka_trouble",
        "catalog_trouble", "catalog_circuit", "metadata_age_ms", "failure"}) {
    const std::string text = status.contains(name) ? Text(status[name]) : "-";
    if (!text.empty()) std::cout << fmt::format("{:18} {}\n", name, text);
  }
  std::vector<std::vector<std::string>> rows;
  for (const json& table : status.value("tables", json::array())) {
    std::string trouble = Text(table["failure"]);
    if (trouble.empty()) trouble = Text(table["trouble"]);
    rows.push_back({Text(table["table"]), Text(table["state"]), Text(table["rows_committed"]),
                    Text(table["commits"]), Text(table["hot_rows"]), Text(table["dead_letters"]),
                    Text(table["last_commit_at"]), std::move(trouble)});
  }
  if (!rows.empty()) {
    std::cout << "\n"
              << FormatTable({"table", "state", "rows", "commits", "hot rows", "dead letters",
                              "last commit", "trouble"},
                             rows);
  }
  rows.clear();
  for (const json& partition : status.value("partitions", json::array())) {
    rows.push_back({Text(partition["topic"]), Text(partition["partition"]),
                    Text(partition["committed"]), Text(partition["position"]),
                    Text(partition["high_watermark"]), Text(partition["lag"])});
  }
  std::cout << "\n"
            << FormatTable({"topic", "partition", "committed", "position", "end", "lag"}, rows);
}

}  // namespace

int StatusCommand(const Arguments& arguments, Runtime&) {
  std::string server = arguments.server;
  if (server.empty() && !arguments.config_path.empty()) {
    const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
    if (!options) return kExitConfiguration;
    server = options->server_listen;
  }
  if (server.empty()) server = "127.0.0.1:8088";
  const Result<server::HttpResponse> answer = server::HttpGet(server, "/api/v1/status");
  if (!answer.ok())
    return ReportError(answer.error().WithContext(fmt::format("no engine answers at {}", server)));
  const json status = json::parse(answer->body, nullptr, false);
  if (!status.is_object())
    return ReportError(
        Error::Corrupt("{} did not answer with a status; is it this program?", server));
  if (arguments.json) {
    std::cout << answer->body;
  } else {
    Print(status);
  }
  return answer->status == 200 ? kExitOk : kExitUnavailable;
}

}  // namespace kafka_iceberg::app
