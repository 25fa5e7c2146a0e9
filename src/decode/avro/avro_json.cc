// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_json.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <limits>

#include "decode/json/json_index.h"
#include "decode/text/json_string.h"
#include "iceberg/text/calendar.h"
#include "iceberg/text/value_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr int64_t kMillis = 1'000;
constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kNanos = 1'000'000'000;
constexpr size_t kUuidBytes = 16;
constexpr size_t kDurationBytes = 12;

// What a number means, as text; empty: the number itself.
std::string LogicalText(AvroLogical logical, int64_t value) {
  switch (logical) {
    case AvroLogical::kDate: return iceberg::FormatDate(value);
    case AvroLogical::kTimeMillis: return iceberg::FormatTimeOfDay(value, kMillis);
    case AvroLogical::kTimeMicros: return iceberg::FormatTimeOfDay(value, kMicros);
    case AvroLogical::kTimestampMillis: return iceberg::FormatTimestamp(value, kMillis) + "Z";
    case AvroLogical::kTimestampMicros: return iceberg::FormatTimestamp(value, kMicros) + "Z";
    case AvroLogical::kTimestampNanos: return iceberg::FormatTimestamp(value, kNanos) + "Z";
    case AvroLogical::kLocalTimestampMillis: return iceberg::FormatTimestamp(value, kMillis);
    case AvroLogical::kLocalTimestampMicros: return iceberg::FormatTimestamp(value, kMicros);
    case AvroLogical::kLocalTimestampNanos: return iceberg::FormatTimestamp(value, kNanos);
    default: return {};
  }
}

bool IsTimeOfDay(AvroLogical logical) {
  return logical == AvroLogical::kTimeMillis || logical == AvroLogical::kTimeMicros;
}

int64_t UnitsPerDay(AvroLogical logical) {
  return iceberg::kSecondsPerDay * (logical == AvroLogical::kTimeMillis ? kMillis : kMicros);
}

}  // namespace

// As deep as the schema, which is limited where it is parsed.
AvroJson::Next AvroJson::Write(const AvroSchema& schema, Next at) {
  switch (schema.kind) {
    case AvroKind::kRecord: at = Record(schema, at); break;
    case AvroKind::kArray:
    case AvroKind::kMap: at = Items(schema, at); break;
    case AvroKind::kUnion: at = Union(schema, at); break;
    default: at = Primitive(schema, at); break;
  }
  if (at != nullptr && out_.size() > bytes_max_) {
    return Fail("rescue_too_big", "has more bytes than the rescue column may hold");
  }
  return at;
}

AvroJson::Next AvroJson::Primitive(const AvroSchema& schema, Next at) {
  switch (schema.kind) {
    case AvroKind::kNull: out_ += "null"; return at;
    case AvroKind::kBoolean:
      if (at >= input_.end || *at > 1) return FailBytes();
      out_ += *at == 1 ? "true" : "false";
      return at + 1;
    case AvroKind::kInt:
    case AvroKind::kLong: return Number(schema, at);
    case AvroKind::kFloat: return Floating<float>(at);
    case AvroKind::kDouble: return Floating<double>(at);
    case AvroKind::kFixed: return Fixed(schema, at);
    case AvroKind::kEnum: return Enum(schema, at);
    default: return Bytes(schema, at);
  }
}

AvroJson::Next AvroJson::Number(const AvroSchema& schema, Next at) {
  int64_t value = 0;
  at = ReadLong(at, input_, value);
  if (at == nullptr) return FailBytes();
  if (schema.kind == AvroKind::kInt && value != static_cast<int32_t>(value)) return FailBytes();
  const bool is_no_time =
      IsTimeOfDay(schema.logical) && (value < 0 || value >= UnitsPerDay(schema.logical));
  const std::string text = is_no_time ? "" : LogicalText(schema.logical, value);
  if (text.empty()) {
    fmt::format_to(std::back_inserter(out_), "{}", value);
  } else {
    AppendJsonString(text, out_);
  }
  return at;
}

template <typename T>
AvroJson::Next AvroJson::Floating(Next at) {
  if (input_.end - at < static_cast<int64_t>(sizeof(T))) return FailBytes();
  T value = 0;
  std::memcpy(&value, at, sizeof(value));
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(out_), "{}", value);
  } else {
    const std::string_view infinity = value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
    out_ += std::isnan(value) ? std::string_view("\"NaN\"") : infinity;
  }
  return at + sizeof(T);
}

AvroJson::Next AvroJson::ReadBytes(Next at, std::string_view& bytes) {
  int64_t size = 0;
  at = ReadLong(at, input_, size);
  if (at == nullptr || size < 0 || size > input_.end - at) return FailBytes();
  bytes = {reinterpret_cast<const char*>(at), static_cast<size_t>(size)};
  if (out_.size() + bytes.size() > bytes_max_) {
    return Fail("rescue_too_big", "has more bytes than the rescue column may hold");
  }
  return at + size;
}

bool AvroJson::Text(std::string_view text) {
  if (!IsUtf8(text)) {
    Fail("bad_utf8", "has a string that is not valid UTF-8");
    return false;
  }
  AppendJsonString(text, out_);
  return true;
}

AvroJson::Next AvroJson::Bytes(const AvroSchema& schema, Next at) {
  std::string_view bytes;
  at = ReadBytes(at, bytes);
  if (at == nullptr) return nullptr;
  if (schema.kind == AvroKind::kString) return Text(bytes) ? at : nullptr;
  if (schema.logical == AvroLogical::kDecimal) {
    Decimal(schema, bytes);
  } else {
    AppendJsonBase64(bytes, out_);
  }
  return at;
}

AvroJson::Next AvroJson::Fixed(const AvroSchema& schema, Next at) {
  if (input_.end - at < schema.size) return FailBytes();
  const std::string_view bytes(reinterpret_cast<const char*>(at), static_cast<size_t>(schema.size));
  if (schema.logical == AvroLogical::kDecimal) {
    Decimal(schema, bytes);
  } else if (schema.logical == AvroLogical::kUuid && bytes.size() == kUuidBytes) {
    AppendJsonString(iceberg::FormatUuid(bytes), out_);
  } else if (schema.logical == AvroLogical::kDuration && bytes.size() == kDurationBytes) {
    Duration(bytes);
  } else {
    AppendJsonBase64(bytes, out_);
  }
  return at + schema.size;
}

// Big-endian two's complement; what is longer than any decimal column stays bytes.
void AvroJson::Decimal(const AvroSchema& schema, std::string_view bytes) {
  if (bytes.empty() || bytes.size() > sizeof(iceberg::Int128)) {
    return AppendJsonBase64(bytes, out_);
  }
  __extension__ typedef unsigned __int128 Unsigned;
  Unsigned bits = (static_cast<unsigned char>(bytes[0]) & 0x80) != 0 ? ~Unsigned{0} : Unsigned{0};
  for (const char byte : bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
  AppendJsonString(iceberg::FormatDecimal(static_cast<iceberg::Int128>(bits), schema.scale), out_);
}

void AvroJson::Duration(std::string_view bytes) {
  uint32_t parts[3] = {0, 0, 0};
  std::memcpy(parts, bytes.data(), sizeof(parts));
  fmt::format_to(std::back_inserter(out_), R"({{"months":{},"days":{},"millis":{}}})", parts[0],
                 parts[1], parts[2]);
}

AvroJson::Next AvroJson::Enum(const AvroSchema& schema, Next at) {
  int64_t index = 0;
  at = ReadLong(at, input_, index);
  const bool is_there =
      at != nullptr && index >= 0 && static_cast<size_t>(index) < schema.symbols.size();
  if (!is_there) return FailBytes();
  AppendJsonString(schema.symbols[static_cast<size_t>(index)], out_);
  return at;
}

AvroJson::Next AvroJson::Record(const AvroSchema& schema, Next at) {
  out_.push_back('{');
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (i > 0) out_.push_back(',');
    AppendJsonString(schema.fields[i].name, out_);
    out_.push_back(':');
    at = Write(schema.fields[i].schema, at);
    if (at == nullptr) return nullptr;
  }
  out_.push_back('}');
  return at;
}

AvroJson::Next AvroJson::Union(const AvroSchema& schema, Next at) {
  int64_t index = 0;
  at = ReadLong(at, input_, index);
  const bool is_there =
      at != nullptr && index >= 0 && static_cast<size_t>(index) < schema.children.size();
  return is_there ? Write(schema.children[static_cast<size_t>(index)], at) : FailBytes();
}

AvroJson::Next AvroJson::Items(const AvroSchema& schema, Next at) {
  const bool is_map = schema.kind == AvroKind::kMap;
  out_.push_back(is_map ? '{' : '[');
  for (bool is_first = true;;) {
    int64_t count = 0;
    at = ReadLong(at, input_, count);
    if (at == nullptr || count == std::numeric_limits<int64_t>::min()) return FailBytes();
    if (count == 0) break;
    if (count < 0) {
      int64_t bytes = 0;  // of the block; its items say the same
      at = ReadLong(at, input_, bytes);
      if (at == nullptr || bytes < 0 || bytes > input_.end - at) return FailBytes();
      count = -count;
    }
    at = Block(schema, count, is_first, at);
    if (at == nullptr) return nullptr;
  }
  out_.push_back(is_map ? '}' : ']');
  return at;
}

AvroJson::Next AvroJson::Block(const AvroSchema& schema, int64_t count, bool& is_first, Next at) {
  for (; count > 0; --count) {
    const Next begin = at;
    if (!is_first) out_.push_back(',');
    is_first = false;
    if (schema.kind == AvroKind::kMap) {
      std::string_view key;
      at = ReadBytes(at, key);
      if (at == nullptr || !Text(key)) return nullptr;
      out_.push_back(':');
    }
    at = Write(schema.children[0], at);
    if (at == nullptr) return nullptr;
    // Items that take no bytes cost work all the same.
    if (at == begin && --empty_items_left_ < 0) return FailBytes();
  }
  return at;
}

AvroJson::Next AvroJson::Fail(std::string_view code, std::string_view reason) {
  code_ = code;
  reason_ = reason;
  return nullptr;
}

}  // namespace kafka_iceberg::decode
