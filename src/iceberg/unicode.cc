// SPDX-License-Identifier: Apache-2.0
#include "iceberg/unicode.h"

namespace kafka_iceberg::iceberg {
namespace {

bool IsContinuation(char byte) { return (static_cast<uint8_t>(byte) & 0xC0U) == 0x80U; }

}  // namespace

CodePoint DecodeCodePoint(std::string_view text, size_t position) {
  const auto first = static_cast<uint8_t>(text[position]);
  if (first < 0x80) return {first, 1, true};
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || position + length > text.size()) return {first, 1, false};
  uint32_t value = first & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[position + i])) return {first, 1, false};
    value = (value << 6U) | (static_cast<uint8_t>(text[position + i]) & 0x3FU);
  }
  const uint32_t smallest = length == 4 ? 0x10000U : length == 3 ? 0x800U : 0x80U;
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest || value > kCodePointMax || surrogate) return {first, 1, false};
  return {value, length, true};
}

void AppendCodePoint(uint32_t code_point, std::string& text) {
  const auto add = [&](uint32_t byte) { text += static_cast<char>(static_cast<uint8_t>(byte)); };
  const auto add_rest = [&](uint32_t shift) { add(0x80U | ((code_point >> shift) & 0x3FU)); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0U | (code_point >> 6U));
    add_rest(0);
  } else if (code_point < 0x10000) {
    add(0xE0U | (code_point >> 12U));
    add_rest(6);
    add_rest(0);
  } else {
    add(0xF0U | (code_point >> 18U));
    add_rest(12);
    add_rest(6);
    add_rest(0);
  }
}

size_t PrefixBytes(std::string_view text, size_t count) {
  size_t position = 0;
  for (size_t i = 0; i < count && position < text.size(); ++i) {
    position += DecodeCodePoint(text, position).length;
  }
  return position;
}

}  // namespace kafka_iceberg::iceberg
