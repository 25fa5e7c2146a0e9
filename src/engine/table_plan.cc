// SPDX-License-Identifier: Apache-2.0
#include "engine/table_plan.h"

#include <algorithm>

#include "decode/metadata_columns.h"
#include "engine/module_options.h"

namespace kafka_iceberg::engine {
namespace {

bool HasPayloadColumns(const iceberg::Schema& schema) {
  return std::ranges::any_of(schema.fields, [](const iceberg::Field& field) {
    return !field.name.starts_with("_kafka_");
  });
}

}  // namespace

namespace {

// Without the rescue column.
Result<TablePlan> PlanColumns(const config::Options& options, const PlanSources& sources,
                              const std::stop_token& stop) {
  TablePlan plan;
  const Result<std::unique_ptr<catalog::TableOperations>> table =
      sources.catalog.LoadTable(TargetTable(options));
  if (table.ok()) {
    plan.table_exists = true;
    plan.table = (*table)->Current();
  } else if (table.error().code() != ErrorCode::kNotFound) {
    return table.error();
  }
  if (!options.schema.fields.empty()) {
    plan.wanted = TRY(DeclaredSchema(options.schema));
    return plan;
  }
  if (plan.table_exists) {
    plan.origin = SchemaOrigin::kTable;
    plan.wanted = plan.table.metadata->schema();
    return plan;
  }
  plan.origin = SchemaOrigin::kInferred;
  const std::vector<std::string> payloads = TRY(sources.sample(options.schema.infer_records, stop));
  const std::vector<std::string_view> views(payloads.begin(), payloads.end());
  plan.inference = TRY(sources.format.Infer(views));
  if (!HasPayloadColumns(plan.inference.schema)) {
    return Error::Invalid(
        "no column could be inferred from the first {} records of the topic; declare the columns "
        "with [[schema.fields]]",
        payloads.size());
  }
  plan.wanted = TRY(WithMetadataColumns(plan.inference.schema, options.schema));
  return plan;
}

}  // namespace

Result<TablePlan> PlanTable(const config::Options& options, const PlanSources& sources,
                            const std::stop_token& stop) {
  TablePlan plan = TRY(PlanColumns(options, sources, stop));
  plan.wanted = TRY(WithRescueColumn(std::move(plan.wanted), options.schema));
  return plan;
}

Result<iceberg::Schema> WantedSchema(const config::Options& options, const PlanSources& sources,
                                     telemetry::Logger& logger, const std::stop_token& stop) {
  TablePlan plan = TRY(PlanTable(options, sources, stop));
  if (plan.origin == SchemaOrigin::kInferred) {
    logger.Info("schema inferred from the first records",
                {{"records", plan.inference.records}, {"columns", plan.inference.columns.size()}});
    for (const std::string& note : plan.inference.notes)
      logger.Warn("schema inference", {{"note", note}});
  }
  return plan.wanted;
}

}  // namespace kafka_iceberg::engine
