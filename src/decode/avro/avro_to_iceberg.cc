// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_to_iceberg.h"

#include <algorithm>

#include "decode/avro/avro_type_rules.h"
#include "decode/metadata_columns.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Type;
using iceberg::TypeId;

// What a schema becomes; no type when it holds nothing.
struct Mapped {
  std::optional<Type> type;
  bool required = true;
};

Result<Mapped> Map(const AvroSchema& schema, const std::string& path);

Field MakeField(const std::string& name, Mapped mapped) {
  Field field;
  field.name = name;
  field.required = mapped.required;
  field.type = *std::move(mapped.type);
  return field;
}

Result<std::vector<Field>> RecordFields(const AvroSchema& record, const std::string& path) {
  std::vector<Field> fields;
  for (const AvroField& field : record.fields) {
    Mapped mapped = TRY(Map(field.schema, path.empty() ? field.name : path + "." + field.name));
    if (!mapped.type) continue;
    fields.push_back(MakeField(field.name, std::move(mapped)));
    fields.back().doc = field.doc;
  }
  return fields;
}

// One optional field per branch, because only one of them has a value.
Result<std::vector<Field>> BranchFields(const AvroSchema& schema, const std::string& path) {
  const std::vector<std::string> names = BranchNames(schema);
  std::vector<Field> fields;
  for (size_t i = 0; i < names.size(); ++i) {
    const AvroSchema& branch = schema.kind == AvroKind::kUnion ? schema.children[i] : schema;
    Mapped mapped = TRY(Map(branch, path.empty() ? names[i] : path + "." + names[i]));
    if (!mapped.type) continue;
    mapped.required = false;
    fields.push_back(MakeField(names[i], std::move(mapped)));
  }
  return fields;
}

Mapped StructOf(std::vector<Field> fields) {
  return fields.empty() ? Mapped() : Mapped{Type::Struct(std::move(fields)), true};
}

Result<Mapped> MapUnion(const AvroSchema& schema, const std::string& path) {
  const auto is_null = [](const AvroSchema& branch) { return branch.kind == AvroKind::kNull; };
  const auto nulls = std::count_if(schema.children.begin(), schema.children.end(), is_null);
  const auto values = static_cast<int64_t>(schema.children.size()) - nulls;
  Mapped mapped;
  if (values == 1) {
    mapped =
        TRY(Map(*std::find_if_not(schema.children.begin(), schema.children.end(), is_null), path));
  } else if (values > 1) {
    mapped = StructOf(TRY(BranchFields(schema, path)));
  }
  mapped.required = nulls == 0;
  return mapped;
}

Result<Mapped> MapContainer(const AvroSchema& schema, const std::string& path) {
  const bool is_map = schema.kind == AvroKind::kMap;
  Mapped inner = TRY(Map(schema.children[0], path + (is_map ? ".value" : ".element")));
  if (!inner.type) {
    return Error::Unsupported("field {}: {} of {} holds nothing that a column could keep", path,
                              is_map ? "a map" : "an array", ToString(schema.children[0]));
  }
  // Ids are given to the whole schema at the end.
  Type type = is_map ? Type::Map(0, Type::Primitive(TypeId::kString), 0, inner.required,
                                 *std::move(inner.type))
                     : Type::List(0, inner.required, *std::move(inner.type));
  return Mapped{std::move(type), true};
}

Type DurationType() {
  std::vector<Field> parts;
  for (const char* name : {"months", "days", "millis"}) {
    parts.push_back(MakeField(name, {Type::Primitive(TypeId::kLong), true}));
  }
  return Type::Struct(std::move(parts));
}

Result<Mapped> Map(const AvroSchema& schema, const std::string& path) {
  switch (schema.kind) {
    case AvroKind::kNull: return Mapped{std::nullopt, false};
    case AvroKind::kUnion: return MapUnion(schema, path);
    case AvroKind::kRecord: return StructOf(TRY(RecordFields(schema, path)));
    case AvroKind::kArray:
    case AvroKind::kMap: return MapContainer(schema, path);
    default: break;
  }
  const TypeId id = RuleOf(schema).column_type;
  switch (id) {
    case TypeId::kDecimal: return Mapped{Type::Decimal(schema.precision, schema.scale), true};
    case TypeId::kFixed: return Mapped{Type::Fixed(schema.size), true};
    case TypeId::kStruct: return Mapped{DurationType(), true};
    default: return Mapped{Type::Primitive(id), true};
  }
}

}  // namespace

Result<iceberg::Schema> AvroToIceberg(const AvroSchema& schema) {
  iceberg::Schema mapped;
  const bool is_record = schema.kind == AvroKind::kRecord;
  mapped.fields = TRY(is_record ? RecordFields(schema, "") : BranchFields(schema, ""));
  std::erase_if(mapped.fields,
                [](const Field& field) { return FindMetadataColumn(field.name).has_value(); });
  return iceberg::AssignFreshIds(mapped);
}

}  // namespace kafka_iceberg::decode
