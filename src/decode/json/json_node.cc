// SPDX-License-Identifier: Apache-2.0
#include "decode/json/json_node.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::TypeId;

std::unique_ptr<KeyTable> KeysOf(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const Field& field : fields) names.push_back(field.name);
  return std::make_unique<KeyTable>(std::move(names));
}

}  // namespace

Result<JsonNode> MakeJsonNode(const Field& field, Column& column) {
  JsonNode node;
  node.column = &column;
  node.kind = field.type.id;
  node.required = field.required;
  if (field.write_default && field.type.is_primitive()) {
    auto value = iceberg::FromJsonText(*field.write_default, field.type);
    if (!value.ok()) return value.error().WithContext("write-default of column " + column.path());
    if (!iceberg::IsNull(*value)) node.absent_default = std::move(value).value();
  }
  if (node.kind == TypeId::kMap && !field.type.fields[0].type.is_primitive()) {
    return Error::Unsupported("column {}: a json object cannot have keys of type {}", column.path(),
                              iceberg::ToString(field.type.fields[0].type));
  }
  if (node.kind == TypeId::kStruct) node.keys = KeysOf(field.type.fields);
  node.children.reserve(field.type.fields.size());
  for (size_t i = 0; i < field.type.fields.size(); ++i) {
    node.children.push_back(TRY(MakeJsonNode(field.type.fields[i], *column.children()[i])));
  }
  return node;
}

Result<JsonNode> MakeJsonRoot(const std::vector<Field>& fields,
                              const std::vector<Column*>& columns) {
  JsonNode root;
  root.keys = KeysOf(fields);
  root.children.reserve(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    root.children.push_back(TRY(MakeJsonNode(fields[i], *columns[i])));
  }
  return root;
}

}  // namespace kafka_iceberg::decode
