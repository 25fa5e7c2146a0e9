// SPDX-License-Identifier: Apache-2.0
#include "decode/schema_drift.h"

#include <algorithm>

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Schema;
using iceberg::Type;
using iceberg::TypeId;

class Extender {
 public:
  explicit Extender(PrimitiveTypes primitives) : primitives_(primitives) {}

  void Fields(std::vector<Field>& columns, const std::vector<Field>& records) {
    for (const Field& field : records) {
      const auto column = std::ranges::find(columns, field.name, &Field::name);
      if (column != columns.end()) {
        Types(column->type, field.type);
      } else {
        columns.push_back(field);
        has_new_fields_ = true;
      }
    }
  }

  bool has_new_fields() const { return has_new_fields_; }

 private:
  // Both come from schemas whose depth is limited.
  void Types(Type& column, const Type& record) {
    if (column.id == TypeId::kStruct && record.id == TypeId::kStruct) {
      Fields(column.fields, record.fields);
    } else if (column.id == TypeId::kMap && record.id == TypeId::kStruct) {
      // JSON objects are read into map columns: their members are the values.
      for (const Field& member : record.fields) Types(column.fields[1].type, member.type);
    } else if (column.id == record.id && !column.is_primitive()) {
      for (size_t i = 0; i < column.fields.size(); ++i)
        Types(column.fields[i].type, record.fields[i].type);
    } else if (primitives_ == PrimitiveTypes::kOfRecords) {
      column = record;
    }
  }

  const PrimitiveTypes primitives_;
  bool has_new_fields_ = false;
};

Field* FindMutable(std::vector<Field>& fields, int32_t id) {
  for (Field& field : fields) {
    if (field.id == id) return &field;
    if (Field* nested = FindMutable(field.type.fields, id)) return nested;
  }
  return nullptr;
}

}  // namespace

ExtendedColumns ExtendColumns(const std::vector<Field>& columns, const Schema& records,
                              PrimitiveTypes primitives) {
  ExtendedColumns extended;
  extended.schema.fields = columns;
  Extender extender(primitives);
  extender.Fields(extended.schema.fields, records.fields);
  extended.has_new_fields = extender.has_new_fields();
  return extended;
}

bool WidenDecimal(Schema& columns, std::string_view path, int32_t precision) {
  const Field* column = columns.FindField(path);
  const bool widens = column != nullptr && column->type.id == TypeId::kDecimal &&
                      column->type.precision < precision;
  if (widens) FindMutable(columns.fields, column->id)->type.precision = precision;
  return widens;
}

bool WidenColumn(Schema& columns, const Schema& records, std::string_view path) {
  const Field* column = columns.FindField(path);
  const Field* record = records.FindField(path);
  if (column == nullptr || record == nullptr) return false;
  const bool widens = (column->type.id == TypeId::kInt && record->type.id == TypeId::kLong) ||
                      (column->type.id == TypeId::kFloat && record->type.id == TypeId::kDouble);
  if (widens) FindMutable(columns.fields, column->id)->type = record->type;
  return widens;
}

}  // namespace kafka_iceberg::decode
