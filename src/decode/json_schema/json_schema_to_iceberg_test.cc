// SPDX-License-Identifier: Apache-2.0
#include "decode/json_schema/json_schema_to_iceberg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::decode {
namespace {

using testing::HasSubstr;

PayloadSchema SchemaOf(const std::string& text, std::vector<SchemaReference> references = {}) {
  return {PayloadFormat::kJsonSchema, text, std::move(references)};
}

// "name: type", with an exclamation mark when required.
std::string Columns(const PayloadSchema& schema) {
  const auto mapped = JsonSchemaToIceberg(schema);
  if (!mapped.ok()) return mapped.error().message();
  std::string text;
  for (const iceberg::Field& field : mapped->fields) {
    text += fmt::format("{}{}: {}{}", text.empty() ? "" : ", ", field.name, ToString(field.type),
                        field.required ? "!" : "");
  }
  return text;
}

// The column of a property with this schema.
std::string ColumnOf(const std::string& property) {
  return Columns(SchemaOf(fmt::format(R"({{"type":"object","properties":{{"p":{}}}}})", property)));
}

TEST(JsonSchemaToIceberg, KeepsTheOrderAndWhatIsRequired) {
  EXPECT_EQ(Columns(SchemaOf(R"({"type":"object","required":["b","n"],"properties":{
                "b":{"type":"string"},"a":{"type":"number"},"n":{"type":["null","boolean"]}}})")),
            "b: string!, a: double, n: boolean");
}

TEST(JsonSchemaToIceberg, TakesIntegersByTheirBounds) {
  EXPECT_EQ(ColumnOf(R"({"type":"integer"})"), "p: long");
  EXPECT_EQ(ColumnOf(R"({"type":"integer","minimum":-2147483648,"maximum":2147483647})"), "p: int");
  EXPECT_EQ(ColumnOf(R"({"type":"integer","minimum":0,"maximum":2147483648})"), "p: long");
  EXPECT_EQ(ColumnOf(R"({"type":"integer","minimum":0})"), "p: long");
  EXPECT_EQ(ColumnOf(R"({"type":"integer","minimum":0,"maximum":18446744073709551615})"),
            "p: decimal(38, 0)");
}

TEST(JsonSchemaToIceberg, TakesStringsByTheirFormat) {
  EXPECT_EQ(ColumnOf(R"({"type":"string","format":"date-time"})"), "p: timestamptz");
  EXPECT_EQ(ColumnOf(R"({"type":"string","format":"date"})"), "p: date");
  EXPECT_EQ(ColumnOf(R"({"type":"string","format":"uuid"})"), "p: uuid");
  EXPECT_EQ(ColumnOf(R"({"type":"string","format":"email"})"), "p: string");
  EXPECT_EQ(ColumnOf(R"({"type":"string","contentEncoding":"base64"})"), "p: binary");
}

TEST(JsonSchemaToIceberg, TakesNestedTypes) {
  EXPECT_EQ(ColumnOf(R"({"type":"object","required":["x"],"properties":{"x":{"type":"string"}}})"),
            "p: struct<x: string>");
  EXPECT_EQ(ColumnOf(R"({"type":"array","items":{"type":"integer"}})"), "p: list<long>");
  EXPECT_EQ(ColumnOf(R"({"type":"object","additionalProperties":{"type":"number"}})"),
            "p: map<string, double>");
}

TEST(JsonSchemaToIceberg, TakesUnionsWithNull) {
  EXPECT_EQ(ColumnOf(R"({"oneOf":[{"type":"null"},{"type":"integer"}]})"), "p: long");
  EXPECT_EQ(ColumnOf(R"({"anyOf":[{"type":"string","format":"date"},{"type":"null"}]})"),
            "p: date");
  EXPECT_EQ(ColumnOf(R"({"allOf":[{"type":"boolean"}]})"), "p: boolean");
  EXPECT_EQ(ColumnOf(R"({"type":["integer","number"]})"), "p: double");
  EXPECT_EQ(ColumnOf(R"({"enum":["a",null,"b"]})"), "p: string");
  EXPECT_EQ(ColumnOf(R"({"const":5})"), "p: long");
}

TEST(JsonSchemaToIceberg, LeavesOutWhatOnlyNullFits) {
  EXPECT_EQ(Columns(SchemaOf(R"({"properties":{"n":{"type":"null"},"e":{"enum":[null]},
                "_kafka_offset":{"type":"string"},"x":{"type":"string"}}})")),
            "x: string");
}

TEST(JsonSchemaToIceberg, FollowsReferences) {
  EXPECT_EQ(Columns(SchemaOf(
                R"({"properties":{"a":{"$ref":"#/$defs/x~1y%25"},"b":{"$ref":"o.json"},
                "c":{"$ref":"o.json#/definitions/d"}},"$defs":{"x/y%":{"type":"string"}}})",
                {{.name = "o.json", .text = R"({"properties":{"i":{"$ref":"#/definitions/d"}},
                                           "definitions":{"d":{"type":"integer"}}})"}})),
            "a: string, b: struct<i: long>, c: long");
}

TEST(JsonSchemaToIceberg, ReferencesMayBeUsedTwice) {
  EXPECT_EQ(Columns(SchemaOf(R"({"$ref":"#/definitions/E","definitions":{"E":{"type":"object",
                "properties":{"a":{"$ref":"#/definitions/P"},"b":{"$ref":"#/definitions/P"}}},
                "P":{"properties":{"x":{"type":"integer"}}}}})")),
            "a: struct<x: long>, b: struct<x: long>");
}

TEST(JsonSchemaToIceberg, RefusesWhatHasNoColumn) {
  for (const char* property :
       {R"({"type":["string","integer"]})", R"({"oneOf":[{"type":"string"},{"type":"integer"}]})",
        R"({"type":"object"})", R"({"type":"array"})",
        R"({"type":"array","items":[{"type":"null"}]})", R"({"enum":["a",1]})", "true", "{}",
        R"({"type":"text"})", R"({"type":"array","items":{"type":"null"}})", R"({"type":5})",
        R"({"oneOf":5})", R"({"allOf":[{"type":"string"},{"type":"string"}]})"}) {
    EXPECT_THAT(ColumnOf(property), HasSubstr("field p has no column type: ")) << property;
  }
}

TEST(JsonSchemaToIceberg, RefusesASchemaThatContainsItself) {
  EXPECT_THAT(ColumnOf(R"({"$ref":"#"})"), HasSubstr("field p has no column type: its schema "
                                                     "contains itself"));
  EXPECT_THAT(
      Columns(SchemaOf(R"({"properties":{"l":{"$ref":"#/$defs/L"}},"$defs":{"L":{"properties":{
                "v":{"type":"integer"},"next":{"oneOf":[{"type":"null"},{"$ref":"#/$defs/L"}]}}}}})")),
      HasSubstr("field l.next has no column type: its schema contains itself"));
}

TEST(JsonSchemaToIceberg, RefusesAReferenceToNowhere) {
  for (const char* reference : {"#/definitions/none", "other.json", "#anchor", "#/properties/9"}) {
    EXPECT_THAT(ColumnOf(fmt::format(R"({{"$ref":"{}"}})", reference)),
                HasSubstr("nothing is there"));
  }
}

TEST(JsonSchemaToIceberg, RefusesTooManyColumns) {
  // Each level doubles the columns.
  std::string text = R"({"properties":{"a":{"$ref":"#/d/1"}},"d":{)";
  for (int level = 1; level < 30; ++level) {
    text +=
        fmt::format(R"("{}":{{"properties":{{"x":{{"$ref":"#/d/{}"}},"y":{{"$ref":"#/d/{}"}}}}}},)",
                    level, level + 1, level + 1);
  }
  text += R"("30":{"type":"integer"}}})";
  EXPECT_THAT(Columns(SchemaOf(text)), HasSubstr("there are more than 2000 columns"));
}

TEST(JsonSchemaToIceberg, RefusesTooManyLevels) {
  std::string text = R"({"type":"integer"})";
  for (int level = 0; level < 40; ++level)
    text = fmt::format(R"({{"type":"array","items":{}}})", text);
  EXPECT_THAT(ColumnOf(text), testing::Not(testing::StartsWith("field p")));
  for (int level = 0; level < 100; ++level)
    text = fmt::format(R"({{"type":"array","items":{}}})", text);
  EXPECT_THAT(ColumnOf(text), HasSubstr("nests deeper than"));
}

TEST(JsonSchemaToIceberg, RefusesWhatIsNoObject) {
  EXPECT_THAT(JsonSchemaToIceberg(SchemaOf(R"({"type":"string"})")),
              IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(JsonSchemaToIceberg(SchemaOf("[]")), IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(JsonSchemaToIceberg(SchemaOf("{")), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(JsonSchemaToIceberg({PayloadFormat::kAvro, "{}", {}}),
              IsError(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace kafka_iceberg::decode
