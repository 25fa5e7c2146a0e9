// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "engine/connect.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

constexpr const char* kDefaultBranch = "-";  // so Nessie calls whichever is the server's default

void Print(const Arguments& arguments, const std::vector<catalog::Branch>& branches) {
  if (arguments.json) {
    json list = json::array();
    for (const catalog::Branch& branch : branches) {
      list.push_back({{"name", branch.name}, {"hash", branch.hash}});
    }
    std::cout << JsonText(list) << "\n";
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const catalog::Branch& branch : branches) rows.push_back({branch.name, branch.hash});
  std::cout << FormatTable({"branch", "newest commit"}, rows);
}

Status Run(const Arguments& arguments, catalog::BranchOperations& branches) {
  const std::string other = arguments.other_name.empty() ? kDefaultBranch : arguments.other_name;
  switch (arguments.command) {
    case Command::kBranchCreate:
      Print(arguments, {TRY(branches.Create(arguments.name, other))});
      return {};
    case Command::kBranchMerge:
      Print(arguments, {TRY(branches.Merge(arguments.name, other))});
      return {};
    default: Print(arguments, TRY(branches.List())); return {};
  }
}

}  // namespace

int BranchCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  const Result<engine::OpenedBranches> opened =
      engine::OpenBranches(*options, runtime.engine_context());
  if (!opened.ok()) return ReportError(opened.error());
  const Status status = Run(arguments, *opened->branches);
  return status.ok() ? kExitOk : ReportError(status.error());
}

}  // namespace kafka_iceberg::app
