// SPDX-License-Identifier: Apache-2.0
//
// One primitive value (a partition value, a column bound) and its single-value binary form (spec
// Appendix D). The type is known from the schema beside it; the value only holds the storage form.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "iceberg/type.h"

namespace kafka_iceberg::iceberg {

__extension__ typedef __int128 Int128;

struct DecimalValue {
  Int128 unscaled = 0;  // the scale is the type's
  friend auto operator<=>(const DecimalValue&, const DecimalValue&) = default;
};

// monostate: null. int32: int, date. int64: long, time, timestamps. string: string (UTF-8), uuid
// (16 bytes big-endian), fixed, binary.
using Value =
    std::variant<std::monostate, bool, int32_t, int64_t, float, double, DecimalValue, std::string>;

inline bool IsNull(const Value& value) { return value.index() == 0; }

// Single-value binary serialisation; null has none and is a caller's mistake.
std::string ToBytes(const Value& value, const Type& type);
// Accepts the narrower widths that type promotion leaves in old files. kCorrupt on a wrong length.
Result<Value> FromBytes(std::string_view bytes, const Type& type);

// Total order within one type: nulls first, -0.0 below 0.0, NaN last; strings, uuid, binary by
// unsigned bytes.
std::strong_ordering Compare(const Value& a, const Value& b);

// JSON single-value text (spec Appendix D), e.g. `"2017-11-16"`; and human text for messages and
// partition paths.
std::string ToJsonText(const Value& value, const Type& type);
Result<Value> FromJsonText(std::string_view json, const Type& type);

// Bounds cut to `width` code points (strings) or bytes (binary), spec-conformant: the lower bound
// is a prefix, the upper bound is incremented; nullopt when no upper bound of that width exists.
std::string TruncateLower(std::string_view value, TypeId type, size_t width);
std::optional<std::string> TruncateUpper(std::string_view value, TypeId type, size_t width);

}  // namespace kafka_iceberg::iceberg
