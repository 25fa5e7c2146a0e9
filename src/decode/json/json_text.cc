// SPDX-License-Identifier: Apache-2.0
#include "decode/json/json_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr uint32_t kBadUnit = 0xffffffff;

uint32_t HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<uint32_t>(lower - 'a' + 10);
  return kBadUnit;
}

// The UTF-16 unit of "\uXXXX" at the start of `raw`, else kBadUnit.
uint32_t ReadUnit(std::string_view raw) {
  if (raw.size() < 6 || raw[0] != '\\' || raw[1] != 'u') return kBadUnit;
  uint32_t unit = 0;
  for (size_t i = 2; i < 6; ++i) {
    const uint32_t digit = HexDigit(raw[i]);
    if (digit == kBadUnit) return kBadUnit;
    unit = unit << 4 | digit;
  }
  return unit;
}

size_t WriteUtf8(uint32_t point, char* out) {
  const auto tail = [point](int shift) {
    return static_cast<char>(0x80 | ((point >> shift) & 0x3f));
  };
  if (point < 0x80) {
    out[0] = static_cast<char>(point);
    return 1;
  }
  if (point < 0x800) {
    out[0] = static_cast<char>(0xc0 | (point >> 6));
    out[1] = tail(0);
    return 2;
  }
  if (point < 0x10000) {
    out[0] = static_cast<char>(0xe0 | (point >> 12));
    out[1] = tail(6);
    out[2] = tail(0);
    return 3;
  }
  out[0] = static_cast<char>(0xf0 | (point >> 18));
  out[1] = tail(12);
  out[2] = tail(6);
  out[3] = tail(0);
  return 4;
}

char SimpleEscape(char c) {
  switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

// One "\uXXXX", or the two of a pair, at `raw[at]`.
EscapeError ReadCodePoint(std::string_view raw, size_t& at, uint32_t& point) {
  point = ReadUnit(raw.substr(at));
  if (point == kBadUnit) return EscapeError::kMalformed;
  at += 6;
  if (point < 0xd800 || point > 0xdfff) return EscapeError::kNone;
  const uint32_t low = point < 0xdc00 ? ReadUnit(raw.substr(at)) : kBadUnit;
  if (low < 0xdc00 || low > 0xdfff) return EscapeError::kLoneSurrogate;
  at += 6;
  point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
  return EscapeError::kNone;
}

}  // namespace

EscapeError Unescape(std::string_view raw, char* out, size_t& size) {
  size = 0;
  for (size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\') {
      out[size++] = raw[at++];
      continue;
    }
    if (at + 1 >= raw.size()) return EscapeError::kMalformed;
    if (raw[at + 1] != 'u') {
      const char character = SimpleEscape(raw[at + 1]);
      if (character == 0) return EscapeError::kMalformed;
      out[size++] = character;
      at += 2;
      continue;
    }
    uint32_t point = 0;
    if (const EscapeError error = ReadCodePoint(raw, at, point); error != EscapeError::kNone) {
      return error;
    }
    size += WriteUtf8(point, out + size);
  }
  return EscapeError::kNone;
}

}  // namespace kafka_iceberg::decode
