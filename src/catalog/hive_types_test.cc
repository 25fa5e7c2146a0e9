// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive_types.h"

#include <gtest/gtest.h>

namespace kafka_iceberg::catalog {
namespace {

using iceberg::Type;
using iceberg::TypeId;

std::string Hive(const Type& type) { return HiveType(type, HiveDialect::kHive); }
std::string Glue(const Type& type) { return HiveType(type, HiveDialect::kGlue); }

TEST(HiveTypes, PrimitivesHaveHiveNames) {
  const std::pair<TypeId, const char*> cases[] = {
      {TypeId::kBoolean, "boolean"}, {TypeId::kInt, "int"},
      {TypeId::kLong, "bigint"},     {TypeId::kFloat, "float"},
      {TypeId::kDouble, "double"},   {TypeId::kDate, "date"},
      {TypeId::kTime, "string"},     {TypeId::kTimestamp, "timestamp"},
      {TypeId::kString, "string"},   {TypeId::kUuid, "string"},
      {TypeId::kBinary, "binary"},   {TypeId::kTimestampNs, "timestamp"},
      {TypeId::kGeometry, "binary"}, {TypeId::kGeography, "binary"},
      {TypeId::kUnknown, "void"},    {TypeId::kVariant, "unknown"},
  };
  for (const auto& [id, name] : cases) {
    EXPECT_EQ(Hive(Type::Primitive(id)), name);
    EXPECT_EQ(Glue(Type::Primitive(id)), name);
  }
  EXPECT_EQ(Hive(Type::Fixed(16)), "binary");
  EXPECT_EQ(Hive(Type::Decimal(9, 2)), "decimal(9,2)");
}

TEST(HiveTypes, OnlyHiveTellsTimestampsWithAZoneApart) {
  for (const TypeId id : {TypeId::kTimestamptz, TypeId::kTimestamptzNs}) {
    EXPECT_EQ(Hive(Type::Primitive(id)), "timestamp with local time zone");
    EXPECT_EQ(Glue(Type::Primitive(id)), "timestamp");
  }
}

TEST(HiveTypes, NestedTypesNest) {
  const Type inner = Type::Struct({{.id = 3, .name = "a", .type = Type::Primitive(TypeId::kInt)},
                                   {.id = 4, .name = "b", .type = Type::Decimal(38, 10)}});
  EXPECT_EQ(Hive(Type::List(2, false, inner)), "array<struct<a:int,b:decimal(38,10)>>");
  EXPECT_EQ(Glue(Type::Map(1, Type::Primitive(TypeId::kString), 2, false, inner)),
            "map<string,struct<a:int,b:decimal(38,10)>>");
  EXPECT_EQ(Hive(Type::Struct({})), "struct<>");
}

}  // namespace
}  // namespace kafka_iceberg::catalog
