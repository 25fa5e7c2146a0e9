// SPDX-License-Identifier: Apache-2.0
//
// Partition specs and sort orders (spec "Partitioning", "Sorting"), how people write them, and
// their rules. Plain values and pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "iceberg/transform.h"
#include "iceberg/type.h"
#include "iceberg/value.h"

namespace kafka_iceberg::iceberg {

struct PartitionField {
  int32_t source_id = 0;
  int32_t field_id = 0;  // 1000 and up
  std::string name;
  Transform transform;
  friend bool operator==(const PartitionField&, const PartitionField&) = default;
};

struct PartitionSpec {
  int32_t spec_id = 0;
  std::vector<PartitionField> fields;
  bool is_unpartitioned() const;  // no field, or only void ones
  friend bool operator==(const PartitionSpec&, const PartitionSpec&) = default;
};

// One value per spec field, in the order of the spec's fields.
using PartitionTuple = std::vector<Value>;

struct SortField {
  Transform transform;
  int32_t source_id = 0;
  bool ascending = true;
  bool nulls_first = true;
  friend bool operator==(const SortField&, const SortField&) = default;
};

struct SortOrder {
  int32_t order_id = 0;  // 0 is the unsorted order
  std::vector<SortField> fields;
  friend bool operator==(const SortOrder&, const SortOrder&) = default;
};

// The struct type of the spec's tuples: every field optional, ids and names of the partition
// fields. A field whose source column is gone has its transform's own type (bucket, year, month,
// day, hour) or else kUnknown; so has a field whose transform is unknown.
Result<Type> PartitionType(const PartitionSpec& spec, const Schema& schema);

// "event_day=2026-01-08/user_bucket=7", names and values encoded as the reference implementation
// does.
std::string PartitionPath(const PartitionSpec& spec, const Schema& schema,
                          const PartitionTuple& tuple);

// Parses "day(ts)", "bucket(16, user_id)", "truncate(4, name)", "identity(x)" or plain "x" against
// a schema into one field named as the reference implementation names it ("ts_day",
// "user_id_bucket_16" ...). field_id is left 0.
Result<PartitionField> ParsePartitionField(std::string_view expression, const Schema& schema);

// Legal sources, unique names, no doubled (source, transform), at most one time transform per
// source.
Status ValidatePartitionSpec(const PartitionSpec& spec, const Schema& schema);

// Legal sources; exactly the unsorted order has no fields and the id 0.
Status ValidateSortOrder(const SortOrder& order, const Schema& schema);

}  // namespace kafka_iceberg::iceberg
