// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/avro/fake_avro_rows.h"
#include "decode/avro_decoder.h"
#include "decode/json/fake_json_records.h"

namespace kafka_iceberg::decode {
namespace {

// Avro's own notation, enough for these records.
std::string Long(int64_t value) {
  auto bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  std::string out;
  for (; bits >= 0x80; bits >>= 7) out.push_back(static_cast<char>(bits | 0x80));
  out.push_back(static_cast<char>(bits));
  return out;
}
std::string Text(const std::string& text) { return Long(static_cast<int64_t>(text.size())) + text; }

std::string RecordOf(const std::string& fields) {
  return R"({"type":"record","name":"Row","fields":[)" + fields + "]}";
}

DecodedRows Decode(std::vector<DeclaredField> fields, const std::string& avro_fields,
                   const std::string& payload, RescueScope scope = RescueScope::kValues,
                   int64_t bytes_max = 1 << 20) {
  fields.push_back({.name = "_rescued", .type = "string"});
  AvroDecoderOptions options;
  options.schema = PayloadSchema{PayloadFormat::kAvro, RecordOf(avro_fields), {}};
  options.rescue = {.column = "_rescued", .scope = scope, .bytes_max = bytes_max};
  auto decoder = MakeAvroDecoder(SchemaOf(std::move(fields)), std::move(options));
  EXPECT_TRUE(decoder.ok()) << decoder.error().message();
  AvroRows rows = DecodeAvro(**decoder, {payload});
  return {std::move(rows.stats), std::move(rows.letters), std::move(rows.batch)};
}

// What is rescued of one record that becomes a row; else its letter.
std::string RescuedOf(std::vector<DeclaredField> fields, const std::string& avro_fields,
                      const std::string& payload, RescueScope scope = RescueScope::kValues) {
  const DecodedRows rows = Decode(std::move(fields), avro_fields, payload, scope);
  return rows.batch != nullptr ? rows.Cell("_rescued") : rows.Letter();
}

// A value of that type, which no column takes.
std::string Rescued(const std::string& type, const std::string& bytes) {
  return RescuedOf({{"id", "long"}},
                   R"({"name":"id","type":"long"},{"name":"v","type":)" + type + "}",
                   Long(1) + bytes);
}

TEST(AvroRescue, WritesValuesAsJson) {
  EXPECT_EQ(Rescued(R"("long")", Long(-5)), R"({"v":-5})");
  EXPECT_EQ(Rescued(R"("boolean")", "\1"), R"({"v":true})");
  EXPECT_EQ(Rescued(R"("double")", std::string("\0\0\0\0\0\0\xf8\x3f", 8)), R"({"v":1.5})");
  EXPECT_EQ(Rescued(R"("float")", std::string("\0\0\xc0\x7f", 4)), R"({"v":"NaN"})");
  EXPECT_EQ(Rescued(R"("string")", Text("a\"b\n")), R"({"v":"a\"b\u000a"})");
  EXPECT_EQ(Rescued(R"("bytes")", Text(std::string("\0\1\2\3", 4))), R"({"v":"AAECAw=="})");
  EXPECT_EQ(Rescued(R"({"type":"fixed","name":"F","size":3})", "abc"), R"({"v":"YWJj"})");
  EXPECT_EQ(Rescued(R"({"type":"enum","name":"E","symbols":["A","B"]})", Long(1)), R"({"v":"B"})");
  EXPECT_EQ(Rescued(R"({"type":"array","items":"int"})", Long(2) + Long(7) + Long(8) + Long(0)),
            R"({"v":[7,8]})");
  EXPECT_EQ(Rescued(R"({"type":"map","values":"int"})",
                    Long(-1) + Long(3) + Text("k") + Long(1) + Long(0)),
            R"({"v":{"k":1}})");
  EXPECT_EQ(Rescued(R"(["null","string","int"])", Long(2) + Long(4)), R"({"v":4})");
  EXPECT_EQ(Rescued(R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},
                        {"name":"b","type":["null","string"]}]})",
                    Long(1) + Long(0)),
            R"({"v":{"a":1,"b":null}})");
}

TEST(AvroRescue, WritesLogicalTypesAsText) {
  const auto logical = [](const char* type, const char* name) {
    return fmt::format(R"({{"type":"{}","logicalType":"{}"}})", type, name);
  };
  EXPECT_EQ(Rescued(logical("int", "date"), Long(20461)), R"({"v":"2026-01-08"})");
  EXPECT_EQ(Rescued(logical("int", "time-millis"), Long(52200500)), R"({"v":"14:30:00.5"})");
  EXPECT_EQ(Rescued(logical("long", "timestamp-millis"), Long(1500)),
            R"({"v":"1970-01-01T00:00:01.5Z"})");
  EXPECT_EQ(Rescued(logical("long", "local-timestamp-micros"), Long(-1)),
            R"({"v":"1969-12-31T23:59:59.999999"})");
  EXPECT_EQ(Rescued(R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":2})",
                    Text("\xfb\x2e")),
            R"({"v":"-12.34"})");
}

TEST(AvroRescue, IsNullWhereAllFieldsHaveColumns) {
  EXPECT_EQ(RescuedOf({{"id", "long"}}, R"({"name":"id","type":"long"})", Long(1)), "null");
  EXPECT_EQ(Rescued(R"(["null","string"])", Long(0)), "null");
}

TEST(AvroRescue, PathsLeadThroughStructsListsAndMaps) {
  EXPECT_EQ(RescuedOf({{"items", "list<struct<sku: int>>"}},
                      R"({"name":"items","type":{"type":"array","items":{"type":"record",
                         "name":"I","fields":[{"name":"sku","type":"int"},
                                              {"name":"n","type":["null","string"]}]}}})",
                      Long(2) + Long(1) + Long(1) + Text("t") + Long(2) + Long(0) + Long(0)),
            R"({"items[0].n":"t"})");
  EXPECT_EQ(RescuedOf({{"m", "map<string, struct<a: int>>"}},
                      R"({"name":"m","type":{"type":"map","values":{"type":"record",
                         "name":"I","fields":[{"name":"a","type":"int"},{"name":"b","type":"int"}]}}})",
                      Long(1) + Text("EUR") + Long(1) + Long(2) + Long(0)),
            R"({"m.EUR.b":2})");
}

TEST(AvroRescue, KeepsFieldsOfAnotherTypeAndLeavesTheirColumnNull) {
  const std::string avro = R"({"name":"id","type":"long"},{"name":"v","type":"string"})";
  const DecodedRows rows =
      Decode({{"id", "long"}, {"v", "int"}}, avro, Long(1) + Text("x"), RescueScope::kValues);
  ASSERT_EQ(rows.Letter(), "0 letters");
  EXPECT_EQ(rows.Cell("id"), "1");
  EXPECT_EQ(rows.Cell("v"), "null");
  EXPECT_EQ(rows.Cell("_rescued"), R"({"v":"x"})");
  EXPECT_EQ(rows.stats.rescued_fields, 1);
  EXPECT_EQ(
      RescuedOf({{"id", "long"}, {"v", "int"}}, avro, Long(1) + Text("x"), RescueScope::kFields),
      "schema_mismatch v");
  EXPECT_EQ(RescuedOf({{"id", "long"}, {"v", "int", true}}, avro, Long(1) + Text("x")),
            "schema_mismatch v");
}

TEST(AvroRescue, OfAUnionOnlyTheBranchThatDoesNotFitIsKept) {
  const std::string avro = R"({"name":"v","type":["null","int","string"]})";
  EXPECT_EQ(RescuedOf({{"v", "int"}}, avro, Long(1) + Long(7)), "null");
  EXPECT_EQ(RescuedOf({{"v", "int"}}, avro, Long(2) + Text("x")), R"({"v":"x"})");
  EXPECT_EQ(RescuedOf({{"v", "int"}}, avro, Long(0)), "null");
}

TEST(AvroRescue, AnElementThatMustNotBeNullMakesItsListTheValue) {
  iceberg::Schema schema =
      SchemaOf({{"v", "list<int>"}, {"z", "int"}, {.name = "_rescued", .type = "string"}});
  schema.fields[0].type.fields[0].required = true;
  AvroDecoderOptions options;
  options.schema = PayloadSchema{
      PayloadFormat::kAvro,
      RecordOf(
          R"({"name":"v","type":{"type":"array","items":"string"}},{"name":"z","type":"int"})"),
      {}};
  options.rescue = {.column = "_rescued", .scope = RescueScope::kValues};
  const auto decoder = MakeAvroDecoder(schema, std::move(options));
  ASSERT_TRUE(decoder.ok());
  AvroRows rows = DecodeAvro(**decoder, {Long(1) + Text("x") + Long(0) + Long(9)});
  const DecodedRows decoded{{}, rows.letters, rows.batch};
  EXPECT_EQ(decoded.Cell("_rescued"), R"({"v":["x"]})");
  EXPECT_EQ(decoded.Cell("z"), "9");
}

TEST(AvroRescue, KeepsValuesThatTurnOutNotToFit) {
  EXPECT_EQ(RescuedOf({{"v", "double"}}, R"({"name":"v","type":"long"})", Long(9007199254740993)),
            R"({"v":9007199254740993})");
  EXPECT_EQ(RescuedOf({{"v", "uuid"}},
                      R"({"name":"v","type":{"type":"string","logicalType":"uuid"}})", Text("no")),
            R"({"v":"no"})");
  EXPECT_EQ(RescuedOf({{"v", "decimal(3,1)"}},
                      R"({"name":"v","type":{"type":"bytes","logicalType":"decimal",
                         "precision":3,"scale":1}})",
                      Text("\x7f\xff")),
            R"({"v":"3276.7"})");
  EXPECT_EQ(
      RescuedOf({{"v", "time"}},
                R"({"name":"v","type":{"type":"int","logicalType":"time-millis"}})", Long(-1)),
      R"({"v":-1})");
  EXPECT_EQ(
      RescuedOf({{"v", "double", true}}, R"({"name":"v","type":"long"})", Long(9007199254740993)),
      "out_of_range v");
}

TEST(AvroRescue, BrokenBytesAreDeadLetters) {
  EXPECT_EQ(Rescued(R"("string")", Long(5) + "abc"), "bad_avro");
  EXPECT_EQ(Rescued(R"("string")", Text("\xff")), "bad_utf8");
  EXPECT_EQ(Rescued(R"({"type":"array","items":"int"})", Long(1000000000)), "bad_avro");
  EXPECT_EQ(Rescued(R"({"type":"array","items":"null"})", Long(1000000000) + Long(0)), "bad_avro");
  EXPECT_EQ(Rescued(R"("long")", Long(1) + "x"), "bad_avro");
}

TEST(AvroRescue, MoreThanTheLimitIsADeadLetter) {
  const DecodedRows rows =
      Decode({{"id", "long"}}, R"({"name":"id","type":"long"},{"name":"v","type":"string"})",
             Long(1) + Text(std::string(100, 'a')), RescueScope::kFields, 64);
  EXPECT_EQ(rows.Letter(), "rescue_too_big");
}

}  // namespace
}  // namespace kafka_iceberg::decode
