// SPDX-License-Identifier: Apache-2.0
#include "decode/type_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "decode/metadata_columns.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::TypeId;
using ::testing::HasSubstr;

std::string Parsed(std::string_view text) {
  int32_t next_id = 1;
  const auto type = ParseTypeText(text, next_id);
  return type.ok() ? iceberg::ToString(*type) : type.error().message();
}

TEST(TypeText, ParsesEveryType) {
  for (const char* text :
       {"boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz",
        "timestamp_ns", "timestamptz_ns", "string", "uuid", "binary", "fixed[16]", "decimal(9, 2)",
        "list<string>", "map<string, long>", "list<list<map<int, list<date>>>>"}) {
    int32_t next_id = 1;
    const auto type = ParseTypeText(text, next_id);
    ASSERT_TRUE(type.ok()) << type.error().message();
    EXPECT_EQ(iceberg::ToString(*type), text);
  }
}

TEST(TypeText, WhiteSpaceDoesNotMatter) {
  EXPECT_EQ(Parsed(" long "), "long");
  EXPECT_EQ(Parsed("decimal(9,2)"), "decimal(9, 2)");
  EXPECT_EQ(Parsed("map < string ,\n list< long > >"), "map<string, list<long>>");
  EXPECT_EQ(Parsed("struct< a : int , b c : string >"), Parsed("struct<a:int,b c:string>"));
}

TEST(TypeText, InnerFieldsGetIdsAndAreOptional) {
  int32_t next_id = 10;
  const auto type = ParseTypeText("struct<a:int,b:map<string,list<long>>>", next_id);
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(type->fields[0].id, 10);
  EXPECT_EQ(type->fields[1].id, 11);
  const auto& map = type->fields[1].type;
  EXPECT_EQ(map.fields[0].id, 12);
  EXPECT_TRUE(map.fields[0].required);
  EXPECT_EQ(map.fields[1].id, 13);
  EXPECT_FALSE(map.fields[1].required);
  EXPECT_EQ(map.fields[1].type.fields[0].id, 14);
  EXPECT_EQ(next_id, 15);
}

TEST(TypeText, ErrorsNameTheCharacter) {
  EXPECT_THAT(Parsed("list<lang>"), HasSubstr("type \"list<lang>\", character 6: "));
  EXPECT_THAT(Parsed("list<long"), HasSubstr("character 10: '>' is expected"));
  EXPECT_THAT(Parsed("list long"), HasSubstr("character 6: '<' is expected"));
  EXPECT_THAT(Parsed("map<string>"), HasSubstr("character 11: ',' is expected"));
  EXPECT_THAT(Parsed("map<list<int>,int>"), HasSubstr("character 5: a map key"));
  EXPECT_THAT(Parsed("struct<>"), HasSubstr("character 8: a member name"));
  EXPECT_THAT(Parsed("struct<a int>"), HasSubstr("character 13: ':' is expected"));
  EXPECT_THAT(Parsed("struct<a:int,a:int>"), HasSubstr("character 14: member a is there twice"));
  EXPECT_THAT(Parsed("long long"), HasSubstr("character 6: nothing is expected"));
  EXPECT_THAT(Parsed(""), HasSubstr("character 1: a type is expected"));
  EXPECT_THAT(Parsed("decimal(9,2"), HasSubstr("character 12: ')' is expected"));
  EXPECT_THAT(Parsed("decimal(99,2)"), HasSubstr("character 1: "));
  EXPECT_THAT(Parsed("fixed[-1]"), HasSubstr("character 1: "));
}

TEST(TypeText, KnowsTheNamesOfOthers) {
  EXPECT_THAT(Parsed("bigint"), HasSubstr("did you mean long?"));
  EXPECT_THAT(Parsed("array<int>"), HasSubstr("did you mean list<...>?"));
}

TEST(TypeText, GarbageIsAnErrorNotACrash) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "list<";
  EXPECT_THAT(Parsed(deep), HasSubstr("nest deeper"));
  SeededRandom random(3);
  constexpr std::string_view kPieces[] = {"list<", "map<", "struct<", "int",         ",",
                                          ":",     ">",    "a",       "(",           ")",
                                          "[",     "]",    " ",       "decimal(9,2)"};
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint64_t n = random.Below(12); n > 0; --n)
      text += kPieces[random.Below(std::size(kPieces))];
    EXPECT_FALSE(Parsed(text).empty());
  }
}

TEST(DeclaredSchema, PutsMetadataColumnsLast) {
  const auto schema = DeclaredSchema({{"id", "long", true, "the key"}, {"tags", "list<string>"}},
                                     {"_kafka_offset", "_kafka_headers"});
  ASSERT_TRUE(schema.ok()) << schema.error().message();
  ASSERT_EQ(schema->fields.size(), 4U);
  EXPECT_TRUE(schema->fields[0].required);
  EXPECT_EQ(schema->fields[0].doc, "the key");
  EXPECT_EQ(schema->fields[2].name, "_kafka_offset");
  EXPECT_EQ(schema->fields[2].type.id, TypeId::kLong);
  EXPECT_TRUE(iceberg::ValidateSchema(*schema, 2).ok());
  EXPECT_TRUE(ValidateMetadataColumns(*schema).ok());
}

TEST(DeclaredSchema, RefusesWhatCannotBe) {
  const auto message = [](const std::vector<DeclaredField>& fields,
                          const std::vector<std::string>& metadata) {
    const auto schema = DeclaredSchema(fields, metadata);
    return schema.ok() ? "ok" : schema.error().message();
  };
  EXPECT_THAT(message({{"a", "lng"}}, {}), HasSubstr("field a: type \"lng\", character 1"));
  EXPECT_THAT(message({{"", "long"}}, {}), HasSubstr("no name"));
  EXPECT_THAT(message({{"a", "long"}, {"a", "int"}}, {}), HasSubstr("field a is declared twice"));
  EXPECT_THAT(message({{"_kafka_offset", "long"}}, {}), HasSubstr("metadata_columns"));
  EXPECT_THAT(message({{"a", "long"}}, {"_kafka_offset", "_kafka_offset"}),
              HasSubstr("listed twice"));
  EXPECT_THAT(message({{"a", "long"}}, {"_kafka_ofset"}),
              HasSubstr("\"_kafka_ofset\" is not a metadata column"));
}

TEST(MetadataColumns, AReservedNameNeedsItsType) {
  int32_t next_id = 1;
  iceberg::Schema schema;
  schema.fields = MetadataFields({"_kafka_topic", "_kafka_partition", "_kafka_offset",
                                  "_kafka_timestamp", "_kafka_key", "_kafka_headers"},
                                 next_id)
                      .value();
  EXPECT_EQ(next_id, 10);
  EXPECT_TRUE(ValidateMetadataColumns(schema).ok());
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    iceberg::Schema changed = schema;
    changed.fields[i].required = true;
    changed.fields[i].id = 99;
    EXPECT_TRUE(ValidateMetadataColumns(changed).ok());
    changed.fields[i].type = iceberg::Type::Primitive(TypeId::kDouble);
    const Status status = ValidateMetadataColumns(changed);
    ASSERT_FALSE(status.ok());
    EXPECT_THAT(status.error().message(),
                HasSubstr("column " + schema.fields[i].name + " has type double"));
  }
}

}  // namespace
}  // namespace kafka_iceberg::decode
