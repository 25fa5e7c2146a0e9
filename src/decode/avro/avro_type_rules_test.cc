// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_type_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "decode/avro/avro_program.h"
#include "decode/avro/fake_avro_rows.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Type;
using iceberg::TypeId;

// A schema of the rule's row; sizes that suit every rule.
AvroSchema SchemaOf(const AvroTypeRule& rule) {
  AvroSchema schema;
  schema.kind = rule.kind;
  schema.logical = rule.logical;
  schema.size = rule.logical == AvroLogical::kDuration ? 12 : 16;
  schema.precision = 9;
  schema.scale = 2;
  if (rule.kind == AvroKind::kEnum) schema.symbols = {"A"};
  AvroSchema inner;
  inner.kind = AvroKind::kInt;
  if (rule.kind == AvroKind::kRecord) schema.fields.push_back({"a", {}, "", {}, inner});
  if (rule.kind == AvroKind::kArray || rule.kind == AvroKind::kMap) schema.children = {inner};
  return schema;
}

std::vector<Type> AllTypes(const AvroSchema& schema) {
  std::vector<Type> types = {Type::Decimal(9, 2), Type::Fixed(schema.size)};
  for (const TypeId id : {TypeId::kBoolean, TypeId::kInt, TypeId::kLong, TypeId::kFloat,
                          TypeId::kDouble, TypeId::kDate, TypeId::kTime, TypeId::kTimestamp,
                          TypeId::kTimestamptz, TypeId::kTimestampNs, TypeId::kTimestamptzNs,
                          TypeId::kString, TypeId::kUuid, TypeId::kBinary}) {
    types.push_back(Type::Primitive(id));
  }
  return types;
}

bool Takes(const AvroSchema& schema, const Type& type) {
  iceberg::Field field;
  field.name = "v";
  field.type = type;
  Column column(field, "v");
  AvroSchema record;
  record.kind = AvroKind::kRecord;
  record.fields.push_back({"v", {}, "", {}, schema});
  return !CompileAvro(record, {field}, {&column}).failure.has_value();
}

bool IsPlain(const AvroTypeRule& rule) {
  return rule.kind != AvroKind::kUnion && rule.kind != AvroKind::kNull;
}

TEST(AvroTypeRules, ColumnsAreMadeAsTheTableSays) {
  for (const AvroTypeRule& rule : AvroTypeRules()) {
    if (!IsPlain(rule)) continue;
    SCOPED_TRACE(rule.avro);
    AvroSchema record;
    record.kind = AvroKind::kRecord;
    record.fields.push_back({"v", {}, "", {}, SchemaOf(rule)});
    const auto schema = AvroToIceberg(record);
    ASSERT_TRUE(schema.ok());
    EXPECT_EQ(schema->fields[0].type.id, rule.column_type);
    EXPECT_TRUE(iceberg::ValidateSchema(*schema, std::max(rule.format_version, 2)).ok());
    EXPECT_EQ(rule.format_version > 2, !iceberg::ValidateSchema(*schema, 2).ok());
    // The text is the type, but for its parameters.
    const std::string text = iceberg::ToString(schema->fields[0].type);
    const size_t bare = std::min({text.find('<'), text.find('('), text.find('['), text.size()});
    EXPECT_EQ(text.substr(0, bare), rule.column.substr(0, bare));
    EXPECT_TRUE(Takes(SchemaOf(rule), schema->fields[0].type));
  }
}

TEST(AvroTypeRules, ColumnsTakeWhatTheTableSaysAndNothingElse) {
  for (const AvroTypeRule& rule : AvroTypeRules()) {
    if (!IsPlain(rule)) continue;
    const AvroSchema schema = SchemaOf(rule);
    for (const Type& type : AllTypes(schema)) {
      SCOPED_TRACE(std::string(rule.avro) + " into " + iceberg::ToString(type));
      const bool listed = type.id == rule.column_type || rule.also.Has(type.id);
      // The bytes of a decimal that is not a fixed have no length.
      const bool impossible = rule.logical == AvroLogical::kDecimal && type.id == TypeId::kFixed;
      EXPECT_EQ(Takes(schema, type), listed && !impossible);
    }
  }
}

TEST(AvroTypeRules, DecimalsMayGrowAtTheSameScale) {
  AvroSchema schema;
  schema.kind = AvroKind::kBytes;
  schema.logical = AvroLogical::kDecimal;
  schema.precision = 9;
  schema.scale = 2;
  EXPECT_TRUE(Takes(schema, Type::Decimal(10, 2)));
  EXPECT_FALSE(Takes(schema, Type::Decimal(8, 2)));
  EXPECT_FALSE(Takes(schema, Type::Decimal(12, 3)));
  schema.kind = AvroKind::kFixed;
  schema.size = 5;
  EXPECT_TRUE(Takes(schema, Type::Fixed(5)));
  EXPECT_FALSE(Takes(schema, Type::Fixed(6)));
  EXPECT_TRUE(Takes(schema, Type::Primitive(TypeId::kBinary)));
}

}  // namespace
}  // namespace kafka_iceberg::decode
