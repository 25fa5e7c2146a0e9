// SPDX-License-Identifier: Apache-2.0
//
// Get-or-create of the target table, and the decision what to do when its schema is not the one
// records ask for (PRD part 3.2). Called by the engine at start, and by the committer when rows
// need new columns.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "core/result.h"
#include "iceberg/actions/schema_update.h"
#include "iceberg/type.h"

namespace kafka_iceberg::table {

enum class SchemaMismatchAction : uint8_t { kFail, kEvolve, kWarn };

struct TableOptions {
  catalog::TableIdentifier identifier;
  bool auto_create_if_missing = true;
  SchemaMismatchAction schema_mismatch_action = SchemaMismatchAction::kFail;
  std::vector<std::string>
      partition_by;                    // "day(ts)", "bucket(16, user_id)"; see PartitionExpressions
  bool partitioning_is_named = false;  // and not only the default for new tables
  std::vector<std::string> identifier_fields;
  std::vector<std::string> sort_by;  // "ts", "ts desc"
  int32_t format_version = 2;
  std::map<std::string, std::string> properties;
};

// partition_strategy (daily, hourly, identity, bucket) as partition_by expressions on `column`.
Result<std::vector<std::string>> PartitionExpressions(const std::string& strategy,
                                                      const std::string& column);

struct OpenedTable {
  std::unique_ptr<catalog::TableOperations> operations;
  bool created = false;
  std::vector<iceberg::SchemaChange> evolved;  // committed now (action evolve)
  // Columns of the wanted schema that the table does not have (action warn), nested ones by dotted
  // path: values for them are left out.
  std::vector<std::string> ignored_columns;
  // For people; empty: as configured, or nothing is configured.
  std::string evolved_partitioning;
  std::string kept_partitioning;
};

// Loads the table, creating it (and its namespace) when missing and allowed; safe against another
// process that creates it at the same moment. kNotFound: missing and auto_create_if_missing is
// false. kInvalid: a schema mismatch under `fail`, or one that no evolution can bridge; the message
// lists every difference and the choices. Under `evolve` the table is changed before this returns;
// kUnavailable when others kept changing it, kCommitUnknown when the answer was lost and the table
// cannot be asked: nothing is wrong then, call again later.
Result<OpenedTable> GetOrCreateTable(catalog::Catalog& catalog, const TableOptions& options,
                                     const iceberg::Schema& wanted);

}  // namespace kafka_iceberg::table
