// SPDX-License-Identifier: Apache-2.0
//
// JSON strings: copying their characters into a column, with escapes resolved. The text has been
// indexed (JsonIndex), so it is valid UTF-8 without raw control characters. Pure functions.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <cstdint>
#include <cstring>
#include <string_view>

namespace kafka_iceberg::decode {

// What CopyUnlessEscaped() may read and write past the end.
inline constexpr size_t kCopySlack = 63;

#if defined(__SSE2__)
namespace internal {

// Copies 16 bytes; one bit for each that is a backslash.
inline uint32_t CopyBlock(const char* from, uint8_t* to) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
}

inline uint64_t CopyFourBlocks(const char* from, uint8_t* to) {
  return uint64_t{CopyBlock(from, to)} | uint64_t{CopyBlock(from + 16, to + 16)} << 16 |
         uint64_t{CopyBlock(from + 32, to + 32)} << 32 |
         uint64_t{CopyBlock(from + 48, to + 48)} << 48;
}

}  // namespace internal

// Copies `size` bytes and tells whether none of them is a backslash (else the copy is of no use).
// Whole blocks, because a loop that ends after a different number of bytes each time costs more in
// mispredicted branches.
inline bool CopyUnlessEscaped(const char* from, size_t size, uint8_t* to) {
  if (size <= 16) return (internal::CopyBlock(from, to) & ((1U << size) - 1)) == 0;
  size_t at = 0;
  for (; size - at > 64; at += 64) {
    if (internal::CopyFourBlocks(from + at, to + at) != 0) return false;
  }
  const uint64_t past_the_end = 64 - (size - at);
  return internal::CopyFourBlocks(from + at, to + at) << past_the_end == 0;
}
#else
inline bool CopyUnlessEscaped(const char* from, size_t size, uint8_t* to) {
  std::memcpy(to, from, size);
  return std::memchr(from, '\\', size) == nullptr;
}
#endif

enum class EscapeError : uint8_t {
  kNone,
  kMalformed,      // not an escape JSON knows
  kLoneSurrogate,  // half of a pair: stands for no character
};

// Resolves the escapes of what stood between the quotes. Writes at most raw.size() bytes of valid
// UTF-8.
EscapeError Unescape(std::string_view raw, char* out, size_t& size);

}  // namespace kafka_iceberg::decode
