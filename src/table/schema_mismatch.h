// SPDX-License-Identifier: Apache-2.0
//
// What to do when a table's schema is not the wanted one: refuse, evolve the table, or go on
// without some columns. Used by GetOrCreateTable only; one thread.
#pragma once

#include "core/result.h"
#include "iceberg/type.h"
#include "table/table_manager.h"

namespace kafka_iceberg::table {

// Does what `action` says to the table; fills `evolved` or `ignored_columns`. Errors as
// GetOrCreateTable.
Status SettleSchemaMismatch(OpenedTable& table, const iceberg::Schema& wanted,
                            SchemaMismatchAction action);

}  // namespace kafka_iceberg::table
