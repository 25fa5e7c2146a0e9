// SPDX-License-Identifier: Apache-2.0
#include "iceberg/type.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>

namespace kafka_iceberg::iceberg {
namespace {

constexpr int32_t kDecimalPrecisionMax = 38;

// Types whose name is the whole text. Decimal, fixed, geometry and geography carry parameters.
constexpr std::array<std::pair<std::string_view, TypeId>, 16> kPlainNames = {{
    {"boolean", TypeId::kBoolean},
    {"int", TypeId::kInt},
    {"long", TypeId::kLong},
    {"float", TypeId::kFloat},
    {"double", TypeId::kDouble},
    {"date", TypeId::kDate},
    {"time", TypeId::kTime},
    {"timestamp", TypeId::kTimestamp},
    {"timestamptz", TypeId::kTimestamptz},
    {"timestamp_ns", TypeId::kTimestampNs},
    {"timestamptz_ns", TypeId::kTimestamptzNs},
    {"string", TypeId::kString},
    {"uuid", TypeId::kUuid},
    {"binary", TypeId::kBinary},
    {"unknown", TypeId::kUnknown},
    {"variant", TypeId::kVariant},
}};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::optional<int32_t> ParseNumber(std::string_view text) {
  text = Trim(text);
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// The text between `open` and `close` when `text` is "name" + open + ... + close.
std::optional<std::string_view> Arguments(std::string_view text, std::string_view name, char open,
                                          char close) {
  if (!text.starts_with(name)) return std::nullopt;
  text = Trim(text.substr(name.size()));
  if (text.size() < 2 || text.front() != open || text.back() != close) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

std::optional<Type> ParseDecimal(std::string_view arguments) {
  const size_t comma = arguments.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::optional<int32_t> precision = ParseNumber(arguments.substr(0, comma));
  const std::optional<int32_t> scale = ParseNumber(arguments.substr(comma + 1));
  if (!precision || !scale || *precision < 1 || *precision > kDecimalPrecisionMax ||
      *scale > *precision) {
    return std::nullopt;
  }
  return Type::Decimal(*precision, *scale);
}

std::optional<Type> ParseWithParameters(std::string_view text, std::string_view lower) {
  if (auto arguments = Arguments(lower, "decimal", '(', ')')) return ParseDecimal(*arguments);
  if (auto arguments = Arguments(lower, "fixed", '[', ']')) {
    const std::optional<int32_t> length = ParseNumber(*arguments);
    return length && *length > 0 ? std::optional(Type::Fixed(*length)) : std::nullopt;
  }
  for (const auto& [name, id] : {std::pair<std::string_view, TypeId>{"geometry", TypeId::kGeometry},
                                 {"geography", TypeId::kGeography}}) {
    Type type = Type::Primitive(id);
    if (lower == name) return type;
    if (!Arguments(lower, name, '(', ')')) continue;
    // The parameters keep their case: they name a coordinate reference system.
    const size_t open = text.find('(');
    type.parameters = Trim(text.substr(open + 1, text.size() - open - 2));
    return type;
  }
  return std::nullopt;
}

// "struct<a: int, b: string>", "list<int>", "map<string, int>"
std::string NestedToString(std::string_view name, const Type& type) {
  std::string text = std::string(name) + "<";
  for (const Field& field : type.fields) {
    if (&field != &type.fields.front()) text += ", ";
    if (type.id == TypeId::kStruct) text += field.name + ": ";
    text += ToString(field.type);
  }
  return text + ">";
}

}  // namespace

// Not defaulted: Clang 19 does not survive the circle through the vector of fields.
bool operator==(const Type& left, const Type& right) {
  const auto members = [](const Type& type) {
    return std::tie(type.id, type.precision, type.scale, type.length, type.parameters, type.fields);
  };
  return members(left) == members(right);
}

Type Type::Primitive(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

Type Type::Decimal(int32_t precision, int32_t scale) {
  Type type = Primitive(TypeId::kDecimal);
  type.precision = precision;
  type.scale = scale;
  return type;
}

Type Type::Fixed(int32_t length) {
  Type type = Primitive(TypeId::kFixed);
  type.length = length;
  return type;
}

Type Type::Struct(std::vector<Field> fields) {
  Type type = Primitive(TypeId::kStruct);
  type.fields = std::move(fields);
  return type;
}

Type Type::List(int32_t element_id, bool element_required, Type element) {
  Type type = Primitive(TypeId::kList);
  type.fields.push_back({element_id, "element", element_required, std::move(element), {}, {}, {}});
  return type;
}

Type Type::Map(int32_t key_id, Type key, int32_t value_id, bool value_required, Type value) {
  Type type = Primitive(TypeId::kMap);
  type.fields.push_back({key_id, "key", true, std::move(key), {}, {}, {}});
  type.fields.push_back({value_id, "value", value_required, std::move(value), {}, {}, {}});
  return type;
}

std::string ToString(const Type& type) {
  switch (type.id) {
    case TypeId::kDecimal: return fmt::format("decimal({}, {})", type.precision, type.scale);
    case TypeId::kFixed: return fmt::format("fixed[{}]", type.length);
    case TypeId::kStruct: return NestedToString("struct", type);
    case TypeId::kList: return NestedToString("list", type);
    case TypeId::kMap: return NestedToString("map", type);
    case TypeId::kGeometry:
    case TypeId::kGeography: {
      const std::string_view name = type.id == TypeId::kGeometry ? "geometry" : "geography";
      return type.parameters.empty() ? std::string(name)
                                     : fmt::format("{}({})", name, type.parameters);
    }
    default: break;
  }
  for (const auto& [name, id] : kPlainNames) {
    if (id == type.id) return std::string(name);
  }
  return "unknown";
}

Result<Type> ParsePrimitiveType(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  const std::string lower = LowerAscii(trimmed);
  for (const auto& [name, id] : kPlainNames) {
    if (lower == name) return Type::Primitive(id);
  }
  if (std::optional<Type> type = ParseWithParameters(trimmed, lower)) return *std::move(type);
  return Error::Invalid(
      "'{}' is not a primitive type (boolean, int, long, float, double, decimal(P, S), date, time, "
      "timestamp, timestamptz, string, uuid, fixed[L], binary)",
      text.substr(0, 100));
}

}  // namespace kafka_iceberg::iceberg
