// SPDX-License-Identifier: Apache-2.0
//
// Schemas and types as JSON (spec Appendix C, "Schemas").
#include <nlohmann/json.hpp>
#include <set>

#include "core/check.h"
#include "iceberg/json/metadata_json.h"
#include "iceberg/table_metadata_json.h"

namespace kafka_iceberg::iceberg {
namespace {

void WriteType(const Type& type, JsonWriter& json);
Result<Type> ReadType(const Json& json);

void WriteField(const Field& field, JsonWriter& json) {
  json.BeginObject().Key("id").Int(field.id).Key("name").String(field.name);
  json.Key("required").Bool(field.required).Key("type");
  WriteType(field.type, json);
  if (!field.doc.empty()) json.Key("doc").String(field.doc);
  if (field.initial_default) json.Key("initial-default").Raw(*field.initial_default);
  if (field.write_default) json.Key("write-default").Raw(*field.write_default);
  json.EndObject();
}

void WriteFields(const std::vector<Field>& fields, JsonWriter& json) {
  json.Key("fields").BeginArray();
  for (const Field& field : fields) WriteField(field, json);
  json.EndArray();
}

// "element", "key" or "value": the id, optionally whether it is required, and the type.
void WriteMember(const Field& field, bool with_required, JsonWriter& json) {
  json.Key(field.name + "-id").Int(field.id);
  json.Key(field.name);
  WriteType(field.type, json);
  if (with_required) json.Key(field.name + "-required").Bool(field.required);
}

void WriteType(const Type& type, JsonWriter& json) {
  if (type.is_primitive()) {
    json.String(ToString(type));
    return;
  }
  json.BeginObject().Key("type");
  switch (type.id) {
    case TypeId::kList:
      CHECK(type.fields.size() == 1);
      json.String("list");
      WriteMember(type.fields[0], true, json);
      break;
    case TypeId::kMap:
      CHECK(type.fields.size() == 2);
      json.String("map");
      WriteMember(type.fields[0], false, json);
      WriteMember(type.fields[1], true, json);
      break;
    default:
      json.String("struct");
      WriteFields(type.fields, json);
      break;
  }
  json.EndObject();
}

std::optional<std::string> ReadDefault(const Json& json, std::string_view name) {
  const Json* value = FindMember(json, name);
  return value == nullptr ? std::nullopt : std::optional(value->dump());
}

Result<Field> ReadField(const Json& json) {
  Field field;
  field.id = TRY(ReadInt(json, "id"));
  field.name = TRY(ReadString(json, "name"));
  field.required = TRY(ReadBool(json, "required"));
  const Json* type = FindMember(json, "type");
  if (type == nullptr) return Error::Corrupt("column '{}' has no type", field.name);
  field.type = TRY(ReadType(*type));
  field.doc = TRY(ReadOptionalString(json, "doc")).value_or("");
  field.initial_default = ReadDefault(json, "initial-default");
  field.write_default = ReadDefault(json, "write-default");
  return field;
}

Result<std::vector<Field>> ReadFields(const Json& json) {
  std::vector<Field> fields;
  const Json* array = TRY(ReadArray(json, "fields"));
  for (const Json& element : *array) fields.push_back(TRY(ReadField(element)));
  return fields;
}

Result<Field> ReadMember(const Json& json, const std::string& name, bool required) {
  Field field;
  field.name = name;
  field.required = required;
  field.id = TRY(ReadInt(json, name + "-id"));
  const Json* type = FindMember(json, name);
  if (type == nullptr) return Error::Corrupt("member '{}' is missing", name);
  field.type = TRY(ReadType(*type));
  return field;
}

Result<Type> ReadPrimitive(const std::string& text) {
  auto type = ParsePrimitiveType(text);
  if (!type.ok()) return Error::Unsupported("the type '{}' is not known", text.substr(0, 100));
  return type;
}

Result<Type> ReadType(const Json& json) {
  if (json.is_string()) return ReadPrimitive(json.get_ref<const std::string&>());
  Type type;
  const std::string name = TRY(ReadString(json, "type"));
  if (name == "struct") {
    type.id = TypeId::kStruct;
    type.fields = TRY(ReadFields(json));
  } else if (name == "list") {
    type.id = TypeId::kList;
    const bool required = TRY(ReadBool(json, "element-required"));
    type.fields.push_back(TRY(ReadMember(json, "element", required)));
  } else if (name == "map") {
    type.id = TypeId::kMap;
    type.fields.push_back(TRY(ReadMember(json, "key", true)));
    const bool required = TRY(ReadBool(json, "value-required"));
    type.fields.push_back(TRY(ReadMember(json, "value", required)));
  } else {
    return Error::Unsupported("the nested type '{}' is not known", name.substr(0, 100));
  }
  return type;
}

}  // namespace

void WriteSchema(const Schema& schema, JsonWriter& json) {
  json.BeginObject().Key("type").String("struct").Key("schema-id").Int(schema.schema_id);
  if (!schema.identifier_field_ids.empty()) {
    json.Key("identifier-field-ids").BeginArray();
    for (const int32_t id : schema.identifier_field_ids) json.Int(id);
    json.EndArray();
  }
  WriteFields(schema.fields, json);
  json.EndObject();
}

Result<Schema> ReadSchema(const Json& json) {
  if (TRY(ReadString(json, "type")) != "struct") return Error::Corrupt("a schema is no struct");
  Schema schema;
  // Old version-1 schemas have no id.
  schema.schema_id = TRY(ReadOptionalInt(json, "schema-id")).value_or(0);
  schema.fields = TRY(ReadFields(json));
  const Json* identifiers = TRY(ReadOptionalArray(json, "identifier-field-ids"));
  if (identifiers == nullptr) return schema;
  std::set<int64_t> ids;
  VisitFields(schema.fields, [&](const Field& field) { ids.insert(field.id); });
  for (const Json& element : *identifiers) {
    const std::optional<int64_t> id = AsInt64(element);
    if (!id || !ids.contains(*id)) {
      return Error::Corrupt("identifier-field-ids of schema {} name no column", schema.schema_id);
    }
    schema.identifier_field_ids.push_back(static_cast<int32_t>(*id));
  }
  return schema;
}

std::string SchemaToJson(const Schema& schema) {
  JsonWriter json;
  WriteSchema(schema, json);
  return json.Take();
}

Result<Schema> SchemaFromJson(std::string_view json) {
  const Json parsed = TRY(ParseJson(json, "schema"));
  return ReadSchema(parsed);
}

}  // namespace kafka_iceberg::iceberg
