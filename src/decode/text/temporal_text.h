// SPDX-License-Identifier: Apache-2.0
//
// Dates, times and timestamps from ISO 8601 text in the profile of RFC 3339, in the proleptic
// Gregorian calendar.
//
// Digits beyond the resolution of the result are dropped (towards the past), as every engine does;
// anything else that cannot be kept is an error. There are no leap seconds: second 60 is out of
// range. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "decode/text/text_error.h"

namespace kafka_iceberg::decode {

// "2026-01-08": days since 1970-01-01. Years 0000 to 9999.
TextError ParseDate(std::string_view text, int32_t& days);

// "14:30:00", "14:30:00.123456": microseconds since midnight.
TextError ParseTime(std::string_view text, int64_t& micros);

enum class Offset : uint8_t { kRequired, kForbidden };

// "2026-01-08T14:30:00.123+01:00" (also with a space or "t", and "Z" or "z"): since
// 1970-01-01T00:00:00 (UTC when an offset is required), in units of 10^-`digits` seconds; `digits`
// is at most 9.
TextError ParseTimestamp(std::string_view text, Offset offset, int digits, int64_t& out);

}  // namespace kafka_iceberg::decode
