// SPDX-License-Identifier: Apache-2.0
//
// google.protobuf.Struct, Value and ListValue as the JSON text they stand for. Pure function over
// hostile bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kafka_iceberg::decode {

enum class ProtoJsonKind : uint8_t { kStruct, kValue, kList };
enum class ProtoJsonError : uint8_t {
  kNone,
  kBadBytes,
  kBadUtf8,
  kTooDeep,
  kNotFinite,
  kTooBig,
  kInPieces,  // legal, but nothing that writers do
};

inline constexpr int32_t kProtoJsonDepthMax = 64;

// Appends to `out`, at most `bytes_max` plus one number or name. Members keep the order they were
// written in; of one that comes twice the last is kept. A Value
// without a kind is null. NaN and infinities have no JSON text: kNotFinite.
ProtoJsonError AppendProtoJson(ProtoJsonKind kind, std::string_view message, size_t bytes_max,
                               std::string& out);

}  // namespace kafka_iceberg::decode
