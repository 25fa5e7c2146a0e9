// SPDX-License-Identifier: Apache-2.0
//
// What a new table looks like, from the words of the configuration: partition expressions,
// identifier fields, sort order. Pure functions; kInvalid names the expression that is wrong.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "core/result.h"
#include "iceberg/partition_spec.h"
#include "iceberg/type.h"
#include "table/table_manager.h"

namespace kafka_iceberg::table {

// `schema` with these top-level columns as its identifier fields. The spec wants them required, so
// they become it: a record without its key does not fit the table.
Result<iceberg::Schema> WithIdentifierFields(iceberg::Schema schema,
                                             const std::vector<std::string>& names);

Result<iceberg::PartitionSpec> ParsePartitionSpec(const std::vector<std::string>& expressions,
                                                  const iceberg::Schema& schema);

// "ts", "ts desc", "bucket(16, id) asc nulls last". Nulls come first when ascending and last when
// descending, unless said otherwise. No expressions: unsorted.
Result<iceberg::SortOrder> ParseSortOrder(const std::vector<std::string>& expressions,
                                          const iceberg::Schema& schema);

// `wanted` with fresh ids, and everything that refers to it.
Result<catalog::TableCreation> MakeTableCreation(const TableOptions& options,
                                                 const iceberg::Schema& wanted);

}  // namespace kafka_iceberg::table
