// SPDX-License-Identifier: Apache-2.0
#include "iceberg/encoding/avro_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::iceberg {
namespace {

AvroSchema Parsed(std::string_view json) {
  auto schema = AvroSchemaFromJson(json);
  EXPECT_THAT(schema, IsOk());
  return schema.ok() ? *schema : AvroSchema();
}

TEST(AvroName, KeepsLegalNames) { EXPECT_EQ(AvroName("event_day2"), "event_day2"); }

TEST(AvroName, PutsAnUnderscoreBeforeALeadingDigit) { EXPECT_EQ(AvroName("1st"), "_1st"); }

TEST(AvroName, WritesOtherCharactersAsHexadecimal) {
  EXPECT_EQ(AvroName("a.b-c"), "a_x2Eb_x2Dc");
  EXPECT_EQ(AvroName(" x"), "_x20x");
  EXPECT_EQ(AvroName("ä"), "_xE4");
  EXPECT_EQ(AvroName("😀"), "_xD83D_xDE00");
}

TEST(AvroName, IsNeverEmpty) { EXPECT_EQ(AvroName(""), "_"); }

TEST(AvroSchemaJson, RoundTripsWhatIcebergWrites) {
  const char* const json =
      R"({"type":"record","name":"t","fields":[)"
      R"({"name":"a_x2Eb","type":["null","long"],"default":null,"field-id":1,"iceberg-field-name":"a.b"},)"
      R"({"name":"d","type":{"type":"fixed","name":"decimal_9_2","size":4,"logicalType":"decimal","precision":9,"scale":2},"field-id":2},)"
      R"({"name":"t","type":{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":true},"field-id":3},)"
      R"({"name":"l","type":{"type":"array","items":"int","element-id":5},"field-id":4},)"
      R"({"name":"m","type":{"type":"map","values":"bytes","key-id":7,"value-id":8},"field-id":6}]})";
  EXPECT_EQ(AvroSchemaToJson(Parsed(json)), json);
}

TEST(AvroSchemaJson, ExpandsReferencesToNamedTypes) {
  const AvroSchema schema = Parsed(
      R"({"type":"record","name":"t","fields":[
         {"name":"a","type":{"type":"fixed","name":"f","namespace":"n","size":3}},
         {"name":"b","type":"f"},{"name":"c","type":["null","n.f"]}]})");
  ASSERT_EQ(schema.fields.size(), 3U);
  EXPECT_EQ(schema.fields[1].schema, schema.fields[0].schema);
  EXPECT_EQ(schema.fields[2].schema, AvroSchema::Optional(schema.fields[0].schema));
}

TEST(AvroSchemaJson, TakesANameThatIsDefinedTwice) {
  const AvroSchema schema = Parsed(
      R"({"type":"record","name":"t","fields":[
         {"name":"a","type":{"type":"fixed","name":"f","size":3}},
         {"name":"b","type":{"type":"fixed","name":"f","size":4}}]})");
  EXPECT_EQ(schema.fields[0].schema.size, 3);
  EXPECT_EQ(schema.fields[1].schema.size, 4);
}

TEST(AvroSchemaJson, UnwrapsATypeInsideATypeObject) {
  const AvroSchema schema = Parsed(R"({"type":{"type":"int","logicalType":"date"}})");
  EXPECT_EQ(schema.kind, AvroKind::kInt);
  EXPECT_EQ(schema.logical_type, "date");
}

TEST(AvroSchemaJson, RefusesRecursion) {
  EXPECT_THAT(AvroSchemaFromJson(R"({"type":"record","name":"t","fields":[
                                     {"name":"next","type":["null","t"]}]})"),
              IsError(ErrorCode::kCorrupt));
}

TEST(AvroSchemaJson, RefusesWhatIsNoSchema) {
  for (const char* json :
       {"", "7", "{}", "[]", "\"strin\"", "{\"type\":\"record\",\"name\":\"x\"}",
        "{\"type\":\"array\"}", "{\"type\":\"map\"}", "{\"type\":\"fixed\",\"size\":-1}",
        "{\"type\":\"enum\"}", "[\"null\",[\"int\"]]", "{\"type\":\"union\"}",
        "{\"type\":\"record\",\"fields\":[{\"name\":\"x\"}]}", "{\"type\":7}"}) {
    EXPECT_THAT(AvroSchemaFromJson(json), IsError(ErrorCode::kCorrupt)) << json;
  }
}

TEST(AvroSchemaJson, RefusesDeepNesting) {
  std::string json = "\"int\"";
  for (int level = 0; level < 40; ++level) json = R"({"type":"array","items":)" + json + "}";
  EXPECT_THAT(AvroSchemaFromJson(json), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(AvroSchemaFromJson(std::string(500'000, '[')), IsError(ErrorCode::kCorrupt));
}

TEST(AvroSchemaJson, RefusesASmallTextThatDescribesAHugeTree) {
  // Each record holds the one before ten times.
  std::string fields = R"({"name":"f","type":{"type":"record","name":"r0","fields":[]}})";
  for (int level = 1; level < 10; ++level) {
    fields +=
        fmt::format(R"(,{{"name":"f","type":{{"type":"record","name":"r{}","fields":[)", level);
    for (int copy = 0; copy < 10; ++copy) {
      fields += fmt::format(R"({}{{"name":"x","type":"r{}"}})", copy > 0 ? "," : "", level - 1);
    }
    fields += "]}}";
  }
  EXPECT_THAT(AvroSchemaFromJson(R"({"type":"record","name":"t","fields":[)" + fields + "]}"),
              IsError(ErrorCode::kCorrupt));
}

TEST(AvroSchemaJson, CountsLongNamesThatAreRepeated) {
  std::string fields =
      R"({"name":"f","type":{"type":"record","name":"r","fields":[{"type":"int","name":")" +
      std::string(500'000, 'x') + "\"}]}}";
  for (int copy = 0; copy < 10; ++copy) fields += R"(,{"name":"g","type":"r"})";
  EXPECT_THAT(AvroSchemaFromJson(R"({"type":"record","name":"t","fields":[)" + fields + "]}"),
              IsError(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
