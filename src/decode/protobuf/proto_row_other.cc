// SPDX-License-Identifier: Apache-2.0
//
// The types of ProtoRowReader that are rare, or whose values may not fit their column.
#include <chrono>
#include <limits>

#include "decode/protobuf/proto_json.h"
#include "decode/protobuf/proto_row_reader.h"
#include "decode/text/number_text.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Int128;
using iceberg::TypeId;

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kNanosPerMicro = 1000;
constexpr int64_t kUuidBytes = 16;
constexpr size_t kJsonBytesMax = 64 << 20;

WireAt ReadWholeNumber(const ProtoSlot& slot, WireAt at, WireAt end, Int128& out) {
  uint64_t eight_bytes = 0;
  uint32_t four_bytes = 0;
  switch (slot.wire_type) {
    case kWireFixed32: at = ReadFixed(at, end, four_bytes); break;
    case kWireFixed64: at = ReadFixed(at, end, eight_bytes); break;
    default: at = ReadVarint(at, end, eight_bytes); break;
  }
  switch (slot.type) {
    case ProtoType::kFixed32: out = four_bytes; break;
    case ProtoType::kSfixed32: out = static_cast<int32_t>(four_bytes); break;
    case ProtoType::kUint32: out = static_cast<uint32_t>(eight_bytes); break;
    case ProtoType::kInt32:
    case ProtoType::kEnum: out = static_cast<int32_t>(eight_bytes); break;
    case ProtoType::kSint32:
      out = static_cast<int32_t>(ZigZagDecode(static_cast<uint32_t>(eight_bytes)));
      break;
    case ProtoType::kSint64: out = ZigZagDecode(eight_bytes); break;
    case ProtoType::kUint64:
    case ProtoType::kFixed64: out = eight_bytes; break;
    default: out = static_cast<int64_t>(eight_bytes); break;
  }
  return at;
}

std::string DigitsOf(Int128 value) {
  // Every integer of Protobuf fits one of the two.
  return value < 0 ? std::to_string(static_cast<int64_t>(value))
                   : std::to_string(static_cast<uint64_t>(value));
}

bool FitsLong(Int128 value) {
  return value >= std::numeric_limits<int64_t>::min() &&
         value <= std::numeric_limits<int64_t>::max();
}

// From numbers in `unit` to those of a timestamp column; rounds towards the past.
Int128 ToColumnUnit(Int128 value, EpochUnit unit, bool nanos) {
  int shift = (nanos ? 3 : 2) - static_cast<int>(unit);
  for (; shift > 0; --shift) value *= 1000;
  for (; shift < 0; ++shift) value = (value - (value < 0 ? 999 : 0)) / 1000;
  return value;
}

std::string_view Explain(ProtoJsonError error) {
  switch (error) {
    case ProtoJsonError::kBadUtf8: return "is not valid UTF-8";
    case ProtoJsonError::kTooDeep: return "nests too deep for a json text";
    case ProtoJsonError::kNotFinite: return "holds a number that json has no text for";
    case ProtoJsonError::kTooBig: return "is too big for a json text";
    case ProtoJsonError::kInPieces: return "holds a value that comes in several pieces";
    default: return "is not encoded as its type";
  }
}

std::string_view CodeOf(ProtoJsonError error) {
  switch (error) {
    case ProtoJsonError::kBadUtf8: return "bad_utf8";
    case ProtoJsonError::kTooDeep: return "too_deep";
    case ProtoJsonError::kNotFinite: return "out_of_range";
    case ProtoJsonError::kTooBig: return "too_big";
    case ProtoJsonError::kInPieces: return "unsupported_encoding";
    default: return "bad_protobuf";
  }
}

}  // namespace

WireAt ProtoRowReader::ReadOther(ProtoSlot& slot, WireAt at, WireAt end) {
  if (slot.op == ProtoOp::kInteger) return ReadInteger(slot, at, end);
  if (slot.op == ProtoOp::kFloatToDouble) {
    float value = 0;
    at = ReadFixed(at, end, value);
    if (at == nullptr) return FailBytes(&slot);
    slot.target->AppendFixed(static_cast<double>(value));
    return at;
  }
  std::string_view body;
  const WireAt start = at;
  at = ReadBody(slot, at, end, body);
  if (at == nullptr) return FailBytes(&slot);
  return AppendOther(slot, body) ? at : RescueValue(slot, start, end);
}

WireAt ProtoRowReader::ReadInteger(ProtoSlot& slot, WireAt at, WireAt end) {
  Int128 value = 0;
  const WireAt start = at;
  at = ReadWholeNumber(slot, at, end, value);
  if (at == nullptr) return FailBytes(&slot);
  return AppendInteger(slot, value) ? at : RescueValue(slot, start, end);
}

bool ProtoRowReader::AppendInteger(ProtoSlot& slot, Int128 value) {
  Column& column = *slot.target;
  const Int128 original = value;
  switch (column.type().id) {
    case TypeId::kInt: {
      const auto narrow = static_cast<int32_t>(value);
      if (narrow != value) return FailRange(slot, DigitsOf(original));
      column.AppendFixed(narrow);
      return true;
    }
    case TypeId::kDecimal:
      // Before it is multiplied: Int128 has no room for more digits than the largest decimal.
      if (!FitsPrecision(value, column.type().precision - column.type().scale))
        return FailRange(slot, DigitsOf(original));
      for (int32_t i = 0; i < column.type().scale; ++i) value *= 10;
      column.AppendFixed(value);
      return true;
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz: value = ToColumnUnit(value, epoch_unit_, /*nanos=*/false); break;
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: value = ToColumnUnit(value, epoch_unit_, /*nanos=*/true); break;
    default: break;
  }
  if (!FitsLong(value)) return FailRange(slot, DigitsOf(original));
  column.AppendFixed(static_cast<int64_t>(value));
  return true;
}

bool ProtoRowReader::AppendOther(ProtoSlot& slot, std::string_view body) {
  switch (slot.op) {
    case ProtoOp::kText: {
      const TextError error = AppendText(*slot.target, body);
      return error == TextError::kNone || FailText(slot, error, body);
    }
    case ProtoOp::kFixedBytes: return AppendFixedBytes(slot, body);
    case ProtoOp::kDuration: return AppendDuration(slot, body);
    case ProtoOp::kDate: return AppendDate(slot, body);
    case ProtoOp::kTimeOfDay: return AppendTimeOfDay(slot, body);
    case ProtoOp::kPresence:
      if (!ReadNumbers(slot, body, {})) return false;
      slot.target->AppendBool(true);
      return true;
    default: return AppendJson(slot, body);
  }
}

bool ProtoRowReader::AppendFixedBytes(ProtoSlot& slot, std::string_view bytes) {
  Column& column = *slot.target;
  const int64_t width =
      column.type().id == TypeId::kUuid ? kUuidBytes : int64_t{column.type().length};
  if (static_cast<int64_t>(bytes.size()) != width)
    return FailRange(slot, fmt::format("{} bytes", bytes.size()));
  std::memcpy(column.ReserveFixedBytes(), bytes.data(), bytes.size());
  column.AppendFixedBytes();
  return true;
}

bool ProtoRowReader::AppendDuration(ProtoSlot& slot, std::string_view body) {
  int64_t parts[2] = {0, 0};
  if (!ReadNumbers(slot, body, parts)) return false;
  const int64_t nanos = static_cast<int32_t>(parts[1]);
  const int64_t micros = (nanos - (nanos < 0 ? kNanosPerMicro - 1 : 0)) / kNanosPerMicro;
  int64_t value = 0;
  const bool fits = nanos > -kNanosPerSecond && nanos < kNanosPerSecond &&
                    !__builtin_mul_overflow(parts[0], kMicrosPerSecond, &value) &&
                    !__builtin_add_overflow(value, micros, &value);
  if (!fits) return FailRange(slot, fmt::format("{} seconds and {} nanoseconds", parts[0], nanos));
  slot.target->AppendFixed(value);
  return true;
}

bool ProtoRowReader::AppendDate(ProtoSlot& slot, std::string_view body) {
  constexpr int64_t kYearMax = 9999;
  int64_t parts[3] = {0, 0, 0};
  if (!ReadNumbers(slot, body, parts)) return false;
  const auto [year, month, day] = parts;
  const bool in_range =
      year >= 1 && year <= kYearMax && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!in_range || !date.ok())
    return FailRange(slot, fmt::format("year {}, month {}, day {}", year, month, day));
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  slot.target->AppendFixed(static_cast<int32_t>(days));
  return true;
}

bool ProtoRowReader::AppendTimeOfDay(ProtoSlot& slot, std::string_view body) {
  constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
  constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
  int64_t parts[4] = {0, 0, 0, 0};
  if (!ReadNumbers(slot, body, parts)) return false;
  const auto [hours, minutes, seconds, nanos] = parts;
  const bool in_range = hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && seconds >= 0 &&
                        seconds < 60 && nanos >= 0 && nanos < kNanosPerSecond;
  if (!in_range)
    return FailRange(slot,
                     fmt::format("{}:{}:{} and {} nanoseconds", hours, minutes, seconds, nanos));
  slot.target->AppendFixed(hours * kMicrosPerHour + minutes * kMicrosPerMinute +
                           seconds * kMicrosPerSecond + nanos / kNanosPerMicro);
  return true;
}

bool ProtoRowReader::AppendJson(ProtoSlot& slot, std::string_view body) {
  scratch_.clear();
  ProtoJsonKind kind = ProtoJsonKind::kValue;
  if (slot.op == ProtoOp::kJsonStruct) kind = ProtoJsonKind::kStruct;
  if (slot.op == ProtoOp::kJsonList) kind = ProtoJsonKind::kList;
  const ProtoJsonError error = AppendProtoJson(kind, body, kJsonBytesMax, scratch_);
  if (error != ProtoJsonError::kNone)
    return Fail(CodeOf(error), slot.target, std::string(Explain(error)));
  slot.target->AppendString(scratch_);
  return true;
}

bool ProtoRowReader::ReadNumbers(const ProtoSlot& slot, std::string_view body,
                                 std::span<int64_t> numbers) {
  WireAt at = reinterpret_cast<WireAt>(body.data());
  const WireAt end = at + body.size();
  while (at != end) {
    uint32_t tag = 0;
    at = ReadTag(at, end, tag);
    if (at == nullptr) return FailBytes(&slot) != nullptr;
    const uint32_t number = tag >> 3;
    if (number <= numbers.size()) {
      uint64_t varint = 0;
      at = (tag & 7) == kWireVarint ? ReadVarint(at, end, varint) : nullptr;
      numbers[number - 1] = static_cast<int64_t>(varint);
    } else {
      ++ignored_fields_;
      at = SkipField(tag, at, end);
    }
    if (at == nullptr) return FailBytes(&slot) != nullptr;
  }
  return true;
}

}  // namespace kafka_iceberg::decode
