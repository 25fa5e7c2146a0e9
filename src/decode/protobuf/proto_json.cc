// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_json.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "decode/json/json_index.h"
#include "decode/protobuf/wire_reader.h"

namespace kafka_iceberg::decode {
namespace {

using Error = ProtoJsonError;

// Field numbers of google.protobuf.Value and of a map entry.
constexpr uint32_t kNullValue = 1;
constexpr uint32_t kNumberValue = 2;
constexpr uint32_t kStringValue = 3;
constexpr uint32_t kBoolValue = 4;
constexpr uint32_t kStructValue = 5;
constexpr uint32_t kListValue = 6;
constexpr uint32_t kMembers = 1;  // of Struct and ListValue
constexpr uint32_t kKey = 1;
constexpr uint32_t kEntryValue = 2;

struct WireField {
  uint32_t number = 0;
  uint64_t scalar = 0;  // of a varint, or of eight bytes
  std::string_view bytes;
  uint32_t wire_type = 0;
};

// Walks over the fields of one message.
class Fields {
 public:
  explicit Fields(std::string_view message)
      : at_(reinterpret_cast<WireAt>(message.data())), end_(at_ + message.size()) {}

  // False at the end, and when the bytes are broken: see ok().
  bool Next(WireField& field) {
    if (at_ == end_ || !ok_) return false;
    uint32_t tag = 0;
    at_ = ReadTag(at_, end_, tag);
    field = {.number = tag >> 3, .scalar = 0, .bytes = {}, .wire_type = tag & 7};
    if (at_ != nullptr) at_ = ReadPayload(tag, field);
    ok_ = at_ != nullptr;
    return ok_;
  }
  bool ok() const { return ok_; }

 private:
  WireAt ReadPayload(uint32_t tag, WireField& field) {
    switch (field.wire_type) {
      case kWireVarint: return ReadVarint(at_, end_, field.scalar);
      case kWireFixed64: return ReadFixed(at_, end_, field.scalar);
      case kWireBytes: return ReadBytes(at_, end_, field.bytes);
      default: return SkipField(tag, at_, end_);
    }
  }

  WireAt at_;
  WireAt end_;
  bool ok_ = true;
};

uint32_t ValueWireType(uint32_t number) {
  if (number == kNullValue || number == kBoolValue) return kWireVarint;
  return number == kNumberValue ? kWireFixed64 : kWireBytes;
}

class Writer {
 public:
  Writer(size_t bytes_max, std::string& out) : bytes_max_(bytes_max), out_(out) {}

  Error Struct(std::string_view message) {
    std::vector<std::pair<std::string_view, std::string_view>> entries;
    std::unordered_map<std::string_view, size_t> last;
    Fields fields(message);
    for (WireField field; fields.Next(field);) {
      if (field.number != kMembers) continue;
      std::string_view key;
      std::string_view value;
      if (field.wire_type != kWireBytes) return Error::kBadBytes;
      if (const Error error = Entry(field.bytes, key, value); error != Error::kNone) return error;
      last[key] = entries.size();
      entries.emplace_back(key, value);
    }
    if (!fields.ok()) return Error::kBadBytes;
    return Nested('{', '}', [&] {
      bool first = true;
      for (size_t i = 0; i < entries.size(); ++i) {
        const auto& [key, value] = entries[i];
        if (last[key] != i) continue;
        if (!std::exchange(first, false)) out_.push_back(',');
        Error error = String(key);
        out_.push_back(':');
        if (error == Error::kNone) error = Value(value);
        if (error != Error::kNone) return error;
      }
      return Error::kNone;
    });
  }

  Error List(std::string_view message) {
    return Nested('[', ']', [&] {
      bool first = true;
      Fields fields(message);
      for (WireField field; fields.Next(field);) {
        if (field.number != kMembers) continue;
        if (field.wire_type != kWireBytes) return Error::kBadBytes;
        if (!std::exchange(first, false)) out_.push_back(',');
        if (const Error error = Value(field.bytes); error != Error::kNone) return error;
      }
      return fields.ok() ? Error::kNone : Error::kBadBytes;
    });
  }

  Error Value(std::string_view message) {
    WireField kind{.number = kNullValue, .scalar = 0, .bytes = {}, .wire_type = kWireVarint};
    bool is_set = false;
    Fields fields(message);
    for (WireField field; fields.Next(field);) {
      if (field.number > kListValue) continue;
      if (field.wire_type != ValueWireType(field.number)) return Error::kBadBytes;
      // A struct or list that follows one of its kind is to be merged with it.
      if (is_set && field.number == kind.number && field.number >= kStructValue)
        return Error::kInPieces;
      is_set = true;
      kind = field;
    }
    return fields.ok() ? Write(kind) : Error::kBadBytes;
  }

 private:
  Error Write(const WireField& kind) {
    switch (kind.number) {
      case kNumberValue: return Number(std::bit_cast<double>(kind.scalar));
      case kStringValue: return String(kind.bytes);
      case kBoolValue: out_ += kind.scalar != 0 ? "true" : "false"; return Error::kNone;
      case kStructValue: return Struct(kind.bytes);
      case kListValue: return List(kind.bytes);
      default: out_ += "null"; return Error::kNone;
    }
  }

  static Error Entry(std::string_view entry, std::string_view& key, std::string_view& value) {
    bool has_value = false;
    Fields fields(entry);
    for (WireField field; fields.Next(field);) {
      if (field.number > kEntryValue) continue;
      if (field.wire_type != kWireBytes) return Error::kBadBytes;
      if (field.number == kKey) {
        key = field.bytes;
      } else if (std::exchange(has_value, true)) {
        return Error::kInPieces;
      } else {
        value = field.bytes;
      }
    }
    return fields.ok() ? Error::kNone : Error::kBadBytes;
  }

  Error Nested(char open, char close, const std::function<Error()>& members) {
    if (depth_ == kProtoJsonDepthMax) return Error::kTooDeep;
    ++depth_;
    out_.push_back(open);
    const Error error = members();
    out_.push_back(close);
    --depth_;
    if (error == Error::kNone && out_.size() > bytes_max_) return Error::kTooBig;
    return error;
  }

  Error Number(double value) {
    if (!std::isfinite(value)) return Error::kNotFinite;
    out_ += fmt::format("{}", value);
    return Error::kNone;
  }

  Error String(std::string_view text) {
    if (!IsUtf8(text)) return Error::kBadUtf8;
    if (out_.size() + text.size() > bytes_max_) return Error::kTooBig;
    out_.push_back('"');
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out_.push_back('\\');
        out_.push_back(c);
      } else if (static_cast<unsigned char>(c) < 0x20) {
        out_ += fmt::format("\\u{:04x}", static_cast<int>(c));
      } else {
        out_.push_back(c);
      }
    }
    out_.push_back('"');
    return Error::kNone;
  }

  const size_t bytes_max_;
  std::string& out_;
  int32_t depth_ = 0;
};

}  // namespace

ProtoJsonError AppendProtoJson(ProtoJsonKind kind, std::string_view message, size_t bytes_max,
                               std::string& out) {
  Writer writer(bytes_max, out);
  switch (kind) {
    case ProtoJsonKind::kStruct: return writer.Struct(message);
    case ProtoJsonKind::kList: return writer.List(message);
    case ProtoJsonKind::kValue: break;
  }
  return writer.Value(message);
}

}  // namespace kafka_iceberg::decode
