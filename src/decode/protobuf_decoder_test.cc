// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf_decoder.h"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "decode/decoder_conformance.h"
#include "decode/protobuf/fake_proto_records.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::HasSubstr;
using Writer = ProtoWriter;

class ProtobufFormat final : public DecoderFormat {
 public:
  std::unique_ptr<Decoder> Make() override {
    auto schema = SchemaOf(
        {{"id", "long", true}, {"name", "string"}, {"tags", "list<string>"}},
        {"_kafka_topic", "_kafka_partition", "_kafka_offset", "_kafka_timestamp", "_kafka_key"});
    auto source = std::make_shared<FakeSchemaSource>();
    source->Add(7, ProtoText("message Row { int64 id = 1; optional string name = 2; "
                             "repeated string tags = 3; }"));
    ProtobufDecoderOptions options;
    options.framing = Framing::kConfluent;
    options.schemas = source;
    auto decoder = MakeProtobufDecoder(schema, options);
    EXPECT_TRUE(decoder.ok()) << decoder.error().message();
    return std::move(decoder).value();
  }
  std::string Encode(int64_t id, std::optional<std::string> name,
                     std::vector<std::string> tags) override {
    Writer writer;
    writer.Varint(1, static_cast<uint64_t>(id));
    if (name) writer.Bytes(2, *name);
    for (const std::string& tag : tags) writer.Bytes(3, tag);
    return ConfluentFrame(7) + writer.bytes();
  }
  std::string Garbage() override { return ConfluentFrame(7) + "\x07garbage"; }
  std::string LateGarbage() override {
    return Encode(1, "name", {"a", "b"}) + Writer().Bytes(3, "\xff\xfe").bytes();
  }
};

std::unique_ptr<DecoderFormat> MakeProtobufFormat() { return std::make_unique<ProtobufFormat>(); }

INSTANTIATE_TEST_SUITE_P(Protobuf, DecoderConformance, testing::Values(&MakeProtobufFormat));

constexpr auto kUint64Max = std::numeric_limits<uint64_t>::max();

TEST(ProtobufDecoder, IntegersGoWhereTheyFit) {
  const Writer minus_one = Writer().Varint(1, kUint64Max);
  EXPECT_EQ(DecodeProtoValue("int32", "int", minus_one), "-1");
  EXPECT_EQ(DecodeProtoValue("int32", "long", minus_one), "-1");
  EXPECT_EQ(DecodeProtoValue("int64", "long", minus_one), "-1");
  EXPECT_EQ(DecodeProtoValue("int64", "int", minus_one), "-1");
  EXPECT_EQ(DecodeProtoValue("int64", "decimal(5,2)", minus_one), "-1.00");
  EXPECT_EQ(DecodeProtoValue("uint64", "decimal(20,0)", minus_one), "18446744073709551615");
  EXPECT_EQ(DecodeProtoValue("uint64", "long", minus_one), "out_of_range v");
  EXPECT_EQ(DecodeProtoValue("uint64", "decimal(19,0)", minus_one), "out_of_range v");
  EXPECT_EQ(DecodeProtoValue("uint64", "decimal(38,18)", minus_one),
            "18446744073709551615.000000000000000000");
  EXPECT_EQ(DecodeProtoValue("uint64", "decimal(38,19)", minus_one), "out_of_range v");
  EXPECT_EQ(DecodeProtoValue("uint64", "decimal(38,38)", Writer()), "0E-38");
  EXPECT_EQ(DecodeProtoValue("uint32", "long", Writer().Varint(1, 4294967295)), "4294967295");
  EXPECT_EQ(DecodeProtoValue("uint32", "int", Writer().Varint(1, 4294967295)), "out_of_range v");
  EXPECT_EQ(DecodeProtoValue("int64", "int", Writer().Varint(1, 1ULL << 31)), "out_of_range v");
  EXPECT_EQ(DecodeProtoValue("sint32", "int", Writer().Varint(1, 4294967295)), "-2147483648");
  EXPECT_EQ(DecodeProtoValue("sint32", "long", Writer().Varint(1, 4294967295)), "-2147483648");
  EXPECT_EQ(DecodeProtoValue("sint64", "long", minus_one), "-9223372036854775808");
  EXPECT_EQ(DecodeProtoValue("fixed32", "long", Writer().Fixed32(1, 4294967295)), "4294967295");
  EXPECT_EQ(DecodeProtoValue("sfixed32", "long", Writer().Fixed32(1, 4294967295)), "-1");
  EXPECT_EQ(DecodeProtoValue("fixed64", "long", Writer().Fixed64(1, kUint64Max)), "out_of_range v");
  EXPECT_EQ(DecodeProtoValue("sfixed64", "decimal(9,0)", Writer().Fixed64(1, kUint64Max)), "-1");
  EXPECT_EQ(DecodeProtoValue("bool", "boolean", Writer().Varint(1, 1ULL << 40)), "true");
}

TEST(ProtobufDecoder, IntegersInTimestampColumnsAreInTheConfiguredUnit) {
  const auto in = [](EpochUnit unit, uint64_t value, const char* column) {
    ProtobufDecoderOptions options;
    options.epoch_unit = unit;
    const auto rows = DecodeProto("message A { int64 v = 1; }", SchemaOf({{"v", column}}),
                                  {Writer().Varint(1, value).bytes()}, options);
    return rows.batch != nullptr ? rows.Cell("v") : rows.Letter();
  };
  EXPECT_EQ(in(EpochUnit::kMillis, 1767882600123, "timestamptz"), "2026-01-08 14:30:00.123000Z");
  EXPECT_EQ(in(EpochUnit::kSeconds, 1767882600, "timestamp"), "2026-01-08 14:30:00.000000");
  EXPECT_EQ(in(EpochUnit::kNanos, kUint64Max, "timestamptz"), "1969-12-31 23:59:59.999999Z");
  EXPECT_EQ(in(EpochUnit::kNanos, kUint64Max, "timestamptz_ns"), "1969-12-31 23:59:59.999999999Z");
  EXPECT_EQ(in(EpochUnit::kSeconds, 1ULL << 62, "timestamptz"), "out_of_range v");
}

TEST(ProtobufDecoder, StringsMustBeUtf8AndMayStandForOtherTypes) {
  EXPECT_EQ(DecodeProtoValue("string", "string", Writer().Bytes(1, "日本語")), "日本語");
  EXPECT_EQ(DecodeProtoValue("string", "string", Writer().Bytes(1, "1234567\xff")), "bad_utf8 v");
  EXPECT_EQ(DecodeProtoValue("string", "string", Writer().Bytes(1, "\xff")), "bad_utf8 v");
  EXPECT_EQ(DecodeProtoValue("string", "binary", Writer().Bytes(1, "\xff")), "ff");
  EXPECT_EQ(DecodeProtoValue("bytes", "binary", Writer().Bytes(1, "\xff")), "ff");
  EXPECT_EQ(DecodeProtoValue("bytes", "fixed[2]", Writer().Bytes(1, "ab")), "6162");
  EXPECT_EQ(DecodeProtoValue("bytes", "fixed[2]", Writer().Bytes(1, "abc")), "out_of_range v");
  EXPECT_EQ(DecodeProtoValue("bytes", "uuid", Writer().Bytes(1, "0123456789abcdef")),
            "30313233343536373839616263646566");
  EXPECT_EQ(DecodeProtoValue("string", "decimal(9,2)", Writer().Bytes(1, "12.5")), "12.50");
  EXPECT_EQ(DecodeProtoValue("string", "decimal(9,2)", Writer().Bytes(1, "12.555")),
            "out_of_range v");
  EXPECT_EQ(DecodeProtoValue("string", "date", Writer().Bytes(1, "2026-01-08")), "2026-01-08");
  EXPECT_EQ(DecodeProtoValue("string", "date", Writer().Bytes(1, "today")), "bad_value v");
  // Not set, and empty text is no date.
  EXPECT_EQ(DecodeProtoValue("string", "date", Writer()), "null");
  EXPECT_EQ(DecodeProtoValue("string", "date", Writer().Bytes(1, "")), "bad_value v");
  for (size_t size = 0; size < 40; ++size) {
    std::string text(size, 'x');
    EXPECT_EQ(DecodeProtoValue("string", "string", Writer().Bytes(1, text)), text);
    for (size_t at = 0; at < size; ++at) {
      std::string bad = text;
      bad[at] = '\x80';
      EXPECT_EQ(DecodeProtoValue("string", "string", Writer().Bytes(1, bad)), "bad_utf8 v");
    }
  }
}

TEST(ProtobufDecoder, EnumsAreNamesOrNumbers) {
  const std::string open = "enum E { ZERO = 0; TWO = 2; MINUS = -1; }";
  EXPECT_EQ(DecodeProtoValue("E", "string", Writer().Varint(1, 2), open), "TWO");
  EXPECT_EQ(DecodeProtoValue("E", "string", Writer().Varint(1, kUint64Max), open), "MINUS");
  EXPECT_EQ(DecodeProtoValue("E", "string", Writer(), open), "ZERO");
  EXPECT_EQ(DecodeProtoValue("E", "string", Writer().Varint(1, 7), open), "7");
  EXPECT_EQ(DecodeProtoValue("E", "int", Writer().Varint(1, 7), open), "7");
  EXPECT_EQ(DecodeProtoValue("E", "long", Writer().Varint(1, kUint64Max), open), "-1");
  const std::string closed =
      "syntax = \"proto2\"; message A { optional E v = 1; } enum E { ONE = 1; }";
  const auto rows = DecodeProto(closed, SchemaOf({{"v", "string"}}),
                                {Writer().Varint(1, 1).bytes(), Writer().Varint(1, 2).bytes(), ""});
  EXPECT_EQ(rows.Letter(), "out_of_range v");
  EXPECT_EQ(rows.Cell("v", 0), "ONE");
  EXPECT_EQ(rows.Cell("v", 1), "null");
}

TEST(ProtobufDecoder, OfAValueThatComesTwiceTheLastCounts) {
  EXPECT_EQ(DecodeProtoValue("int32", "int", Writer().Varint(1, 1).Varint(1, 2).Varint(1, 3)), "3");
  EXPECT_EQ(DecodeProtoValue("string", "string", Writer().Bytes(1, "one").Bytes(1, "2")), "2");
  EXPECT_EQ(DecodeProtoValue("optional int32", "int", Writer().Varint(1, 1).Varint(1, 0)), "0");
}

TEST(ProtobufDecoder, ListsArePackedOrNotAndNeedNotBeInOnePlace) {
  const auto schema = SchemaOf({{"a", "list<int>"}, {"b", "list<string>"}, {"c", "long"}});
  const std::string text =
      "message A { repeated sint32 a = 1; repeated string b = 2; int64 c = 3; }";
  const std::string packed =
      Writer::VarintBytes(2) + Writer::VarintBytes(4) + Writer::VarintBytes(200);
  const auto rows = DecodeProto(text, schema,
                                {Writer()
                                     .Varint(1, 3)
                                     .Bytes(2, "x")
                                     .Bytes(1, packed)
                                     .Varint(3, 9)
                                     .Bytes(2, "")
                                     .Varint(1, 5)
                                     .Bytes(1, "")
                                     .Bytes(2, "z")
                                     .bytes(),
                                 ""});
  EXPECT_EQ(rows.Cell("a"), "list<element: int32>[-2, 1, 2, 100, -3]");
  EXPECT_EQ(rows.Cell("b"), "list<element: string>[x, , z]");
  EXPECT_EQ(rows.Cell("c"), "9");
  EXPECT_EQ(rows.Cell("a", 1), "list<element: int32>[]");
  EXPECT_EQ(DecodeProtoValue("repeated fixed64", "list<long>", Writer().Bytes(1, "12345678abc")),
            "bad_protobuf v");
  EXPECT_EQ(DecodeProtoValue("repeated string", "list<string>", Writer().Varint(1, 1)),
            "bad_protobuf v");
}

TEST(ProtobufDecoder, AMessageInPiecesIsOneMessage) {
  const std::string more =
      "message B { int32 x = 1; int32 y = 2; repeated int32 z = 3; C c = 4; } "
      "message C { string s = 1; string t = 2; }";
  const std::string type = "struct<x:int,y:int,z:list<int>,c:struct<s:string,t:string>>";
  const Writer first = Writer().Varint(1, 1).Varint(3, 5).Message(4, Writer().Bytes(1, "one"));
  const Writer second =
      Writer().Varint(1, 2).Varint(2, 7).Varint(3, 6).Message(4, Writer().Bytes(2, "two"));
  EXPECT_EQ(
      DecodeProtoValue("B", type, Writer().Message(1, first).Message(1, second), more),
      DecodeProtoValue("B", type,
                       Writer().Message(1, Writer().Raw(first.bytes()).Raw(second.bytes())), more));
  EXPECT_EQ(DecodeProtoValue("B", type, Writer().Message(1, first).Message(1, second), more),
            "{x:int32 = 2, y:int32 = 7, z:list<element: int32> = list<element: int32>[5, 6], "
            "c:struct<s: string, t: string> = {s:string = one, t:string = two}}");
  const std::string timestamp = "import \"google/protobuf/timestamp.proto\";";
  EXPECT_EQ(DecodeProtoValue(
                "google.protobuf.Timestamp", "timestamptz",
                Writer().Message(1, Writer().Varint(1, 1)).Message(1, Writer().Varint(2, 5000)),
                timestamp),
            "1970-01-01 00:00:01.000005Z");
}

TEST(ProtobufDecoder, PiecesDoNotCountIgnoredFieldsTwice) {
  const auto rows =
      DecodeProto("message A { B b = 1; int32 u = 2; } message B { int32 x = 1; int32 y = 2; }",
                  SchemaOf({{"b", "struct<x:int>"}}),
                  {Writer()
                       .Varint(2, 1)
                       .Message(1, Writer().Varint(2, 1))
                       .Message(1, Writer().Varint(1, 4))
                       .bytes()});
  EXPECT_EQ(rows.Cell("b"), "{x:int32 = 4}");
  EXPECT_EQ(rows.stats.ignored_fields, 2);
}

TEST(ProtobufDecoder, MapsTakeTheLastOfEqualKeys) {
  const auto entry = [](const std::string& key, uint64_t value) {
    return Writer().Bytes(1, key).Varint(2, value);
  };
  const auto schema = SchemaOf({{"m", "map<string,int>"}, {"n", "map<string,int>"}});
  const std::string text = "message A { map<string, int32> m = 1; map<string, int32> n = 2; }";
  const auto rows = DecodeProto(text, schema,
                                {Writer()
                                     .Message(1, entry("a", 1))
                                     .Message(2, entry("a", 7))
                                     .Message(1, entry("b", 2))
                                     .Message(1, entry("a", 3))
                                     .Message(1, entry("c", 4))
                                     .Message(1, entry("b", 5))
                                     .bytes(),
                                 Writer().Message(1, Writer()).Message(1, entry("", 6)).bytes(),
                                 Writer().Message(1, Writer().Varint(2, 6)).bytes()});
  EXPECT_EQ(rows.stats.rows, 3);
  EXPECT_EQ(
      rows.Cell("m"),
      "map<string, int32>[{key:string = a, value:int32 = 3}, {key:string = c, value:int32 = 4}, "
      "{key:string = b, value:int32 = 5}]");
  EXPECT_EQ(rows.Cell("n"), "map<string, int32>[{key:string = a, value:int32 = 7}]");
  EXPECT_EQ(rows.Cell("m", 1), "map<string, int32>[{key:string = , value:int32 = 6}]");
  EXPECT_EQ(rows.Cell("m", 2), "map<string, int32>[{key:string = , value:int32 = 6}]");
}

TEST(ProtobufDecoder, OfAOneofTheLastBranchCounts) {
  const auto schema = SchemaOf({{"a", "int"}, {"b", "struct<x:int,y:int>"}, {"d", "string"}});
  const std::string text =
      "message A { oneof o { int32 a = 1; B b = 2; string c = 3; } string d = 4; B e = 5; } "
      "message B { int32 x = 1; int32 y = 2; }";
  const Writer x = Writer().Varint(1, 1);
  const Writer y = Writer().Varint(2, 2);
  const auto rows = DecodeProto(
      text, schema,
      {Writer().Varint(1, 5).bytes(), Writer().Varint(1, 5).Message(2, x).bytes(),
       Writer().Message(2, x).Varint(1, 0).bytes(), Writer().Varint(1, 5).Bytes(3, "c").bytes(),
       Writer().Message(2, x).Message(2, y).bytes(),
       Writer().Message(2, x).Varint(1, 5).Message(2, y).bytes(),
       // Another message in pieces makes the fields be put in order first.
       Writer().Message(2, x).Varint(1, 5).Message(2, y).Message(2, x).bytes(), ""});
  EXPECT_EQ(rows.stats.rows, 8);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"5", "null"},
      {"null", "{x:int32 = 1, y:int32 = 0}"},
      {"0", "null"},
      {"null", "null"},
      {"null", "{x:int32 = 1, y:int32 = 2}"},
      {"null", "{x:int32 = 0, y:int32 = 2}"},
      {"null", "{x:int32 = 1, y:int32 = 2}"},
      {"null", "null"}};
  for (size_t row = 0; row < expected.size(); ++row) {
    EXPECT_EQ(rows.Cell("a", static_cast<int64_t>(row)), expected[row].first) << row;
    EXPECT_EQ(rows.Cell("b", static_cast<int64_t>(row)), expected[row].second) << row;
  }
}

TEST(ProtobufDecoder, GroupsAreMessages) {
  const std::string text =
      "syntax = \"proto2\"; message A { optional group G = 1 { optional int32 x = 1; optional "
      "int32 y = 2; } optional group Other = 2 { optional int32 z = 1; } }";
  const std::string inner = Writer().Varint(1, 4).Tag(9, 3).Varint(7, 1).Tag(9, 4).bytes();
  const auto rows = DecodeProto(
      text, SchemaOf({{"g", "struct<x:int,y:int>"}}),
      {Writer().Tag(1, 3).Raw(inner).Tag(1, 4).Tag(2, 3).Varint(1, 1).Tag(2, 4).bytes(),
       Writer().Tag(1, 3).Varint(1, 1).Tag(1, 4).Tag(1, 3).Varint(2, 2).Tag(1, 4).bytes(),
       Writer().Tag(1, 3).Varint(1, 1).Tag(2, 4).bytes(), Writer().Tag(1, 4).bytes()});
  EXPECT_EQ(rows.stats.rows, 2);
  EXPECT_EQ(rows.Cell("g"), "{x:int32 = 4, y:int32 = null}");
  EXPECT_EQ(rows.Cell("g", 1), "{x:int32 = 1, y:int32 = 2}");
  EXPECT_EQ(rows.letters.at(0).code, "bad_protobuf");
  EXPECT_EQ(rows.letters.at(1).code, "bad_protobuf");
}

TEST(ProtobufDecoder, RequiredFieldsMustBeThere) {
  const auto proto2 =
      DecodeProto("syntax = \"proto2\"; message A { required int32 v = 1; required int32 w = 2; }",
                  SchemaOf({{"v", "int"}}), {"", Writer().Varint(1, 1).bytes()});
  EXPECT_EQ(proto2.Letter(), "missing_field v");
  EXPECT_EQ(proto2.stats.rows, 1);
  const auto column =
      DecodeProto("message A { optional int32 v = 1; }", SchemaOf({{"v", "int", true}}), {""});
  EXPECT_EQ(column.Letter(), "missing_field v");
  const auto zero = DecodeProto("message A { int32 v = 1; }", SchemaOf({{"v", "int", true}}), {""});
  EXPECT_EQ(zero.Cell("v"), "0");
}

TEST(ProtobufDecoder, ColumnsWithoutAFieldTakeTheirWriteDefault) {
  auto schema = SchemaOf({{"a", "int"}, {"b", "string"}, {"c", "list<int>"}});
  schema.fields[1].write_default = "\"x\"";
  schema.fields[1].required = true;
  const auto rows = DecodeProto("message A { int32 a = 1; }", schema, {""});
  EXPECT_EQ(rows.Cell("b"), "x");
  EXPECT_EQ(rows.Cell("c"), "null");
  schema.fields[1].write_default = "7";
  EXPECT_EQ(MakeProtobufDecoder(schema, {}).error().code(), ErrorCode::kInvalid);
}

TEST(ProtobufDecoder, RecursiveTypesGoIntoTheColumnsThatAreThere) {
  const std::string more = "message Node { int32 x = 1; Node next = 2; }";
  const Writer chain =
      Writer().Varint(1, 1).Message(2, Writer().Varint(1, 2).Message(2, Writer().Varint(1, 3)));
  EXPECT_EQ(DecodeProtoValue("Node", "struct<x:int,next:struct<x:int>>", Writer().Message(1, chain),
                             more),
            "{x:int32 = 1, next:struct<x: int32> = {x:int32 = 2}}");
  EXPECT_EQ(DecodeProtoValue("Node", "binary", Writer().Message(1, chain), more).substr(0, 4),
            "0801");
}

TEST(ProtobufDecoder, ReasonsNameColumnTypeAndValue) {
  const auto reason = [](const std::string& field, const std::string& type, const Writer& payload) {
    return DecodeProto("message A { " + field + " v = 1; }", SchemaOf({{"v", type}}),
                       {payload.bytes()})
        .letters.at(0)
        .reason;
  };
  EXPECT_EQ(reason("int64", "int", Writer().Varint(1, 3000000000)),
            "v (int) got 3000000000, which is out of range");
  EXPECT_EQ(reason("string", "string", Writer().Varint(1, 1)),
            "v (field 1) is not encoded as its type, or cut off");
  EXPECT_EQ(reason("string", "uuid", Writer().Bytes(1, "abc")),
            "v (uuid) got \"abc\", which is not written as that type");
}

TEST(ProtobufDecoder, ATypeThatDoesNotFitItsColumnIsSaidAtOnce) {
  const auto error = [](const std::string& field, const std::string& type) {
    ProtobufDecoderOptions options;
    options.schema = ProtoText("message A { " + field + " v = 1; } message B { int32 x = 1; }");
    auto decoder = MakeProtobufDecoder(SchemaOf({{"v", type}}), options);
    return decoder.ok() ? "fits" : decoder.error().message();
  };
  EXPECT_EQ(error("string", "long"),
            "v (long) cannot take values of the record's field v (string)");
  EXPECT_EQ(error("repeated int32", "int"),
            "v (int) cannot take values of the record's field v (repeated int32)");
  EXPECT_THAT(error("int32", "list<int>"), HasSubstr("cannot take"));
  EXPECT_THAT(error("double", "float"), HasSubstr("cannot take"));
  EXPECT_THAT(error("B", "string"), HasSubstr("message B"));
  EXPECT_THAT(error("map<string, int32>", "struct<a:int>"), HasSubstr("(map)"));
  EXPECT_THAT(error("B", "struct<x:string>"), HasSubstr("v.x (string)"));
  EXPECT_EQ(error("float", "double"), "fits");
}

}  // namespace
}  // namespace kafka_iceberg::decode
