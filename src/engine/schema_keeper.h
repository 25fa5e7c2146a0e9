// SPDX-License-Identifier: Apache-2.0
//
// SchemaKeeper: the schema that rows of one table are written with: the table's own and, under
// schema_mismatch_action "evolve", the columns that records have asked for since, which the next
// commit brings together with the rows. Writers ask it when a record's schema drifts. One per
// table; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "catalog/catalog.h"
#include "core/mutex.h"
#include "core/result.h"
#include "iceberg/actions/schema_update.h"
#include "iceberg/table_metadata.h"
#include "table/table_manager.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::engine {

// One state of the schema; immutable. A later version has all columns of an earlier one, as wide or
// wider, until Restart().
struct WriteSchema {
  uint64_t version = 0;
  iceberg::TableMetadataPtr metadata;  // of the table, with the schema as it will be; new files
                                       // take its spec, locations and properties
  // What a commit of files written with it must bring; null: the table's own does.
  std::shared_ptr<const iceberg::Schema> pending;
};
using WriteSchemaPtr = std::shared_ptr<const WriteSchema>;

// What happens when records come with a schema that no evolution of the table can take.
enum class BreakingChange : uint8_t {
  kDeadLetter,  // those of its records that do not fit become dead letters
  kFail,        // the engine stops and explains
  kRescue,      // their values are kept in the rescue column, where columns may be null
};

struct SchemaKeeperOptions {
  table::SchemaMismatchAction action = table::SchemaMismatchAction::kFail;
  BreakingChange breaking_change = BreakingChange::kDeadLetter;
  int32_t columns_max = 2000;  // nested ones counted; evolving stops there
  std::string rescue_column;   // keeps what is left out; empty: nothing does
};

class SchemaKeeper {
 public:
  // The table and what it is told to outlive the keeper.
  SchemaKeeper(const SchemaKeeperOptions& options, catalog::TableOperations& table,
               telemetry::Logger& logger, telemetry::Metrics& metrics);

  WriteSchemaPtr Current() const;
  // The same, with what others did to the table since: columns they added, another partitioning.
  WriteSchemaPtr AtNewEpoch();
  // The schema for records that ask for these payload columns (ids mean nothing). What it leaves
  // out is said in the log, once for each column. kInvalid: the table cannot take them, and
  // breaking changes are to stop the engine.
  Result<WriteSchemaPtr> Settle(const iceberg::Schema& wanted);
  // Goes back to what the table has now: what was pending is not committed any more, or in a way
  // that does not fit.
  void Restart();

 private:
  iceberg::TableMetadataPtr Base() const REQUIRES(mutex_);
  bool MayEvolve(const iceberg::SchemaComparison& comparison) REQUIRES(mutex_);
  void SayEvolved(const iceberg::SchemaComparison& comparison) REQUIRES(mutex_);
  void SayLeftOut(const std::string& column, const std::string& reason) REQUIRES(mutex_);

  const SchemaKeeperOptions options_;
  catalog::TableOperations& table_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
  mutable Mutex mutex_;
  WriteSchemaPtr current_ GUARDED_BY(mutex_);
  std::set<std::string> said_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::engine
