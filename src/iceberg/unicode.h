// SPDX-License-Identifier: Apache-2.0
//
// UTF-8, one code point at a time. Never reads past the text; bytes that are not UTF-8 are
// reported, not trusted. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kafka_iceberg::iceberg {

inline constexpr uint32_t kCodePointMax = 0x10FFFF;

struct CodePoint {
  uint32_t value = 0;
  size_t length = 1;   // bytes used
  bool valid = false;  // false: one byte that is not the start of well-formed UTF-8
};

// The code point at `position`, which must be inside the text.
CodePoint DecodeCodePoint(std::string_view text, size_t position);
void AppendCodePoint(uint32_t code_point, std::string& text);
// The bytes of the first `count` code points; a malformed byte counts as one.
size_t PrefixBytes(std::string_view text, size_t count);

}  // namespace kafka_iceberg::iceberg
