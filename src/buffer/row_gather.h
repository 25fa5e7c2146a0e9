// SPDX-License-Identifier: Apache-2.0
//
// Copies chosen rows of several record batches into one fresh batch: the "take" of this program
// (Arrow's own lives in a library that is not linked, and takes from one batch only). Fixed-width,
// boolean, string, binary, struct, list and map columns are copied run by run; nested columns
// recurse, so a run of rows stays one run of children where it can. Pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/result.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::buffer {

// Rows [start, start + length) of batch number `source`.
struct RowRun {
  uint32_t source = 0;
  int32_t start = 0;
  int32_t length = 0;
  friend bool operator==(const RowRun&, const RowRun&) = default;
};

// Appends one row, growing the last run when it is its neighbour.
void AddRow(std::vector<RowRun>& runs, uint32_t source, int32_t row);
int64_t RowCount(std::span<const RowRun> runs);

// All batches have `schema`; every run lies inside its batch (our own invariant). kUnsupported for
// column types outside the list above, kUnavailable when memory runs out or a string column would
// exceed 2 GiB.
Result<std::shared_ptr<arrow::RecordBatch>> GatherRows(
    const std::shared_ptr<arrow::Schema>& schema,
    std::span<const std::shared_ptr<arrow::RecordBatch>> sources, std::span<const RowRun> runs);

}  // namespace kafka_iceberg::buffer
