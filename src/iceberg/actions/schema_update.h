// SPDX-License-Identifier: Apache-2.0
//
// Schema evolution: what an incoming schema asks of the table's, and the updates that do it (spec
// "Schema Evolution"). Columns are matched by name; ids are the table's, new ones follow
// last-column-id. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "iceberg/metadata_update.h"

namespace kafka_iceberg::iceberg {

struct SchemaChange {
  enum class Kind : uint8_t { kAddColumn, kPromoteType, kMakeOptional };
  Kind kind = Kind::kAddColumn;
  std::string path;
  std::string detail;  // "add long", "int to long", "required to optional"
  friend bool operator==(const SchemaChange&, const SchemaChange&) = default;
};

struct SchemaComparison {
  std::vector<SchemaChange>
      changes;  // what evolving would do; empty: the table can take the rows as it is
  std::vector<std::string> incompatibilities;  // what no legal evolution can do, one sentence each
  Schema merged;                               // the table's schema after `changes` (ids assigned)
};

// Union by name: missing columns are added as optional, int->long, float->double and wider decimals
// are promoted, required becomes optional when the incoming field is optional or missing; a
// narrower incoming type changes nothing.
SchemaComparison CompareSchemas(const TableMetadata& table, const Schema& incoming);

// AddSchema + SetCurrentSchema and their requirements; empty when there is nothing to change.
struct SchemaUpdate {
  std::vector<MetadataUpdate> updates;
  std::vector<TableRequirement> requirements;
};
SchemaUpdate MakeSchemaUpdate(const TableMetadata& table, const SchemaComparison& comparison);

// What the table needs before files written with `written` (a `merged` schema of an earlier state
// of it) may be added: nothing when its columns take them as they are, else the update that makes
// `written` current. kConflict: the table has gone another way meanwhile, so that a field id of the
// files would be another column, or one that was dropped.
Result<SchemaUpdate> UpdateForFiles(const TableMetadata& table, const Schema& written);

}  // namespace kafka_iceberg::iceberg
