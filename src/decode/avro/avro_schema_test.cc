// SPDX-License-Identifier: Apache-2.0
#include "decode/avro/avro_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "decode/avro/avro_to_iceberg.h"
#include "decode/avro/avro_type_rules.h"
#include "decode/avro/fake_avro_rows.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<AvroSchema> Parse(const std::string& text, std::vector<SchemaReference> references = {}) {
  return ParseAvroSchema({PayloadFormat::kAvro, text, std::move(references)});
}

std::string Record(const std::string& name, const std::string& fields) {
  return R"({"type":"record","name":")" + name + R"(","fields":[)" + fields + "]}";
}

std::string Field(const std::string& name, const std::string& type) {
  return R"({"name":")" + name + R"(","type":)" + type + "}";
}

TEST(AvroSchema, ResolvesNames) {
  const AvroSchema schema = ParsedAvro(R"({"type":"record","name":"Outer","namespace":"a.b",
      "aliases":["Older","x.Oldest"],"fields":[
        {"name":"one","type":{"type":"enum","name":"Near","symbols":["X"]}},
        {"name":"two","type":{"type":"fixed","name":"far.Away","size":1}},
        {"name":"three","type":{"type":"fixed","name":"Bare","namespace":"","size":2}},
        {"name":"four","type":{"type":"record","name":"c.Inner","fields":[
            {"name":"five","type":{"type":"enum","name":"Deep","symbols":["Y"]}}]}},
        {"name":"again","type":["Near","far.Away","Bare","c.Deep"]}]})");
  EXPECT_EQ(schema.name, "a.b.Outer");
  EXPECT_THAT(schema.aliases, ElementsAre("a.b.Older", "x.Oldest"));
  const auto& again = schema.fields[4].schema.children;
  EXPECT_EQ(again[0].name, "a.b.Near");
  EXPECT_EQ(again[1].name, "far.Away");
  EXPECT_EQ(again[2].name, "Bare");
  EXPECT_EQ(again[2].size, 2);
  EXPECT_EQ(again[3].name, "c.Deep");
  EXPECT_THAT(again[3].symbols, ElementsAre("Y"));
}

TEST(AvroSchema, KeepsWhatFieldsSay) {
  const AvroSchema schema = ParsedAvro(R"({"type":"record","name":"R","fields":[
      {"name":"a","type":"long","default":5,"doc":"a number","aliases":["b","c"]},
      {"name":"d","type":["null","string"],"default":null},
      {"name":"e","type":{"type":"string","avro.java.string":"String"}}]})");
  EXPECT_EQ(schema.fields[0].default_json, "5");
  EXPECT_EQ(schema.fields[0].doc, "a number");
  EXPECT_THAT(schema.fields[0].aliases, ElementsAre("b", "c"));
  EXPECT_EQ(schema.fields[1].default_json, "null");
  EXPECT_FALSE(schema.fields[2].default_json.has_value());
  EXPECT_EQ(schema.fields[2].schema.kind, AvroKind::kString);
}

TEST(AvroSchema, IgnoresLogicalTypesThatDoNotSuit) {
  const auto logical = [](const std::string& type) { return ParsedAvro(type).logical; };
  EXPECT_EQ(logical(R"({"type":"int","logicalType":"date"})"), AvroLogical::kDate);
  EXPECT_EQ(logical(R"({"type":"long","logicalType":"date"})"), AvroLogical::kNone);
  EXPECT_EQ(logical(R"({"type":"int","logicalType":"timestamp-millis"})"), AvroLogical::kNone);
  EXPECT_EQ(logical(R"({"type":"string","logicalType":"uuid"})"), AvroLogical::kUuid);
  EXPECT_EQ(logical(R"({"type":"fixed","name":"f","size":16,"logicalType":"uuid"})"),
            AvroLogical::kUuid);
  EXPECT_EQ(logical(R"({"type":"fixed","name":"f","size":15,"logicalType":"uuid"})"),
            AvroLogical::kNone);
  EXPECT_EQ(logical(R"({"type":"fixed","name":"f","size":13,"logicalType":"duration"})"),
            AvroLogical::kNone);
  EXPECT_EQ(logical(R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":5})"),
            AvroLogical::kNone);
  EXPECT_EQ(logical(R"({"type":"bytes","logicalType":"decimal"})"), AvroLogical::kNone);
  EXPECT_EQ(logical(R"({"type":"bytes","logicalType":"decimal","precision":4})"),
            AvroLogical::kDecimal);
  // Four bytes hold nine digits, not ten.
  EXPECT_EQ(
      logical(R"({"type":"fixed","name":"f","size":4,"logicalType":"decimal","precision":9})"),
      AvroLogical::kDecimal);
  EXPECT_EQ(
      logical(R"({"type":"fixed","name":"f","size":4,"logicalType":"decimal","precision":10})"),
      AvroLogical::kNone);
}

TEST(AvroSchema, ReadsReferences) {
  const std::string inner = Record("org.Inner", Field("x", "\"int\""));
  const std::string middle = Record("org.Middle", Field("i", "\"Inner\""));
  const auto schema = Parse(
      Record("org.Outer", Field("m", "\"Middle\"") + "," + Field("n", "\"name.in.the.registry\"")),
      {{"org.Inner", inner}, {"name.in.the.registry", middle}});
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ(schema->fields[0].schema.fields[0].schema.fields[0].name, "x");
  EXPECT_EQ(schema->fields[1].schema.name, "org.Middle");
}

TEST(AvroSchema, RefusesWhatIsNoSchema) {
  for (
      const std::string text :
      {"",
       "{",
       "5",
       "[]",
       "{}",
       "\"nothing\"",
       R"({"type":"record","name":"R"})",
       R"({"type":"record","fields":[]})",
       R"({"type":"record","name":"R","fields":[{}]})",
       R"({"type":"record","name":"int","fields":[]})",
       R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]})",
       R"({"type":"record","name":"R","fields":[{"name":"a"}]})",
       R"({"type":"array"})",
       R"({"type":"map"})",
       R"({"type":"fixed","name":"F"})",
       R"({"type":"fixed","name":"F","size":-1})",
       R"({"type":"fixed","name":"F","size":99999999999})",
       R"({"type":"enum","name":"E","symbols":[]})",
       R"({"type":"enum","symbols":["A"]})",
       R"(["null",["int"]])",
       R"(["int","int"])",
       R"(["null",5])",
       R"([{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}])"}) {
    EXPECT_THAT(Parse(text), IsError(ErrorCode::kCorrupt)) << text;
  }
  EXPECT_THAT(ParseAvroSchema({PayloadFormat::kProtobuf, "\"int\"", {}}),
              IsError(ErrorCode::kUnsupported));
}

TEST(AvroSchema, SaysWhereItIsWrong) {
  const auto schema = Parse(Record("R", Field("outer", Record("S", Field("inner", "\"gone\"")))));
  ASSERT_THAT(schema, IsError(ErrorCode::kCorrupt));
  EXPECT_EQ(schema.error().message(), "field inner: type gone is not defined");
  const auto reference = Parse("\"int\"", {{"org.Broken", "{"}});
  ASSERT_THAT(reference, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(reference.error().message(), HasSubstr("reference org.Broken"));
}

TEST(AvroSchema, RefusesRecursionByName) {
  for (const std::string type :
       {"\"Node\"", R"(["null","org.Node"])", R"({"type":"array","items":"Node"})",
        R"({"type":"record","name":"Between","fields":[{"name":"n","type":"Node"}]})"}) {
    const auto schema = Parse(Record("org.Node", Field("next", type)));
    ASSERT_THAT(schema, IsError(ErrorCode::kUnsupported)) << type;
    EXPECT_THAT(schema.error().message(), HasSubstr("type org.Node contains itself"));
  }
}

TEST(AvroSchema, BoundsDepth) {
  const auto nested = [](size_t levels) {
    std::string text;
    for (size_t i = 0; i < levels; ++i) text += R"({"type":"array","items":)";
    return text + "\"int\"" + std::string(levels, '}');
  };
  EXPECT_THAT(Parse(nested(kAvroDepthMax - 1)), IsOk());
  EXPECT_THAT(Parse(nested(kAvroDepthMax)), IsError(ErrorCode::kUnsupported));
  EXPECT_FALSE(Parse(nested(100'000)).ok());
  // Also when it is hidden in names that use each other.
  std::vector<SchemaReference> references = {{"T0", Record("T0", Field("x", "\"int\""))}};
  for (int i = 1; i < 100; ++i) {
    const std::string name = fmt::format("T{}", i);
    references.push_back({name, Record(name, Field("x", fmt::format("\"T{}\"", i - 1)))});
  }
  EXPECT_THAT(Parse("\"T99\"", references), IsError(ErrorCode::kUnsupported));
}

// Ten names of ten fields each are ten thousand million fields.
TEST(AvroSchema, BoundsWhatNamesStandFor) {
  std::vector<SchemaReference> references = {{"T0", Record("T0", Field("x", "\"int\""))}};
  for (int i = 1; i <= 10; ++i) {
    std::string fields;
    for (int j = 0; j < 10; ++j) {
      fields += (j == 0 ? "" : ",") + Field(fmt::format("f{}", j), fmt::format("\"T{}\"", i - 1));
    }
    references.push_back({fmt::format("T{}", i), Record(fmt::format("T{}", i), fields)});
  }
  EXPECT_THAT(Parse("\"T10\"", references), IsError(ErrorCode::kUnsupported));
}

TEST(AvroSchema, BoundsText) {
  EXPECT_THAT(Parse(std::string(kAvroTextBytesMax + 1, ' ')), IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(Parse("\"int\"", {{"R", std::string(kAvroTextBytesMax, ' ')}}),
              IsError(ErrorCode::kUnsupported));
}

TEST(AvroSchema, TakesThousandsOfFields) {
  std::string fields;
  for (int i = 0; i < 2000; ++i) {
    fields += (i == 0 ? "" : ",") + Field(fmt::format("column_{}", i), R"(["null","string"])");
  }
  const iceberg::Schema schema = MappedAvro(Record("Wide", fields));
  ASSERT_EQ(schema.fields.size(), 2000U);
  EXPECT_EQ(schema.fields[1999].name, "column_1999");
  EXPECT_EQ(schema.fields[1999].id, 2000);
}

TEST(AvroToIceberg, LeavesOutWhatHoldsNothing) {
  const iceberg::Schema schema = MappedAvro(Record(
      "R", Field("a", "\"null\"") + "," + Field("b", Record("Empty", "")) + "," +
               Field("c", R"(["null"])") + "," + Field("d", "\"int\"") + "," +
               Field("e", R"(["null","Empty"])") + "," + Field("_kafka_offset", "\"string\"")));
  ASSERT_EQ(schema.fields.size(), 1U);
  EXPECT_EQ(schema.fields[0].name, "d");
  const auto nothing =
      AvroToIceberg(ParsedAvro(Record("R", Field("a", R"({"type":"array","items":"null"})"))));
  ASSERT_THAT(nothing, IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(nothing.error().message(), HasSubstr("field a: an array of null"));
}

TEST(AvroToIceberg, KeepsDecimalsBeyondIcebergAsBytes) {
  const iceberg::Schema schema = MappedAvro(Record(
      "R", Field("a", R"({"type":"bytes","logicalType":"decimal","precision":39,"scale":2})") +
               "," + Field("b", R"({"type":"fixed","name":"F","size":20,"logicalType":"decimal",
                         "precision":40})")));
  EXPECT_EQ(iceberg::ToString(schema.fields[0].type), "binary");
  EXPECT_EQ(iceberg::ToString(schema.fields[1].type), "fixed[20]");
}

TEST(AvroToIceberg, NamesBranchesAfterTheirTypes) {
  const AvroSchema schema = ParsedAvro(R"(["null","string",{"type":"map","values":"int"},
      {"type":"fixed","name":"a.Same","size":1},{"type":"fixed","name":"b.Same","size":2},
      {"type":"enum","name":"c.string","symbols":["X"]},
      {"type":"long","logicalType":"timestamp-millis"}])");
  EXPECT_THAT(BranchNames(schema),
              ElementsAre("", "string", "map", "a.Same", "b.Same", "c.string", "long"));
}

TEST(AvroToIceberg, ASchemaWithoutFieldsIsOneColumn) {
  const iceberg::Schema schema = MappedAvro("\"string\"");
  ASSERT_EQ(schema.fields.size(), 1U);
  EXPECT_EQ(schema.fields[0].name, "string");
  EXPECT_FALSE(schema.fields[0].required);
}

}  // namespace
}  // namespace kafka_iceberg::decode
