// SPDX-License-Identifier: Apache-2.0
#include "engine/table_plan.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "decode/metadata_columns.h"
#include "engine/keyed_format.h"
#include "engine/module_options.h"

namespace kafka_iceberg::engine {
namespace {

bool HasPayloadColumns(const iceberg::Schema& schema) {
  return std::ranges::any_of(schema.fields, [](const iceberg::Field& field) {
    return !field.name.starts_with("_kafka_");
  });
}

bool IsDeclared(const config::SchemaOptions& options, const std::string& column) {
  return std::ranges::find(options.fields, column, &config::SchemaField::name) !=
         options.fields.end();
}

void ForgetIds(iceberg::Field& field) {
  field.id = 0;
  for (iceberg::Field& below : field.type.fields) ForgetIds(below);
}

// Behind the columns of the values.
void AddKeyColumn(iceberg::Field key, iceberg::Schema& schema) {
  ForgetIds(key);  // they are those of another schema
  const auto first_metadata = std::ranges::find_if(schema.fields, [](const iceberg::Field& field) {
    return decode::FindMetadataColumn(field.name).has_value();
  });
  schema.fields.insert(first_metadata, std::move(key));
  schema = iceberg::AssignFreshIds(schema);
}

// Columns that nobody declared, of a table that is not there yet.
class Inference {
 public:
  Inference(const config::Options& options, const PlanSources& sources, std::stop_token stop)
      : options_(options), sources_(sources), stop_(std::move(stop)) {}

  Status AddValues(TablePlan& plan) {
    plan.inference = TRY(sources_.format.Infer(TRY(Records(sources_.format))));
    if (!HasPayloadColumns(plan.inference.schema)) {
      return Error::Invalid(
          "no column could be inferred from the first {} records of the topic; declare the columns "
          "with [[schema.fields]]",
          sample_ ? sample_->records().size() : 0);
    }
    plan.wanted = TRY(WithMetadataColumns(plan.inference.schema, options_.schema));
    return {};
  }

  Status AddKey(const KeySource& keys, TablePlan& plan) {
    decode::InferenceReport report = TRY(InferKeyColumn(keys, TRY(Records(*keys.format))));
    AddKeyColumn(report.schema.fields[0], plan.wanted);
    std::ranges::move(report.columns, std::back_inserter(plan.inference.columns));
    for (const std::string& note : report.notes) plan.inference.notes.push_back("keys: " + note);
    return {};
  }

 private:
  // None when they are not looked at.
  Result<std::span<const Record>> Records(const PayloadFormat& format) {
    if (!format.InfersFromRecords()) return std::span<const Record>();
    if (!sample_) sample_ = TRY(sources_.sample(options_.schema.infer_records, stop_));
    return sample_->records();
  }

  const config::Options& options_;
  const PlanSources& sources_;
  const std::stop_token stop_;
  std::optional<RecordSample> sample_;
};

}  // namespace

bool NeedsRecords(const config::SchemaOptions& options, const PayloadFormat& format) {
  const KeySource* keys = format.keys();
  return (options.fields.empty() && format.InfersFromRecords()) ||
         (keys != nullptr && keys->format->InfersFromRecords() &&
          !IsDeclared(options, keys->column));
}

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
  Inference inference(options, sources, stop);
  if (!options.schema.fields.empty()) {
    plan.wanted = TRY(DeclaredSchema(options.schema));
  } else if (plan.table_exists) {
    plan.origin = SchemaOrigin::kTable;
    plan.wanted = plan.table.metadata->schema();
  } else {
    plan.origin = SchemaOrigin::kInferred;
    TRY(inference.AddValues(plan));
  }
  const KeySource* keys = sources.format.keys();
  const bool has_key = keys == nullptr ||
                       std::ranges::find(plan.wanted.fields, keys->column, &iceberg::Field::name) !=
                           plan.wanted.fields.end();
  // A table that is there gets the column when a key asks for it.
  const bool waits = plan.table_exists && !has_key && keys->format->InfersFromRecords();
  if (!has_key && !waits) TRY(inference.AddKey(*keys, plan));
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
