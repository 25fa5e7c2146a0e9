// SPDX-License-Identifier: Apache-2.0
#include "net/time_text.h"

#include <algorithm>
#include <array>

namespace kafka_iceberg::net {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Whether `text` looks like `shape`: '0' stands for a digit, '?' for anything, others for
// themselves.
bool Fits(std::string_view text, std::string_view shape) {
  return std::ranges::equal(text, shape, [](char c, char wanted) {
    return wanted == '?' || (wanted == '0' ? IsDigit(c) : c == wanted);
  });
}

unsigned Number(std::string_view digits) {
  unsigned number = 0;
  for (const char digit : digits) number = number * 10 + static_cast<unsigned>(digit - '0');
  return number;
}

// `time` is "14:30:00"; a leap second counts as the next one.
std::optional<Timestamp> Moment(unsigned year, unsigned month, unsigned day,
                                std::string_view time) {
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day));
  const unsigned hour = Number(time.substr(0, 2));
  const unsigned minute = Number(time.substr(3, 2));
  const unsigned second = Number(time.substr(6, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date) + hours(hour) + minutes(minute) + seconds(second));
}

}  // namespace

std::optional<Timestamp> ParseRfc3339(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() <= kShape.size() || !text.ends_with('Z') ||
      !Fits(text.substr(0, kShape.size()), kShape))
    return std::nullopt;
  const std::string_view fraction = text.substr(kShape.size(), text.size() - kShape.size() - 1);
  if (!fraction.empty() && (fraction.size() < 2 || fraction.front() != '.' ||
                            !std::ranges::all_of(fraction.substr(1), IsDigit)))
    return std::nullopt;
  return Moment(Number(text.substr(0, 4)), Number(text.substr(5, 2)), Number(text.substr(8, 2)),
                text.substr(11, 8));
}

std::optional<Timestamp> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (!Fits(text, "???, 00 ??? 0000 00:00:00 GMT")) return std::nullopt;
  const auto month = std::ranges::find(kMonths, text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  return Moment(Number(text.substr(12, 4)), static_cast<unsigned>(month - kMonths.begin()) + 1,
                Number(text.substr(5, 2)), text.substr(17, 8));
}

}  // namespace kafka_iceberg::net
