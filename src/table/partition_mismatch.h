// SPDX-License-Identifier: Apache-2.0
//
// What to do when a table is not partitioned as the configuration says: evolve its spec, or keep
// it. Rows that are in the table stay where they are either way. Used by GetOrCreateTable only; one
// thread.
#pragma once

#include "core/result.h"
#include "table/table_manager.h"

namespace kafka_iceberg::table {

// Under kEvolve the configured spec becomes the default one; otherwise `kept_partitioning` says
// what is not as configured. Nothing happens unless the configuration names the partitioning.
// Errors as GetOrCreateTable.
Status SettlePartitionMismatch(OpenedTable& table, const TableOptions& options);

}  // namespace kafka_iceberg::table
