// SPDX-License-Identifier: Apache-2.0
#include "decode/text/number_text.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace kafka_iceberg::decode {
namespace {

using iceberg::Int128;

// Far beyond what any type holds, far below what int64 arithmetic on it would overflow.
constexpr int64_t kExponentLimit = 1'000'000'000'000;
constexpr int64_t kDigitsMax = 38;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view TakeDigits(std::string_view text, size_t& at) {
  const size_t begin = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  return text.substr(begin, at - begin);
}

// False when an exponent starts and is not complete.
bool TakeExponent(std::string_view text, size_t& at, int64_t& exponent) {
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return true;
  ++at;
  const bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const std::string_view digits = TakeDigits(text, at);
  if (digits.empty()) return false;
  for (const char digit : digits) {
    exponent = std::min(exponent * 10 + (digit - '0'), kExponentLimit);
  }
  if (negative) exponent = -exponent;
  return true;
}

// Walks the digits of integer and fraction as one run.
class Digits {
 public:
  explicit Digits(const NumberToken& number) : number_(number) {
    while (first_ < count() && (*this)[first_] == 0) ++first_;
  }
  int64_t count() const {
    return static_cast<int64_t>(number_.integer.size() + number_.fraction.size());
  }
  int64_t first() const { return first_; }  // the first that is not zero; count() when all are
  int operator[](int64_t index) const {
    const auto at = static_cast<size_t>(index);
    const size_t integers = number_.integer.size();
    return (at < integers ? number_.integer[at] : number_.fraction[at - integers]) - '0';
  }

 private:
  const NumberToken& number_;
  int64_t first_ = 0;
};

template <typename T>
TextError ToFloating(const NumberToken& number, T& out) {
  const char* end = number.text.data() + number.text.size();
  const auto [stop, error] = std::from_chars(number.text.data(), end, out);
  if (error == std::errc() && stop == end) return TextError::kNone;
  if (error != std::errc::result_out_of_range) return TextError::kMalformed;
  // Too small is zero, as everywhere; too large is an error. The position of the first digit tells
  // which.
  const Digits digits(number);
  const int64_t magnitude =
      static_cast<int64_t>(number.integer.size()) - digits.first() + number.exponent;
  if (magnitude > 0) return TextError::kOutOfRange;
  out = number.negative ? -T{0} : T{0};
  return TextError::kNone;
}

}  // namespace

std::optional<NumberToken> ScanNumber(std::string_view text) {
  NumberToken number;
  size_t at = 0;
  if (!text.empty() && text[0] == '-') {
    number.negative = true;
    ++at;
  }
  number.integer = TakeDigits(text, at);
  if (number.integer.empty()) return std::nullopt;
  if (number.integer.size() > 1 && number.integer[0] == '0') return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    ++at;
    number.fraction = TakeDigits(text, at);
    if (number.fraction.empty()) return std::nullopt;
  }
  if (!TakeExponent(text, at, number.exponent)) return std::nullopt;
  number.text = text.substr(0, at);
  return number;
}

TextError ToUnscaled(const NumberToken& number, int32_t scale, bool floor, Int128& out) {
  const Digits digits(number);
  // value = digits * 10^shift, after scaling.
  const int64_t shift =
      number.exponent - static_cast<int64_t>(number.fraction.size()) + int64_t{scale};
  const int64_t kept =
      std::max<int64_t>(digits.first(), std::min(digits.count(), digits.count() + shift));
  out = 0;
  if (digits.first() == digits.count()) return TextError::kNone;  // zero, whatever the exponent
  if (kept - digits.first() + std::max<int64_t>(shift, 0) > kDigitsMax)
    return TextError::kOutOfRange;
  for (int64_t i = digits.first(); i < kept; ++i) out = out * 10 + digits[i];
  for (int64_t i = 0; i < shift; ++i) out *= 10;
  bool lost = false;
  for (int64_t i = kept; i < digits.count() && !lost; ++i) lost = digits[i] != 0;
  if (number.negative) out = -out;
  if (!lost) return TextError::kNone;
  if (!floor) return TextError::kInexact;
  if (number.negative) --out;
  return TextError::kNone;
}

TextError ToInt64(const NumberToken& number, int32_t scale, bool floor, int64_t& out) {
  Int128 wide = 0;
  const TextError error = ToUnscaled(number, scale, floor, wide);
  if (error != TextError::kNone) return error;
  if (wide < std::numeric_limits<int64_t>::min() || wide > std::numeric_limits<int64_t>::max()) {
    return TextError::kOutOfRange;
  }
  out = static_cast<int64_t>(wide);
  return TextError::kNone;
}

TextError ToDouble(const NumberToken& number, double& out) { return ToFloating(number, out); }
TextError ToFloat(const NumberToken& number, float& out) { return ToFloating(number, out); }

bool FitsPrecision(Int128 value, int32_t precision) {
  Int128 limit = 1;
  for (int32_t i = 0; i < precision; ++i) limit *= 10;
  return value < limit && value > -limit;
}

}  // namespace kafka_iceberg::decode
