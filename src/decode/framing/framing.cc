// SPDX-License-Identifier: Apache-2.0
#include "decode/framing/framing.h"

#include <limits>

#include "decode/framing/zlib_inflate.h"

namespace kafka_iceberg::decode {
namespace {

constexpr uint8_t kConfluentMagic = 0;
constexpr uint8_t kConfluentGuidMagic = 1;
constexpr size_t kConfluentIdBytes = 4;
constexpr size_t kApicurioIdBytes = 8;
constexpr size_t kUuidBytes = 16;
constexpr uint8_t kGlueVersion = 3;
constexpr uint8_t kGlueUncompressed = 0;
constexpr uint8_t kGlueZlib = 5;
constexpr size_t kGlueHeaderBytes = 18;
// Messages nested deeper than this are nobody's schema.
constexpr int64_t kMessagePathMax = 64;

uint8_t ByteAt(std::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

int64_t ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return static_cast<int64_t>(value);
}

// Writes into the text that is there already, which saves an allocation per record.
void SetUuid(std::string_view bytes, std::optional<SchemaId>& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (!id || !std::holds_alternative<std::string>(*id)) id.emplace(std::string());
  auto& text = std::get<std::string>(*id);
  text.clear();
  for (size_t i = 0; i < kUuidBytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[ByteAt(bytes, i) >> 4];
    text += kDigits[ByteAt(bytes, i) & 0xf];
  }
}

// A number of at most 32 bits off the front; nullopt when there is none.
std::optional<int32_t> TakeVarint(std::string_view& bytes, bool zig_zag) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < 5; ++i) {
    value |= static_cast<uint64_t>(ByteAt(bytes, i) & 0x7f) << (7 * i);
    if (ByteAt(bytes, i) >= 0x80) continue;
    bytes.remove_prefix(i + 1);
    if (value > std::numeric_limits<uint32_t>::max()) return std::nullopt;
    const auto number = static_cast<uint32_t>(value);
    if (zig_zag) return static_cast<int32_t>((number >> 1) ^ (~(number & 1) + 1));
    if (number > static_cast<uint32_t>(std::numeric_limits<int32_t>::max())) return std::nullopt;
    return static_cast<int32_t>(number);
  }
  return std::nullopt;
}

// The path to a Protobuf message type: its length, then as many numbers. The single byte 0 stands
// for the first type, and so does "01 00", which is how others write it and means nothing else.
Status TakeMessagePath(std::string_view& bytes, bool zig_zag, std::vector<int32_t>& path) {
  if (bytes.starts_with(std::string_view("\x01\x00", 2))) {
    bytes.remove_prefix(2);
    return {};
  }
  const auto length = TakeVarint(bytes, zig_zag);
  if (!length || *length < 0 || *length > kMessagePathMax) {
    return Error::Invalid("the path to its message type has no legal length");
  }
  for (int32_t i = 0; i < *length; ++i) {
    const auto index = TakeVarint(bytes, zig_zag);
    if (!index || *index < 0) {
      return Error::Invalid("the path to its message type is cut off or has a negative number");
    }
    path.push_back(*index);
  }
  if (path.size() == 1 && path[0] == 0) path.clear();
  return {};
}

Status ParseConfluent(const FramingOptions& options, FramedPayload& out) {
  if (out.body.size() <= kConfluentIdBytes || ByteAt(out.body, 0) != kConfluentMagic) {
    return Error::Invalid("it does not begin with a zero byte and a schema id");
  }
  out.schema_id = ReadBigEndian(out.body.substr(1, kConfluentIdBytes));
  out.body.remove_prefix(1 + kConfluentIdBytes);
  if (!options.has_message_path) return {};
  return TakeMessagePath(out.body, !options.plain_message_path, out.message_path);
}

Status ParseApicurio(FramedPayload& out) {
  if (out.body.size() <= kApicurioIdBytes || ByteAt(out.body, 0) != kConfluentMagic) {
    return Error::Invalid("it does not begin with a zero byte and a schema id of eight bytes");
  }
  out.schema_id = ReadBigEndian(out.body.substr(1, kApicurioIdBytes));
  out.body.remove_prefix(1 + kApicurioIdBytes);
  return {};
}

bool LooksLikeGlue(std::string_view bytes) {
  return bytes.size() >= kGlueHeaderBytes && ByteAt(bytes, 0) == kGlueVersion &&
         (ByteAt(bytes, 1) == kGlueUncompressed || ByteAt(bytes, 1) == kGlueZlib);
}

Status ParseGlue(const FramingOptions& options, FramedPayload& out) {
  if (!LooksLikeGlue(out.body)) {
    return Error::Invalid(
        "it does not begin with Glue's version 3, a compression it knows and 16 "
        "bytes of schema version id");
  }
  const bool compressed = ByteAt(out.body, 1) == kGlueZlib;
  SetUuid(out.body.substr(2, kUuidBytes), out.schema_id);
  out.body.remove_prefix(kGlueHeaderBytes);
  if (compressed) {
    TRY(InflateZlib(out.body, options.decompressed_bytes_max, out.decompressed));
    out.body = out.decompressed;
  }
  if (!options.has_message_path) return {};
  out.sorted_message_index = TakeVarint(out.body, /*zig_zag=*/false);
  if (!out.sorted_message_index) return Error::Invalid("the number of its message type is cut off");
  return {};
}

const Header* FindSchemaIdHeader(const Record& record, std::string_view name) {
  for (const Header& header : record.headers.all()) {
    if (header.key == name && !header.value_is_null) return &header;
  }
  return nullptr;
}

Status ParseHeader(const Header* header, const FramingOptions& options, FramedPayload& out) {
  if (header == nullptr) return Error::Invalid("it has no header {}", options.id_header);
  std::string_view value = header->value;
  if (value.size() > kConfluentIdBytes && ByteAt(value, 0) == kConfluentMagic) {
    out.schema_id = ReadBigEndian(value.substr(1, kConfluentIdBytes));
    value.remove_prefix(1 + kConfluentIdBytes);
  } else if (value.size() > kUuidBytes && ByteAt(value, 0) == kConfluentGuidMagic) {
    SetUuid(value.substr(1, kUuidBytes), out.schema_id);
    value.remove_prefix(1 + kUuidBytes);
  } else {
    return Error::Invalid("its header {} holds no schema id", options.id_header);
  }
  if (options.has_message_path && !value.empty()) {
    TRY(TakeMessagePath(value, !options.plain_message_path, out.message_path));
  }
  if (!value.empty()) {
    return Error::Invalid("its header {} goes on behind the schema id", options.id_header);
  }
  return {};
}

Status ParseAuto(const Record& record, const FramingOptions& options, FramedPayload& out) {
  if (const Header* header = FindSchemaIdHeader(record, options.id_header))
    return ParseHeader(header, options, out);
  if (LooksLikeGlue(out.body)) return ParseGlue(options, out);
  const bool confluent =
      out.body.size() > kConfluentIdBytes && ByteAt(out.body, 0) == kConfluentMagic;
  if (confluent) return ParseConfluent(options, out);
  out.schema_id.reset();
  return {};
}

Status Parse(const Record& record, const FramingOptions& options, FramedPayload& out) {
  switch (options.framing) {
    case Framing::kNone: out.schema_id.reset(); return {};
    case Framing::kConfluent: return ParseConfluent(options, out);
    case Framing::kApicurio8: return ParseApicurio(out);
    case Framing::kGlue: return ParseGlue(options, out);
    case Framing::kHeader:
      return ParseHeader(FindSchemaIdHeader(record, options.id_header), options, out);
    case Framing::kAuto: return ParseAuto(record, options, out);
  }
  return Error::Invalid("the framing is not known");
}

}  // namespace

Status ParseFraming(const Record& record, const FramingOptions& options, FramedPayload& out) {
  out.body = record.value;
  out.message_path.clear();
  out.sorted_message_index.reset();
  Status status = Parse(record, options, out);
  if (!status.ok()) out.schema_id.reset();
  return status;
}

}  // namespace kafka_iceberg::decode
