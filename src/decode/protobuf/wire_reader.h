// SPDX-License-Identifier: Apache-2.0
//
// The wire format of Protobuf: varints, tags, and skipping what nobody asked for. Pure functions
// over hostile bytes; none reads at or behind `end`. Each returns the place behind what it read, or
// null when the bytes are not that.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "decode/protobuf/proto_schema.h"

namespace kafka_iceberg::decode {

static_assert(std::endian::native == std::endian::little, "fixed-width values are copied as is");

using WireAt = const uint8_t*;

inline constexpr int32_t kGroupDepthMax = 100;

// Ten bytes at most; bits beyond the 64th are dropped, as Protobuf's own parsers do.
inline WireAt ReadLongVarint(WireAt at, WireAt end, uint64_t& out) {
  uint64_t value = 0;
  for (uint32_t shift = 0; shift < 70; shift += 7) {
    if (at == end) return nullptr;
    const uint8_t byte = *at++;
    value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) {
      out = value;
      return at;
    }
  }
  return nullptr;
}

[[gnu::always_inline]] inline WireAt ReadVarint(WireAt at, WireAt end, uint64_t& out) {
  if (end - at >= 8) [[likely]] {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    if ((word & 0x80) == 0) {
      out = word & 0x7f;
      return at + 1;
    }
    const uint64_t stops = ~word & 0x8080808080808080ULL;
    if (stops == 0) [[unlikely]]
      return ReadLongVarint(at, end, out);
    // The bytes up to the first without a continuation bit, then seven bits of each side by side.
    word &= stops ^ (stops - 1);
    word &= 0x7f7f7f7f7f7f7f7fULL;
    word = (word & 0x007f007f007f007fULL) | ((word & 0x7f007f007f007f00ULL) >> 1);
    word = (word & 0x00003fff00003fffULL) | ((word & 0x3fff00003fff0000ULL) >> 2);
    out = (word & 0x000000000fffffffULL) | ((word & 0x0fffffff00000000ULL) >> 4);
    return at + (std::countr_zero(stops) >> 3) + 1;
  }
  return ReadLongVarint(at, end, out);
}

// Field number and wire type; numbers from 1 to 2^29 - 1.
inline WireAt ReadTag(WireAt at, WireAt end, uint32_t& tag) {
  if (at != end && *at < 0x80) [[likely]] {
    tag = *at;
    return tag >= 8 ? at + 1 : nullptr;
  }
  uint64_t value = 0;
  at = ReadVarint(at, end, value);
  if (at == nullptr || value > UINT32_MAX || value < 8) return nullptr;
  tag = static_cast<uint32_t>(value);
  return at;
}

// The bytes behind a length.
inline WireAt ReadBytes(WireAt at, WireAt end, std::string_view& out) {
  uint64_t size = 0;
  at = ReadVarint(at, end, size);
  if (at == nullptr || size > static_cast<uint64_t>(end - at)) [[unlikely]]
    return nullptr;
  out = {reinterpret_cast<const char*>(at), static_cast<size_t>(size)};
  return at + size;
}

template <typename T>
inline WireAt ReadFixed(WireAt at, WireAt end, T& out) {
  if (end - at < static_cast<int64_t>(sizeof(T))) [[unlikely]]
    return nullptr;
  std::memcpy(&out, at, sizeof(T));
  return at + sizeof(T);
}

// What a group holds, and the place behind its end tag; groups in groups up to kGroupDepthMax.
WireAt ReadGroup(uint32_t number, WireAt at, WireAt end, std::string_view& body);

// The value behind `tag`, groups included.
WireAt SkipField(uint32_t tag, WireAt at, WireAt end);

inline int64_t ZigZagDecode(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

}  // namespace kafka_iceberg::decode
