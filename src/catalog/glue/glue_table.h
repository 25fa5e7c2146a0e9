// SPDX-License-Identifier: Apache-2.0
//
// A table as Glue keeps it, and as we write it: a pointer to Iceberg metadata in its parameters,
// and columns for engines that show them. What other programs added is kept. Pure functions on
// JSON.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/result.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::catalog {

// What GetTable said, checked as far as we use it.
struct GlueTable {
  std::string name;
  std::string version_id;                      // empty: the server has none
  bool is_iceberg = false;                     // parameter table_type, in any case
  std::string metadata_location;               // empty: none
  std::string location;                        // of the storage descriptor; may be empty
  std::shared_ptr<const nlohmann::json> json;  // all of it
};

// `table` is the member "Table" of an answer, or one of "TableList". kCorrupt: not a table.
Result<GlueTable> ReadGlueTable(const nlohmann::json& table);

// The TableInput that makes Glue point to `metadata_location`. `existing` (null: a new table) gives
// what is kept: parameters, owner, description, retention, the rest of the storage descriptor, and
// the comments of columns that have no doc.
nlohmann::json MakeTableInput(const std::string& name, const iceberg::TableMetadata& metadata,
                              const std::string& metadata_location, const GlueTable* existing);

}  // namespace kafka_iceberg::catalog
