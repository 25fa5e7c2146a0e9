// SPDX-License-Identifier: Apache-2.0
#include "table/schema_mismatch.h"

#include <fmt/ranges.h>

#include <string>
#include <utility>
#include <vector>

#include "table/table_change.h"

namespace kafka_iceberg::table {

namespace {

using iceberg::SchemaChange;
using iceberg::SchemaComparison;

std::string ListOf(const SchemaComparison& comparison) {
  std::vector<std::string> differences;
  for (const SchemaChange& change : comparison.changes)
    differences.push_back(change.path + ": " + change.detail);
  for (const std::string& reason : comparison.incompatibilities) differences.push_back(reason);
  return fmt::format("{}", fmt::join(differences, "; "));
}

Error CannotBridge(const std::string& table, const SchemaComparison& comparison) {
  return Error::Invalid(
      "the schema of table {} cannot become the wanted one ({}): change [schema] to fit the table, "
      "or write to another "
      "table",
      table, ListOf(comparison));
}

Error Refusal(const std::string& table, const SchemaComparison& comparison) {
  return Error::Invalid(
      "the schema of table {} is not the wanted one ({}): set schema_mismatch_action to \"evolve\" "
      "to change the table "
      "or to \"warn\" to leave out what it has no column for, or change [schema] to fit the table",
      table, ListOf(comparison));
}

Status Evolve(OpenedTable& table, const iceberg::Schema& wanted) {
  const std::string name = table.operations->identifier().ToString();
  std::vector<SchemaChange> planned;  // last
  const auto plan = [&](const iceberg::TableMetadata& base) -> Result<TableChange> {
    const SchemaComparison comparison = iceberg::CompareSchemas(base, wanted);
    if (!comparison.incompatibilities.empty()) return CannotBridge(name, comparison);
    if (!comparison.changes.empty()) planned = comparison.changes;
    iceberg::SchemaUpdate update = iceberg::MakeSchemaUpdate(base, comparison);
    return TableChange{std::move(update.updates), std::move(update.requirements)};
  };
  if (TRY(ChangeTable(*table.operations, "evolve the schema", plan))) {
    table.evolved = std::move(planned);
  }
  return {};
}

// Nothing is changed, so a column that the table requires and no record has would fail every row.
Status LeaveOut(OpenedTable& table, const iceberg::Schema& wanted,
                const SchemaComparison& comparison) {
  for (const SchemaChange& change : comparison.changes) {
    if (change.kind == SchemaChange::Kind::kAddColumn) table.ignored_columns.push_back(change.path);
    if (change.kind == SchemaChange::Kind::kMakeOptional &&
        wanted.FindField(change.path) == nullptr) {
      return Error::Invalid(
          "table {} requires column {}, which [schema] does not have: add it, or set "
          "schema_mismatch_action to "
          "\"evolve\" to make it optional",
          table.operations->identifier().ToString(), change.path);
    }
  }
  return {};
}

}  // namespace

Status SettleSchemaMismatch(OpenedTable& table, const iceberg::Schema& wanted,
                            SchemaMismatchAction action) {
  const std::string name = table.operations->identifier().ToString();
  const SchemaComparison comparison =
      iceberg::CompareSchemas(*table.operations->Current().metadata, wanted);
  if (!comparison.incompatibilities.empty()) return CannotBridge(name, comparison);
  if (comparison.changes.empty()) return {};
  switch (action) {
    case SchemaMismatchAction::kFail: return Refusal(name, comparison);
    case SchemaMismatchAction::kEvolve: return Evolve(table, wanted);
    case SchemaMismatchAction::kWarn: return LeaveOut(table, wanted, comparison);
  }
  return {};
}

}  // namespace kafka_iceberg::table
