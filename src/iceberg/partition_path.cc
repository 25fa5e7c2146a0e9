// SPDX-License-Identifier: Apache-2.0
//
// Partition values as people read them, and the folders named after them. Readers never parse these
// paths.
#include <cmath>

#include "core/hashing.h"
#include "iceberg/partition_spec.h"
#include "iceberg/text/calendar.h"
#include "iceberg/text/value_text.h"

namespace kafka_iceberg::iceberg {
namespace {

std::string HumanDate(int64_t days) {
  const CivilDate date = CivilFromDays(days);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string HumanMonth(int64_t months) {
  const int64_t years = FloorDiv(months, 12);
  return fmt::format("{:04}-{:02}", 1970 + years, months - years * 12 + 1);
}

std::string HumanHour(int64_t hours) {
  const int64_t days = FloorDiv(hours, 24);
  return fmt::format("{}-{:02}", HumanDate(days), hours - days * 24);
}

std::string HumanLong(int64_t number, TypeId type) {
  switch (type) {
    case TypeId::kTime: return FormatTimeOfDay(number, kMicrosPerSecond);
    case TypeId::kTimestamp: return FormatTimestamp(number, kMicrosPerSecond);
    case TypeId::kTimestamptz: return FormatTimestamp(number, kMicrosPerSecond) + "+00:00";
    case TypeId::kTimestampNs: return FormatTimestamp(number, kNanosPerSecond);
    case TypeId::kTimestamptzNs: return FormatTimestamp(number, kNanosPerSecond) + "+00:00";
    default: return fmt::format("{}", number);
  }
}

template <typename Real>
std::string HumanReal(Real number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  const std::string text = fmt::format("{}", number);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string HumanText(const std::string& value, TypeId type) {
  switch (type) {
    case TypeId::kFixed:
    case TypeId::kBinary: return Base64Encode(value);
    case TypeId::kUuid: return FormatUuid(value);
    default: return value;
  }
}

std::string HumanValue(const Value& value, const Type& type) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* number = std::get_if<int32_t>(&value)) {
    return type.id == TypeId::kDate ? HumanDate(*number) : fmt::format("{}", *number);
  }
  if (const auto* number = std::get_if<int64_t>(&value)) return HumanLong(*number, type.id);
  if (const auto* number = std::get_if<float>(&value)) return HumanReal(*number);
  if (const auto* number = std::get_if<double>(&value)) return HumanReal(*number);
  if (const auto* decimal = std::get_if<DecimalValue>(&value)) {
    return FormatDecimal(decimal->unscaled, type.scale);
  }
  return HumanText(std::get<std::string>(value), type.id);
}

// Form encoding: letters, digits and . - * _ stay, a space becomes a plus sign, all else is %XX.
std::string FormEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool keep = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '*' || c == '_';
    if (keep) {
      encoded += c;
    } else if (c == ' ') {
      encoded += '+';
    } else {
      encoded += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return encoded;
}

}  // namespace

std::string ToHumanString(const Transform& transform, const Type& source,
                          const Value& transformed) {
  if (IsNull(transformed)) return "null";
  if (const auto* units = std::get_if<int32_t>(&transformed)) {
    switch (transform.kind) {
      case TransformKind::kYear: return fmt::format("{:04}", 1970 + int64_t{*units});
      case TransformKind::kMonth: return HumanMonth(*units);
      case TransformKind::kDay: return HumanDate(*units);
      case TransformKind::kHour: return HumanHour(*units);
      case TransformKind::kBucket: return fmt::format("{}", *units);
      default: break;
    }
  }
  return HumanValue(transformed, source);
}

std::string PartitionPath(const PartitionSpec& spec, const Schema& schema,
                          const PartitionTuple& tuple) {
  std::string path;
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    // The source column may have been dropped since; the value then prints as it is stored.
    const Field* source = schema.FindField(field.source_id);
    const Value value = i < tuple.size() ? tuple[i] : Value();
    if (i > 0) path += '/';
    path += FormEncode(field.name) + "=" +
            FormEncode(ToHumanString(field.transform, source ? source->type : Type(), value));
  }
  return path;
}

}  // namespace kafka_iceberg::iceberg
