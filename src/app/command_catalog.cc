// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "engine/connect.h"
#include "engine/module_options.h"
#include "engine/routing/route_plan.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

constexpr int kReads = 20;
constexpr int kCreates = 5;
constexpr int kCommits = 20;

// One operation, measured several times.
struct Measured {
  std::string operation;
  std::vector<double> milliseconds;  // in order
  std::string error;                 // of the first call that failed; none was made after it

  double Percentile(double fraction) const {
    std::vector<double> sorted = milliseconds;
    std::ranges::sort(sorted);
    const auto last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<size_t>(std::lround(fraction * last))];
  }
};

class CatalogProbe {
 public:
  CatalogProbe(catalog::Catalog& catalog, Runtime& runtime)
      : catalog_(catalog), runtime_(runtime) {}

  // False when it failed.
  template <typename Call>
  bool Measure(const std::string& operation, int times, Call call) {
    Measured measured{.operation = operation};
    for (int i = 0; i < times && measured.error.empty(); ++i) {
      const SteadyTime started = runtime_.clock.Steady();
      const Status status = call(i);
      const Duration took = runtime_.clock.Steady() - started;
      if (status.ok()) {
        measured.milliseconds.push_back(static_cast<double>(took.count()) / 1000);
      } else {
        measured.error = status.error().message();
        if (!failure_) failure_ = status.error();
      }
    }
    measured_.push_back(std::move(measured));
    return measured_.back().error.empty();
  }

  // Only reads.
  void Look(const catalog::TableIdentifier& table) {
    if (!Measure("health check", kReads, [&](int) { return catalog_.CheckHealth(); })) return;
    Measure("list namespaces", 1, [&](int) -> Status {
      TRY(catalog_.ListNamespaces({}));
      return {};
    });
    Measure("load table", kReads, [&](int) -> Status {
      const auto loaded = catalog_.LoadTable(table);
      if (loaded.ok() || loaded.error().code() == ErrorCode::kNotFound) return {};
      return loaded.error();
    });
  }

  // Creates, changes and drops tables of its own beside `table`.
  void Write(const catalog::TableIdentifier& table) {
    const Status made = catalog_.CreateNamespace(table.name_space);
    if (!made.ok() && made.error().code() != ErrorCode::kAlreadyExists) {
      Measure("create namespace", 1, [&](int) { return made; });
      return;
    }
    std::vector<catalog::TableIdentifier> created;
    const std::string prefix = "kafka_iceberg_check_" + NewUuid(runtime_.random).substr(0, 8);
    const bool could_create = Measure("create table", kCreates, [&](int i) -> Status {
      catalog::TableCreation creation;
      creation.identifier = {table.name_space, fmt::format("{}_{}", prefix, i)};
      creation.schema.fields = {
          {.id = 1, .name = "id", .type = iceberg::Type::Primitive(iceberg::TypeId::kLong)}};
      TRY(catalog_.CreateTable(creation));
      created.push_back(creation.identifier);
      return {};
    });
    if (could_create) {
      auto scratch = catalog_.LoadTable(created.front());
      Measure("commit", kCommits, [&](int i) -> Status {
        if (!scratch.ok()) return scratch.error();
        return Commit(**scratch, i);
      });
    }
    Measure("drop table", static_cast<int>(created.size()),
            [&](int i) { return catalog_.DropTable(created[static_cast<size_t>(i)], true); });
    if (made.ok()) (void)catalog_.DropNamespace(table.name_space);  // made for this check only
  }

  const std::vector<Measured>& measured() const { return measured_; }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  static Status Commit(catalog::TableOperations& table, int number) {
    const std::vector<iceberg::MetadataUpdate> updates = {
        iceberg::SetProperties{{{"kafka-iceberg.check", std::to_string(number)}}}};
    const catalog::CommitReply reply = table.Commit(table.Current(), updates, {});
    if (reply.outcome == catalog::CommitOutcome::kCommitted) return {};
    return Error::Unavailable("the commit was answered with {}: {}", ToString(reply.outcome),
                              reply.detail);
  }

  catalog::Catalog& catalog_;
  Runtime& runtime_;
  std::vector<Measured> measured_;
  std::optional<Error> failure_;
};

void PrintJson(catalog::Catalog& catalog, const CatalogProbe& probe) {
  json capabilities = json::array();
  for (const catalog::Capability& capability : catalog.Capabilities()) {
    capabilities.push_back({{"name", capability.name},
                            {"supported", capability.supported},
                            {"note", capability.note}});
  }
  json operations = json::array();
  for (const Measured& measured : probe.measured()) {
    json operation = {{"operation", measured.operation},
                      {"count", measured.milliseconds.size()},
                      {"error", measured.error}};
    if (!measured.milliseconds.empty()) {
      operation["p50_ms"] = measured.Percentile(0.5);
      operation["p99_ms"] = measured.Percentile(0.99);
    }
    operations.push_back(std::move(operation));
  }
  std::cout << JsonText({{"catalog_type", catalog.type()},
                         {"ok", !probe.failure().has_value()},
                         {"capabilities", capabilities},
                         {"operations", operations}})
            << "\n";
}

void PrintText(catalog::Catalog& catalog, const CatalogProbe& probe) {
  std::vector<std::vector<std::string>> rows;
  for (const catalog::Capability& capability : catalog.Capabilities()) {
    rows.push_back({capability.name, capability.supported ? "yes" : "no", capability.note});
  }
  std::cout << "catalog " << catalog.type() << "\n\n";
  // A catalog that cannot be reached does not say what it can do.
  if (!rows.empty()) std::cout << FormatTable({"can", "", "note"}, rows) << "\n";
  rows.clear();
  for (const Measured& measured : probe.measured()) {
    const bool any = !measured.milliseconds.empty();
    rows.push_back({measured.operation, std::to_string(measured.milliseconds.size()),
                    any ? fmt::format("{:.1f}", measured.Percentile(0.5)) : "",
                    any ? fmt::format("{:.1f}", measured.Percentile(0.99)) : "", measured.error});
  }
  std::cout << FormatTable({"operation", "calls", "p50 ms", "p99 ms", "failed"}, rows);
}

Status List(const Arguments& arguments, catalog::Catalog& catalog) {
  std::vector<catalog::Namespace> pending;
  if (arguments.name.empty()) {
    pending = TRY(catalog.ListNamespaces({}));
  } else {
    pending = {engine::SplitNamespace(arguments.name)};
  }
  json list = json::array();
  // A catalog that nests without end would be listed without end.
  constexpr size_t kNamespacesMax = 10'000;
  for (size_t i = 0; i < pending.size() && i < kNamespacesMax; ++i) {
    const catalog::Namespace name = pending[i];
    json tables = json::array();
    for (const catalog::TableIdentifier& table : TRY(catalog.ListTables(name))) {
      tables.push_back(table.name);
    }
    const std::string text = fmt::format("{}", fmt::join(name, "."));
    if (!arguments.json) {
      std::cout << text << "\n";
      for (const json& table : tables) std::cout << "  " << table.get<std::string>() << "\n";
    }
    list.push_back({{"namespace", text}, {"tables", std::move(tables)}});
    const auto nested = catalog.ListNamespaces(name);
    if (nested.ok()) pending.insert(pending.end(), nested->begin(), nested->end());
  }
  if (arguments.json) std::cout << JsonText(list) << "\n";
  return {};
}

}  // namespace

int CatalogCheckCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  const Result<engine::OpenedCatalog> opened =
      engine::OpenCatalog(*options, runtime.engine_context());
  if (!opened.ok()) return ReportError(opened.error());
  CatalogProbe probe(*opened->catalog, runtime);
  // With routes the first of their tables, or the one that keeps account.
  auto tables = engine::TablesOf(*options, {});
  if (!tables.ok()) tables = engine::TablesOf(*options, options->routing.account_table);
  if (!tables.ok()) return ReportError(tables.error());
  const catalog::TableIdentifier table = engine::TargetTable(tables->front());
  probe.Look(table);
  if (arguments.write && !probe.failure()) probe.Write(table);
  if (arguments.json) {
    PrintJson(*opened->catalog, probe);
  } else {
    PrintText(*opened->catalog, probe);
  }
  // What failed is in the output.
  return probe.failure() ? ExitCodeFor(probe.failure()->code()) : kExitOk;
}

int CatalogListCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  const Result<engine::OpenedCatalog> opened =
      engine::OpenCatalog(*options, runtime.engine_context());
  if (!opened.ok()) return ReportError(opened.error());
  const Status status = List(arguments, *opened->catalog);
  return status.ok() ? kExitOk : ReportError(status.error());
}

}  // namespace kafka_iceberg::app
