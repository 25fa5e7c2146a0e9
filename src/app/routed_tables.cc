// SPDX-License-Identifier: Apache-2.0
#include "app/routed_tables.h"

#include <algorithm>
#include <utility>

#include "engine/module_options.h"
#include "engine/routing/table_directory.h"

namespace kafka_iceberg::app {

Result<std::vector<config::Options>> AllTables(const config::Options& options,
                                               const std::string& wanted,
                                               catalog::Catalog& catalog) {
  if (options.routing.routes.empty() || !wanted.empty()) return engine::TablesOf(options, wanted);
  const auto plan = TRY(engine::RoutePlan::Make(options));
  std::vector<config::Options> tables;
  for (const std::string& table : plan->fixed_tables()) {
    tables.push_back(plan->OptionsFor(table, {}));
  }
  for (const std::string& table : TRY(engine::FindNamedTables(*plan, catalog, {}))) {
    config::Options named = plan->OptionsFor(table, {});
    const auto loaded = catalog.LoadTable(engine::TargetTable(named));
    if (!loaded.ok() && loaded.error().code() == ErrorCode::kNotFound) continue;
    tables.push_back(std::move(named));
  }
  return tables;
}

Result<bool> RecordOwners::Owns(const std::string& table, const std::string& topic,
                                const Record& record) {
  if (const auto* tables = router_->TablesOfTopic(topic))
    return std::ranges::find(*tables, table) != tables->end();
  const TopicPartition partition{topic, record.partition};
  if (partition != partition_ || record.offset != offset_) {
    outcome_ = router_->Route(topic, {&record, 1});
    partition_ = partition;
    offset_ = record.offset;
  }
  if (outcome_.stopped) {
    offset_ = -1;  // ask again
    return *outcome_.stopped;
  }
  if (table == plan_->account_table()) return !outcome_.refusals.empty();
  return std::ranges::find(outcome_.shares, table, &engine::RouteShare::table) !=
         outcome_.shares.end();
}

Result<std::unique_ptr<RecordOwners>> OpenOwners(const config::Options& options,
                                                 const engine::EngineContext& context,
                                                 engine::OpenedCatalog& catalog) {
  if (options.routing.routes.empty()) return std::unique_ptr<RecordOwners>();
  auto plan = TRY(engine::RoutePlan::Make(options));
  auto router = std::make_unique<engine::PlanRouter>(
      plan, TRY(engine::OpenSchemaSource(options, context, *catalog.http)), context.metrics);
  return std::make_unique<RecordOwners>(std::move(plan), std::move(router));
}

engine::BelongsHere BelongsTo(const std::string& table, RecordOwners* owners) {
  if (owners == nullptr) return {};
  return [=](const std::string& topic, const Record& record) {
    return owners->Owns(table, topic, record);
  };
}

}  // namespace kafka_iceberg::app
