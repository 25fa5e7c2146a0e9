// SPDX-License-Identifier: Apache-2.0
//
// The JSON form of Avro schemas (Avro specification, "Schema Declaration").
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "iceberg/encoding/avro_schema.h"
#include "iceberg/json/json_reader.h"

namespace kafka_iceberg::iceberg {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr size_t kTextBytesMax = 1U << 20;
constexpr int kDepthMax = 32;
// Named references are expanded, so a short text could describe a huge tree. A part costs one, and
// one more for every 64 bytes of its names.
constexpr size_t kCostMax = 10'000;

constexpr std::array<std::pair<std::string_view, AvroKind>, 14> kKindNames = {{
    {"null", AvroKind::kNull},
    {"boolean", AvroKind::kBoolean},
    {"int", AvroKind::kInt},
    {"long", AvroKind::kLong},
    {"float", AvroKind::kFloat},
    {"double", AvroKind::kDouble},
    {"bytes", AvroKind::kBytes},
    {"string", AvroKind::kString},
    {"fixed", AvroKind::kFixed},
    {"enum", AvroKind::kEnum},
    {"record", AvroKind::kRecord},
    {"array", AvroKind::kArray},
    {"map", AvroKind::kMap},
    {"union", AvroKind::kUnion},
}};

std::string_view NameOf(AvroKind kind) {
  for (const auto& [name, candidate] : kKindNames) {
    if (candidate == kind) return name;
  }
  return "";
}

bool IsSimple(AvroKind kind) { return kind <= AvroKind::kString; }

// ---- writing

OrderedJson ToJson(const AvroSchema& schema);

OrderedJson FieldToJson(const AvroField& field) {
  OrderedJson json = {{"name", field.name}, {"type", ToJson(field.schema)}};
  const bool optional = field.schema.kind == AvroKind::kUnion && !field.schema.children.empty() &&
                        field.schema.children.front().kind == AvroKind::kNull;
  if (optional || field.schema.kind == AvroKind::kNull) json["default"] = nullptr;
  if (field.field_id) json["field-id"] = *field.field_id;
  if (!field.iceberg_name.empty()) json["iceberg-field-name"] = field.iceberg_name;
  return json;
}

void AddShape(const AvroSchema& schema, OrderedJson& json) {
  switch (schema.kind) {
    case AvroKind::kRecord: {
      OrderedJson fields = OrderedJson::array();
      for (const AvroField& field : schema.fields) fields.push_back(FieldToJson(field));
      json["fields"] = std::move(fields);
      break;
    }
    case AvroKind::kFixed: json["size"] = schema.size; break;
    case AvroKind::kArray: json["items"] = ToJson(schema.children.at(0)); break;
    case AvroKind::kMap: json["values"] = ToJson(schema.children.at(0)); break;
    default: break;
  }
}

OrderedJson ToJson(const AvroSchema& schema) {
  if (schema.kind == AvroKind::kUnion) {
    OrderedJson branches = OrderedJson::array();
    for (const AvroSchema& branch : schema.children) branches.push_back(ToJson(branch));
    return branches;
  }
  if (IsSimple(schema.kind) && schema.logical_type.empty()) return NameOf(schema.kind);
  OrderedJson json = {{"type", NameOf(schema.kind)}};
  if (!schema.name.empty()) json["name"] = schema.name;
  AddShape(schema, json);
  if (!schema.logical_type.empty()) json["logicalType"] = schema.logical_type;
  if (schema.precision > 0) {
    json["precision"] = schema.precision;
    json["scale"] = schema.scale;
  }
  if (schema.adjust_to_utc) json["adjust-to-utc"] = *schema.adjust_to_utc;
  if (schema.element_id) json["element-id"] = *schema.element_id;
  if (schema.key_id) json["key-id"] = *schema.key_id;
  if (schema.value_id) json["value-id"] = *schema.value_id;
  return json;
}

// ---- reading

// Members that are absent, or not of the type, do not matter: Avro ignores properties it does not
// know.
std::string StringMember(const Json& json, std::string_view name) {
  const Json* member = FindMember(json, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

std::optional<int32_t> IntMember(const Json& json, std::string_view name) {
  const Json* member = FindMember(json, name);
  const auto value = member == nullptr ? std::nullopt : AsInt64(*member);
  if (!value || *value < INT32_MIN || *value > INT32_MAX) return std::nullopt;
  return static_cast<int32_t>(*value);
}

class Parser {
 public:
  Result<AvroSchema> Parse(const Json& json, int depth) {
    if (depth > kDepthMax) return Error::Corrupt("Avro schema is nested deeper than {}", kDepthMax);
    TRY(Spend(1));
    if (json.is_string()) return ParseName(json.get<std::string>());
    if (json.is_array()) return ParseUnion(json, depth);
    if (json.is_object()) return ParseObject(json, depth);
    return Error::Corrupt("Avro schema holds a {} where a type is expected", json.type_name());
  }

 private:
  Status Spend(size_t cost) {
    cost_ += cost;
    if (cost_ > kCostMax) return Error::Corrupt("Avro schema has more than {} parts", kCostMax);
    return {};
  }

  Result<AvroSchema> ParseName(const std::string& name) {
    for (const auto& [kind_name, kind] : kKindNames) {
      if (kind_name == name && IsSimple(kind)) return AvroSchema::Of(kind);
    }
    const auto found = named_.find(name);
    // A type that is still being defined is not there yet: that is how recursion is refused.
    if (found == named_.end())
      return Error::Corrupt("Avro schema names the unknown or recursive type '{}'", name);
    TRY(Spend(found->second.cost));
    return found->second.schema;
  }

  Result<AvroSchema> ParseUnion(const Json& json, int depth) {
    AvroSchema schema = AvroSchema::Of(AvroKind::kUnion);
    for (const Json& branch : json) {
      schema.children.push_back(TRY(Parse(branch, depth + 1)));
      if (schema.children.back().kind == AvroKind::kUnion) {
        return Error::Corrupt("Avro schema has a union inside a union");
      }
    }
    if (schema.children.empty()) return Error::Corrupt("Avro schema has an empty union");
    return schema;
  }

  Result<AvroSchema> ParseObject(const Json& json, int depth) {
    const auto type = json.find("type");
    if (type == json.end()) return Error::Corrupt("Avro schema holds an object without a type");
    // {"type": {"type": "int", ...}} and {"type": ["null", ...]} only wrap.
    if (!type->is_string()) return Parse(*type, depth + 1);
    const auto name = type->get<std::string>();
    const auto* kind = std::find_if(kKindNames.begin(), kKindNames.end(),
                                    [&](const auto& entry) { return entry.first == name; });
    if (kind == kKindNames.end() || kind->second == AvroKind::kUnion) return ParseName(name);
    AvroSchema schema = AvroSchema::Of(kind->second);
    const size_t cost_before = cost_;
    schema.name = StringMember(json, "name");
    schema.logical_type = StringMember(json, "logicalType");
    TRY(Spend((schema.name.size() + schema.logical_type.size()) / 64));
    schema.precision = IntMember(json, "precision").value_or(0);
    schema.scale = IntMember(json, "scale").value_or(0);
    schema.element_id = IntMember(json, "element-id");
    schema.key_id = IntMember(json, "key-id");
    schema.value_id = IntMember(json, "value-id");
    const auto adjust = json.find("adjust-to-utc");
    if (adjust != json.end() && adjust->is_boolean()) schema.adjust_to_utc = adjust->get<bool>();
    TRY(ParseShape(json, depth, schema));
    Remember(json, schema, cost_ - cost_before + 1);
    return schema;
  }

  Status ParseShape(const Json& json, int depth, AvroSchema& schema) {
    switch (schema.kind) {
      case AvroKind::kRecord: return ParseFields(json, depth, schema);
      case AvroKind::kFixed: return ParseFixed(json, schema);
      case AvroKind::kEnum: {
        const auto symbols = json.find("symbols");
        if (symbols == json.end() || !symbols->is_array()) {
          return Error::Corrupt("Avro enum '{}' has no symbols", schema.name);
        }
        schema.size = static_cast<int32_t>(symbols->size());
        return {};
      }
      case AvroKind::kArray: return ParseChild(json, "items", depth, schema);
      case AvroKind::kMap: return ParseChild(json, "values", depth, schema);
      default: return {};
    }
  }

  static Status ParseFixed(const Json& json, AvroSchema& schema) {
    const auto size = IntMember(json, "size");
    if (!size || *size < 0) return Error::Corrupt("Avro fixed '{}' has no legal size", schema.name);
    schema.size = *size;
    return {};
  }

  Status ParseChild(const Json& json, const char* member, int depth, AvroSchema& schema) {
    const auto child = json.find(member);
    if (child == json.end())
      return Error::Corrupt("Avro {} has no {}", NameOf(schema.kind), member);
    schema.children.push_back(TRY(Parse(*child, depth + 1)));
    return {};
  }

  Status ParseFields(const Json& json, int depth, AvroSchema& schema) {
    const auto fields = json.find("fields");
    if (fields == json.end() || !fields->is_array()) {
      return Error::Corrupt("Avro record '{}' has no fields", schema.name);
    }
    for (const Json& entry : *fields) {
      if (!entry.is_object() || !entry.contains("type")) {
        return Error::Corrupt("Avro record '{}' has a field without a type", schema.name);
      }
      AvroField field;
      field.name = StringMember(entry, "name");
      field.field_id = IntMember(entry, "field-id");
      field.iceberg_name = StringMember(entry, "iceberg-field-name");
      TRY(Spend((field.name.size() + field.iceberg_name.size()) / 64));
      field.schema = TRY(Parse(entry["type"], depth + 1));
      schema.fields.push_back(std::move(field));
    }
    return {};
  }

  // Later definitions win: some writers define the same name again instead of referring to it.
  void Remember(const Json& json, const AvroSchema& schema, size_t cost) {
    if (schema.name.empty() || IsSimple(schema.kind)) return;
    named_.insert_or_assign(schema.name, Named{schema, cost});
    const std::string space = StringMember(json, "namespace");
    if (!space.empty()) named_.insert_or_assign(space + "." + schema.name, Named{schema, cost});
  }

  struct Named {
    AvroSchema schema;
    size_t cost;
  };
  std::map<std::string, Named> named_;
  size_t cost_ = 0;
};

}  // namespace

std::string AvroSchemaToJson(const AvroSchema& schema) {
  return ToJson(schema).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

Result<AvroSchema> AvroSchemaFromJson(std::string_view text) {
  if (text.size() > kTextBytesMax)
    return Error::Corrupt("Avro schema text has {} bytes", text.size());
  const Json json = TRY(ParseJson(text, "Avro schema"));
  return Parser().Parse(json, 0);
}

}  // namespace kafka_iceberg::iceberg
