// SPDX-License-Identifier: Apache-2.0
//
// The proleptic Gregorian calendar over days, micro- and nanoseconds since 1970-01-01, and its ISO
// 8601 text forms. Every division rounds towards minus infinity, so times before 1970 fall into the
// unit they lie in. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kafka_iceberg::iceberg {

inline constexpr int64_t kSecondsPerDay = 86'400;
inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Rounds towards minus infinity; `divisor` > 0.
constexpr int64_t FloorDiv(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return quotient - (value % divisor < 0 ? 1 : 0);
}

struct CivilDate {
  int64_t year = 1970;
  int32_t month = 1;  // 1..12
  int32_t day = 1;    // 1..31
};

CivilDate CivilFromDays(int64_t days);
int64_t DaysFromCivil(const CivilDate& date);

// "2017-11-16"; years above 9999 get a plus sign, as ISO 8601 asks.
std::string FormatDate(int64_t days);
// "22:31:08", "22:31:08.000001": as many fraction digits as needed.
std::string FormatTimeOfDay(int64_t units, int64_t units_per_second);
// "2017-11-16T22:31:08.000001"
std::string FormatTimestamp(int64_t units, int64_t units_per_second);

std::optional<int64_t> ParseDate(std::string_view text);
// nullopt also when the text is finer than the unit. Time of day is below 24 hours.
std::optional<int64_t> ParseTimeOfDay(std::string_view text, int64_t units_per_second);
// A timestamp without offset. nullopt also when it does not fit into 64 bits.
std::optional<int64_t> ParseTimestamp(std::string_view text, int64_t units_per_second);

}  // namespace kafka_iceberg::iceberg
