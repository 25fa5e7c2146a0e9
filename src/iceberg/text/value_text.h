// SPDX-License-Identifier: Apache-2.0
//
// Decimals, uuids and bytes as plain text, exactly: no floating point on the way.
// Pure functions; what does not parse is nullopt.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "iceberg/value.h"

namespace kafka_iceberg::iceberg {

// "14.20" for 1420 at scale 2, "-0.05" for -5.
std::string FormatDecimal(Int128 unscaled, int32_t scale);
// An optional sign, digits, at most `scale` digits after the point; nullopt when it has more digits
// than `precision`.
std::optional<DecimalValue> ParseDecimal(std::string_view text, int32_t precision, int32_t scale);

// The canonical 36-character form of 16 bytes, and back.
std::string FormatUuid(std::string_view bytes);
std::optional<std::string> ParseUuid(std::string_view text);

// Bytes of an even number of hex digits in either case.
std::optional<std::string> ParseHex(std::string_view text);

}  // namespace kafka_iceberg::iceberg
