// SPDX-License-Identifier: Apache-2.0
#include "decode/json_schema/json_schema_to_iceberg.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/check.h"
#include "decode/json_schema/json_schema_pointer.h"
#include "decode/metadata_columns.h"
#include "iceberg/json/json_reader.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;
using Node = nlohmann::ordered_json;

constexpr JsonSchemaMappingRow kRows[] = {
    {"boolean", "boolean", ""},
    {"integer", "long", ""},
    {"integer within 32 bits", "int", "by minimum and maximum, or their exclusive forms"},
    {"integer beyond 64 bits", "decimal(38, 0)", "by minimum or maximum"},
    {"number", "double", ""},
    {"string", "string", "any other format too"},
    {"string, date-time", "timestamptz", "with zone, as RFC 3339 demands"},
    {"string, date", "date", ""},
    {"string, uuid", "uuid", ""},
    {"string, contentEncoding base64", "binary", ""},
    {"object with properties", "struct", "other members are counted and left out"},
    {"object with additionalProperties alone", "map<string, ...>", ""},
    {"array with items", "list", ""},
    {"enum, const", "their values' type", "all strings, all integers, ...: null aside"},
    {"[T, null], oneOf or anyOf of T and null", "T, optional", "other unions are refused"},
    {"allOf of one, $ref", "what it leads to", "one that leads to itself is refused"},
};

Type TypeOf(std::string_view json_schema) {
  for (const JsonSchemaMappingRow& row : kRows) {
    if (row.json_schema == json_schema) return *iceberg::ParsePrimitiveType(row.column);
  }
  CHECK(false);  // asked for by a name of the table only
}

// No type: only null fits.
struct Mapped {
  std::optional<Type> type;
  bool nullable = false;
};

const Node* Find(const Node& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto member = object.find(name);
  return member == object.end() ? nullptr : &*member;
}

std::string TextOf(const Node& object, const char* name) {
  const Node* member = Find(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

bool IsNull(const Node& schema) { return TextOf(schema, "type") == "null"; }

class Mapper {
 public:
  Mapper(const JsonSchemaDocuments& documents, const JsonSchemaOptions& options)
      : documents_(documents), options_(options) {}

  Result<Mapped> Map(JsonSchemaPlace place, const std::string& path) {
    if (open_.size() >= static_cast<size_t>(options_.depth_max) * kStepsPerLevel)
      return Unsupported(path, "nests deeper than {} levels", options_.depth_max);
    if (std::find(open_.begin(), open_.end(), place.node) != open_.end())
      return Unsupported(path, "its schema contains itself");
    open_.push_back(place.node);
    auto mapped = MapOpen(place, path);
    open_.pop_back();
    return mapped;
  }

  Result<std::vector<Field>> Fields(const JsonSchemaPlace& place, const std::string& path) {
    const Node* required = Find(*place.node, "required");
    std::vector<Field> fields;
    for (const auto& [name, property] : Find(*place.node, "properties")->items()) {
      if (path.empty() && FindMetadataColumn(name)) continue;
      const std::string field_path = path.empty() ? name : path + "." + name;
      if (++columns_ > options_.columns_max)
        return Unsupported(field_path, "there are more than {} columns", options_.columns_max);
      Mapped mapped = TRY(Map({place.document, &property}, field_path));
      if (!mapped.type) continue;
      Field field;
      field.name = name;
      field.type = *std::move(mapped.type);
      field.required = !mapped.nullable && required != nullptr && required->is_array() &&
                       std::find(required->begin(), required->end(), name) != required->end();
      field.doc = TextOf(property, "description");
      fields.push_back(std::move(field));
    }
    return fields;
  }

 private:
  static constexpr size_t kStepsPerLevel = 4;  // a property, its union, a reference, items

  template <typename... Values>
  static Error Unsupported(const std::string& path, fmt::format_string<Values...> reason,
                           Values&&... values) {
    return Error::Unsupported(
        "{} has no column type: {}; declare the columns with "
        "[[schema.fields]]",
        path.empty() ? "the json schema" : "field " + path,
        fmt::format(reason, std::forward<Values>(values)...));
  }

  Result<Mapped> MapOpen(const JsonSchemaPlace& place, const std::string& path) {
    const Node& schema = *place.node;
    if (!schema.is_object()) return Unsupported(path, "anything fits its schema");
    if (Find(schema, "$ref") != nullptr)
      return Map(TRY(documents_.Resolve(place, TextOf(schema, "$ref"))), path);
    for (const char* name : {"oneOf", "anyOf", "allOf"}) {
      const Node* choices = Find(schema, name);
      if (choices != nullptr) return MapChoices(place, *choices, name, path);
    }
    const Node* type = Find(schema, "type");
    if (type != nullptr && type->is_array()) return MapTypes(place, *type, path);
    if (type != nullptr && !type->is_string()) return Unsupported(path, "its type is not text");
    if (type == nullptr && Find(schema, "enum") != nullptr)
      return MapValues(*Find(schema, "enum"), path);
    if (type == nullptr && Find(schema, "const") != nullptr)
      return MapValues(Node::array({*Find(schema, "const")}), path);
    return MapType(place, TextOf(schema, "type"), path);
  }

  // One choice beside null.
  Result<Mapped> MapChoices(const JsonSchemaPlace& place, const Node& choices,
                            const std::string& name, const std::string& path) {
    if (!choices.is_array()) return Unsupported(path, "its {} is no list", name);
    const Node* chosen = nullptr;
    bool nullable = false;
    for (const Node& choice : choices) {
      if (name != "allOf" && IsNull(choice)) {
        nullable = true;
      } else if (chosen != nullptr) {
        return Unsupported(path, "its {} has several choices", name);
      } else {
        chosen = &choice;
      }
    }
    if (chosen == nullptr) return Mapped{std::nullopt, true};
    Mapped mapped = TRY(Map({place.document, chosen}, path));
    mapped.nullable = mapped.nullable || nullable;
    return mapped;
  }

  Result<Mapped> MapTypes(const JsonSchemaPlace& place, const Node& types,
                          const std::string& path) {
    std::set<std::string> names;
    for (const Node& type : types) {
      if (!type.is_string()) return Unsupported(path, "its type is not text");
      names.insert(type.get<std::string>());
    }
    const bool nullable = names.erase("null") > 0;
    if (names.contains("number")) names.erase("integer");  // a part of it
    if (names.empty()) return Mapped{std::nullopt, true};
    if (names.size() > 1) return Unsupported(path, "its values are of several types");
    Mapped mapped = TRY(MapType(place, *names.begin(), path));
    mapped.nullable = mapped.nullable || nullable;
    return mapped;
  }

  static Result<Mapped> MapValues(const Node& values, const std::string& path) {
    Mapped mapped;
    for (const Node& value : values) {
      if (value.is_null()) {
        mapped.nullable = true;
        continue;
      }
      const char* name = value.is_string()           ? "string"
                         : value.is_boolean()        ? "boolean"
                         : value.is_number_integer() ? "integer"
                         : value.is_number()         ? "number"
                                                     : nullptr;
      if (name == nullptr || (mapped.type && mapped.type->id != TypeOf(name).id))
        return Unsupported(path, "its values are of several types, or structured");
      mapped.type = TypeOf(name);
    }
    if (!mapped.type) mapped.nullable = true;
    return mapped;
  }

  Result<Mapped> MapType(const JsonSchemaPlace& place, const std::string& type,
                         const std::string& path) {
    const Node& schema = *place.node;
    if (type == "null") return Mapped{std::nullopt, true};
    if (type == "boolean" || type == "number") return Mapped{TypeOf(type)};
    if (type == "integer") return Mapped{IntegerType(schema)};
    if (type == "string") return Mapped{StringType(schema)};
    if (type == "array") return MapArray(place, path);
    const bool has_properties = Find(schema, "properties") != nullptr;
    if (type == "object" || (type.empty() && has_properties)) return MapObject(place, path);
    if (type.empty()) return Unsupported(path, "its schema names no type");
    return Unsupported(path, "the type {} is unknown", Node(type).dump());
  }

  static Type StringType(const Node& schema) {
    const std::string format = TextOf(schema, "format");
    if (format == "date-time" || format == "date" || format == "uuid")
      return TypeOf("string, " + format);
    return TypeOf(TextOf(schema, "contentEncoding") == "base64" ? "string, contentEncoding base64"
                                                                : "string");
  }

  // By the bounds that the schema gives; numbers beyond 64 bits come as floating point.
  static Type IntegerType(const Node& schema) {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    for (const char* name : {"minimum", "exclusiveMinimum"}) {
      const Node* bound = Find(schema, name);
      if (bound != nullptr && bound->is_number()) low = std::max(low, bound->get<double>());
    }
    for (const char* name : {"maximum", "exclusiveMaximum"}) {
      const Node* bound = Find(schema, name);
      if (bound != nullptr && bound->is_number()) high = std::min(high, bound->get<double>());
    }
    constexpr double kInt = 2147483648.0;
    constexpr double kLong = 9223372036854775808.0;
    if (low >= -kInt && high < kInt) return TypeOf("integer within 32 bits");
    const bool is_beyond =
        (std::isfinite(low) && low < -kLong) || (std::isfinite(high) && high > kLong);
    return TypeOf(is_beyond ? "integer beyond 64 bits" : "integer");
  }

  Result<Mapped> MapArray(const JsonSchemaPlace& place, const std::string& path) {
    const Node* items = Find(*place.node, "items");
    if (items == nullptr || !items->is_object())
      return Unsupported(path, "its array has no single schema of its items");
    Mapped item = TRY(Map({place.document, items}, path + ".element"));
    if (!item.type) return Unsupported(path, "its array holds nothing but null");
    return Mapped{Type::List(0, !item.nullable, *std::move(item.type))};
  }

  Result<Mapped> MapObject(const JsonSchemaPlace& place, const std::string& path) {
    const Node* properties = Find(*place.node, "properties");
    if (properties != nullptr && properties->is_object() && !properties->empty()) {
      std::vector<Field> fields = TRY(Fields(place, path));
      if (fields.empty()) return Mapped{std::nullopt, true};
      return Mapped{Type::Struct(std::move(fields))};
    }
    const Node* others = Find(*place.node, "additionalProperties");
    if (others == nullptr || !others->is_object() || others->empty())
      return Unsupported(path, "its object has neither properties nor a schema for them");
    Mapped value = TRY(Map({place.document, others}, path + ".value"));
    if (!value.type) return Unsupported(path, "its object holds nothing but null");
    return Mapped{
        Type::Map(0, Type::Primitive(TypeId::kString), 0, !value.nullable, *std::move(value.type))};
  }

  const JsonSchemaDocuments& documents_;
  const JsonSchemaOptions& options_;
  std::vector<const Node*> open_;
  int32_t columns_ = 0;
};

}  // namespace

std::span<const JsonSchemaMappingRow> JsonSchemaMapping() { return kRows; }

Result<iceberg::Schema> JsonSchemaToIceberg(const PayloadSchema& schema,
                                            JsonSchemaOptions options) {
  const JsonSchemaDocuments documents = TRY(JsonSchemaDocuments::Parse(schema));
  Mapper mapper(documents, options);
  Mapped root = TRY(mapper.Map(documents.root(), options.column));
  if (root.type && !options.column.empty()) {
    Field field;
    field.name = options.column;
    field.type = *std::move(root.type);
    root.type = Type::Struct({std::move(field)});
  }
  if (!root.type || root.type->id != TypeId::kStruct)
    return Error::Unsupported("the json schema is not that of an object with properties");
  iceberg::Schema result;
  result.fields = root.type->fields;
  return iceberg::AssignFreshIds(result);
}

}  // namespace kafka_iceberg::decode
