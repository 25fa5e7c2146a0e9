// SPDX-License-Identifier: Apache-2.0
//
// JSON single values (spec Appendix D): column defaults, and what people read in messages.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/hashing.h"
#include "iceberg/json/json_reader.h"
#include "iceberg/json/json_writer.h"
#include "iceberg/text/calendar.h"
#include "iceberg/text/value_text.h"
#include "iceberg/value.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr std::string_view kUtcOffset = "+00:00";

int64_t UnitsPerSecond(const Type& type) {
  const bool nanos = type.id == TypeId::kTimestampNs || type.id == TypeId::kTimestamptzNs;
  return nanos ? kNanosPerSecond : kMicrosPerSecond;
}

std::string LongText(int64_t number, const Type& type) {
  switch (type.id) {
    case TypeId::kTime: return QuoteJson(FormatTimeOfDay(number, kMicrosPerSecond));
    case TypeId::kTimestamp:
    case TypeId::kTimestampNs: return QuoteJson(FormatTimestamp(number, UnitsPerSecond(type)));
    case TypeId::kTimestamptz:
    case TypeId::kTimestamptzNs:
      return QuoteJson(FormatTimestamp(number, UnitsPerSecond(type)) + std::string(kUtcOffset));
    default: return fmt::format("{}", number);
  }
}

// The shortest text that reads back as the same number; JSON has none for infinities and NaN.
template <typename Real>
std::string RealText(Real number) {
  if (!std::isfinite(number)) return "null";
  return fmt::format("{}", number);
}

std::string StringText(const std::string& value, const Type& type) {
  switch (type.id) {
    case TypeId::kUuid: return QuoteJson(FormatUuid(value));
    case TypeId::kFixed:
    case TypeId::kBinary: return QuoteJson(ToHex(value));
    default: return QuoteJson(value);
  }
}

Error NotA(const Type& type, std::string_view json) {
  return Error::Invalid("{} is not a value of type {}", json.substr(0, 100), ToString(type));
}

template <typename T>
std::optional<Value> AsValue(std::optional<T> parsed) {
  return parsed ? std::optional(Value(*std::move(parsed))) : std::nullopt;
}

std::optional<Value> DateValue(std::string_view text) {
  const std::optional<int64_t> days = ParseDate(text);
  if (!days || *days != static_cast<int32_t>(*days)) return std::nullopt;
  return Value(static_cast<int32_t>(*days));
}

// Only UTC may be written, as "+00:00" or "Z".
std::optional<Value> TimestamptzValue(std::string_view text, const Type& type) {
  if (text.ends_with(kUtcOffset)) {
    text.remove_suffix(kUtcOffset.size());
  } else if (text.ends_with('Z')) {
    text.remove_suffix(1);
  } else {
    return std::nullopt;
  }
  return AsValue(ParseTimestamp(text, UnitsPerSecond(type)));
}

std::optional<Value> FixedValue(std::string_view text, const Type& type) {
  std::optional<std::string> bytes = ParseHex(text);
  if (bytes && bytes->size() != static_cast<size_t>(type.length)) return std::nullopt;
  return AsValue(std::move(bytes));
}

std::optional<Value> FromText(const std::string& text, const Type& type) {
  switch (type.id) {
    case TypeId::kString: return Value(text);
    case TypeId::kDate: return DateValue(text);
    case TypeId::kTime: return AsValue(ParseTimeOfDay(text, kMicrosPerSecond));
    case TypeId::kTimestamp:
    case TypeId::kTimestampNs: return AsValue(ParseTimestamp(text, UnitsPerSecond(type)));
    case TypeId::kTimestamptz:
    case TypeId::kTimestamptzNs: return TimestamptzValue(text, type);
    case TypeId::kUuid: return AsValue(ParseUuid(text));
    case TypeId::kFixed: return FixedValue(text, type);
    case TypeId::kBinary: return AsValue(ParseHex(text));
    case TypeId::kDecimal: return AsValue(ParseDecimal(text, type.precision, type.scale));
    default: return std::nullopt;
  }
}

std::optional<Value> FromNumber(const Json& json, const Type& type) {
  if (type.id == TypeId::kFloat) {
    const auto number = json.get<double>();
    if (std::abs(number) > std::numeric_limits<float>::max()) return std::nullopt;
    return Value(static_cast<float>(number));
  }
  if (type.id == TypeId::kDouble) return Value(json.get<double>());
  const std::optional<int64_t> number = AsInt64(json);
  if (!number) return std::nullopt;
  if (type.id == TypeId::kLong) return Value(*number);
  if (type.id != TypeId::kInt || *number != static_cast<int32_t>(*number)) return std::nullopt;
  return Value(static_cast<int32_t>(*number));
}

}  // namespace

std::string ToJsonText(const Value& value, const Type& type) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* number = std::get_if<int32_t>(&value)) {
    if (type.id == TypeId::kDate) return QuoteJson(FormatDate(*number));
    return fmt::format("{}", *number);
  }
  if (const auto* number = std::get_if<int64_t>(&value)) return LongText(*number, type);
  if (const auto* number = std::get_if<float>(&value)) return RealText(*number);
  if (const auto* number = std::get_if<double>(&value)) return RealText(*number);
  if (const auto* decimal = std::get_if<DecimalValue>(&value)) {
    return QuoteJson(FormatDecimal(decimal->unscaled, type.scale));
  }
  if (const auto* text = std::get_if<std::string>(&value)) return StringText(*text, type);
  return "null";
}

Result<Value> FromJsonText(std::string_view json, const Type& type) {
  const Json parsed = TRY(ParseJson(json, "value"));
  if (parsed.is_null()) return Value();
  std::optional<Value> value;
  if (parsed.is_boolean() && type.id == TypeId::kBoolean) value = Value(parsed.get<bool>());
  if (parsed.is_number()) value = FromNumber(parsed, type);
  if (parsed.is_string()) value = FromText(parsed.get_ref<const std::string&>(), type);
  if (!value) return NotA(type, json);
  return *std::move(value);
}

}  // namespace kafka_iceberg::iceberg
