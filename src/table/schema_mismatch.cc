// SPDX-License-Identifier: Apache-2.0
#include "table/schema_mismatch.h"

#include <fmt/ranges.h>

#include <string>
#include <vector>

namespace kafka_iceberg::table {

namespace {

using catalog::CommitOutcome;
using iceberg::SchemaChange;
using iceberg::SchemaComparison;

constexpr int kEvolveAttemptsMax = 8;

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
  catalog::TableOperations& operations = *table.operations;
  const std::string name = operations.identifier().ToString();
  std::string detail;
  // The changes of the last attempt: what an attempt of unknown outcome did is seen by looking
  // again.
  std::vector<SchemaChange> attempted;
  for (int attempt = 0; attempt < kEvolveAttemptsMax; ++attempt) {
    const catalog::TableVersion base = operations.Current();
    const SchemaComparison comparison = iceberg::CompareSchemas(*base.metadata, wanted);
    if (!comparison.incompatibilities.empty()) return CannotBridge(name, comparison);
    if (comparison.changes.empty()) {
      table.evolved = std::move(attempted);
      return {};
    }
    const iceberg::SchemaUpdate update = iceberg::MakeSchemaUpdate(*base.metadata, comparison);
    const catalog::CommitReply reply = operations.Commit(base, update.updates, update.requirements);
    if (reply.outcome == CommitOutcome::kCommitted) {
      table.evolved = comparison.changes;
      return {};
    }
    if (reply.outcome == CommitOutcome::kRejected) {
      return Error::Invalid("cannot evolve the schema of table {}: {}", name, reply.detail);
    }
    if (reply.outcome == CommitOutcome::kUnknown) attempted = comparison.changes;
    if (auto refreshed = operations.Refresh(); !refreshed.ok()) {
      if (reply.outcome != CommitOutcome::kUnknown) return refreshed.error();
      return Error::CommitUnknown("cannot tell whether the schema of table {} was evolved: {}; {}",
                                  name, reply.detail, refreshed.error().message());
    }
    detail = reply.detail;
  }
  return Error::Unavailable(
      "cannot evolve the schema of table {}: {} attempts failed, the last one: {}", name,
      kEvolveAttemptsMax, detail);
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
