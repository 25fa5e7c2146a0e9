// SPDX-License-Identifier: Apache-2.0
#include "engine/schema_keeper.h"

#include <utility>

#include "decode/metadata_columns.h"

namespace kafka_iceberg::engine {
namespace {

using iceberg::Schema;
using iceberg::SchemaChange;
using iceberg::SchemaComparison;
using table::SchemaMismatchAction;

// A table of columns that come and go with every record is not read line by line.
constexpr size_t kSaidMax = 1000;
constexpr size_t kTextMax = 300;

int32_t CountFields(const Schema& schema) {
  int32_t count = 0;
  iceberg::VisitFields(schema.fields, [&](const iceberg::Field&) { ++count; });
  return count;
}

// Records do not carry the engine's own columns, and must not seem to lack them.
Schema WithOwnColumnsOf(const Schema& table, Schema wanted, const std::string& rescue_column) {
  const auto is_rescue = [&](const iceberg::Field& field) {
    return !rescue_column.empty() && field.name == rescue_column;
  };
  std::erase_if(wanted.fields, is_rescue);
  for (const iceberg::Field& field : table.fields) {
    if (is_rescue(field) || decode::FindMetadataColumn(field.name)) wanted.fields.push_back(field);
  }
  return wanted;
}

}  // namespace

SchemaKeeper::SchemaKeeper(const SchemaKeeperOptions& options, catalog::TableOperations& table,
                           telemetry::Logger& logger, telemetry::Metrics& metrics)
    : options_(options), table_(table), logger_(logger), metrics_(metrics) {
  current_ = std::make_shared<const WriteSchema>(
      WriteSchema{.version = 1, .metadata = table_.Current().metadata});
}

WriteSchemaPtr SchemaKeeper::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

WriteSchemaPtr SchemaKeeper::AtNewEpoch() {
  MutexLock lock(mutex_);
  iceberg::TableMetadataPtr base = Base();
  const iceberg::TableMetadata& known = *current_->metadata;
  if (base->default_spec_id != known.default_spec_id ||
      !base->schema().SameColumns(known.schema())) {
    logger_.Info("the table was changed by somebody else; new files follow",
                 {{"table", table_.identifier().ToString()}});
    current_ = std::make_shared<const WriteSchema>(WriteSchema{.version = current_->version + 1,
                                                               .metadata = std::move(base),
                                                               .pending = current_->pending});
  }
  return current_;
}

void SchemaKeeper::Restart() {
  MutexLock lock(mutex_);
  current_ = std::make_shared<const WriteSchema>(
      WriteSchema{.version = current_->version + 1, .metadata = table_.Current().metadata});
}

// The table as it is known now, with what is pending. When somebody else changed its schema in a
// way that does not go together with ours, the next commit finds out.
iceberg::TableMetadataPtr SchemaKeeper::Base() const {
  const iceberg::TableMetadataPtr table = table_.Current().metadata;
  const auto update = iceberg::UpdateForFiles(*table, current_->metadata->schema());
  if (!update.ok()) return current_->metadata;
  if (update->updates.empty()) return table;
  auto evolved = iceberg::ApplyUpdates(*table, update->updates, "", table->last_updated_ms);
  if (!evolved.ok()) return current_->metadata;
  return std::make_shared<const iceberg::TableMetadata>(std::move(evolved).value());
}

Result<WriteSchemaPtr> SchemaKeeper::Settle(const Schema& wanted) {
  MutexLock lock(mutex_);
  iceberg::TableMetadataPtr base = Base();
  const SchemaComparison comparison = iceberg::CompareSchemas(
      *base, WithOwnColumnsOf(base->schema(), wanted, options_.rescue_column));
  if (!comparison.incompatibilities.empty() && options_.breaking_change == BreakingChange::kFail) {
    return Error::Invalid(
        "records no longer fit table {}: {}; change the table or the producer, or set "
        "schema.breaking_change to \"dead_letter\" or \"rescue\"",
        table_.identifier().ToString(), comparison.incompatibilities.front());
  }
  for (const std::string& reason : comparison.incompatibilities) SayLeftOut("", reason);
  std::shared_ptr<const Schema> pending = current_->pending;
  if (!comparison.changes.empty() && MayEvolve(comparison)) {
    const iceberg::SchemaUpdate update = iceberg::MakeSchemaUpdate(*base, comparison);
    base = std::make_shared<const iceberg::TableMetadata>(
        TRY(iceberg::ApplyUpdates(*base, update.updates, "", base->last_updated_ms)));
    pending = std::make_shared<const Schema>(base->schema());
    SayEvolved(comparison);
  } else if (base->schema().SameColumns(current_->metadata->schema())) {
    return current_;
  }
  current_ = std::make_shared<const WriteSchema>(WriteSchema{.version = current_->version + 1,
                                                             .metadata = std::move(base),
                                                             .pending = std::move(pending)});
  return current_;
}

// Says what is left out when it may not.
bool SchemaKeeper::MayEvolve(const SchemaComparison& comparison) {
  const bool is_full = CountFields(comparison.merged) > options_.columns_max;
  if (options_.action == SchemaMismatchAction::kEvolve && !is_full) return true;
  for (const SchemaChange& change : comparison.changes) {
    if (change.kind == SchemaChange::Kind::kMakeOptional) continue;
    SayLeftOut(change.path, is_full ? fmt::format("the table would have more than {} columns "
                                                  "(schema.columns_max)",
                                                  options_.columns_max)
                                    : change.detail + " needs schema_mismatch_action = \"evolve\"");
  }
  return false;
}

void SchemaKeeper::SayEvolved(const SchemaComparison& comparison) {
  for (const SchemaChange& change : comparison.changes) {
    logger_.Info("records have a new schema; the next commit changes the table's",
                 {{"table", table_.identifier().ToString()},
                  {"column", change.path.substr(0, kTextMax)},
                  {"change", change.detail.substr(0, kTextMax)}});
  }
}

void SchemaKeeper::SayLeftOut(const std::string& column, const std::string& reason) {
  if (said_.size() >= kSaidMax || !said_.insert(column + '\n' + reason).second) return;
  metrics_.GetCounter("kafka_iceberg_schema_conflicts_total").Add();
  logger_.Warn(options_.rescue_column.empty()
                   ? "records have something that the table has no column for; it is left out"
                   : "records have something that the table has no column for; the rescue column "
                     "keeps it",
               {{"table", table_.identifier().ToString()},
                {"column", column.substr(0, kTextMax)},
                {"reason", reason.substr(0, kTextMax)}});
  if (said_.size() == kSaidMax) {
    logger_.Warn("too many columns are left out; further ones are only counted",
                 {{"table", table_.identifier().ToString()}});
  }
}

}  // namespace kafka_iceberg::engine
