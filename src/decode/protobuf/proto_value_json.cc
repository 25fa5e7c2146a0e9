// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_value_json.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <iterator>
#include <utility>

#include "decode/json/json_index.h"
#include "decode/protobuf/proto_json.h"
#include "decode/protobuf/proto_mapping.h"
#include "decode/text/json_string.h"
#include "iceberg/text/calendar.h"

namespace kafka_iceberg::decode {
namespace {

constexpr uint32_t kNumberShift = 3;
constexpr uint32_t kWireMask = 7;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

WireAt Begin(std::string_view bytes) { return reinterpret_cast<WireAt>(bytes.data()); }

bool IsMessage(const ProtoField& field) {
  return field.type == ProtoType::kMessage || field.type == ProtoType::kGroup;
}

// The bits of an integer type as its value; those of the unsigned ones are it already.
int64_t SignedValue(ProtoType type, uint64_t bits) {
  switch (type) {
    case ProtoType::kInt32:
    case ProtoType::kEnum:
    case ProtoType::kSfixed32: return static_cast<int32_t>(bits);
    case ProtoType::kSint32: return static_cast<int32_t>(ZigZagDecode(static_cast<uint32_t>(bits)));
    case ProtoType::kSint64: return ZigZagDecode(bits);
    default: return static_cast<int64_t>(bits);
  }
}

bool IsUnsigned(ProtoType type) {
  return type == ProtoType::kUint32 || type == ProtoType::kUint64 || type == ProtoType::kFixed32 ||
         type == ProtoType::kFixed64;
}

template <typename T>
void AppendFloating(T value, std::string& out) {
  if (std::isfinite(value)) {
    fmt::format_to(std::back_inserter(out), "{}", value);
  } else {
    const std::string_view infinity = value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
    out += std::isnan(value) ? std::string_view("\"NaN\"") : infinity;
  }
}

// The pieces of one message belong together.
std::string Joined(const std::vector<WireValue>& values) {
  std::string whole;
  for (const WireValue& value : values) whole += value.bytes;
  return whole;
}

}  // namespace

WireAt ReadWireValue(uint32_t tag, WireAt at, WireAt end, WireValue& value) {
  value = {.wire_type = tag & kWireMask, .scalar = 0, .bytes = {}};
  uint32_t four_bytes = 0;
  switch (value.wire_type) {
    case kWireVarint: return ReadVarint(at, end, value.scalar);
    case kWireFixed64: return ReadFixed(at, end, value.scalar);
    case kWireFixed32:
      at = ReadFixed(at, end, four_bytes);
      value.scalar = four_bytes;
      return at;
    case kWireBytes: return ReadBytes(at, end, value.bytes);
    case kWireStartGroup: return ReadGroup(tag >> kNumberShift, at, end, value.bytes);
    default: return nullptr;
  }
}

bool ProtoValueJson::Field(const ProtoField& field, const std::vector<WireValue>& values) {
  if (field.is_map) return Entries(field, values);
  if (field.repeated) return Repeated(field, values);
  if (IsMessage(field) && values.size() > 1) {
    for (const WireValue& value : values) {
      if (value.wire_type != WireTypeOf(field.type)) return FailBytes();
    }
    return Message(MessageOf(field), Joined(values));
  }
  return Value(field, values.back());
}

bool ProtoValueJson::Value(const ProtoField& field, const WireValue& value) {
  if (value.wire_type != WireTypeOf(field.type)) return FailBytes();
  switch (field.type) {
    case ProtoType::kString: return Text(value.bytes);
    case ProtoType::kBytes:
      if (value.bytes.size() > bytes_max_) return FailSize();
      AppendJsonBase64(value.bytes, out_);
      return CheckSize();
    case ProtoType::kMessage:
    case ProtoType::kGroup: return Message(MessageOf(field), value.bytes);
    default: return Number(field, value.scalar);
  }
}

bool ProtoValueJson::Number(const ProtoField& field, uint64_t bits) {
  if (field.type == ProtoType::kBool) {
    out_ += bits != 0 ? "true" : "false";
  } else if (field.type == ProtoType::kDouble) {
    AppendFloating(std::bit_cast<double>(bits), out_);
  } else if (field.type == ProtoType::kFloat) {
    AppendFloating(std::bit_cast<float>(static_cast<uint32_t>(bits)), out_);
  } else if (IsUnsigned(field.type)) {
    const bool is_short = field.type == ProtoType::kUint32 || field.type == ProtoType::kFixed32;
    fmt::format_to(std::back_inserter(out_), "{}", is_short ? static_cast<uint32_t>(bits) : bits);
  } else {
    const int64_t value = SignedValue(field.type, bits);
    const std::string* name = nullptr;
    if (field.type == ProtoType::kEnum) {
      const ProtoEnum& values = schema_.enums()[static_cast<size_t>(field.type_index)];
      name = values.NameOf(static_cast<int32_t>(value));
    }
    if (name != nullptr) {
      AppendJsonString(*name, out_);
    } else {
      fmt::format_to(std::back_inserter(out_), "{}", value);
    }
  }
  return CheckSize();
}

bool ProtoValueJson::Text(std::string_view text) {
  if (!IsUtf8(text)) return Fail("bad_utf8", "has a string that is not valid UTF-8");
  if (text.size() > bytes_max_) return FailSize();
  AppendJsonString(text, out_);
  return CheckSize();
}

bool ProtoValueJson::Repeated(const ProtoField& field, const std::vector<WireValue>& values) {
  out_.push_back('[');
  const size_t begin = out_.size();
  for (const WireValue& value : values) {
    const bool is_packed = value.wire_type == kWireBytes && IsPackable(field.type);
    if (is_packed && value.bytes.empty()) continue;
    if (out_.size() > begin) out_.push_back(',');
    if (!(is_packed ? Packed(field, value.bytes) : Value(field, value))) return false;
  }
  out_.push_back(']');
  return CheckSize();
}

bool ProtoValueJson::Packed(const ProtoField& field, std::string_view bytes) {
  WireAt at = Begin(bytes);
  const WireAt end = at + bytes.size();
  for (bool is_first = true; at != end; is_first = false) {
    if (!is_first) out_.push_back(',');
    WireValue element;
    at = ReadWireValue(WireTypeOf(field.type), at, end, element);
    if (at == nullptr) return FailBytes();
    if (!Value(field, element)) return false;
  }
  return true;
}

bool ProtoValueJson::Entries(const ProtoField& field, const std::vector<WireValue>& values) {
  const ProtoMessage& entry = MessageOf(field);
  if (values.size() > bytes_max_ / 4) return FailSize();
  std::map<std::string, Fields> by_key;  // of a key that comes twice the last one counts
  for (const WireValue& value : values) {
    Fields members;
    if (value.wire_type != kWireBytes) return FailBytes();
    if (!Collect(entry, value.bytes, members)) return false;
    std::string key;
    const auto found = members.find(0);
    if (found != members.end()) {
      const size_t begin = out_.size();
      if (!Field(entry.fields[0], found->second)) return false;
      key = out_.substr(begin);
      out_.resize(begin);
    } else {
      const ProtoType type = entry.fields[0].type;
      key = type == ProtoType::kString ? "\"\"" : type == ProtoType::kBool ? "false" : "0";
    }
    if (!key.starts_with('"')) key = '"' + key + '"';
    by_key[std::move(key)] = std::move(members);
  }
  out_.push_back('{');
  for (bool is_first = true; const auto& [key, members] : by_key) {
    if (!std::exchange(is_first, false)) out_.push_back(',');
    out_ += key + ":";
    const auto found = members.find(1);
    if (found == members.end()) {
      out_ += "null";
    } else if (!Field(entry.fields[1], found->second)) {
      return false;
    }
  }
  out_.push_back('}');
  return CheckSize();
}

bool ProtoValueJson::Message(const ProtoMessage& message, std::string_view bytes) {
  if (depth_ == kDepthMax) return Fail("too_deep", "nests too deep for a json text");
  ++depth_;
  Fields fields;
  bool is_written = false;
  const bool ok = Collect(message, bytes, fields) &&
                  WellKnownMessage(message, fields, bytes, is_written) &&
                  (is_written || Object(message, fields));
  --depth_;
  return ok && CheckSize();
}

bool ProtoValueJson::WellKnownMessage(const ProtoMessage& message, const Fields& fields,
                                      std::string_view bytes, bool& is_written) {
  const WellKnown kind = WellKnownOf(message);
  if (kind == WellKnown::kTimestamp) {
    is_written = Timestamp(fields);
    return true;
  }
  if (kind == WellKnown::kWrapper && fields.contains(0)) {
    is_written = true;
    return Field(message.fields[0], fields.at(0));
  }
  ProtoJsonKind json = ProtoJsonKind::kValue;
  if (kind == WellKnown::kJsonStruct) json = ProtoJsonKind::kStruct;
  if (kind == WellKnown::kJsonList) json = ProtoJsonKind::kList;
  if (json == ProtoJsonKind::kValue && kind != WellKnown::kJsonValue) return true;
  is_written = true;
  switch (AppendProtoJson(json, bytes, bytes_max_, out_)) {
    case ProtoJsonError::kNone: return true;
    case ProtoJsonError::kBadUtf8: return Fail("bad_utf8", "has a string that is not valid UTF-8");
    case ProtoJsonError::kTooBig: return FailSize();
    case ProtoJsonError::kTooDeep: return Fail("too_deep", "nests too deep for a json text");
    default: return FailBytes();
  }
}

// False when it is no moment.
bool ProtoValueJson::Timestamp(const Fields& fields) {
  int64_t parts[2] = {0, 0};
  for (const auto& [place, values] : fields) {
    if (place < 2) parts[place] = static_cast<int64_t>(values.back().scalar);
  }
  int64_t nanos = 0;
  const bool fits = parts[1] >= 0 && parts[1] < kNanosPerSecond &&
                    !__builtin_mul_overflow(parts[0], kNanosPerSecond, &nanos) &&
                    !__builtin_add_overflow(nanos, parts[1], &nanos);
  if (fits) AppendJsonString(iceberg::FormatTimestamp(nanos, kNanosPerSecond) + "Z", out_);
  return fits;
}

bool ProtoValueJson::Object(const ProtoMessage& message, const Fields& fields) {
  out_.push_back('{');
  for (bool is_first = true; const auto& [place, values] : fields) {
    if (!std::exchange(is_first, false)) out_.push_back(',');
    AppendJsonString(message.fields[place].name, out_);
    out_.push_back(':');
    if (!Field(message.fields[place], values)) return false;
  }
  out_.push_back('}');
  return true;
}

bool ProtoValueJson::Collect(const ProtoMessage& message, std::string_view bytes, Fields& fields) {
  const Places& places = PlacesOf(message);
  std::map<int32_t, size_t> branches;  // of each oneof, the one that counts
  size_t count = 0;
  WireAt at = Begin(bytes);
  for (const WireAt end = at + bytes.size(); at != end;) {
    uint32_t tag = 0;
    WireValue value;
    at = ReadTag(at, end, tag);
    if (at != nullptr) at = ReadWireValue(tag, at, end, value);
    if (at == nullptr) return FailBytes();
    const auto place = places.find(tag >> kNumberShift);
    if (place == places.end()) continue;
    const ProtoField& field = message.fields[place->second];
    if (field.oneof >= 0) {
      const auto [branch, is_first] = branches.emplace(field.oneof, place->second);
      if (!is_first && branch->second != place->second) fields.erase(branch->second);
      branch->second = place->second;
    }
    std::vector<WireValue>& values = fields[place->second];
    if (!field.repeated && !IsMessage(field)) values.clear();
    values.push_back(value);
    // Each becomes text, and there is a limit to that.
    if (++count > bytes_max_ / 2) return FailSize();
  }
  return true;
}

const ProtoValueJson::Places& ProtoValueJson::PlacesOf(const ProtoMessage& message) {
  const auto [found, is_new] = places_.try_emplace(&message);
  if (is_new) {
    for (size_t i = 0; i < message.fields.size(); ++i) {
      found->second.emplace(message.fields[i].number, i);
    }
  }
  return found->second;
}

bool ProtoValueJson::CheckSize() { return out_.size() <= bytes_max_ || FailSize(); }

bool ProtoValueJson::FailSize() {
  return Fail("rescue_too_big", "has more bytes than the rescue column may hold");
}

bool ProtoValueJson::Fail(std::string_view code, std::string_view reason) {
  code_ = code;
  reason_ = reason;
  return false;
}

}  // namespace kafka_iceberg::decode
