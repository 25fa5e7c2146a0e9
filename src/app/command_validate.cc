// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/check_offline.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "engine/connect.h"
#include "engine/letters/open_dead_letters.h"
#include "engine/module_options.h"
#include "engine/routing/route_plan.h"
#include "storage/conditional_write_probe.h"
#include "storage/location.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

constexpr Duration kKafkaTimeout = std::chrono::seconds(10);

struct ProbeResult {
  std::string name;
  Status status;
  std::string detail;
  bool tried = true;
};

Status TryStore(const config::Options& options, const std::string& folder,
                storage::ObjectStore& store, Runtime& runtime) {
  // Only the file catalog commits by creating an object that must not exist.
  if (options.iceberg.catalog_type == "file") {
    return storage::ProbeConditionalWrites(store, folder, runtime.random);
  }
  const std::string location =
      storage::JoinLocation(folder, ".kafka-iceberg-probe-" + NewUuid(runtime.random));
  TRY(store.Write(location, "probe"));
  const Result<std::string> back = store.Read(location);
  if (back.ok() && *back != "probe") {
    return Error::Corrupt("{} does not hold what was written", location);
  }
  // A policy for ingest need not allow to delete; a small file stays then.
  const Status removed = store.Delete(location);
  if (!removed.ok() && removed.error().code() != ErrorCode::kDenied) return removed;
  return back.ok() ? Status() : back.error();
}

ProbeResult ProbeStore(const config::Options& options, Runtime& runtime) {
  ProbeResult result{.name = "storage"};
  const engine::EngineContext context = runtime.engine_context();
  const Result<engine::OpenedCatalog> catalog = engine::OpenCatalog(options, context);
  if (!catalog.ok()) {
    result.status = catalog.error();
    return result;
  }
  // The table's own store when there is a table: a catalog may hand out credentials for it alone.
  const auto table = catalog->catalog->LoadTable(engine::TargetTable(options));
  std::string folder = engine::WarehouseFor(options).location;
  storage::ObjectStore* store = catalog->store.get();
  if (table.ok()) {
    folder = (*table)->Current().metadata->DataLocation();
    store = &(*table)->store();
  }
  if (folder.empty()) {
    result.tried = false;
    result.detail = table.error().code() == ErrorCode::kNotFound
                        ? "not tried: the catalog chooses the place when the table is created"
                        : "not tried: the catalog, which knows the place, did not answer";
    return result;
  }
  const auto normal = storage::NormalizeLocation(folder);
  result.status = normal.ok() ? TryStore(options, *normal, *store, runtime) : normal.error();
  result.detail = fmt::format("wrote, read and removed an object below {}", folder);
  return result;
}

// A table may be missing because what should hold it is: the branch, the server's warehouse.
Status FindPlace(catalog::Catalog& catalog) {
  const auto namespaces = catalog.ListNamespaces({});
  if (!namespaces.ok() && namespaces.error().code() == ErrorCode::kNotFound) {
    return namespaces.error();
  }
  return {};  // not being allowed to list is no reason to fail
}

ProbeResult ProbeCatalog(const config::Options& options, Runtime& runtime) {
  ProbeResult result{.name = "catalog"};
  const Result<engine::OpenedCatalog> catalog =
      engine::OpenCatalog(options, runtime.engine_context());
  if (!catalog.ok()) {
    result.status = catalog.error();
    return result;
  }
  const auto table = catalog->catalog->LoadTable(engine::TargetTable(options));
  const std::string name = engine::TargetTable(options).ToString();
  if (table.ok()) {
    result.detail =
        fmt::format("table {} exists at {}", name, (*table)->Current().metadata->location);
  } else if (table.error().code() != ErrorCode::kNotFound) {
    result.status = table.error();
  } else if (const Status place = FindPlace(*catalog->catalog); !place.ok()) {
    result.status = place;
  } else if (!options.iceberg.table_management.auto_create_if_missing) {
    result.status =
        Error::NotFound("table {} does not exist and auto_create_if_missing is false", name);
  } else {
    result.detail = fmt::format("table {} does not exist and will be created", name);
  }
  return result;
}

ProbeResult ProbeKafka(const config::Options& options, Runtime& runtime) {
  ProbeResult result{.name = "kafka"};
  const auto reader = engine::OpenTopicReader(options, runtime.engine_context());
  if (!reader.ok()) {
    result.status = reader.error();
    return result;
  }
  const auto partitions = engine::FindConfiguredPartitions(options, **reader);
  if (!partitions.ok()) {
    result.status =
        partitions.error().WithContext("cannot reach Kafka at " + options.kafka.bootstrap_servers);
    return result;
  }
  int64_t records = 0;
  for (const TopicPartition& partition : *partitions) {
    const auto marks = (*reader)->QueryWatermarks(partition, kKafkaTimeout);
    if (!marks.ok()) {
      result.status = marks.error();
      return result;
    }
    records += marks->high - marks->low;
  }
  result.detail = fmt::format("{} partitions, about {} records", partitions->size(), records);
  return result;
}

ProbeResult ProbeLetterTopic(const config::Options& options, Runtime& runtime) {
  ProbeResult result{.name = "letters"};
  const auto look =
      engine::LookAtLetterTopic(options, engine::TargetTable(options), runtime.engine_context());
  if (look.ok()) {
    result.detail = fmt::format("topic {} {}", look->topic,
                                look->exists ? "exists" : "does not exist and will be created");
  } else {
    result.status = look.error().WithContext("cannot keep dead letters");
  }
  return result;
}

// Tables that records will name are not known; the one that keeps account stands for them.
std::vector<config::Options> TablesToProbe(const config::Options& options) {
  auto tables = engine::TablesOf(options, {});
  if (!tables.ok()) tables = engine::TablesOf(options, options.routing.account_table);
  return tables.ok() ? std::move(tables).value() : std::vector<config::Options>();
}

int Report(const Arguments& arguments, const std::vector<config::Problem>& problems,
           const std::vector<config::Problem>& warnings, const std::vector<ProbeResult>& probes) {
  int exit_code = kExitOk;
  if (!problems.empty() || (arguments.deny_warnings && !warnings.empty()))
    exit_code = kExitConfiguration;
  json checks = json::array();
  for (const ProbeResult& probe : probes) {
    if (!probe.status.ok() && exit_code == kExitOk)
      exit_code = ExitCodeFor(probe.status.error().code());
    checks.push_back(
        {{"name", probe.name},
         {"ok", probe.status.ok()},
         {"tried", probe.tried},
         {"detail", probe.status.ok() ? probe.detail : probe.status.error().message()}});
  }
  if (arguments.json) {
    json errors = json::array();
    for (const config::Problem& problem : problems) errors.push_back(problem.ToString());
    json notes = json::array();
    for (const config::Problem& warning : warnings) notes.push_back(warning.ToString());
    std::cout << JsonText({{"ok", exit_code == kExitOk},
                           {"errors", errors},
                           {"warnings", notes},
                           {"checks", checks}})
              << "\n";
    return exit_code;
  }
  for (const config::Problem& warning : warnings)
    std::cerr << "warning: " << warning.ToString() << "\n";
  for (const config::Problem& problem : problems)
    std::cerr << "error: " << problem.ToString() << "\n";
  for (const ProbeResult& probe : probes) {
    const bool ok = probe.status.ok();
    std::cout << fmt::format("{:8} {:6}  {}\n", probe.name,
                             !ok ? "FAILED" : (probe.tried ? "ok" : "-"),
                             ok ? probe.detail : probe.status.error().message());
  }
  if (exit_code == kExitOk) {
    std::cout << fmt::format("{} is valid; next: kafka-iceberg {} -c {}\n", arguments.config_path,
                             arguments.connect ? "run" : "validate --connect",
                             arguments.config_path);
  }
  return exit_code;
}

}  // namespace

int ValidateCommand(const Arguments& arguments, Runtime& runtime) {
  Result<config::LoadedOptions> loaded =
      config::LoadOptionsFile(arguments.config_path, config::ProcessEnvironment());
  if (!loaded.ok()) {
    ReportError(loaded.error());
    return kExitConfiguration;
  }
  std::vector<config::Problem> problems = std::move(loaded->problems);
  std::ranges::move(CheckOffline(*loaded, arguments.config_path), std::back_inserter(problems));
  std::vector<ProbeResult> probes;
  if (problems.empty() && arguments.connect) {
    probes.push_back(ProbeKafka(loaded->options, runtime));
    if (loaded->options.dead_letter.mode == "topic")
      probes.push_back(ProbeLetterTopic(loaded->options, runtime));
    for (const config::Options& table : TablesToProbe(loaded->options)) {
      probes.push_back(ProbeCatalog(table, runtime));
      probes.push_back(ProbeStore(table, runtime));
    }
  }
  return Report(arguments, problems, loaded->warnings, probes);
}

}  // namespace kafka_iceberg::app
