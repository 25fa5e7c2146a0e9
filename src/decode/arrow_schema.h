// SPDX-License-Identifier: Apache-2.0
//
// iceberg::Schema as arrow::Schema: the one layout that decoders build, the hot buffer keeps and
// data files are written from. Every Arrow field carries its Iceberg id under "PARQUET:field_id",
// at every depth (struct children, list elements, map keys and values), which is where the Parquet
// writer takes column ids from. Pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/result.h"
#include "iceberg/type.h"

namespace arrow {
class Field;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::decode {

// boolean Bool, int Int32, long Int64, float Float, double Double, decimal Decimal128, date Date32,
// time Time64(us), timestamp(tz) Timestamp(us[, "UTC"]), the _ns forms in ns, string Utf8, uuid the
// arrow.uuid extension over FixedSizeBinary(16), fixed FixedSizeBinary, binary Binary, unknown
// Null, and Struct, List ("element"), Map. Required fields are not nullable. kUnsupported, naming
// the column: variant, geometry, geography, or nesting deeper than kSchemaDepthMax. The schema
// metadata is empty.
Result<std::shared_ptr<arrow::Schema>> ToArrowSchema(const iceberg::Schema& schema);

// The same for one field of any depth.
Result<std::shared_ptr<arrow::Field>> ToArrowField(const iceberg::Field& field);

// The id a field carries; absent when it has none or one that is not a number.
std::optional<int32_t> FieldId(const arrow::Field& field);

inline constexpr int32_t kSchemaDepthMax = 64;

}  // namespace kafka_iceberg::decode
