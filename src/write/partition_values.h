// SPDX-License-Identifier: Apache-2.0
//
// One partition field over a whole batch: iceberg::Apply() for every row, but column-wise. A batch
// whose rows all have the same value (the usual case for time partitions) is recognised from the
// column's minimum and maximum. Values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "iceberg/transform.h"
#include "iceberg/type.h"
#include "iceberg/value.h"

namespace arrow {
class Array;
}  // namespace arrow

namespace kafka_iceberg::write {

struct PartitionValues {
  std::vector<iceberg::Value> values;  // distinct
  // By row, an index into `values`; empty when every row has values[0].
  std::vector<uint32_t> codes;
};

// `column` is the source column (parents' nulls applied) of type `source`; the transform is legal
// for it. Columns without rows give one null. kUnsupported for unknown transforms.
Result<PartitionValues> ComputePartitionValues(const iceberg::Transform& transform,
                                               const iceberg::Type& source,
                                               const arrow::Array& column);

}  // namespace kafka_iceberg::write
