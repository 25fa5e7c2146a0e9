// SPDX-License-Identifier: Apache-2.0
//
// The tables of a configuration as commands work on them: one without routes, several with them.
// Functions without state.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "config/options.h"
#include "core/result.h"
#include "engine/connect.h"
#include "engine/routing/plan_router.h"
#include "engine/verify/verify.h"

namespace kafka_iceberg::app {

// The tables of the configuration, and those that records have named; `wanted` (may be empty)
// chooses one. Each as a configuration of its own.
Result<std::vector<config::Options>> AllTables(const config::Options& options,
                                               const std::string& wanted,
                                               catalog::Catalog& catalog);

// Which tables records belong to. Not thread-safe.
class RecordOwners {
 public:
  RecordOwners(std::shared_ptr<const engine::RoutePlan> plan,
               std::unique_ptr<engine::PlanRouter> router)
      : plan_(std::move(plan)), router_(std::move(router)) {}

  // Whether it is `table`'s. kUnavailable: cannot be told now.
  Result<bool> Owns(const std::string& table, const std::string& topic, const Record& record);

 private:
  const std::shared_ptr<const engine::RoutePlan> plan_;
  const std::unique_ptr<engine::PlanRouter> router_;
  // Of the last record: usually it is asked for one table after the other.
  TopicPartition partition_;
  int64_t offset_ = -1;
  engine::RouteOutcome outcome_;
};

// Null without routes.
Result<std::unique_ptr<RecordOwners>> OpenOwners(const config::Options& options,
                                                 const engine::EngineContext& context,
                                                 engine::OpenedCatalog& catalog);

// Which records belong into the table ("raw.events"); empty without owners: all do. They outlive
// it.
engine::BelongsHere BelongsTo(const std::string& table, RecordOwners* owners);

}  // namespace kafka_iceberg::app
