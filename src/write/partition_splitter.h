// SPDX-License-Identifier: Apache-2.0
//
// Splits a batch by the partition tuple of its rows. Nothing is copied: a group is its tuple and
// the rows that belong to it, as runs; a batch that falls into one partition is one group with one
// run. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "buffer/row_gather.h"
#include "core/result.h"
#include "iceberg/partition_spec.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::write {

struct PartitionGroup {
  iceberg::PartitionTuple tuple;
  std::vector<buffer::RowRun> runs;  // ascending, of source 0
};

class PartitionSplitter {
 public:
  // `columns` is the layout of the batches; source columns are found by field id, also inside
  // structs. kInvalid: a source column is missing; kUnsupported: a transform that is not known.
  static Result<PartitionSplitter> Make(const iceberg::PartitionSpec& spec,
                                        const iceberg::Schema& schema,
                                        const arrow::Schema& columns);

  Result<std::vector<PartitionGroup>> Split(const arrow::RecordBatch& rows) const;

 private:
  struct Source {
    iceberg::Transform transform;
    iceberg::Type type;
    std::vector<int> path;  // column, then struct children; empty for void
  };
  std::vector<Source> sources_;
};

}  // namespace kafka_iceberg::write
