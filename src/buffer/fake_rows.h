// SPDX-License-Identifier: Apache-2.0
//
// Rows for tests: written down as JSON, or random ones of any schema.
// Test code only; pure but for the Random it is given.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/random.h"
#include "iceberg/type.h"

namespace arrow {
class Array;
class DataType;
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::buffer {

// `[{"id": 1, "name": "a"}, ...]`; absent members are null. Aborts on bad JSON: a mistake in the
// test.
std::shared_ptr<arrow::RecordBatch> MakeRows(const std::shared_ptr<arrow::Schema>& schema,
                                             const std::string& json);

// Random values, about one in ten null where the schema allows it; few distinct values when
// `small_domain`.
std::shared_ptr<arrow::RecordBatch> RandomRows(const std::shared_ptr<arrow::Schema>& schema,
                                               int64_t rows, Random& random,
                                               bool small_domain = false);

// Every type a table can have, field ids included; struct, list and map of several kinds among
// them.
iceberg::Schema EveryTypeTable();
std::shared_ptr<arrow::Schema> EveryTypeSchema();

}  // namespace kafka_iceberg::buffer
