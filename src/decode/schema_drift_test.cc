// SPDX-License-Identifier: Apache-2.0
#include "decode/schema_drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::decode {
namespace {

using iceberg::Field;
using iceberg::Schema;
using iceberg::Type;
using iceberg::TypeId;

Type Of(TypeId id) { return Type::Primitive(id); }

Field Make(int32_t id, std::string name, Type type, bool required = false) {
  return {id, std::move(name), required, std::move(type), {}, {}, {}};
}

Schema Records(std::vector<Field> fields) {
  Schema schema;
  schema.fields = std::move(fields);
  return schema;
}

TEST(ExtendColumns, NothingNewChangesNothing) {
  const std::vector<Field> columns = {Make(1, "a", Of(TypeId::kInt), true),
                                      Make(2, "b", Of(TypeId::kString))};
  const ExtendedColumns extended =
      ExtendColumns(columns, Records({Make(9, "a", Of(TypeId::kInt))}), PrimitiveTypes::kOfColumns);
  EXPECT_FALSE(extended.has_new_fields);
  EXPECT_EQ(extended.schema.fields, columns);
}

TEST(ExtendColumns, NewFieldsFollowAtEveryDepth) {
  const Type inner = Type::Struct({Make(3, "x", Of(TypeId::kInt))});
  const std::vector<Field> columns = {
      Make(1, "s", inner), Make(4, "l", Type::List(5, false, inner)),
      Make(6, "m", Type::Map(7, Of(TypeId::kString), 8, false, inner))};
  const Type grown = Type::Struct({Make(0, "y", Of(TypeId::kString))});
  const ExtendedColumns extended =
      ExtendColumns(columns,
                    Records({Make(0, "s", grown), Make(0, "l", Type::List(0, false, grown)),
                             Make(0, "m", Type::Struct({Make(0, "any key", grown)})),
                             Make(0, "n", Of(TypeId::kLong))}),
                    PrimitiveTypes::kOfColumns);
  EXPECT_TRUE(extended.has_new_fields);
  for (const char* path : {"s.x", "s.y", "l.element.y", "m.value.y", "n"}) {
    EXPECT_NE(extended.schema.FindField(path), nullptr) << path;
  }
  EXPECT_EQ(extended.schema.FindField("m.value.any key"), nullptr);
}

TEST(ExtendColumns, DeclaredTypesCountAndGuessedOnesDoNot) {
  const std::vector<Field> columns = {Make(1, "a", Of(TypeId::kInt), true)};
  const Schema records = Records({Make(0, "a", Of(TypeId::kLong))});
  const auto declared = ExtendColumns(columns, records, PrimitiveTypes::kOfRecords);
  EXPECT_EQ(declared.schema.fields[0].type, Of(TypeId::kLong));
  EXPECT_TRUE(declared.schema.fields[0].required);
  const auto guessed = ExtendColumns(columns, records, PrimitiveTypes::kOfColumns);
  EXPECT_EQ(guessed.schema.fields[0].type, Of(TypeId::kInt));
}

TEST(WidenColumn, WidensOnlyWhatTheRecordsNeed) {
  Schema columns = Records({Make(1, "s", Type::Struct({Make(2, "n", Of(TypeId::kInt))})),
                            Make(3, "f", Of(TypeId::kFloat)), Make(4, "t", Of(TypeId::kString))});
  const Schema records =
      Records({Make(1, "s", Type::Struct({Make(2, "n", Of(TypeId::kLong))})),
               Make(3, "f", Of(TypeId::kLong)), Make(4, "t", Of(TypeId::kLong))});
  EXPECT_TRUE(WidenColumn(columns, records, "s.n"));
  EXPECT_EQ(columns.FindField("s.n")->type, Of(TypeId::kLong));
  EXPECT_FALSE(WidenColumn(columns, records, "s.n"));
  EXPECT_FALSE(WidenColumn(columns, records, "f"));
  EXPECT_FALSE(WidenColumn(columns, records, "t"));
  EXPECT_FALSE(WidenColumn(columns, records, "absent"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
