// SPDX-License-Identifier: Apache-2.0
#include "iceberg/type.h"

#include <gtest/gtest.h>

namespace kafka_iceberg::iceberg {
namespace {

TEST(Type, NamesOfPrimitivesRoundTrip) {
  for (const std::string_view name : {"boolean",
                                      "int",
                                      "long",
                                      "float",
                                      "double",
                                      "decimal(9, 2)",
                                      "decimal(38, 38)",
                                      "date",
                                      "time",
                                      "timestamp",
                                      "timestamptz",
                                      "timestamp_ns",
                                      "timestamptz_ns",
                                      "string",
                                      "uuid",
                                      "fixed[16]",
                                      "binary",
                                      "unknown",
                                      "variant",
                                      "geometry",
                                      "geometry(OGC:CRS84)",
                                      "geography(OGC:CRS84, spherical)"}) {
    const auto type = ParsePrimitiveType(name);
    ASSERT_TRUE(type.ok()) << name;
    EXPECT_EQ(ToString(*type), name);
  }
}

TEST(Type, DecimalIsReadWithAndWithoutSpace) {
  for (const std::string_view text :
       {"decimal(9,2)", "decimal(9, 2)", "decimal( 9 ,2 )", "DECIMAL(9,2)"}) {
    const auto type = ParsePrimitiveType(text);
    ASSERT_TRUE(type.ok()) << text;
    EXPECT_EQ(*type, Type::Decimal(9, 2));
  }
}

TEST(Type, RejectsWhatIsNoPrimitive) {
  for (const std::string_view text : {"",
                                      "integer",
                                      "decimal",
                                      "decimal(39, 2)",
                                      "decimal(0, 0)",
                                      "decimal(5, 6)",
                                      "decimal(9)",
                                      "decimal(-9, 2)",
                                      "decimal(9, 2",
                                      "decimal(99999999999, 1)",
                                      "fixed",
                                      "fixed[0]",
                                      "fixed[-1]",
                                      "fixed[3",
                                      "fixed(3)",
                                      "fixed[2147483648]",
                                      "struct",
                                      "list",
                                      "int long",
                                      "geometry("}) {
    const auto type = ParsePrimitiveType(text);
    ASSERT_FALSE(type.ok()) << text;
    EXPECT_EQ(type.error().code(), ErrorCode::kInvalid);
  }
}

TEST(Type, NestedTypesPrintTheirParts) {
  const Type type =
      Type::Map(1, Type::Primitive(TypeId::kString), 2, false,
                Type::List(3, true,
                           Type::Struct({{4, "a", true, Type::Primitive(TypeId::kInt), {}, {}, {}},
                                         {5, "b", false, Type::Fixed(3), {}, {}, {}}})));
  EXPECT_EQ(ToString(type), "map<string, list<struct<a: int, b: fixed[3]>>>");
}

TEST(Type, EqualityCoversParametersAndNestedFields) {
  EXPECT_NE(Type::Decimal(9, 2), Type::Decimal(9, 3));
  EXPECT_NE(Type::Fixed(1), Type::Fixed(2));
  const Type ints = Type::List(1, true, Type::Primitive(TypeId::kInt));
  EXPECT_EQ(ints, Type::List(1, true, Type::Primitive(TypeId::kInt)));
  EXPECT_NE(ints, Type::List(1, false, Type::Primitive(TypeId::kInt)));
  EXPECT_NE(ints, Type::List(1, true, Type::Primitive(TypeId::kLong)));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
