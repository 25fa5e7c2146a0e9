// SPDX-License-Identifier: Apache-2.0
//
// From the .proto text of a registry to a ProtoSchema. The only place that sees the Protobuf
// library, whose exceptions end here. Pure function over hostile text, safe to call from any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/result.h"
#include "decode/framing/payload_schema.h"
#include "decode/protobuf/proto_schema.h"

namespace kafka_iceberg::decode {

inline constexpr size_t kProtoTextBytesMax = 4 << 20;  // the text and its references together
inline constexpr int32_t kProtoTextDepthMax = 64;      // of brackets
inline constexpr size_t kProtoFilesMax = 1000;

// proto2 and proto3, as text or as a serialized FileDescriptorProto in base64. Imports are looked
// up among the references; google/protobuf/*.proto, google/type/{date,decimal,timeofday}.proto and
// confluent/*.proto are known already. Options have no meaning here and are not checked, so a file
// that is imported only for its options may be missing.
//
// kUnsupported: another format than Protobuf, another syntax, or beyond the limits; kCorrupt: not a
// legal .proto file, with the first place that is wrong.
Result<ProtoSchema> ParseProtoText(const PayloadSchema& schema);

}  // namespace kafka_iceberg::decode
