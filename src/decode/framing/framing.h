// SPDX-License-Identifier: Apache-2.0
//
// What stands in front of a payload to say which schema it was written with. Pure functions over
// hostile bytes; nothing is copied unless it must be decompressed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/result.h"
#include "decode/framing/payload_schema.h"

namespace kafka_iceberg::decode {

enum class Framing : uint8_t {
  kNone,       // the payload as it is
  kConfluent,  // 0, four bytes of id, for Protobuf the path to the message
  kApicurio8,  // 0, eight bytes of id
  kGlue,       // 3, compression, a UUID
  kHeader,     // the id in a record header: FramingOptions::id_header
  kAuto,       // header, Glue or Confluent by what is there; otherwise none. A payload without
               // framing whose first byte is 0 is taken for Confluent's: name the framing then
};

struct FramedPayload {
  std::optional<SchemaId> schema_id;
  // Protobuf: the path to the message type in its file, outermost first; empty: the first type.
  std::vector<int32_t> message_path;
  // Protobuf in Glue's framing instead: the place of the message type among all of the file, the
  // nested ones too, sorted by full name.
  std::optional<int32_t> sorted_message_index;
  std::string_view body;  // into the record, or into `decompressed`
  std::string decompressed;
};

// The headers that serializers put schema ids into.
inline constexpr std::string_view kValueSchemaIdHeader = "__value_schema_id";
inline constexpr std::string_view kKeySchemaIdHeader = "__key_schema_id";

struct FramingOptions {
  Framing framing = Framing::kAuto;
  bool has_message_path = false;    // Protobuf
  bool plain_message_path = false;  // its numbers are not zig-zag: old Python producers
  int64_t decompressed_bytes_max = 16 << 20;
  std::string_view id_header = kValueSchemaIdHeader;
};

// kInvalid: the bytes are not framed that way. kUnsupported: they unpack to more than
// `decompressed_bytes_max`. `out` may be used again for the next record.
Status ParseFraming(const Record& record, const FramingOptions& options, FramedPayload& out);

}  // namespace kafka_iceberg::decode
