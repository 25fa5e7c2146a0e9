// SPDX-License-Identifier: Apache-2.0
#include "decode/arrow_schema.h"

#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Schema;
using iceberg::Type;
using iceberg::TypeId;
using ::testing::HasSubstr;

Field Make(int32_t id, std::string name, Type type, bool required = false) {
  Field field;
  field.id = id;
  field.name = std::move(name);
  field.required = required;
  field.type = std::move(type);
  return field;
}

std::shared_ptr<arrow::DataType> TypeOf(Type type) {
  auto field = ToArrowField(Make(1, "v", std::move(type)));
  EXPECT_TRUE(field.ok()) << field.error().message();
  return (*field)->type();
}

TEST(ArrowSchema, MapsEveryPrimitive) {
  const std::pair<TypeId, std::shared_ptr<arrow::DataType>> expected[] = {
      {TypeId::kBoolean, arrow::boolean()},
      {TypeId::kInt, arrow::int32()},
      {TypeId::kLong, arrow::int64()},
      {TypeId::kFloat, arrow::float32()},
      {TypeId::kDouble, arrow::float64()},
      {TypeId::kDate, arrow::date32()},
      {TypeId::kTime, arrow::time64(arrow::TimeUnit::MICRO)},
      {TypeId::kTimestamp, arrow::timestamp(arrow::TimeUnit::MICRO)},
      {TypeId::kTimestamptz, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {TypeId::kTimestampNs, arrow::timestamp(arrow::TimeUnit::NANO)},
      {TypeId::kTimestamptzNs, arrow::timestamp(arrow::TimeUnit::NANO, "UTC")},
      {TypeId::kString, arrow::utf8()},
      {TypeId::kBinary, arrow::binary()},
      {TypeId::kUnknown, arrow::null()},
      {TypeId::kUuid, arrow::extension::uuid()},
  };
  for (const auto& [id, type] : expected)
    EXPECT_TRUE(TypeOf(Type::Primitive(id))->Equals(type)) << type->ToString();
  EXPECT_TRUE(TypeOf(Type::Decimal(9, 2))->Equals(arrow::decimal128(9, 2)));
  EXPECT_TRUE(TypeOf(Type::Fixed(7))->Equals(arrow::fixed_size_binary(7)));
}

TEST(ArrowSchema, CarriesIdsAtEveryDepth) {
  Schema schema;
  schema.fields.push_back(Make(1, "a", Type::Primitive(TypeId::kLong), true));
  schema.fields.push_back(Make(
      2, "m",
      Type::Map(3, Type::Primitive(TypeId::kString), 4, false,
                Type::List(5, true,
                           Type::Struct({Make(6, "x", Type::Primitive(TypeId::kDate), true)})))));
  const auto arrow_schema = ToArrowSchema(schema);
  ASSERT_TRUE(arrow_schema.ok());
  const arrow::Schema& result = **arrow_schema;
  EXPECT_EQ(FieldId(*result.field(0)), 1);
  EXPECT_FALSE(result.field(0)->nullable());
  EXPECT_EQ(FieldId(*result.field(1)), 2);
  EXPECT_TRUE(result.field(1)->nullable());
  const auto& map = static_cast<const arrow::MapType&>(*result.field(1)->type());
  EXPECT_EQ(FieldId(*map.key_field()), 3);
  EXPECT_FALSE(map.key_field()->nullable());
  EXPECT_EQ(FieldId(*map.item_field()), 4);
  const auto element = map.item_type()->field(0);
  EXPECT_EQ(element->name(), "element");
  EXPECT_EQ(FieldId(*element), 5);
  EXPECT_FALSE(element->nullable());
  EXPECT_EQ(FieldId(*element->type()->field(0)), 6);
}

TEST(ArrowSchema, RefusesWhatCannotBeWrittenAndNamesThePath) {
  for (const TypeId id : {TypeId::kVariant, TypeId::kGeometry, TypeId::kGeography}) {
    Schema schema;
    schema.fields.push_back(Make(1, "s", Type::Struct({Make(2, "v", Type::Primitive(id))})));
    const auto result = ToArrowSchema(schema);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), ErrorCode::kUnsupported);
    EXPECT_THAT(result.error().message(), HasSubstr("column s: v: "));
  }
  EXPECT_FALSE(ToArrowField(Make(1, "d", Type::Decimal(39, 0))).ok());
  EXPECT_FALSE(ToArrowField(Make(1, "d", Type::Decimal(2, 3))).ok());
  EXPECT_FALSE(ToArrowField(Make(1, "f", Type::Fixed(0))).ok());
}

TEST(ArrowSchema, DepthIsBounded) {
  const auto nested = [](int levels) {
    Type type = Type::Primitive(TypeId::kInt);
    for (int i = 1; i < levels; ++i) type = Type::List(i + 1, false, std::move(type));
    return ToArrowField(Make(1, "v", std::move(type)));
  };
  EXPECT_TRUE(nested(kSchemaDepthMax).ok());
  const auto result = nested(kSchemaDepthMax + 1);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kUnsupported);
}

TEST(ArrowSchema, AFieldWithoutANumberHasNoId) {
  EXPECT_EQ(FieldId(*arrow::field("a", arrow::int32())), std::nullopt);
  for (const char* text : {"", "x", "1x", "99999999999"}) {
    const auto metadata = arrow::key_value_metadata({"PARQUET:field_id"}, {text});
    EXPECT_EQ(FieldId(*arrow::field("a", arrow::int32(), true, metadata)), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kafka_iceberg::decode
