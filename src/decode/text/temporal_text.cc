// SPDX-License-Identifier: Apache-2.0
#include "decode/text/temporal_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kPowersOfTen[] = {1,      10,      100,      1000,      10000,
                                    100000, 1000000, 10000000, 100000000, 1000000000};
constexpr size_t kDateLength = 10;
constexpr size_t kClockLength = 8;

// Two digits, or something above 99 when they are not.
unsigned TwoDigits(const char* text) {
  const unsigned tens = static_cast<unsigned char>(text[0]) - unsigned{'0'};
  const unsigned ones = static_cast<unsigned char>(text[1]) - unsigned{'0'};
  return tens > 9 || ones > 9 ? 1000U : tens * 10 + ones;
}

bool IsLeapYear(unsigned year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

unsigned DaysInMonth(unsigned year, unsigned month) {
  constexpr unsigned char kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

// Years are counted from March, so that the leap day is the last of its year.
int32_t DaysFromCivil(unsigned year, unsigned month, unsigned day) {
  constexpr int32_t kDaysPerEra = 146'097;  // 400 years
  constexpr int32_t kEpochDay = 719'468;    // 1970-01-01, counted from 0000-03-01
  const auto shifted = static_cast<int32_t>(year) - (month <= 2 ? 1 : 0);
  const int32_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const int32_t year_of_era = shifted - era * 400;
  const int32_t month_from_march = static_cast<int32_t>(month) + (month > 2 ? -3 : 9);
  const int32_t day_of_year = (153 * month_from_march + 2) / 5 + static_cast<int32_t>(day) - 1;
  const int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kEpochDay;
}

// The ten characters "YYYY-MM-DD" at `text`.
TextError ReadDate(const char* text, int32_t& days) {
  const unsigned century = TwoDigits(text);
  const unsigned year_of_century = TwoDigits(text + 2);
  const unsigned month = TwoDigits(text + 5);
  const unsigned day = TwoDigits(text + 8);
  if (century > 99 || year_of_century > 99 || month > 99 || day > 99) return TextError::kMalformed;
  if (text[4] != '-' || text[7] != '-') return TextError::kMalformed;
  const unsigned year = century * 100 + year_of_century;
  if (month < 1 || month > 12) return TextError::kOutOfRange;
  if (day < 1 || (day > 28 && day > DaysInMonth(year, month))) return TextError::kOutOfRange;
  days = DaysFromCivil(year, month, day);
  return TextError::kNone;
}

// The eight characters "hh:mm:ss" at `text`.
TextError ReadClock(const char* text, int64_t& seconds) {
  const unsigned hour = TwoDigits(text);
  const unsigned minute = TwoDigits(text + 3);
  const unsigned second = TwoDigits(text + 6);
  if (hour > 99 || minute > 99 || second > 99 || text[2] != ':' || text[5] != ':') {
    return TextError::kMalformed;
  }
  if (hour > 23 || minute > 59 || second > 59) return TextError::kOutOfRange;
  seconds = int64_t{hour} * 3600 + int64_t{minute} * 60 + second;
  return TextError::kNone;
}

// An optional ".digits" at `at`, which moves past it, in units of 10^-`digits`.
TextError ReadFraction(std::string_view text, int digits, size_t& at, int64_t& units) {
  units = 0;
  if (at >= text.size() || text[at] != '.') return TextError::kNone;
  const size_t begin = ++at;
  const size_t kept_end = begin + static_cast<size_t>(digits);
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    if (at < kept_end) units = units * 10 + (text[at] - '0');
  }
  if (at < kept_end) units *= kPowersOfTen[kept_end - at];
  return at == begin ? TextError::kMalformed : TextError::kNone;
}

// "Z" or "+hh:mm", to the end of the text.
TextError ReadOffset(std::string_view text, int64_t& seconds) {
  if (text.empty()) return TextError::kNoOffset;
  if (text == "Z" || text == "z") {
    seconds = 0;
    return TextError::kNone;
  }
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
    return TextError::kMalformed;
  }
  const unsigned hours = TwoDigits(text.data() + 1);
  const unsigned minutes = TwoDigits(text.data() + 4);
  if (hours > 99 || minutes > 99) return TextError::kMalformed;
  if (hours > 23 || minutes > 59) return TextError::kOutOfRange;
  seconds = int64_t{hours} * 3600 + int64_t{minutes} * 60;
  if (text[0] == '-') seconds = -seconds;
  return TextError::kNone;
}

}  // namespace

TextError ParseDate(std::string_view text, int32_t& days) {
  return text.size() == kDateLength ? ReadDate(text.data(), days) : TextError::kMalformed;
}

TextError ParseTime(std::string_view text, int64_t& micros) {
  constexpr int kDigits = 6;
  if (text.size() < kClockLength) return TextError::kMalformed;
  int64_t seconds = 0;
  if (const TextError error = ReadClock(text.data(), seconds); error != TextError::kNone)
    return error;
  size_t at = kClockLength;
  int64_t units = 0;
  const TextError error = ReadFraction(text, kDigits, at, units);
  if (error != TextError::kNone || at != text.size()) return TextError::kMalformed;
  micros = seconds * kPowersOfTen[kDigits] + units;
  return TextError::kNone;
}

TextError ParseTimestamp(std::string_view text, Offset offset, int digits, int64_t& out) {
  constexpr size_t kSecondsEnd = kDateLength + 1 + kClockLength;
  if (text.size() < kSecondsEnd) return TextError::kMalformed;
  const char separator = text[kDateLength];
  if (separator != 'T' && separator != ' ' && separator != 't') return TextError::kMalformed;
  int32_t days = 0;
  if (const TextError error = ReadDate(text.data(), days); error != TextError::kNone) return error;
  int64_t seconds = 0;
  if (const TextError error = ReadClock(text.data() + kDateLength + 1, seconds);
      error != TextError::kNone) {
    return error;
  }
  size_t at = kSecondsEnd;
  int64_t units = 0;
  if (const TextError error = ReadFraction(text, digits, at, units); error != TextError::kNone) {
    return error;
  }
  int64_t offset_seconds = 0;
  const TextError error = ReadOffset(text.substr(at), offset_seconds);
  if (offset == Offset::kForbidden) {
    if (error == TextError::kNone) return TextError::kHasOffset;
    if (error != TextError::kNoOffset) return error;
  } else if (error != TextError::kNone) {
    return error;
  }
  seconds += int64_t{days} * kSecondsPerDay - offset_seconds;
  const int64_t units_per_second = kPowersOfTen[digits];
  // Before 1970 the product alone may be out of range while the sum is not, so the last second is
  // added as units.
  const int64_t carry = seconds < 0 ? 1 : 0;
  if (__builtin_mul_overflow(seconds + carry, units_per_second, &out))
    return TextError::kOutOfRange;
  if (__builtin_add_overflow(out, units - carry * units_per_second, &out))
    return TextError::kOutOfRange;
  return TextError::kNone;
}

}  // namespace kafka_iceberg::decode
