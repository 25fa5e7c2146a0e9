// SPDX-License-Identifier: Apache-2.0
//
// Numbers from their decimal text, exactly: no detour over double, no rounding except into float
// and double columns.
//
// The fast paths (plain integers of up to 18 digits, doubles of up to 18 digits and 10^+-22) are
// inline and read up to 8 bytes past the number, so they need padded text; everything else is
// parsed from a NumberToken. Pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "decode/text/text_error.h"
#include "iceberg/value.h"

namespace kafka_iceberg::decode {

static_assert(std::endian::native == std::endian::little, "digits are read eight at a time");

// The parts of "-12.50e3"; the views point into the text.
struct NumberToken {
  bool negative = false;
  std::string_view integer;   // at least one digit
  std::string_view fraction;  // without the point; may be empty
  int64_t exponent = 0;       // saturated far outside every type's range
  std::string_view text;      // all of it

  bool plain_integer() const { return text.size() == integer.size() + (negative ? 1 : 0); }
};

// The JSON number at the start of `text`; absent when there is none. What follows it is the
// caller's to judge.
std::optional<NumberToken> ScanNumber(std::string_view text);

// The number times 10^scale as an integer. kInexact when digits would be lost (`floor`: they are
// dropped towards minus infinity instead), kOutOfRange beyond 38 digits.
TextError ToUnscaled(const NumberToken& number, int32_t scale, bool floor, iceberg::Int128& out);
TextError ToInt64(const NumberToken& number, int32_t scale, bool floor, int64_t& out);
// The nearest value; kOutOfRange instead of infinity.
TextError ToDouble(const NumberToken& number, double& out);
TextError ToFloat(const NumberToken& number, float& out);
// Whether |value| < 10^precision.
bool FitsPrecision(iceberg::Int128 value, int32_t precision);

namespace internal {

inline constexpr uint64_t kPowersOfTen[] = {1,
                                            10,
                                            100,
                                            1000,
                                            10000,
                                            100000,
                                            1000000,
                                            10000000,
                                            100000000,
                                            1000000000,
                                            10000000000,
                                            100000000000,
                                            1000000000000,
                                            10000000000000,
                                            100000000000000,
                                            1000000000000000,
                                            10000000000000000,
                                            100000000000000000,
                                            1000000000000000000};

inline uint64_t LoadWord(const char* text) {
  uint64_t word = 0;
  std::memcpy(&word, text, sizeof(word));
  return word;
}

// How many of the eight bytes, from the first, are digits.
inline int LeadingDigits(uint64_t word) {
  const uint64_t low = word ^ 0x3030303030303030ULL;
  const uint64_t beyond = ((low & 0x7f7f7f7f7f7f7f7fULL) + 0x7676767676767676ULL) | low;
  return std::countr_zero(beyond & 0x8080808080808080ULL) >> 3;
}

// The value of the first `count` (1 to 8) bytes, all digits.
inline uint64_t DigitsValue(uint64_t word, int count) {
  // Shifted to the top: the vacated bytes stand for leading zeros.
  word = (word - 0x3030303030303030ULL) << (64 - 8 * count);
  word = word * 10 + (word >> 8);
  return (((word & 0x000000ff000000ffULL) * 0x000f424000000064ULL) +
          (((word >> 16) & 0x000000ff000000ffULL) * 0x0000271000000001ULL)) >>
         32;
}

// Digits from `text` on, up to 18, added to `value`; returns how many were read (more may follow).
[[gnu::always_inline]] inline int ReadDigits(const char* text, uint64_t& value) {
  const uint64_t first = LoadWord(text);
  const int count = LeadingDigits(first);
  if (count == 0) return 0;
  value = value * kPowersOfTen[count] + DigitsValue(first, count);
  if (count < 8) return count;
  const uint64_t second = LoadWord(text + 8);
  const int more = LeadingDigits(second);
  if (more == 0) return 8;
  value = value * kPowersOfTen[more] + DigitsValue(second, more);
  if (more < 8) return 8 + more;
  int total = 16;
  while (total < 18 && text[total] >= '0' && text[total] <= '9') {
    value = value * 10 + static_cast<uint64_t>(text[total] - '0');
    ++total;
  }
  return total;
}

}  // namespace internal

// A plain JSON integer of up to 18 digits: returns the byte after it, or null when the text is
// anything else. The caller must check that a number may end there.
inline const char* ParseShortInteger(const char* text, int64_t& out) {
  const bool negative = *text == '-';
  const char* digits = text + (negative ? 1 : 0);
  uint64_t value = 0;
  const int count = internal::ReadDigits(digits, value);
  // A leading zero must stand alone.
  if (count == 0 || (*digits == '0' && count > 1)) return nullptr;
  out = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
  return digits + count;
}

// A JSON number whose digits fit a double exactly, without exponent; otherwise as above.
inline const char* ParseShortDouble(const char* text, double& out) {
  constexpr uint64_t kExactMax = 1ULL << 53;
  const bool negative = *text == '-';
  const char* digits = text + (negative ? 1 : 0);
  uint64_t value = 0;
  const int count = internal::ReadDigits(digits, value);
  if (count == 0 || (*digits == '0' && count > 1)) return nullptr;
  const char* end = digits + count;
  int fraction = 0;
  if (*end == '.') {
    if (count > 10) return nullptr;
    uint64_t below = 0;
    fraction = internal::ReadDigits(end + 1, below);
    if (fraction == 0 || count + fraction > 18) return nullptr;
    value = value * internal::kPowersOfTen[fraction] + below;
    end += 1 + fraction;
  }
  if (value > kExactMax) return nullptr;
  // Both operands are exact, so the quotient is the correctly rounded value.
  const double magnitude =
      static_cast<double>(value) / static_cast<double>(internal::kPowersOfTen[fraction]);
  out = negative ? -magnitude : magnitude;
  return end;
}

}  // namespace kafka_iceberg::decode
