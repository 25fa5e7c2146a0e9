// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceberg/type.h"

namespace kafka_iceberg::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Field Make(int32_t id, std::string name, Type type, bool required = false) {
  return {id, std::move(name), required, std::move(type), {}, {}, {}};
}

Type Of(TypeId id) { return Type::Primitive(id); }

Schema NestedSchema() {
  Schema schema;
  schema.fields = {
      Make(10, "a",
           Type::Struct({Make(11, "x", Type::Struct({Make(12, "p", Of(TypeId::kInt))})),
                         Make(13, "y", Of(TypeId::kInt), true)}),
           true),
      Make(20, "l", Type::List(21, false, Type::Struct({Make(22, "z", Of(TypeId::kLong))}))),
      Make(30, "m",
           Type::Map(31, Of(TypeId::kString), 32, false,
                     Type::Struct({Make(33, "v", Of(TypeId::kLong))}))),
      Make(40, "last", Of(TypeId::kString), true)};
  schema.identifier_field_ids = {13, 40};
  return schema;
}

std::string ErrorOf(const Schema& schema, int32_t format_version = 2) {
  const Status status = ValidateSchema(schema, format_version);
  return status.ok() ? "" : status.error().message();
}

Schema OneColumn(Field field) {
  Schema schema;
  schema.fields = {std::move(field)};
  return schema;
}

TEST(Schema, FindsFieldsAtAnyDepthByIdAndPath) {
  const Schema schema = NestedSchema();
  for (const auto& [id, path] : std::map<int32_t, std::string>{{10, "a"},
                                                               {12, "a.x.p"},
                                                               {21, "l.element"},
                                                               {22, "l.element.z"},
                                                               {31, "m.key"},
                                                               {33, "m.value.v"}}) {
    ASSERT_NE(schema.FindField(id), nullptr) << path;
    EXPECT_EQ(schema.FindField(id), schema.FindField(path));
    EXPECT_EQ(schema.PathOf(id), path);
  }
  EXPECT_EQ(schema.FindField(99), nullptr);
  EXPECT_EQ(schema.FindField("a.x.q"), nullptr);
  EXPECT_EQ(schema.FindField("a."), nullptr);
  EXPECT_EQ(schema.FindField(""), nullptr);
  EXPECT_EQ(schema.PathOf(99), "");
  EXPECT_EQ(schema.HighestFieldId(), 40);
}

TEST(Schema, FindsNamesThatContainDots) {
  Schema schema;
  schema.fields = {Make(1, "a", Type::Struct({Make(2, "c", Of(TypeId::kInt))})),
                   Make(3, "a.b", Type::Struct({Make(4, "c", Of(TypeId::kInt))}))};
  EXPECT_EQ(schema.FindField("a.c")->id, 2);
  EXPECT_EQ(schema.FindField("a.b")->id, 3);
  EXPECT_EQ(schema.FindField("a.b.c")->id, 4);
}

// The order was confirmed with PyIceberg 0.12.
TEST(Schema, FreshIdsNumberSiblingsBeforeTheirChildren) {
  const Schema fresh = AssignFreshIds(NestedSchema());
  std::map<std::string, int32_t> ids;
  VisitFields(fresh.fields, [&](const Field& field) { ids[fresh.PathOf(field.id)] = field.id; });
  const std::map<std::string, int32_t> expected = {
      {"a", 1},      {"l", 2},        {"m", 3},           {"last", 4},
      {"a.x", 5},    {"a.y", 6},      {"a.x.p", 7},       {"l.element", 8},
      {"m.key", 10}, {"m.value", 11}, {"l.element.z", 9}, {"m.value.v", 12}};
  EXPECT_EQ(ids, expected);
  EXPECT_THAT(fresh.identifier_field_ids, ElementsAre(6, 4));
}

TEST(Schema, SameColumnsIgnoresTheSchemaIdAndTheOrderOfIdentifiers) {
  const Schema schema = NestedSchema();
  Schema other = schema;
  other.schema_id = 7;
  other.identifier_field_ids = {40, 13};
  EXPECT_TRUE(schema.SameColumns(other));
  other.identifier_field_ids = {40};
  EXPECT_FALSE(schema.SameColumns(other));
  other = schema;
  other.fields[0].type.fields[1].required = false;
  EXPECT_FALSE(schema.SameColumns(other));
}

TEST(SchemaValidation, AcceptsALegalSchema) { EXPECT_EQ(ErrorOf(NestedSchema()), ""); }

TEST(SchemaValidation, RejectsIdsThatRepeatOrAreReserved) {
  Schema schema = NestedSchema();
  schema.fields[3].id = 12;
  EXPECT_THAT(ErrorOf(schema), HasSubstr("id 12 of another column"));
  schema.fields[3].id = 2'147'483'448;
  EXPECT_THAT(ErrorOf(schema), HasSubstr("outside"));
  schema.fields[3].id = 2'147'483'447;
  schema.identifier_field_ids = {13};
  EXPECT_EQ(ErrorOf(schema), "");
  schema.fields[3].id = 0;
  EXPECT_THAT(ErrorOf(schema), HasSubstr("outside"));
}

TEST(SchemaValidation, RejectsEmptyAndRepeatedNames) {
  Schema schema = NestedSchema();
  schema.fields[3].name = "m";
  EXPECT_THAT(ErrorOf(schema), HasSubstr("two columns are named 'm'"));
  schema.fields[3].name = "";
  EXPECT_THAT(ErrorOf(schema), HasSubstr("no name"));
  schema.fields[3].name = "M";  // differs by case only: legal in the format
  EXPECT_EQ(ErrorOf(schema), "");
  EXPECT_THAT(ErrorOf(Schema()), HasSubstr("no columns"));
}

TEST(SchemaValidation, IdentifierFieldsAreRequiredPrimitivesInRequiredStructs) {
  Schema schema = NestedSchema();
  const auto error_for = [&](int32_t id) {
    schema.identifier_field_ids = {id};
    return ErrorOf(schema);
  };
  EXPECT_EQ(error_for(13), "");
  EXPECT_THAT(error_for(99), HasSubstr("no column"));
  EXPECT_THAT(error_for(10), HasSubstr("cannot be an identifier"));
  EXPECT_THAT(error_for(12), HasSubstr("must be required"));
  schema.fields[0].required = false;
  EXPECT_THAT(error_for(13), HasSubstr("so must its parents"));
  schema.fields[1] = Make(20, "l", Type::List(21, true, Of(TypeId::kLong)), true);
  EXPECT_THAT(error_for(21), HasSubstr("inside a list"));
  schema.fields[3] = Make(40, "last", Of(TypeId::kDouble), true);
  EXPECT_THAT(error_for(40), HasSubstr("double cannot be an identifier"));
  schema.identifier_field_ids = {13, 13};
  schema.fields[0].required = true;
  EXPECT_THAT(ErrorOf(schema), HasSubstr("listed twice"));
}

TEST(SchemaValidation, NewTypesNeedFormatVersion3) {
  for (const TypeId id : {TypeId::kTimestampNs, TypeId::kTimestamptzNs, TypeId::kVariant,
                          TypeId::kGeometry, TypeId::kGeography, TypeId::kUnknown}) {
    const Schema schema = OneColumn(Make(1, "x", Of(id)));
    EXPECT_THAT(ErrorOf(schema, 2), HasSubstr("needs format version 3"));
    EXPECT_EQ(ErrorOf(schema, 3), "");
  }
  EXPECT_THAT(ErrorOf(OneColumn(Make(1, "x", Of(TypeId::kUnknown), true)), 3),
              HasSubstr("cannot be required"));
}

TEST(SchemaValidation, DefaultsNeedVersion3AndMustFitTheType) {
  Field field = Make(1, "x", Of(TypeId::kInt));
  field.initial_default = "7";
  EXPECT_THAT(ErrorOf(OneColumn(field), 2), HasSubstr("needs format version 3"));
  EXPECT_EQ(ErrorOf(OneColumn(field), 3), "");
  field.initial_default = "\"seven\"";
  EXPECT_THAT(ErrorOf(OneColumn(field), 3), HasSubstr("default of column 'x'"));
  field.initial_default = "null";
  EXPECT_EQ(ErrorOf(OneColumn(field), 2), "");
  Field variant = Make(1, "v", Of(TypeId::kVariant));
  variant.write_default = "1";
  EXPECT_THAT(ErrorOf(OneColumn(variant), 3), HasSubstr("only default to null"));
}

TEST(SchemaValidation, ListsAndMapsHaveTheirShape) {
  Type list = Type::List(2, false, Of(TypeId::kInt));
  list.fields[0].name = "item";
  EXPECT_THAT(ErrorOf(OneColumn(Make(1, "l", list))), HasSubstr("element"));
  Type map = Type::Map(2, Of(TypeId::kInt), 3, false, Of(TypeId::kInt));
  map.fields[0].required = false;
  EXPECT_THAT(ErrorOf(OneColumn(Make(1, "m", map))), HasSubstr("required key"));
  map.fields.pop_back();
  EXPECT_THAT(ErrorOf(OneColumn(Make(1, "m", map))), HasSubstr("required key"));
}

TEST(SchemaValidation, NestingIsBounded) {
  Type type = Of(TypeId::kInt);
  for (int32_t i = 0; i < 70; ++i) type = Type::List(i + 2, false, std::move(type));
  EXPECT_THAT(ErrorOf(OneColumn(Make(1, "deep", type))), HasSubstr("nested deeper"));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
