// SPDX-License-Identifier: Apache-2.0
//
// AvroInput: the bytes of one record and how far one may read, and reading its numbers and texts
// fast. Reading past the record is allowed up to `readable`, and found out by comparing with `end`
// after: what was read is then of no use, but nothing else is harmed. Values.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <cstring>

namespace kafka_iceberg::decode {

static_assert(std::endian::native == std::endian::little, "Avro's numbers are little-endian");

struct AvroInput {
  const uint8_t* end = nullptr;       // of the record
  const uint8_t* readable = nullptr;  // `end` or later
};

namespace internal {

// Up to ten bytes, seven bits each, one by one; null when it is cut off or has more than 64 bits.
inline const uint8_t* ReadVarintSlowly(const uint8_t* at, const uint8_t* end, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 70 && at < end; shift += 7) {
    const uint64_t byte = *at++;
    if (shift == 63 && byte > 1) return nullptr;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return at;
  }
  return nullptr;
}

}  // namespace internal

// The bits of a number, zig-zag as they are; null when there is none.
[[gnu::always_inline]] inline const uint8_t* ReadVarint(const uint8_t* at, const AvroInput& input,
                                                        uint64_t& value) {
  if (input.readable - at < 8) [[unlikely]]
    return internal::ReadVarintSlowly(at, input.end, value);
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  if ((word & 0x80) == 0) {
    value = word & 0x7f;
    ++at;
  } else {
    const uint64_t last = ~word & 0x8080808080808080ULL;
    if (last == 0) [[unlikely]]
      return internal::ReadVarintSlowly(at, input.end, value);
    // The lowest bit that is set ends the number; the bytes behind it are other values.
    word &= last ^ (last - 1);
    // Squeezes out the eighth bit of each byte: pairs, then fours, then all eight.
    word = (word & 0x007f007f007f007fULL) | ((word & 0x7f007f007f007f00ULL) >> 1);
    word = (word & 0x00003fff00003fffULL) | ((word & 0x3fff00003fff0000ULL) >> 2);
    value = (word & 0x000000000fffffffULL) | ((word & 0x0fffffff00000000ULL) >> 4);
    at += (std::countr_zero(last) >> 3) + 1;
  }
  return at <= input.end ? at : nullptr;
}

inline int64_t DecodeZigZag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

[[gnu::always_inline]] inline const uint8_t* ReadLong(const uint8_t* at, const AvroInput& input,
                                                      int64_t& value) {
  uint64_t bits = 0;
  at = ReadVarint(at, input, bits);
  value = DecodeZigZag(bits);
  return at;
}

namespace internal {

inline bool IsAscii(const uint8_t* bytes, int64_t size) {
  uint64_t all = 0;
  int64_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + i, sizeof(word));
    all |= word;
  }
  for (; i < size; ++i) all |= bytes[i];
  return (all & 0x8080808080808080ULL) == 0;
}

#if defined(__SSE2__)
// One bit for each of the 16 bytes that is not ASCII.
inline uint64_t CopySixteen(const uint8_t* from, uint8_t* to) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
  return static_cast<uint64_t>(_mm_movemask_epi8(block));
}
#endif

}  // namespace internal

// Copies a text to where there is room for 64 bytes more, and tells whether it is all ASCII. Short
// ones in whole blocks if that many bytes can be read, because a loop that ends after a different
// number of bytes each time costs more in mispredicted branches.
inline bool CopyText(const uint8_t* from, int64_t size, [[maybe_unused]] int64_t readable,
                     uint8_t* to) {
#if defined(__SSE2__)
  if (size <= 16 && readable >= 16) {
    return (internal::CopySixteen(from, to) & ((uint64_t{1} << size) - 1)) == 0;
  }
  if (size <= 64 && readable >= 64) {
    const uint64_t signs = internal::CopySixteen(from, to) |
                           internal::CopySixteen(from + 16, to + 16) << 16 |
                           internal::CopySixteen(from + 32, to + 32) << 32 |
                           internal::CopySixteen(from + 48, to + 48) << 48;
    return signs << (64 - size) == 0;
  }
#endif
  if (size > 0) std::memcpy(to, from, static_cast<size_t>(size));
  return internal::IsAscii(from, size);
}

}  // namespace kafka_iceberg::decode
