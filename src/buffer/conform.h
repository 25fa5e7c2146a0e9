// SPDX-License-Identifier: Apache-2.0
//
// Rows of an earlier table schema as rows of a later one: columns are found by field id, new ones
// are null, promoted ones are widened; what is the same shares its memory. Pure.
#pragma once

#include <memory>

#include "core/result.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::buffer {

// Both schemas carry "PARQUET:field_id" at every depth. kUnavailable: memory ran out;
// kInvalid: a column changed in a way that no evolution of an Iceberg table allows.
Result<std::shared_ptr<arrow::RecordBatch>> Conform(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                    const std::shared_ptr<arrow::Schema>& schema);

}  // namespace kafka_iceberg::buffer
