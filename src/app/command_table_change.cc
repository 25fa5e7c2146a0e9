// SPDX-License-Identifier: Apache-2.0
//
// The `table` commands that change the catalog. Each works on the configured table.
#include <iostream>

#include "app/commands.h"
#include "app/exit_code.h"
#include "engine/connect.h"
#include "engine/module_options.h"
#include "engine/table_plan.h"

namespace kafka_iceberg::app {
namespace {

Status Create(const config::Options& options, const engine::OpenedCatalog& catalog,
              Runtime& runtime) {
  const engine::EngineContext context = runtime.engine_context();
  const auto format = TRY(engine::OpenPayloadFormat(options, context, *catalog.http));
  const engine::TablePlan plan = TRY(engine::PlanTable(
      options, {*catalog.catalog, *format, engine::MakeSampler(options, context)}, runtime.stop));
  const std::string name = engine::TargetTable(options).ToString();
  if (plan.table_exists) return Error::AlreadyExists("table {} exists", name);
  table::TableOptions wanted = TRY(engine::TableOptionsFor(options));
  wanted.auto_create_if_missing = true;  // asked for by this very command
  const table::OpenedTable opened =
      TRY(table::GetOrCreateTable(*catalog.catalog, wanted, plan.wanted));
  std::cout << fmt::format("created {} at {}\n", name,
                           opened.operations->Current().metadata->location);
  return {};
}

Status Drop(const Arguments& arguments, const config::Options& options, catalog::Catalog& catalog) {
  const catalog::TableIdentifier table = engine::TargetTable(options);
  if (!arguments.yes) {
    return Error::Invalid(
        "this would drop table {}{}; add --yes to do it", table.ToString(),
        arguments.purge ? " and delete all of its files" : " from the catalog, its files stay");
  }
  TRY(catalog.DropTable(table, arguments.purge));
  std::cout << fmt::format("dropped {}{}\n", table.ToString(),
                           arguments.purge ? " with its files" : "; its files stay");
  return {};
}

Status Rename(const Arguments& arguments, const config::Options& options,
              catalog::Catalog& catalog) {
  const catalog::TableIdentifier from = engine::TargetTable(options);
  catalog::Namespace levels = engine::SplitNamespace(arguments.name);
  catalog::TableIdentifier to{from.name_space, levels.back()};
  levels.pop_back();
  if (!levels.empty()) to.name_space = std::move(levels);
  if (to.ToString() == from.ToString()) {
    return Error::Invalid("table {} has this name already", from.ToString());
  }
  TRY(catalog.RenameTable(from, to));
  std::cout << fmt::format(
      "renamed {} to {}; set database_name and table_name in the configuration to go on with it\n",
      from.ToString(), to.ToString());
  return {};
}

Status Register(const Arguments& arguments, const config::Options& options,
                catalog::Catalog& catalog) {
  const catalog::TableIdentifier table = engine::TargetTable(options);
  const Status made = catalog.CreateNamespace(table.name_space);
  if (!made.ok() && made.error().code() != ErrorCode::kAlreadyExists) return made;
  TRY(catalog.RegisterTable(table, arguments.name));
  std::cout << fmt::format("registered {} from {}\n", table.ToString(), arguments.name);
  return {};
}

}  // namespace

int TableChangeCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadTableOrReport(arguments);
  if (!options) return kExitConfiguration;
  const Result<engine::OpenedCatalog> opened =
      engine::OpenCatalog(*options, runtime.engine_context());
  if (!opened.ok()) return ReportError(opened.error());
  catalog::Catalog& catalog = *opened->catalog;
  Status status;
  switch (arguments.command) {
    case Command::kTableCreate: status = Create(*options, *opened, runtime); break;
    case Command::kTableDrop: status = Drop(arguments, *options, catalog); break;
    case Command::kTableRename: status = Rename(arguments, *options, catalog); break;
    default: status = Register(arguments, *options, catalog); break;
  }
  return status.ok() ? kExitOk : ReportError(status.error());
}

}  // namespace kafka_iceberg::app
