// SPDX-License-Identifier: Apache-2.0
//
// The text of a filter or look-up, as a value of a column's type; kInvalid says what does not fit.
// Pure functions, values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "iceberg/value.h"

namespace arrow {
class DataType;
}  // namespace arrow

namespace kafka_iceberg::buffer {

// bool; int64: every integer, date, time and timestamp in the column's unit; double: float and
// double; Int128: the unscaled decimal; string: text, and the bytes of binary, fixed and uuid.
using Literal = std::variant<bool, int64_t, double, iceberg::Int128, std::string>;

// Numbers as written ("-12", "3.5"), "true"/"false", "2026-01-08", "14:30:00.5",
// "2026-01-08T14:30:00Z" (also with a blank; a zone exactly when the column has one, where none
// means UTC), the canonical form of a uuid, bytes in hex. kInvalid when the text is not a value of
// the type, or the type cannot be compared (nested columns).
Result<Literal> ParseLiteral(std::string_view text, const arrow::DataType& type);

}  // namespace kafka_iceberg::buffer
