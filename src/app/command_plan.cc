// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "engine/connect.h"
#include "engine/module_options.h"
#include "engine/routing/route_plan.h"
#include "engine/table_plan.h"
#include "iceberg/actions/schema_update.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::app {
namespace {

using nlohmann::json;

std::string_view OriginText(engine::SchemaOrigin origin) {
  switch (origin) {
    case engine::SchemaOrigin::kDeclared: return "declared";
    case engine::SchemaOrigin::kTable: return "table";
    case engine::SchemaOrigin::kInferred: return "inferred";
  }
  return "";
}

json PlanJson(const config::Options& options, const engine::TablePlan& plan,
              const iceberg::SchemaComparison& comparison,
              const std::vector<std::string>& partition_by) {
  json changes = json::array();
  for (const iceberg::SchemaChange& change : comparison.changes)
    changes.push_back({{"column", change.path}, {"change", change.detail}});
  return {{"table", engine::TargetTable(options).ToString()},
          {"table_exists", plan.table_exists},
          {"schema_origin", OriginText(plan.origin)},
          {"schema", json::parse(iceberg::SchemaToJson(plan.wanted), nullptr, false)},
          {"partition_by", partition_by},
          {"changes", changes},
          {"incompatibilities", comparison.incompatibilities},
          {"notes", plan.inference.notes}};
}

void PrintText(const config::Options& options, const engine::TablePlan& plan,
               const iceberg::SchemaComparison& comparison,
               const std::vector<std::string>& partition_by) {
  std::cout << fmt::format("table {} {}; columns {}\n\n", engine::TargetTable(options).ToString(),
                           plan.table_exists ? "exists" : "would be created",
                           OriginText(plan.origin));
  std::vector<std::vector<std::string>> rows;
  for (const iceberg::Field& field : plan.wanted.fields) {
    rows.push_back(
        {field.name, iceberg::ToString(field.type), field.required ? "required" : "optional"});
  }
  std::cout << FormatTable({"column", "type", ""}, rows);
  if (!plan.table_exists)
    std::cout << fmt::format(
        "\npartitioned by {}\n",
        partition_by.empty() ? "nothing" : fmt::format("{}", fmt::join(partition_by, ", ")));
  for (const std::string& note : plan.inference.notes) std::cout << "note: " << note << "\n";
  for (const iceberg::SchemaChange& change : comparison.changes) {
    std::cout << fmt::format("differs: {}: {} (schema_mismatch_action = \"{}\")\n", change.path,
                             change.detail,
                             options.iceberg.table_management.schema_mismatch_action);
  }
  for (const std::string& problem : comparison.incompatibilities)
    std::cout << "cannot be bridged: " << problem << "\n";
}

Status Plan(const Arguments& arguments, const config::Options& options, Runtime& runtime) {
  const engine::EngineContext context = runtime.engine_context();
  const engine::OpenedCatalog catalog = TRY(engine::OpenCatalog(options, context));
  const auto schemas = TRY(engine::OpenSchemaSource(options, context, *catalog.http));
  json plans = json::array();
  for (const config::Options& table : TRY(engine::TablesOf(options, arguments.table))) {
    const auto format = TRY(engine::MakePayloadFormat(table.kafka, schemas));
    const engine::TablePlan plan = TRY(engine::PlanTable(
        table, {*catalog.catalog, *format, engine::MakeSampler(table, context)}, runtime.stop));
    const std::vector<std::string> partition_by = TRY(engine::TableOptionsFor(table)).partition_by;
    iceberg::SchemaComparison comparison;
    if (plan.table_exists) comparison = iceberg::CompareSchemas(*plan.table.metadata, plan.wanted);
    if (arguments.json) {
      plans.push_back(PlanJson(table, plan, comparison, partition_by));
    } else {
      if (table.iceberg.table_name != options.iceberg.table_name) std::cout << "\n";
      PrintText(table, plan, comparison, partition_by);
    }
  }
  if (!arguments.json) return {};
  const json body = options.routing.routes.empty() ? plans.front() : json({{"tables", plans}});
  std::cout << JsonText(body) << "\n";
  return {};
}

}  // namespace

int PlanCommand(const Arguments& arguments, Runtime& runtime) {
  const std::optional<config::Options> options = LoadOptionsOrReport(arguments.config_path);
  if (!options) return kExitConfiguration;
  const Status status = Plan(arguments, *options, runtime);
  return status.ok() ? kExitOk : ReportError(status.error());
}

}  // namespace kafka_iceberg::app
