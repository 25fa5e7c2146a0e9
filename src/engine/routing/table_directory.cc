// SPDX-License-Identifier: Apache-2.0
#include "engine/routing/table_directory.h"

#include <algorithm>
#include <utility>

#include "commit/ledger.h"
#include "engine/module_options.h"

namespace kafka_iceberg::engine {
namespace {

bool IsOutage(const Error& error) {
  return error.code() == ErrorCode::kUnavailable || error.code() == ErrorCode::kTimeout;
}

catalog::TableIdentifier Identifier(const std::string& table) {
  const size_t dot = table.rfind('.');
  return {.name_space = SplitNamespace(table.substr(0, dot)), .name = table.substr(dot + 1)};
}

// The first records, to infer columns from.
SampleRecords SampleOf(std::span<const Record> records) {
  return [records](int32_t count, const std::stop_token&) -> Result<RecordSample> {
    RecordSample sample;
    for (const Record& record : records) {
      if (sample.records().size() >= static_cast<size_t>(count)) break;
      if (!record.value_is_null) sample.Add(record);
    }
    if (sample.records().empty()) {
      return Error::NotFound("there is no record yet to infer the table's columns from");
    }
    return sample;
  };
}

}  // namespace

Result<std::set<std::string>> FindNamedTables(const RoutePlan& plan, catalog::Catalog& catalog,
                                              const std::set<std::string>& topics) {
  std::set<std::string> tables = {plan.account_table()};
  std::map<std::string, std::vector<std::string>> listed;
  for (const PlannedRoute& route : plan.routes()) {
    const auto takes = [&](const std::string& topic) { return route.TakesTopic(topic); };
    if (route.table.is_fixed() || (!topics.empty() && std::ranges::none_of(topics, takes))) {
      continue;
    }
    const std::string& database = route.table.database();
    if (!listed.contains(database)) {
      const auto found = catalog.ListTables(SplitNamespace(database));
      if (!found.ok() && found.error().code() != ErrorCode::kNotFound) return found.error();
      std::vector<std::string>& names = listed[database];
      if (found.ok()) {
        for (const catalog::TableIdentifier& table : *found) names.push_back(table.ToString());
      }
    }
    for (const std::string& name : listed[database]) {
      if (route.table.CouldBe(name)) tables.insert(name);
    }
  }
  for (const std::string& fixed : plan.fixed_tables()) tables.erase(fixed);
  return tables;
}

TableDirectory::TableDirectory(std::shared_ptr<const RoutePlan> plan, TableUnitContext context,
                               std::shared_ptr<decode::SchemaSource> schemas)
    : plan_(std::move(plan)), context_(std::move(context)), schemas_(std::move(schemas)) {}

TableDirectory::~TableDirectory() = default;

Result<TableUnit*> TableDirectory::Add(std::unique_ptr<TableUnit> unit) {
  const std::string& uuid = unit->table().Current().metadata->table_uuid;
  MutexLock lock(mutex_);
  for (const auto& other : units_) {
    // Names that differ in case are one table in some catalogs: two writers would fence each other.
    if (other->table().Current().metadata->table_uuid == uuid) {
      return Error::Invalid("{} and {} are one table", unit->name(), other->name());
    }
  }
  if (is_started_) unit->StartCommitter();
  units_.push_back(std::move(unit));
  return units_.back().get();
}

Result<std::vector<PlannedTable>> TableDirectory::OpenOnly(TableUnitRequest request,
                                                           const std::stop_token& stop) {
  TableUnit* unit = TRY(Add(TRY(TableUnit::Open(request, context_, stop))));
  return std::vector{PlannedTable{.name = unit->name(), .unit = unit, .trouble = std::nullopt}};
}

Result<std::vector<PlannedTable>> TableDirectory::OpenFixed(const std::stop_token& stop) {
  stop_ = stop;
  std::vector<PlannedTable> tables;
  std::optional<Error> trouble;
  bool any = plan_->fixed_tables().empty();
  for (const std::string& name : plan_->fixed_tables()) {
    if (stop.stop_requested()) return Error::Cancelled("stopped");
    PlannedTable& table = tables.emplace_back(PlannedTable{.name = name});
    if (IsToBeInferred(name)) {
      any = true;
      continue;
    }
    const auto unit = Open(static_cast<FlowId>(tables.size() - 1), name, {}, {});
    if (unit.ok()) {
      table.unit = *unit;
      any = true;
      continue;
    }
    trouble = unit.error();
    table.trouble = unit.error();
    context_.engine.logger.Error(
        "a table cannot be opened; its records are left for later, the others go on",
        {{"table", name}, {"reason", unit.error().message()}});
  }
  if (!any) return *trouble;
  return tables;
}

// There is no table, and no column is declared: its first records will tell.
bool TableDirectory::IsToBeInferred(const std::string& table) const {
  const config::Options options = plan_->OptionsFor(table, {});
  if (!options.iceberg.table_management.auto_create_if_missing) return false;
  const auto format = MakePayloadFormat(options.kafka, schemas_);
  if (!format.ok() || !NeedsRecords(options.schema, **format)) return false;
  const auto loaded = context_.catalog.catalog->LoadTable(Identifier(table));
  return !loaded.ok() && loaded.error().code() == ErrorCode::kNotFound;
}

Result<TableUnit*> TableDirectory::Open(FlowId id, const std::string& table,
                                        const std::string& topic, std::span<const Record> records) {
  const auto& fixed = plan_->fixed_tables();
  const bool is_fixed = std::ranges::find(fixed, table) != fixed.end();
  config::Options options = plan_->OptionsFor(table, topic);
  const auto tables_max = static_cast<size_t>(options.routing.tables_max);
  const size_t open = units().size();
  if (!is_fixed && table != account_table() && open >= tables_max) {
    return Error::Invalid("there are {} tables already, and routing.tables_max allows no more",
                          open);
  }
  auto format = TRY(MakePayloadFormat(options.kafka, schemas_, RescueOptionsFor(options.schema)));
  return Add(TRY(TableUnit::Open({.id = id,
                                  .options = std::move(options),
                                  .format = std::move(format),
                                  .sample = SampleOf(records),
                                  .takes_checks = open == 0,
                                  .labels_metrics = true},
                                 context_, stop_)));
}

Result<std::vector<FedTable>> TableDirectory::FindFed(const std::set<std::string>& topics) {
  std::vector<FedTable> fed;
  for (const std::string& name : TRY(FindNamedTables(*plan_, *context_.catalog.catalog, topics))) {
    const auto table = context_.catalog.catalog->LoadTable(Identifier(name));
    if (!table.ok() && IsOutage(table.error())) return table.error();
    const auto ledger = table.ok() ? commit::ReadLedger(*(*table)->Current().metadata)
                                   : Result<commit::Ledger>(table.error());
    if (!ledger.ok()) {
      if (ledger.error().code() == ErrorCode::kNotFound) continue;
      context_.engine.logger.Warn("a table cannot be read; records for it will be refused",
                                  {{"table", name}, {"reason", ledger.error().message()}});
      continue;
    }
    FedTable found{.table = name};
    for (const auto& [topic, partitions] : ledger->next_offsets) {
      if (!topics.contains(topic.topic)) continue;
      for (const auto& [partition, next] : partitions) {
        found.next_offsets.try_emplace({topic.topic, partition}, next);
      }
    }
    if (!found.next_offsets.empty()) fed.push_back(std::move(found));
  }
  return fed;
}

std::vector<TableUnit*> TableDirectory::units() const {
  MutexLock lock(mutex_);
  std::vector<TableUnit*> units;
  for (const auto& unit : units_) units.push_back(unit.get());
  return units;
}

TableUnit* TableDirectory::Find(const std::string& table) const {
  for (TableUnit* unit : units()) {
    if (unit->name() == table) return unit;
  }
  return nullptr;
}

void TableDirectory::Start() {
  is_started_ = true;
  for (TableUnit* unit : units()) unit->StartCommitter();
}

void TableDirectory::Stop() {
  for (TableUnit* unit : units()) unit->StopCommitter();
}

void TableDirectory::End() {
  Stop();
  for (TableUnit* unit : units()) unit->EndCommitter();
}

}  // namespace kafka_iceberg::engine
