// SPDX-License-Identifier: Apache-2.0
#include "buffer/literal.h"

#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace kafka_iceberg::buffer {
namespace {

using iceberg::Type;
using iceberg::TypeId;

Error NotA(std::string_view text, const arrow::DataType& type) {
  return Error::Invalid("`{}` is not a value of type {}", text.substr(0, 100), type.ToString());
}

template <typename T>
Result<Literal> ParseInteger(std::string_view text, const arrow::DataType& type) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return NotA(text, type);
  return Literal(static_cast<int64_t>(value));
}

// Parsed in the column's own precision: 0.1 is to find the float 0.1f.
template <typename T>
Result<Literal> ParseFloating(std::string_view text, const arrow::DataType& type) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return NotA(text, type);
  return Literal(static_cast<double>(value));
}

// The Iceberg type whose JSON form we reuse; nothing for types that are handled here or not at all.
std::optional<Type> JsonType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DATE32: return Type::Primitive(TypeId::kDate);
    case arrow::Type::TIME64: return Type::Primitive(TypeId::kTime);
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      const bool zoned = !timestamp.timezone().empty();
      if (timestamp.unit() == arrow::TimeUnit::NANO) {
        return Type::Primitive(zoned ? TypeId::kTimestamptzNs : TypeId::kTimestampNs);
      }
      if (timestamp.unit() != arrow::TimeUnit::MICRO) return std::nullopt;
      return Type::Primitive(zoned ? TypeId::kTimestamptz : TypeId::kTimestamp);
    }
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return Type::Decimal(decimal.precision(), decimal.scale());
    }
    case arrow::Type::EXTENSION: return Type::Primitive(TypeId::kUuid);
    case arrow::Type::FIXED_SIZE_BINARY: return Type::Fixed(type.byte_width());
    case arrow::Type::BINARY: return Type::Primitive(TypeId::kBinary);
    default: return std::nullopt;
  }
}

// People leave out what is clear: "2026-01-08", "2026-01-08 14:30:00", "...Z". The JSON form wants
// it all.
std::string CompleteTimestamp(std::string_view text, bool zoned) {
  constexpr size_t kDateLength = 10;
  std::string full(text);
  if (full.size() == kDateLength) full += "T00:00:00";
  if (full.size() > kDateLength && full[kDateLength] == ' ') full[kDateLength] = 'T';
  if (!zoned || full.size() <= kDateLength) return full;
  if (full.back() == 'Z' || full.back() == 'z') full.pop_back();
  if (full.find_first_of("+-", kDateLength) == std::string::npos) full += "+00:00";
  return full;
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) return false;
  }
  return true;
}

Result<Literal> ParseJsonForm(std::string_view text, const Type& type,
                              const arrow::DataType& arrow_type) {
  std::string full(text);
  if (type.id == TypeId::kTimestamp || type.id == TypeId::kTimestampNs) {
    full = CompleteTimestamp(text, /*zoned=*/false);
  } else if (type.id == TypeId::kTimestamptz || type.id == TypeId::kTimestamptzNs) {
    full = CompleteTimestamp(text, /*zoned=*/true);
  }
  if (!IsPlain(full)) return NotA(text, arrow_type);
  auto parsed = iceberg::FromJsonText(fmt::format("\"{}\"", full), type);
  if (!parsed.ok()) return NotA(text, arrow_type);
  if (const auto* value = std::get_if<int32_t>(&*parsed)) return Literal(int64_t{*value});
  if (const auto* value = std::get_if<int64_t>(&*parsed)) return Literal(*value);
  if (const auto* value = std::get_if<iceberg::DecimalValue>(&*parsed))
    return Literal(value->unscaled);
  if (auto* value = std::get_if<std::string>(&*parsed)) return Literal(std::move(*value));
  return NotA(text, arrow_type);
}

}  // namespace

Result<Literal> ParseLiteral(std::string_view text, const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      if (text == "true") return Literal(true);
      if (text == "false") return Literal(false);
      return NotA(text, type);
    case arrow::Type::INT32: return ParseInteger<int32_t>(text, type);
    case arrow::Type::INT64: return ParseInteger<int64_t>(text, type);
    case arrow::Type::FLOAT: return ParseFloating<float>(text, type);
    case arrow::Type::DOUBLE: return ParseFloating<double>(text, type);
    case arrow::Type::STRING: return Literal(std::string(text));
    default: break;
  }
  const std::optional<Type> json_type = JsonType(type);
  if (!json_type) return Error::Invalid("a column of type {} cannot be compared", type.ToString());
  return ParseJsonForm(text, *json_type, type);
}

}  // namespace kafka_iceberg::buffer
