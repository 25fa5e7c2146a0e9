// SPDX-License-Identifier: Apache-2.0
#include "iceberg/text/calendar.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace kafka_iceberg::iceberg {
namespace {

// A 400-year cycle of the calendar, and the days from 0000-03-01 to 1970-01-01.
constexpr int64_t kDaysPerCycle = 146'097;
constexpr int64_t kDaysToEpoch = 719'468;
constexpr int64_t kYearMax = 9'999'999;  // far beyond what 32-bit days or 64-bit microseconds reach

std::optional<int64_t> ParseDigits(std::string_view text) {
  int64_t value = 0;
  if (text.empty() || text.size() > 10) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// A number of exactly two digits, at most `highest`.
std::optional<int64_t> ParsePair(std::string_view text, size_t position, int64_t highest) {
  if (position + 2 > text.size()) return std::nullopt;
  const std::optional<int64_t> value = ParseDigits(text.substr(position, 2));
  return value && *value <= highest ? value : std::nullopt;
}

// ".038" with units of 1/1000000 is 38000.
std::optional<int64_t> ParseFraction(std::string_view text, int64_t units_per_second) {
  if (text.empty()) return 0;
  if (text.front() != '.' || text.size() == 1) return std::nullopt;
  int64_t unit = units_per_second;
  int64_t value = 0;
  for (const char c : text.substr(1)) {
    unit /= 10;
    if (c < '0' || c > '9' || unit == 0) return std::nullopt;
    value += (c - '0') * unit;
  }
  return value;
}

}  // namespace

// Years are counted from March, so that the leap day is the last of its year.
CivilDate CivilFromDays(int64_t days) {
  const int64_t shifted = days + kDaysToEpoch;
  const int64_t cycle = FloorDiv(shifted, kDaysPerCycle);
  const int64_t day_of_cycle = shifted - cycle * kDaysPerCycle;
  const int64_t year_of_cycle =
      (day_of_cycle - day_of_cycle / 1'460 + day_of_cycle / 36'524 - day_of_cycle / 146'096) / 365;
  const int64_t day_of_year =
      day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const int64_t march_month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int32_t>(day_of_year - (153 * march_month + 2) / 5 + 1);
  date.month = static_cast<int32_t>(march_month < 10 ? march_month + 3 : march_month - 9);
  date.year = year_of_cycle + cycle * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

int64_t DaysFromCivil(const CivilDate& date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t cycle = FloorDiv(year, 400);
  const int64_t year_of_cycle = year - cycle * 400;
  const int64_t march_month = date.month > 2 ? date.month - 3 : date.month + 9;
  const int64_t day_of_year = (153 * march_month + 2) / 5 + date.day - 1;
  return cycle * kDaysPerCycle + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 +
         day_of_year - kDaysToEpoch;
}

std::string FormatDate(int64_t days) {
  const CivilDate date = CivilFromDays(days);
  const std::string_view sign = date.year < 0 ? "-" : date.year > 9'999 ? "+" : "";
  return fmt::format("{}{:04}-{:02}-{:02}", sign, date.year < 0 ? -date.year : date.year,
                     date.month, date.day);
}

std::string FormatTimeOfDay(int64_t units, int64_t units_per_second) {
  const int64_t seconds = FloorDiv(units, units_per_second);
  const int64_t fraction = units - seconds * units_per_second;
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3'600, seconds / 60 % 60, seconds % 60);
  if (fraction == 0) return text;
  // Adding one second keeps the leading zeros of the fraction; the leading one becomes the point.
  std::string digits = fmt::format("{}", units_per_second + fraction);
  digits.front() = '.';
  digits.erase(digits.find_last_not_of('0') + 1);
  return text + digits;
}

std::string FormatTimestamp(int64_t units, int64_t units_per_second) {
  const int64_t units_per_day = units_per_second * kSecondsPerDay;
  const int64_t days = FloorDiv(units, units_per_day);
  // The remainder by subtraction would overflow for the smallest values.
  int64_t rest = units % units_per_day;
  if (rest < 0) rest += units_per_day;
  return FormatDate(days) + "T" + FormatTimeOfDay(rest, units_per_second);
}

std::optional<int64_t> ParseDate(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.size() < 10) return std::nullopt;
  const size_t year_digits = text.size() - 6;
  const std::optional<int64_t> year = ParseDigits(text.substr(0, year_digits));
  const std::optional<int64_t> month = ParsePair(text, year_digits + 1, 12);
  const std::optional<int64_t> day = ParsePair(text, year_digits + 4, 31);
  if (!year || !month || !day || *year > kYearMax || *month == 0 || *day == 0 ||
      text[year_digits] != '-' || text[year_digits + 3] != '-') {
    return std::nullopt;
  }
  const CivilDate date{negative ? -*year : *year, static_cast<int32_t>(*month),
                       static_cast<int32_t>(*day)};
  const int64_t days = DaysFromCivil(date);
  // 31 April and its like come back as another day.
  if (CivilFromDays(days).day != date.day) return std::nullopt;
  return days;
}

std::optional<int64_t> ParseTimeOfDay(std::string_view text, int64_t units_per_second) {
  const std::optional<int64_t> hour = ParsePair(text, 0, 23);
  const std::optional<int64_t> minute = ParsePair(text, 3, 59);
  if (!hour || !minute || text[2] != ':') return std::nullopt;
  std::optional<int64_t> second = 0;
  std::optional<int64_t> fraction = 0;
  if (text.size() > 5) {
    second = ParsePair(text, 6, 59);
    if (!second || text[5] != ':') return std::nullopt;
    fraction = ParseFraction(text.substr(8), units_per_second);
  }
  if (!fraction) return std::nullopt;
  return (*hour * 3'600 + *minute * 60 + *second) * units_per_second + *fraction;
}

std::optional<int64_t> ParseTimestamp(std::string_view text, int64_t units_per_second) {
  const size_t separator = text.find('T');
  if (separator == std::string_view::npos) return std::nullopt;
  const std::optional<int64_t> days = ParseDate(text.substr(0, separator));
  const std::optional<int64_t> time = ParseTimeOfDay(text.substr(separator + 1), units_per_second);
  if (!days || !time) return std::nullopt;
  // For days before 1970 the time is taken off the following midnight, so that the smallest
  // representable instants do not overflow on the way.
  const int64_t units_per_day = units_per_second * kSecondsPerDay;
  const bool before_epoch = *days < 0;
  int64_t units = 0;
  if (__builtin_mul_overflow(before_epoch ? *days + 1 : *days, units_per_day, &units) ||
      __builtin_add_overflow(units, before_epoch ? *time - units_per_day : *time, &units)) {
    return std::nullopt;
  }
  return units;
}

}  // namespace kafka_iceberg::iceberg
