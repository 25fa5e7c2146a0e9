// SPDX-License-Identifier: Apache-2.0
//
// One place that knows how each comparable Arrow type is read: a getter per column, for filters and
// key indexes. For .cc files only (it includes Arrow). Pure functions; the getter is valid while
// the column lives.
#pragma once

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/check.h"
#include "iceberg/value.h"

namespace kafka_iceberg::buffer {

inline std::string_view FixedView(const arrow::FixedSizeBinaryArray& column, int64_t row) {
  return {reinterpret_cast<const char*>(column.GetValue(row)),
          static_cast<size_t>(column.byte_width())};
}

inline iceberg::Int128 DecimalAt(const arrow::FixedSizeBinaryArray& column, int64_t row) {
  iceberg::Int128 value = 0;  // Arrow keeps decimals little-endian, as this machine does
  std::memcpy(&value, column.GetValue(row), sizeof(value));
  return value;
}

// Calls visit(get) where get(row) yields bool, int64, double, Int128 or string_view: the C++ types
// of Literal. Values under a null are unspecified. The column is of a type that ParseLiteral()
// accepts.
template <typename Visit>
void WithColumn(const arrow::Array& any_column, Visit visit) {
  const arrow::Array& column =
      any_column.type_id() == arrow::Type::EXTENSION
          ? *static_cast<const arrow::ExtensionArray&>(any_column).storage()
          : any_column;
  switch (column.type_id()) {
    case arrow::Type::BOOL: {
      const auto& typed = static_cast<const arrow::BooleanArray&>(column);
      return visit([&](int64_t row) { return typed.Value(row); });
    }
    case arrow::Type::INT32:
    case arrow::Type::DATE32: {
      const int32_t* values = column.data()->GetValues<int32_t>(1);
      return visit([=](int64_t row) { return int64_t{values[row]}; });
    }
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: {
      const int64_t* values = column.data()->GetValues<int64_t>(1);
      return visit([=](int64_t row) { return values[row]; });
    }
    case arrow::Type::FLOAT: {
      const float* values = column.data()->GetValues<float>(1);
      return visit([=](int64_t row) { return double{values[row]}; });
    }
    case arrow::Type::DOUBLE: {
      const double* values = column.data()->GetValues<double>(1);
      return visit([=](int64_t row) { return values[row]; });
    }
    case arrow::Type::DECIMAL128: {
      const auto& typed = static_cast<const arrow::FixedSizeBinaryArray&>(column);
      return visit([&](int64_t row) { return DecimalAt(typed, row); });
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      const auto& typed = static_cast<const arrow::BinaryArray&>(column);
      return visit([&](int64_t row) { return std::string_view(typed.GetView(row)); });
    }
    case arrow::Type::FIXED_SIZE_BINARY: {
      const auto& typed = static_cast<const arrow::FixedSizeBinaryArray&>(column);
      return visit([&](int64_t row) { return FixedView(typed, row); });
    }
    default: CHECK(false);  // callers asked ParseLiteral() before
  }
}

}  // namespace kafka_iceberg::buffer
