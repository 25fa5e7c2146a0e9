// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/wire_reader.h"

#include <array>

namespace kafka_iceberg::decode {
namespace {

constexpr uint32_t kNumberShift = 3;
constexpr uint32_t kWireMask = 7;

// A value that is not a group.
WireAt SkipPlain(uint32_t wire_type, WireAt at, WireAt end) {
  uint64_t varint = 0;
  uint64_t eight_bytes = 0;
  uint32_t four_bytes = 0;
  std::string_view bytes;
  switch (wire_type) {
    case kWireVarint: return ReadVarint(at, end, varint);
    case kWireFixed64: return ReadFixed(at, end, eight_bytes);
    case kWireBytes: return ReadBytes(at, end, bytes);
    case kWireFixed32: return ReadFixed(at, end, four_bytes);
    default: return nullptr;
  }
}

}  // namespace

WireAt ReadGroup(uint32_t number, WireAt at, WireAt end, std::string_view& body) {
  const WireAt start = at;
  std::array<uint32_t, kGroupDepthMax> open;
  size_t depth = 0;
  open[depth++] = number;
  while (depth > 0) {
    uint32_t tag = 0;
    const WireAt before = at;
    at = ReadTag(at, end, tag);
    if (at == nullptr) return nullptr;
    const uint32_t wire_type = tag & kWireMask;
    if (wire_type == kWireStartGroup) {
      if (depth == open.size()) return nullptr;
      open[depth++] = tag >> kNumberShift;
    } else if (wire_type == kWireEndGroup) {
      if (open[--depth] != tag >> kNumberShift) return nullptr;
      body = {reinterpret_cast<const char*>(start), static_cast<size_t>(before - start)};
    } else {
      at = SkipPlain(wire_type, at, end);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

WireAt SkipField(uint32_t tag, WireAt at, WireAt end) {
  std::string_view body;
  if ((tag & kWireMask) == kWireStartGroup) return ReadGroup(tag >> kNumberShift, at, end, body);
  return SkipPlain(tag & kWireMask, at, end);
}

}  // namespace kafka_iceberg::decode
