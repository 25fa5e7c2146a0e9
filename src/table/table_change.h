// SPDX-License-Identifier: Apache-2.0
//
// A change of a table's structure that is tried until it is there, whoever else changes the table
// meanwhile and whatever becomes of the answers. Used while a table is opened; one thread.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "core/result.h"
#include "iceberg/metadata_update.h"

namespace kafka_iceberg::table {

struct TableChange {
  std::vector<iceberg::MetadataUpdate> updates;  // none: the table is as wanted
  std::vector<iceberg::TableRequirement> requirements;
};

// `plan` says what is still to be done to the table as it is; `what` names it in errors ("evolve
// the schema"). True when this call changed the table, or may have. Errors: those of `plan`;
// kInvalid when the catalog refuses; kUnavailable when others kept changing the table;
// kCommitUnknown when the answer was lost and the table cannot be asked.
Result<bool> ChangeTable(
    catalog::TableOperations& table, std::string_view what,
    const std::function<Result<TableChange>(const iceberg::TableMetadata& base)>& plan);

}  // namespace kafka_iceberg::table
