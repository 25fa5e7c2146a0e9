// SPDX-License-Identifier: Apache-2.0
//
// TableDirectory: the tables of an engine: opens those that are known beforehand and those that
// records name, and owns them until the engine ends.
//
// Tables are opened by the poll thread (or before it runs); the list of them may be read from any
// thread.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "decode/framing/payload_schema.h"
#include "engine/routing/record_router.h"
#include "engine/routing/route_plan.h"
#include "engine/source_stage.h"
#include "engine/tables/table_unit.h"

namespace kafka_iceberg::engine {

// Tables of the catalog that records may have named in these topics (none: in any), and the one
// that keeps account, be it there or not. Errors are the catalog's.
Result<std::set<std::string>> FindNamedTables(const RoutePlan& plan, catalog::Catalog& catalog,
                                              const std::set<std::string>& topics);

class TableDirectory final : public TableOpener {
 public:
  // `plan` null: the only table is that of the configuration.
  TableDirectory(std::shared_ptr<const RoutePlan> plan, TableUnitContext context,
                 std::shared_ptr<decode::SchemaSource> schemas);
  ~TableDirectory() override;

  // The only table; an error when it cannot be had.
  Result<std::vector<PlannedTable>> OpenOnly(TableUnitRequest request, const std::stop_token& stop);
  // Those that routes name as they are. One that cannot be opened is tried again later, unless none
  // can.
  Result<std::vector<PlannedTable>> OpenFixed(const std::stop_token& stop);

  Result<TableUnit*> Open(FlowId id, const std::string& table, const std::string& topic,
                          std::span<const Record> records) override;
  Result<std::vector<FedTable>> FindFed(const std::set<std::string>& topics) override;
  const std::string& account_table() const override { return plan_->account_table(); }

  // From any thread.
  std::vector<TableUnit*> units() const;
  TableUnit* Find(const std::string& table) const;
  // Committers of tables that are opened from now on begin at once.
  void Start();
  void Stop();
  void End();

 private:
  bool IsToBeInferred(const std::string& table) const;
  Result<TableUnit*> Add(std::unique_ptr<TableUnit> unit);

  const std::shared_ptr<const RoutePlan> plan_;
  const TableUnitContext context_;
  const std::shared_ptr<decode::SchemaSource> schemas_;
  std::stop_token stop_;
  bool is_started_ = false;
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<TableUnit>> units_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::engine
