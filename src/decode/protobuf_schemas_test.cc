// SPDX-License-Identifier: Apache-2.0
//
// The Protobuf decoder and the schemas its records name: ids, paths, evolution, well-known types,
// and registries that fail.
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/protobuf/fake_proto_records.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::HasSubstr;
using Writer = ProtoWriter;

class ProtobufSchemas : public testing::Test {
 protected:
  void MakeDecoder(const iceberg::Schema& schema, Framing framing = Framing::kConfluent) {
    ProtobufDecoderOptions options;
    options.framing = framing;
    options.schemas = source_;
    auto decoder = MakeProtobufDecoder(schema, options);
    ASSERT_TRUE(decoder.ok()) << decoder.error().message();
    decoder_ = std::move(decoder).value();
  }
  DecodedRows Decode(const std::vector<std::string>& payloads) {
    return DecodeWith(*decoder_, payloads);
  }

  std::shared_ptr<FakeSchemaSource> source_ = std::make_shared<FakeSchemaSource>();
  std::unique_ptr<Decoder> decoder_;
};

TEST_F(ProtobufSchemas, PayloadsWithoutAnIdAreOfTheLatestVersionOfTheirSubject) {
  ProtobufDecoderOptions options{.framing = Framing::kNone, .schemas = source_, .subject = "s"};
  auto decoder = MakeProtobufDecoder(SchemaOf({{"a", "long"}, {"b", "long"}}), options);
  ASSERT_TRUE(decoder.ok());
  decoder_ = std::move(decoder).value();
  const std::string payload = Writer().Varint(1, 7).bytes();
  EXPECT_EQ(Decode({payload}).Letter(), "unknown_schema");
  source_->Add("s", ProtoText("message M { int64 a = 1; }"));
  EXPECT_EQ(Decode({payload}).Cell("a"), "7");
  source_->Add("s", ProtoText("message M { int64 b = 1; }"));
  EXPECT_EQ(Decode({payload}).Cell("b"), "7");
  source_->Add("s", ProtoText("message M { bytes b = 1; }"));
  EXPECT_EQ(Decode({payload}).Letter(), "schema_mismatch");
  source_->Fail("s", Error::Unavailable("away"));
  std::vector<DeadLetter> letters;
  Record record{.value = payload};
  EXPECT_TRUE(decoder_->Decode("t", {&record, 1}, letters).stopped.has_value());
  source_->Add("s", ProtoText("message M { int64 a = 1; }"));
  EXPECT_EQ(Decode({payload}).Cell("a"), "7");
}

TEST_F(ProtobufSchemas, FieldsMeetColumnsByNameInEachSchema) {
  MakeDecoder(SchemaOf({{"a", "long"}, {"b", "string"}, {"c", "double"}}));
  source_->Add(1, ProtoText("message M { int32 a = 1; string b = 2; }"));
  source_->Add(2, ProtoText("message M { string b = 1; int64 a = 2; float c = 3; }"));
  source_->Add(3, ProtoText("message M { reserved 1; string b = 2; int32 d = 3; }"));
  const auto rows = Decode(
      {ConfluentFrame(1) + Writer().Varint(1, 7).Bytes(2, "one").bytes(),
       ConfluentFrame(2) + Writer().Bytes(1, "two").Varint(2, 8).Fixed32(3, 0x3fc00000).bytes(),
       ConfluentFrame(3) + Writer().Bytes(2, "three").Varint(3, 9).bytes(),
       ConfluentFrame(1) + Writer().Varint(1, 10).bytes()});
  EXPECT_EQ(rows.stats.rows, 4);
  EXPECT_EQ(rows.stats.ignored_fields, 1);
  EXPECT_EQ(rows.Cell("a", 0), "7");
  EXPECT_EQ(rows.Cell("c", 0), "null");
  EXPECT_EQ(rows.Cell("a", 1), "8");
  EXPECT_EQ(rows.Cell("b", 1), "two");
  EXPECT_EQ(rows.Cell("c", 1), "1.5");
  EXPECT_EQ(rows.Cell("a", 2), "null");
  EXPECT_EQ(rows.Cell("b", 2), "three");
  EXPECT_EQ(rows.Cell("b", 3), "");
}

TEST(ProtobufWithoutRegistry, TakesTheConfiguredSchemaForAnyId) {
  ProtobufDecoderOptions options;
  options.framing = Framing::kConfluent;
  options.schema = ProtoText("message A { int64 v = 1; } message B { int64 v = 2; }");
  const auto decoder = MakeProtobufDecoder(SchemaOf({{"v", "long"}}), options);
  ASSERT_TRUE(decoder.ok()) << decoder.error().message();
  const auto rows =
      DecodeWith(**decoder, {ConfluentFrame(1) + Writer().Varint(1, 7).bytes(),
                             ConfluentFrame(99, {1}) + Writer().Varint(2, 8).bytes()});
  ASSERT_EQ(rows.stats.rows, 2);
  EXPECT_EQ(rows.Cell("v", 0), "7");
  EXPECT_EQ(rows.Cell("v", 1), "8");
}

TEST_F(ProtobufSchemas, AHundredSchemasInOneBatch) {
  MakeDecoder(SchemaOf({{"id", "int"}, {"v", "long"}}));
  std::vector<std::string> payloads;
  for (int64_t id = 1; id <= 100; ++id) {
    source_->Add(
        id, ProtoText(fmt::format("message M {{ int32 id = {}; int64 v = {}; }}", id, id + 1000)));
  }
  for (uint32_t i = 0; i < 5000; ++i) {
    const uint32_t id = i * 37 % 100 + 1;
    payloads.push_back(ConfluentFrame(id) + Writer().Varint(id, id).Varint(id + 1000, i).bytes());
  }
  const auto rows = Decode(payloads);
  ASSERT_EQ(rows.stats.rows, 5000);
  EXPECT_EQ(source_->calls, 100);
  for (int64_t i = 0; i < 5000; i += 97) {
    EXPECT_EQ(rows.Cell("id", i), std::to_string(i * 37 % 100 + 1));
    EXPECT_EQ(rows.Cell("v", i), std::to_string(i));
  }
}

TEST_F(ProtobufSchemas, PathsChooseTheMessage) {
  MakeDecoder(SchemaOf({{"v", "string"}}));
  source_->Add(1,
               ProtoText("message A { string v = 1; message B { string v = 2; } } "
                         "message C { string v = 3; message D { message E { string v = 4; } } }"));
  const auto rows = Decode({ConfluentFrame(1) + Writer().Bytes(1, "A").bytes(),
                            ConfluentFrame(1, {0, 0}) + Writer().Bytes(2, "B").bytes(),
                            ConfluentFrame(1, {1}) + Writer().Bytes(3, "C").bytes(),
                            ConfluentFrame(1, {1, 0, 0}) + Writer().Bytes(4, "E").bytes(),
                            ConfluentFrame(1, {2}) + Writer().Bytes(4, "E").bytes()});
  ASSERT_EQ(rows.stats.rows, 4);
  for (int64_t row = 0; row < 4; ++row) EXPECT_EQ(rows.Cell("v", row), std::string(1, "ABCE"[row]));
  EXPECT_EQ(rows.Letter(), "schema_mismatch");
  EXPECT_THAT(rows.letters[0].reason, HasSubstr("schema 1 has no message at path [2]"));
}

TEST_F(ProtobufSchemas, GlueNumbersMessagesInTheOrderOfTheirNames) {
  class GlueSource final : public SchemaSource {
   public:
    Result<std::shared_ptr<const PayloadSchema>> Find(const SchemaId& id) override {
      EXPECT_EQ(ToString(id), "30313233-3435-3637-3839-616263646566");
      return std::make_shared<const PayloadSchema>(
          ProtoText("message B { string v = 1; } message A { string v = 2; }"));
    }
  };
  ProtobufDecoderOptions options;
  options.framing = Framing::kGlue;
  options.schemas = std::make_shared<GlueSource>();
  auto decoder = MakeProtobufDecoder(SchemaOf({{"v", "string"}}), options);
  ASSERT_TRUE(decoder.ok());
  const std::string frame = std::string("\x03\x00", 2) + "0123456789abcdef";
  const auto rows = DecodeWith(**decoder, {frame + '\0' + Writer().Bytes(2, "a").bytes(),
                                           frame + '\1' + Writer().Bytes(1, "b").bytes()});
  ASSERT_EQ(rows.stats.rows, 2);
  EXPECT_EQ(rows.Cell("v", 0), "a");
  EXPECT_EQ(rows.Cell("v", 1), "b");
}

TEST_F(ProtobufSchemas, WhatCannotBeReadIsADeadLetter) {
  MakeDecoder(SchemaOf({{"v", "long"}}));
  source_->Add(1, ProtoText("message A { int64 v = 1; }"));
  source_->Add(2, ProtoText("message A { string v = 1; }"));
  source_->Add(3, ProtoText("message A { int64 v = "));
  PayloadSchema avro;
  avro.text = "\"string\"";
  source_->Add(4, avro);
  source_->Fail(5, Error(ErrorCode::kCorrupt, "the registry speaks nonsense"));
  source_->Fail(6, Error::Unsupported("too many references"));
  std::vector<std::string> payloads = {"", std::string("\x01zzzzzz"), ConfluentFrame(1)};
  for (uint32_t id = 2; id <= 7; ++id) payloads.push_back(ConfluentFrame(id));
  const auto rows = Decode(payloads);
  EXPECT_EQ(rows.stats.rows, 1);
  EXPECT_FALSE(rows.stats.stopped.has_value());
  std::vector<std::string> codes;
  for (const DeadLetter& letter : rows.letters) codes.push_back(letter.code);
  EXPECT_THAT(codes, testing::ElementsAre("bad_framing", "bad_framing", "schema_mismatch",
                                          "unknown_schema", "unknown_schema", "unknown_schema",
                                          "unknown_schema", "unknown_schema"));
  EXPECT_EQ(rows.letters[2].field_path, "v");
  EXPECT_THAT(rows.letters[7].reason, HasSubstr("there is no schema 7"));
}

TEST_F(ProtobufSchemas, ARegistryThatIsAwayStopsAtTheRecord) {
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kTimeout, ErrorCode::kDenied}) {
    MakeDecoder(SchemaOf({{"v", "long"}}));
    source_->Add(1, ProtoText("message A { int64 v = 1; }"));
    source_->Fail(2, Error(code, "the registry is away"));
    const std::vector<std::string> payloads = {ConfluentFrame(1), ConfluentFrame(1) + "\x07",
                                               ConfluentFrame(2), ConfluentFrame(1)};
    const auto rows = Decode(payloads);
    ASSERT_TRUE(rows.stats.stopped.has_value());
    EXPECT_EQ(rows.stats.stopped->code(), code);
    EXPECT_EQ(rows.stats.records, 2);
    EXPECT_EQ(rows.stats.rows, 1);
    EXPECT_EQ(rows.stats.dead_letters, 1);
    source_->Add(2, ProtoText("message A { int64 v = 1; }"));
    const auto rest = Decode({payloads[2], payloads[3]});
    EXPECT_EQ(rest.stats.rows, 2);
    EXPECT_FALSE(rest.stats.stopped.has_value());
  }
}

TEST_F(ProtobufSchemas, ASchemaThatAppearsLaterIsFound) {
  MakeDecoder(SchemaOf({{"v", "long"}}));
  EXPECT_EQ(Decode({ConfluentFrame(1)}).Letter(), "unknown_schema");
  source_->Add(1, ProtoText("message A { int64 v = 1; }"));
  EXPECT_EQ(Decode({ConfluentFrame(1)}).stats.rows, 1);
}

TEST_F(ProtobufSchemas, WhatIsKeptIsBounded) {
  MakeDecoder(SchemaOf({{"v", "long"}}));
  const std::string padding = "/*" + std::string(4 << 20, ' ') + "*/";
  for (int64_t id = 1; id <= 6; ++id) {
    source_->Add(id, ProtoText("message A { int64 v = 1; }" +
                               padding.substr(0, 4'000'000).replace(3'999'998, 2, "*/")));
  }
  for (int round = 0; round < 3; ++round) {
    for (uint32_t id = 1; id <= 6; ++id) {
      const auto rows = Decode({ConfluentFrame(id) + Writer().Varint(1, id).bytes()});
      EXPECT_EQ(rows.Cell("v"), std::to_string(id));
    }
  }
  EXPECT_GT(source_->calls, 6);
}

TEST_F(ProtobufSchemas, PayloadsWithoutAnIdNeedASchema) {
  MakeDecoder(SchemaOf({{"v", "long"}}), Framing::kNone);
  EXPECT_EQ(Decode({Writer().Varint(1, 1).bytes()}).Letter(), "bad_framing");
  ProtobufDecoderOptions options;
  options.framing = Framing::kAuto;
  options.schemas = source_;
  options.schema = ProtoText("message A { string v = 1; } message B { int64 v = 1; }");
  options.message = "B";
  source_->Add(9, ProtoText("message A { int64 v = 2; }"));
  auto decoder = MakeProtobufDecoder(SchemaOf({{"v", "long"}}), options);
  ASSERT_TRUE(decoder.ok());
  const auto rows = DecodeWith(**decoder, {Writer().Varint(1, 1).bytes(),
                                           ConfluentFrame(9) + Writer().Varint(2, 2).bytes()});
  EXPECT_EQ(rows.Cell("v", 0), "1");
  EXPECT_EQ(rows.Cell("v", 1), "2");
  options.message = "C";
  EXPECT_THAT(MakeProtobufDecoder(SchemaOf({{"v", "long"}}), options).error().message(),
              HasSubstr("no message C"));
}

// One field of a type from google/, and what its column says.
std::string WellKnownValue(const std::string& type, const std::string& column,
                           const Writer& message) {
  const std::string imports =
      "import \"google/protobuf/duration.proto\"; import \"google/protobuf/empty.proto\"; "
      "import \"google/protobuf/struct.proto\"; import \"google/protobuf/timestamp.proto\"; "
      "import \"google/protobuf/wrappers.proto\"; import \"google/type/date.proto\"; "
      "import \"google/type/timeofday.proto\"; import \"google/type/decimal.proto\";";
  return DecodeProtoValue("google." + type, column, Writer().Message(1, message), imports);
}

TEST(ProtobufWellKnown, Timestamps) {
  const Writer value = Writer().Varint(1, 1767882600).Varint(2, 123456789);
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "timestamptz", value),
            "2026-01-08 14:30:00.123456Z");
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "timestamptz_ns", value),
            "2026-01-08 14:30:00.123456789Z");
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "struct<seconds:long,nanos:int>", value),
            "{seconds:int64 = 1767882600, nanos:int32 = 123456789}");
  const auto before = Writer().Varint(1, static_cast<uint64_t>(-1)).Varint(2, 999999999);
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "timestamptz", before),
            "1969-12-31 23:59:59.999999Z");
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "timestamptz", Writer().Varint(2, 1000000000)),
            "out_of_range v");
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "timestamptz",
                           Writer().Varint(2, static_cast<uint64_t>(-1))),
            "out_of_range v");
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "timestamptz", Writer().Varint(1, 1ULL << 60)),
            "out_of_range v");
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "timestamptz_ns", Writer().Varint(1, 1ULL << 40)),
            "out_of_range v");
  EXPECT_EQ(WellKnownValue("protobuf.Timestamp", "timestamptz", Writer().Bytes(1, "x")),
            "bad_protobuf v");
}

TEST(ProtobufWellKnown, DurationsDatesAndTimes) {
  EXPECT_EQ(WellKnownValue("protobuf.Duration", "long", Writer().Varint(1, 2).Varint(2, 1500)),
            "2000001");
  EXPECT_EQ(
      WellKnownValue("protobuf.Duration", "long", Writer().Varint(2, static_cast<uint64_t>(-1500))),
      "-2");
  EXPECT_EQ(WellKnownValue("protobuf.Duration", "long", Writer().Varint(1, 1ULL << 62)),
            "out_of_range v");
  const auto date = [](uint64_t year, uint64_t month, uint64_t day) {
    return WellKnownValue("type.Date", "date",
                          Writer().Varint(1, year).Varint(2, month).Varint(3, day));
  };
  EXPECT_EQ(date(2026, 1, 8), "2026-01-08");
  EXPECT_EQ(date(2024, 2, 29), "2024-02-29");
  EXPECT_EQ(date(2026, 2, 29), "out_of_range v");
  EXPECT_EQ(date(2026, 0, 1), "out_of_range v");
  EXPECT_EQ(date(0, 1, 1), "out_of_range v");
  EXPECT_EQ(date(1ULL << 40, 1, 1), "out_of_range v");
  EXPECT_EQ(WellKnownValue("type.TimeOfDay", "time",
                           Writer().Varint(1, 14).Varint(2, 30).Varint(3, 5).Varint(4, 6000)),
            "14:30:05.000006");
  EXPECT_EQ(WellKnownValue("type.TimeOfDay", "time", Writer().Varint(1, 24)), "out_of_range v");
}

TEST(ProtobufWellKnown, WrappersAreTheirValues) {
  EXPECT_EQ(WellKnownValue("protobuf.Int64Value", "long", Writer().Varint(1, 5)), "5");
  EXPECT_EQ(WellKnownValue("protobuf.Int64Value", "long", Writer()), "0");
  EXPECT_EQ(WellKnownValue("protobuf.UInt64Value", "long", Writer().Varint(1, ~uint64_t{0})),
            "out_of_range v");
  EXPECT_EQ(WellKnownValue("protobuf.StringValue", "string", Writer().Bytes(1, "x")), "x");
  EXPECT_EQ(WellKnownValue("protobuf.BytesValue", "binary", Writer().Bytes(1, "x")), "78");
  EXPECT_EQ(WellKnownValue("type.Decimal", "decimal(9,2)", Writer().Bytes(1, "-1.25")), "-1.25");
  EXPECT_EQ(WellKnownValue("type.Decimal", "string", Writer().Bytes(1, "1e400")), "1e400");
  EXPECT_EQ(WellKnownValue("protobuf.Empty", "boolean", Writer()), "true");
  EXPECT_EQ(DecodeProtoValue("google.protobuf.Int64Value", "long", Writer(),
                             "import \"google/protobuf/wrappers.proto\";"),
            "null");
}

TEST(ProtobufWellKnown, StructsAreJsonText) {
  const auto member = [](const std::string& name, const Writer& value) {
    return Writer().Bytes(1, name).Message(2, value);
  };
  const Writer list = Writer()
                          .Message(1, Writer().Varint(1, 0))
                          .Message(1, Writer().Varint(4, 1))
                          .Message(1, Writer());
  const Writer object = Writer()
                            .Message(1, member("a\"\n", Writer().Fixed64(2, 0x3ff8000000000000)))
                            .Message(1, member("b", Writer().Bytes(3, "é")))
                            .Message(1, member("c", Writer().Message(6, list)))
                            .Message(1, member("b", Writer().Message(5, Writer())));
  EXPECT_EQ(WellKnownValue("protobuf.Struct", "string", object),
            R"({"a\"\u000a":1.5,"c":[null,true,null],"b":{}})");
  EXPECT_EQ(WellKnownValue("protobuf.ListValue", "string", list), "[null,true,null]");
  EXPECT_EQ(WellKnownValue("protobuf.Value", "string", Writer().Bytes(3, "x")), "\"x\"");
  EXPECT_EQ(WellKnownValue("protobuf.Value", "string", Writer().Bytes(3, "\xff")), "bad_utf8 v");
  EXPECT_EQ(WellKnownValue("protobuf.Value", "string", Writer().Fixed64(2, 0x7ff0000000000000)),
            "out_of_range v");
  EXPECT_EQ(
      WellKnownValue("protobuf.Value", "string", Writer().Message(5, object).Message(5, object)),
      "unsupported_encoding v");
  EXPECT_EQ(WellKnownValue("protobuf.Struct", "binary", Writer()), "");
  Writer deep = Writer().Varint(4, 1);
  for (int i = 0; i < 64; ++i) deep = Writer().Message(6, Writer().Message(1, deep));
  EXPECT_EQ(WellKnownValue("protobuf.Value", "string", deep),
            std::string(64, '[') + "true" + std::string(64, ']'));
  deep = Writer().Message(6, Writer().Message(1, deep));
  EXPECT_EQ(WellKnownValue("protobuf.Value", "string", deep), "too_deep v");
}

}  // namespace
}  // namespace kafka_iceberg::decode
