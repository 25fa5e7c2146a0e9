// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "decode/protobuf/fake_proto_records.h"

namespace kafka_iceberg::decode {
namespace {

using Writer = ProtoWriter;

DecodedRows Decode(std::vector<DeclaredField> fields, const std::string& text,
                   const Writer& payload, RescueScope scope = RescueScope::kValues,
                   int64_t bytes_max = 1 << 20) {
  fields.push_back({.name = "_rescued", .type = "string"});
  ProtobufDecoderOptions options;
  options.rescue = {.column = "_rescued", .scope = scope, .bytes_max = bytes_max};
  return DecodeProto(text, SchemaOf(std::move(fields)), {payload.bytes()}, options);
}

// What is rescued of one record that becomes a row; else its letter.
std::string RescuedOf(std::vector<DeclaredField> fields, const std::string& text,
                      const Writer& payload, RescueScope scope = RescueScope::kValues) {
  const DecodedRows rows = Decode(std::move(fields), text, payload, scope);
  return rows.batch != nullptr ? rows.Cell("_rescued") : rows.Letter();
}

// Field v, number 1, of that type, which no column takes.
std::string Rescued(const std::string& proto, const Writer& payload, const std::string& more = "") {
  const size_t imports = more.rfind("import ");
  const size_t split = imports == std::string::npos ? 0 : more.find(';', imports) + 1;
  return RescuedOf({{"id", "long"}},
                   more.substr(0, split) + " message Row { " + proto + " v = 1; int64 id = 2; } " +
                       more.substr(split),
                   payload);
}

TEST(ProtobufRescue, WritesValuesAsJson) {
  EXPECT_EQ(Rescued("int64", Writer().Varint(1, ~uint64_t{0})), R"({"v":-1})");
  EXPECT_EQ(Rescued("uint64", Writer().Varint(1, ~uint64_t{0})), R"({"v":18446744073709551615})");
  EXPECT_EQ(Rescued("sint32", Writer().Varint(1, 3)), R"({"v":-2})");
  EXPECT_EQ(Rescued("sfixed32", Writer().Fixed32(1, 0xffffffff)), R"({"v":-1})");
  EXPECT_EQ(Rescued("double", Writer().Fixed64(1, std::bit_cast<uint64_t>(1.5))), R"({"v":1.5})");
  EXPECT_EQ(Rescued("bool", Writer().Varint(1, 1)), R"({"v":true})");
  EXPECT_EQ(Rescued("string", Writer().Bytes(1, "a\"b")), R"({"v":"a\"b"})");
  EXPECT_EQ(Rescued("bytes", Writer().Bytes(1, "abc")), R"({"v":"YWJj"})");
  EXPECT_EQ(Rescued("E", Writer().Varint(1, 1), "enum E { A = 0; B = 1; }"), R"({"v":"B"})");
  EXPECT_EQ(Rescued("E", Writer().Varint(1, 9), "enum E { A = 0; B = 1; }"), R"({"v":9})");
}

TEST(ProtobufRescue, WritesMessagesListsAndMapsAsJson) {
  const std::string m = "message M { int32 a = 1; repeated string b = 2; M c = 3; }";
  const Writer inner = Writer().Varint(1, 5).Bytes(2, "x").Bytes(2, "y");
  EXPECT_EQ(Rescued("M", Writer().Message(1, inner), m), R"({"v":{"a":5,"b":["x","y"]}})");
  EXPECT_EQ(Rescued("M", Writer().Message(1, Writer().Message(3, inner)), m),
            R"({"v":{"c":{"a":5,"b":["x","y"]}}})");
  EXPECT_EQ(Rescued("repeated M", Writer().Message(1, inner).Message(1, Writer()), m),
            R"({"v":[{"a":5,"b":["x","y"]},{}]})");
  EXPECT_EQ(Rescued("repeated int32", Writer().Bytes(1, "\1\2").Varint(1, 3)), R"({"v":[1,2,3]})");
  EXPECT_EQ(Rescued("map<string, int32>", Writer()
                                              .Message(1, Writer().Bytes(1, "k").Varint(2, 1))
                                              .Message(1, Writer().Bytes(1, "k").Varint(2, 2))),
            R"({"v":{"k":2}})");
  // One message in two pieces.
  EXPECT_EQ(
      Rescued("M", Writer().Message(1, Writer().Varint(1, 5)).Message(1, Writer().Bytes(2, "z")),
              m),
      R"({"v":{"a":5,"b":["z"]}})");
}

TEST(ProtobufRescue, WritesWellKnownTypesAsWhatTheyMean) {
  EXPECT_EQ(Rescued("google.protobuf.Timestamp",
                    Writer().Message(1, Writer().Varint(1, 1).Varint(2, 500000000)),
                    "import \"google/protobuf/timestamp.proto\";"),
            R"({"v":"1970-01-01T00:00:01.5Z"})");
  EXPECT_EQ(Rescued("google.protobuf.StringValue", Writer().Message(1, Writer().Bytes(1, "x")),
                    "import \"google/protobuf/wrappers.proto\";"),
            R"({"v":"x"})");
}

TEST(ProtobufRescue, IsNullWhereNothingWasRescued) {
  EXPECT_EQ(RescuedOf({{"id", "long"}}, "message Row { int64 id = 1; string v = 2; }",
                      Writer().Varint(1, 5)),
            "null");
  // The schema does not know number 9.
  const DecodedRows rows =
      Decode({{"id", "long"}}, "message Row { int64 id = 1; }", Writer().Varint(1, 5).Varint(9, 1));
  EXPECT_EQ(rows.Cell("_rescued"), "null");
  EXPECT_EQ(rows.stats.ignored_fields, 1);
}

TEST(ProtobufRescue, PathsLeadThroughStructsListsAndMaps) {
  const std::string text =
      "message Row { S s = 1; repeated S items = 2; map<string, S> m = 3; } "
      "message S { int32 a = 1; string b = 2; }";
  const std::vector<DeclaredField> fields = {{"s", "struct<a: int>"},
                                             {"items", "list<struct<a: int>>"},
                                             {"m", "map<string, struct<a: int>>"}};
  const Writer plain = Writer().Varint(1, 1);
  const Writer more = Writer().Varint(1, 1).Bytes(2, "x");
  EXPECT_EQ(RescuedOf(fields, text, Writer().Message(1, more)), R"({"s.b":"x"})");
  EXPECT_EQ(RescuedOf(fields, text, Writer().Message(2, plain).Message(2, more)),
            R"({"items[1].b":"x"})");
  EXPECT_EQ(RescuedOf(fields, text, Writer().Message(3, Writer().Bytes(1, "k").Message(2, more))),
            R"({"m.k.b":"x"})");
}

TEST(ProtobufRescue, OfAOneofOnlyTheLastBranchCounts) {
  const std::string text = "message Row { oneof o { string a = 1; int32 b = 2; int32 c = 3; } }";
  const std::vector<DeclaredField> fields = {{"b", "int"}};
  EXPECT_EQ(RescuedOf(fields, text, Writer().Bytes(1, "x").Varint(3, 4)), R"({"c":4})");
  EXPECT_EQ(RescuedOf(fields, text, Writer().Bytes(1, "x").Varint(2, 4)), "null");
  const DecodedRows rows = Decode(fields, text, Writer().Varint(2, 4).Bytes(1, "x"));
  EXPECT_EQ(rows.Cell("b"), "null");
  EXPECT_EQ(rows.Cell("_rescued"), R"({"a":"x"})");
}

TEST(ProtobufRescue, KeepsFieldsOfAnotherTypeAndLeavesTheirColumnNull) {
  const std::string text = "message Row { int64 id = 1; string v = 2; repeated int32 l = 3; }";
  const Writer payload = Writer().Varint(1, 5).Bytes(2, "x").Varint(3, 1).Varint(3, 2);
  const DecodedRows rows = Decode({{"id", "long"}, {"v", "int"}, {"l", "int"}}, text, payload);
  ASSERT_EQ(rows.Letter(), "0 letters");
  EXPECT_EQ(rows.Cell("id"), "5");
  EXPECT_EQ(rows.Cell("v"), "null");
  EXPECT_EQ(rows.Cell("l"), "null");
  EXPECT_EQ(rows.Cell("_rescued"), R"({"v":"x","l":[1,2]})");
  EXPECT_EQ(rows.stats.rescued_fields, 2);
  EXPECT_EQ(rows.stats.ignored_fields, 0);
}

TEST(ProtobufRescue, RequiredColumnsAreRefusedAsBefore) {
  ProtobufDecoderOptions options;
  options.rescue = {.column = "_rescued", .scope = RescueScope::kValues};
  options.framing = Framing::kNone;
  options.schema = ProtoText("message Row { string v = 1; }");
  EXPECT_FALSE(
      MakeProtobufDecoder(SchemaOf({{"v", "int", true}, {"_rescued", "string"}}), options).ok());
}

TEST(ProtobufRescue, KeepsValuesThatTurnOutNotToFit) {
  EXPECT_EQ(
      RescuedOf({{"v", "int"}}, "message Row { uint32 v = 1; }", Writer().Varint(1, 4294967295)),
      R"({"v":4294967295})");
  EXPECT_EQ(RescuedOf({{"v", "date"}}, "message Row { string v = 1; }", Writer().Bytes(1, "no")),
            R"({"v":"no"})");
  EXPECT_EQ(RescuedOf({{"v", "list<int>"}}, "message Row { repeated uint32 v = 1; }",
                      Writer().Varint(1, 7).Varint(1, 4294967295)),
            R"({"v[1]":4294967295})");
  EXPECT_EQ(RescuedOf({{"v", "int", true}}, "message Row { uint32 v = 1; }",
                      Writer().Varint(1, 4294967295)),
            "out_of_range v");
  // The last one counts.
  EXPECT_EQ(RescuedOf({{"v", "int"}}, "message Row { uint32 v = 1; }",
                      Writer().Varint(1, 4294967295).Varint(1, 1)),
            "null");
}

TEST(ProtobufRescue, BrokenBytesAreDeadLetters) {
  EXPECT_EQ(Rescued("string", Writer().Bytes(1, "\xff")), "bad_utf8 v");
  EXPECT_EQ(Rescued("M", Writer().Bytes(1, "\x07garbage"), "message M { int32 a = 1; }"),
            "bad_protobuf v");
  EXPECT_EQ(Rescued("int32", Writer().Bytes(1, "x")), "bad_protobuf v");
}

TEST(ProtobufRescue, NestingHasALimit) {
  Writer deep;
  for (int i = 0; i < 100; ++i) deep = Writer().Message(1, deep);
  EXPECT_EQ(Rescued("M", deep, "message M { M m = 1; }"), "too_deep v");
}

TEST(ProtobufRescue, MoreThanTheLimitIsADeadLetter) {
  const std::string text =
      "message Row { int64 id = 1; string v = 2; repeated M m = 3; } message M {}";
  EXPECT_EQ(Decode({{"id", "long"}}, text, Writer().Bytes(2, std::string(100, 'a')),
                   RescueScope::kFields, 64)
                .Letter(),
            "rescue_too_big v");
  Writer many;
  for (int i = 0; i < 100; ++i) many.Bytes(3, "");
  EXPECT_EQ(Decode({{"id", "long"}}, text, many, RescueScope::kFields, 64).Letter(),
            "rescue_too_big m");
}

}  // namespace
}  // namespace kafka_iceberg::decode
