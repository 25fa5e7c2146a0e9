// SPDX-License-Identifier: Apache-2.0
#include "iceberg/text/value_text.h"

#include <algorithm>
#include <charconv>

#include "core/hashing.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr size_t kDashes[] = {8, 13, 18, 23};
constexpr size_t kUuidTextLength = 36;

}  // namespace

std::string FormatDecimal(Int128 unscaled, int32_t scale) {
  __extension__ using Unsigned = unsigned __int128;
  // Negating the smallest value is only defined without sign.
  Unsigned rest = unscaled < 0 ? Unsigned{0} - static_cast<Unsigned>(unscaled)
                               : static_cast<Unsigned>(unscaled);
  std::string digits;
  while (rest != 0 || digits.size() <= static_cast<size_t>(scale)) {
    if (scale > 0 && digits.size() == static_cast<size_t>(scale)) digits += '.';
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (unscaled < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::optional<DecimalValue> ParseDecimal(std::string_view text, int32_t precision, int32_t scale) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  if (point < text.size()) digits += text.substr(point + 1);
  const size_t decimals = text.size() - std::min(point + 1, text.size());
  if (digits.empty() || decimals > static_cast<size_t>(scale)) return std::nullopt;
  digits.append(static_cast<size_t>(scale) - decimals, '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > static_cast<size_t>(precision)) return std::nullopt;
  Int128 unscaled = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    unscaled = unscaled * 10 + (c - '0');
  }
  return DecimalValue{negative ? -unscaled : unscaled};
}

std::string FormatUuid(std::string_view bytes) {
  std::string text = ToHex(bytes);
  for (const size_t position : kDashes) {
    if (text.size() >= position) text.insert(position, 1, '-');
  }
  return text;
}

std::optional<std::string> ParseUuid(std::string_view text) {
  if (text.size() != kUuidTextLength) return std::nullopt;
  std::string digits(text);
  for (const size_t position : kDashes) {
    if (text[position] != '-') return std::nullopt;
  }
  std::erase(digits, '-');
  return digits.size() == 32 ? ParseHex(digits) : std::nullopt;
}

std::optional<std::string> ParseHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t byte = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace kafka_iceberg::iceberg
