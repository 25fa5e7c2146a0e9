// SPDX-License-Identifier: Apache-2.0
#include "app/check_offline.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/module_options.h"
#include "engine/payload_format.h"
#include "engine/routing/route_plan.h"
#include "kafka/kafka_settings.h"
#include "storage/location.h"

namespace kafka_iceberg::app {
namespace {

template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.ok() ? Status() : Status(result.error());
}

class OfflineChecker {
 public:
  OfflineChecker(const config::LoadedOptions& loaded, const std::string& file)
      : loaded_(loaded), file_(file) {}

  void Add(const std::string& key, std::string message, std::string fix = "") {
    problems_.push_back(loaded_.ProblemAt(file_, key, std::move(message), std::move(fix)));
  }

  // The folder, or the nearest one above it that exists, must be a folder that this process may
  // write.
  void CheckFolder(const std::string& key, const std::string& path) {
    std::filesystem::path folder = std::filesystem::absolute(path);
    std::error_code failed;
    while (!std::filesystem::exists(folder, failed) && folder.has_parent_path() &&
           folder != folder.parent_path()) {
      folder = folder.parent_path();
    }
    if (!std::filesystem::is_directory(folder, failed)) {
      Add(key, fmt::format("{} cannot be made: {} is not a folder", path, folder.string()),
          "choose another folder");
    } else if (::access(folder.c_str(), W_OK | X_OK) != 0) {
      Add(key,
          fmt::format("{} cannot be written: {}: {}", path, folder.string(), std::strerror(errno)),
          "choose another folder, or give this user the right to write there");
    }
  }

  std::vector<config::Problem> Take() { return std::move(problems_); }

 private:
  const config::LoadedOptions& loaded_;
  const std::string& file_;
  std::vector<config::Problem> problems_;
};

void CheckTables(const config::Options& options, OfflineChecker& checker) {
  if (const auto schema = engine::DeclaredSchema(options.schema); !schema.ok()) {
    checker.Add("schema.fields", schema.error().message());
  } else if (const auto rescuing = engine::WithRescueColumn(*schema, options.schema);
             !rescuing.ok()) {
    checker.Add("schema.rescue_column", rescuing.error().message());
  }
  if (const auto table = engine::TableOptionsFor(options); !table.ok()) {
    checker.Add("iceberg.table_management", table.error().message());
  }
  if (options.routing.routes.empty()) return;
  const auto plan = engine::RoutePlan::Make(options);
  if (!plan.ok()) return checker.Add("routes", plan.error().message());
  for (const std::string& name : (*plan)->fixed_tables()) {
    const config::Options table = (*plan)->OptionsFor(name, {});
    for (const Status& status :
         {StatusOf(engine::DeclaredSchema(table.schema)), StatusOf(engine::TableOptionsFor(table)),
          StatusOf(engine::MakePayloadFormat(table.kafka, nullptr))}) {
      if (!status.ok()) checker.Add("routes", status.error().WithContext(name).message());
    }
  }
}

}  // namespace

std::vector<config::Problem> CheckOffline(const config::LoadedOptions& loaded,
                                          const std::string& file) {
  const config::Options& options = loaded.options;
  OfflineChecker checker(loaded, file);
  for (const kafka::SettingProblem& problem :
       kafka::CheckSettings(engine::SourceOptions(options))) {
    checker.Add(
        problem.key.empty() ? problem.section : fmt::format("{}.{}", problem.section, problem.key),
        problem.error.message());
  }
  CheckTables(options, checker);
  if (!options.state_directory.empty())
    checker.CheckFolder("state.directory", options.state_directory);
  if (const std::string warehouse = engine::WarehouseFor(options).location; !warehouse.empty()) {
    const std::string key = fmt::format("iceberg.{}.warehouse_path", options.iceberg.catalog_type);
    const auto location = storage::NormalizeLocation(warehouse);
    if (!location.ok()) {
      checker.Add(key, location.error().message());
    } else if (location->starts_with("file://")) {
      const auto path = storage::LocalPath(*location);
      if (path.ok()) {
        checker.CheckFolder(key, *path);
      } else {
        checker.Add(key, path.error().message());
      }
    }
  }
  return checker.Take();
}

}  // namespace kafka_iceberg::app
