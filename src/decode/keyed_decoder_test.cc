// SPDX-License-Identifier: Apache-2.0
#include "decode/keyed_decoder.h"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "core/result_matchers.h"
#include "decode/avro/fake_avro_rows.h"
#include "decode/avro_decoder.h"
#include "decode/binary_decoder.h"
#include "decode/decoder_conformance.h"
#include "decode/framed_json_decoder.h"
#include "decode/json_decoder.h"
#include "decode/protobuf/fake_proto_records.h"
#include "decode/protobuf_decoder.h"

namespace kafka_iceberg::decode {
namespace {

using testing::HasSubstr;

KeyedDecoderParts::Make JsonValues() {
  return
      [](const iceberg::Schema& schema) { return MakeJsonDecoder(schema, {.report_drift = true}); };
}

KeyedDecoderParts::Make JsonKeys() {
  return [](const iceberg::Schema& schema) {
    return MakeJsonDecoder(schema, {.report_drift = true, .column = "_key"});
  };
}

KeyedDecoderParts::Make KeptKeys() {
  return
      [](const iceberg::Schema& schema) { return MakeBinaryDecoder(schema, {.column = "_key"}); };
}

// That there is a key must not change what a decoder does.
struct KeyedFormat final : DecoderFormat {
  std::unique_ptr<Decoder> Make() override {
    auto decoder =
        MakeKeyedDecoder(SchemaOf({{"id", "long", true},
                                   {"name", "string"},
                                   {"tags", "list<string>"},
                                   {"_key", "string"}},
                                  {"_kafka_topic", "_kafka_partition", "_kafka_offset",
                                   "_kafka_timestamp", "_kafka_key"}),
                         {.column = "_key", .make_values = JsonValues(), .make_keys = KeptKeys()});
    return std::move(decoder).value();
  }
  std::string Encode(int64_t id, std::optional<std::string> name,
                     std::vector<std::string> tags) override {
    std::string json = fmt::format("{{\"id\":{}", id);
    if (name) json += fmt::format(R"(,"name":"{}")", *name);
    json += ",\"tags\":[";
    for (size_t i = 0; i < tags.size(); ++i)
      json += fmt::format(R"({}"{}")", i == 0 ? "" : ",", tags[i]);
    return json + "]}";
  }
  std::string Garbage() override { return "garbage"; }
  std::string LateGarbage() override { return R"({"id":1,"name":null,"tags":["a",5]})"; }
};

INSTANTIATE_TEST_SUITE_P(Keyed, DecoderConformance,
                         testing::Values([]() -> std::unique_ptr<DecoderFormat> {
                           return std::make_unique<KeyedFormat>();
                         }));

class KeyedDecoderTest : public testing::Test {
 protected:
  // A table of `id long` and the key, whose values are JSON.
  void Use(const std::string& key_type, KeyedDecoderParts::Make make_keys, bool required = false) {
    table_ = SchemaOf({{"id", "long"}, {"_key", key_type, required}}, {"_kafka_offset"});
    Make(std::move(make_keys));
  }
  void UseWithoutColumn(KeyedDecoderParts::Make make_keys) {
    table_ = SchemaOf({{"id", "long"}}, {"_kafka_offset"});
    Make(std::move(make_keys));
  }
  void UseAvro(const std::string& key_type, bool required = false) {
    Use(key_type, AvroKeys(), required);
  }
  void Make(KeyedDecoderParts::Make make_keys) {
    auto decoder = MakeKeyedDecoder(
        table_, {.column = "_key", .make_values = JsonValues(), .make_keys = std::move(make_keys)});
    ASSERT_THAT(decoder, IsOk());
    decoder_ = std::move(decoder).value();
  }
  KeyedDecoderParts::Make AvroKeys(Framing framing = Framing::kConfluent) {
    return [this, framing](const iceberg::Schema& schema) {
      return MakeAvroDecoder(schema, {.framing = framing,
                                      .schemas = schemas_,
                                      .subject = "orders-key",
                                      .column = "_key",
                                      .id_header = kKeySchemaIdHeader,
                                      .report_drift = true});
    };
  }
  KeyedDecoderParts::Make ProtobufKeys(std::shared_ptr<SchemaSource> source) {
    return [source](const iceberg::Schema& schema) {
      return MakeProtobufDecoder(schema, {.framing = Framing::kConfluent,
                                          .schemas = source,
                                          .column = "_key",
                                          .report_drift = true});
    };
  }

  void Add(const std::optional<std::string>& key, const std::optional<std::string>& value) {
    Record record{.offset = static_cast<int64_t>(records_.size())};
    record.key_is_null = !key;
    record.value_is_null = !value;
    if (key) record.key = texts_.emplace_back(*key);
    if (value) record.value = texts_.emplace_back(*value);
    records_.push_back(record);
  }
  void AddKey(const std::optional<std::string>& key) { Add(key, R"({"id":1})"); }

  // Goes on where the last call stopped.
  DecodeStats Decode() {
    const std::span<const Record> rest = std::span(records_).subspan(done_);
    DecodeStats stats = decoder_->Decode("topic", rest, rows_.letters);
    EXPECT_EQ(stats.records, stats.rows + stats.dead_letters + stats.tombstones);
    done_ += static_cast<size_t>(stats.records);
    return stats;
  }
  // All that is left, whatever drift is told.
  void DecodeAll() {
    for (int calls = 0; calls < 10 && done_ < records_.size(); ++calls) Decode();
    EXPECT_EQ(done_, records_.size());
    rows_.batch = decoder_->Seal();
    if (rows_.batch == nullptr) return;
    EXPECT_TRUE(rows_.batch->ValidateFull().ok()) << rows_.batch->ValidateFull().ToString();
    EXPECT_TRUE(rows_.batch->schema()->Equals(decoder_->arrow_schema()));
  }
  // The one record's row, or "code field" of its letter.
  std::string KeyOf(const std::optional<std::string>& key) {
    AddKey(key);
    DecodeAll();
    return rows_.batch == nullptr ? rows_.Letter() : rows_.Row();
  }
  static std::string WantedKey(const DecodeStats& stats) {
    const iceberg::Field* field = stats.drift ? stats.drift->FindField("_key") : nullptr;
    return field == nullptr ? "nothing" : TypeWithRequired(field->type);
  }

  std::shared_ptr<FakeAvroSchemas> schemas_ = std::make_shared<FakeAvroSchemas>();
  iceberg::Schema table_;
  std::unique_ptr<Decoder> decoder_;
  std::deque<std::string> texts_;
  std::vector<Record> records_;
  size_t done_ = 0;
  AvroRows rows_;
};

constexpr const char* kAvroKey =
    R"({"type":"record","name":"K","fields":[{"name":"id","type":"long"},
       {"name":"region","type":["null","string"]}]})";

TEST_F(KeyedDecoderTest, AnAvroRecordIsAStruct) {
  schemas_->Add(1, kAvroKey);
  UseAvro("struct<id:long,region:string>");
  EXPECT_EQ(KeyOf(Framed(1, std::string("\x54\x02\x04"
                                        "eu"))),
            R"({"_kafka_offset":0,"_key":{"id":42,"region":"eu"},"id":1})");
}

TEST_F(KeyedDecoderTest, AnAvroLongIsALong) {
  schemas_->Add(1, R"("long")");
  UseAvro("long");
  EXPECT_EQ(KeyOf(Framed(1, "\x54")), R"({"_kafka_offset":0,"_key":42,"id":1})");
}

TEST_F(KeyedDecoderTest, AnAvroUnionMayHoldNull) {
  schemas_->Add(1, R"(["null","string"])");
  UseAvro("string");
  AddKey(Framed(1, std::string("\0", 1)));
  EXPECT_EQ(KeyOf(Framed(1, "\x02\x02x")), R"({"_kafka_offset":0,"_key":null,"id":1})");
  EXPECT_EQ(rows_.Row(1), R"({"_kafka_offset":1,"_key":"x","id":1})");
}

TEST_F(KeyedDecoderTest, AJsonObjectIsAStruct) {
  Use("struct<id:long,tags:list<string>>", JsonKeys());
  EXPECT_EQ(KeyOf(R"( {"tags":["a"],"id":7} )"),
            R"({"_kafka_offset":0,"_key":{"id":7,"tags":["a"]},"id":1})");
}

TEST_F(KeyedDecoderTest, AJsonScalarIsAColumn) {
  Use("string", JsonKeys());
  AddKey("\"a\\nb\"");
  AddKey("null");
  EXPECT_EQ(KeyOf("\"\""), R"({"_kafka_offset":0,"_key":"a\nb","id":1})");
  EXPECT_EQ(rows_.Row(1), R"({"_kafka_offset":1,"_key":null,"id":1})");
  EXPECT_EQ(rows_.Row(2), R"({"_kafka_offset":2,"_key":"","id":1})");
}

TEST_F(KeyedDecoderTest, AJsonNumberIsAColumn) {
  Use("long", JsonKeys());
  EXPECT_EQ(KeyOf("12"), R"({"_kafka_offset":0,"_key":12,"id":1})");
}

TEST_F(KeyedDecoderTest, AJsonKeyIsOneValue) {
  Use("long", JsonKeys());
  for (const char* key : {"", " ", "1 2", "1,", "1,\"x\":2", "tru", "12x", "\"a"}) AddKey(key);
  DecodeAll();
  EXPECT_EQ(rows_.batch, nullptr);
  ASSERT_EQ(rows_.letters.size(), 8U);
  for (const DeadLetter& letter : rows_.letters)
    EXPECT_EQ(letter.code + " " + letter.field_path, "not_json _key") << letter.key;
}

TEST_F(KeyedDecoderTest, AJsonKeyThatIsCutOffIsNotJson) {
  Use("struct<id:long>", JsonKeys());
  AddKey(R"({"id":1)");
  AddKey(R"({"id":1})");
  DecodeAll();
  EXPECT_EQ(rows_.Letter(), "not_json _key");
  EXPECT_EQ(rows_.batch->num_rows(), 1);
}

TEST_F(KeyedDecoderTest, AProtobufMessageIsAStruct) {
  const auto source = std::make_shared<FakeSchemaSource>();
  source->Add(1, ProtoText("message K { int64 id = 1; optional string region = 2; }"));
  Use("struct<id:long,region:string>", ProtobufKeys(source));
  const std::string region(300, 'x');  // a length of two bytes
  AddKey(ConfluentFrame(1) + ProtoWriter().Varint(1, 42).bytes());
  AddKey(ConfluentFrame(1) + ProtoWriter().Bytes(2, region).bytes());
  EXPECT_EQ(KeyOf(ConfluentFrame(1)),
            R"({"_kafka_offset":0,"_key":{"id":42,"region":null},"id":1})");
  EXPECT_EQ(rows_.Row(1),
            R"({"_kafka_offset":1,"_key":{"id":0,"region":")" + region + R"("},"id":1})");
  EXPECT_EQ(rows_.Row(2), R"({"_kafka_offset":2,"_key":{"id":0,"region":null},"id":1})");
}

TEST_F(KeyedDecoderTest, AProtobufMessageOfOneValueIsThatValue) {
  const auto source = std::make_shared<FakeSchemaSource>();
  source->Add(1, ProtoText("import \"google/protobuf/wrappers.proto\"; message K { int64 id = 1; "
                           "message L { google.protobuf.StringValue s = 1; } }"));
  Use("struct<s:string>", ProtobufKeys(source));
  EXPECT_EQ(KeyOf(ConfluentFrame(1, {0, 0}) +
                  ProtoWriter().Message(1, ProtoWriter().Bytes(1, "x")).bytes()),
            R"({"_kafka_offset":0,"_key":{"s":"x"},"id":1})");
}

TEST_F(KeyedDecoderTest, JsonBehindASchemaIdIsJson) {
  Use("struct<id:long>", [](const iceberg::Schema& schema) {
    return MakeFramedJsonDecoder(schema, {.framing = Framing::kConfluent,
                                          .id_header = kKeySchemaIdHeader,
                                          .json = {.column = "_key"}});
  });
  AddKey(R"({"id":8})");
  EXPECT_EQ(KeyOf(Framed(1, R"({"id":7})")), R"({"_kafka_offset":1,"_key":{"id":7},"id":1})");
  EXPECT_EQ(rows_.Letter(), "bad_framing _key");
}

TEST_F(KeyedDecoderTest, KeysMayBeKeptAsTheyAre) {
  Use("binary", KeptKeys());
  EXPECT_EQ(KeyOf("\xff"), R"({"_kafka_offset":0,"_key":"ff","id":1})");
}

TEST_F(KeyedDecoderTest, KeysThatAreTextMustBe) {
  Use("string", KeptKeys());
  AddKey("ok");
  AddKey("\xff");
  DecodeAll();
  EXPECT_EQ(rows_.Row(), R"({"_kafka_offset":0,"_key":"ok","id":1})");
  EXPECT_EQ(rows_.Letter(), "bad_utf8 _key");
}

TEST_F(KeyedDecoderTest, ANullKeyIsNullEvenWhereItsFieldsAreRequired) {
  schemas_->Add(1, kAvroKey);
  UseAvro("struct<id:long,region:string>");
  table_.fields[1].type.fields[0].required = true;
  Make(AvroKeys());
  AddKey(std::nullopt);
  EXPECT_EQ(KeyOf(Framed(1, std::string("\x02\0", 2))),
            R"({"_kafka_offset":0,"_key":null,"id":1})");
  EXPECT_EQ(rows_.Row(1), R"({"_kafka_offset":1,"_key":{"id":1,"region":null},"id":1})");
}

TEST_F(KeyedDecoderTest, ANullKeyInARequiredColumnIsADeadLetter) {
  UseAvro("long", /*required=*/true);
  EXPECT_EQ(KeyOf(std::nullopt), "missing_field _key");
  EXPECT_TRUE(rows_.letters[0].key_is_null);
}

TEST_F(KeyedDecoderTest, ALetterNamesTheKeysFieldAndSchemaAndHoldsTheRecord) {
  schemas_->Add(9, R"({"type":"record","name":"K","fields":[{"name":"id","type":"string"}]})");
  UseAvro("struct<id:string>");
  const std::string key = Framed(9, "\x02\xff");
  EXPECT_EQ(KeyOf(key), "bad_utf8 _key.id");
  const DeadLetter& letter = rows_.letters[0];
  EXPECT_EQ(letter.schema_id, "9");
  EXPECT_EQ(letter.key, key);
  EXPECT_EQ(letter.value, R"({"id":1})");
  EXPECT_THAT(letter.reason, HasSubstr("the record's key: _key.id"));
}

TEST_F(KeyedDecoderTest, ARecordHasOneLetterWhateverFailsAndLettersKeepTheirOrder) {
  Use("long", JsonKeys());
  Add("1", R"({"id":1})");
  Add("x", R"({"id":2})");     // the key
  Add("3", R"({"id":"no"})");  // the value
  Add("x", "no");              // both
  Add("4", R"({"id":4})");
  Add("x", R"({"id":5})");
  Add("6", R"({"id":6})");
  DecodeAll();
  ASSERT_EQ(rows_.letters.size(), 4U);
  std::vector<std::string> letters;
  for (const DeadLetter& letter : rows_.letters)
    letters.push_back(fmt::format("{} {} {}", letter.offset, letter.code, letter.field_path));
  EXPECT_THAT(letters, testing::ElementsAre("1 not_json _key", "2 wrong_type id", "3 not_json ",
                                            "5 not_json _key"));
  ASSERT_EQ(rows_.batch->num_rows(), 3);
  EXPECT_EQ(rows_.Row(0), R"({"_kafka_offset":0,"_key":1,"id":1})");
  EXPECT_EQ(rows_.Row(1), R"({"_kafka_offset":4,"_key":4,"id":4})");
  EXPECT_EQ(rows_.Row(2), R"({"_kafka_offset":6,"_key":6,"id":6})");
}

TEST_F(KeyedDecoderTest, ATombstoneThatIsSkippedHasNoKey) {
  Use("long", JsonKeys());
  Add("x", std::nullopt);
  EXPECT_EQ(Decode().tombstones, 1);
  EXPECT_TRUE(rows_.letters.empty());
}

TEST_F(KeyedDecoderTest, ATombstoneThatIsStoredHasItsKey) {
  Use("long", JsonKeys());
  decoder_->StoreNullValues();
  Add("5", std::nullopt);
  Add("x", std::nullopt);
  Add("6", R"({"id":1})");
  DecodeAll();
  ASSERT_EQ(rows_.batch->num_rows(), 2);
  EXPECT_EQ(rows_.Row(0), R"({"_kafka_offset":0,"_key":5,"id":null})");
  EXPECT_EQ(rows_.Letter(), "not_json _key");
}

TEST_F(KeyedDecoderTest, AnOutageStopsBeforeTheRecord) {
  schemas_->Add(1, R"("long")");
  schemas_->errors.emplace(2, Error::Unavailable("away"));
  UseAvro("long");
  for (const uint32_t id : {1U, 2U, 1U}) AddKey(Framed(id, "\x54"));
  EXPECT_TRUE(Decode().drift.has_value());  // of the first schema
  const DecodeStats stats = Decode();
  EXPECT_EQ(stats.rows, 1);
  ASSERT_TRUE(stats.stopped.has_value());
  EXPECT_EQ(stats.stopped->code(), ErrorCode::kUnavailable);
  EXPECT_EQ(decoder_->pending_rows(), 1);
  schemas_->errors.clear();
  schemas_->Add(2, R"("long")");
  DecodeAll();
  EXPECT_EQ(rows_.batch->num_rows(), 3);
}

TEST_F(KeyedDecoderTest, AnUnknownSchemaIsALetter) {
  UseAvro("long");
  EXPECT_EQ(KeyOf(Framed(3, "\x54")), "unknown_schema _key");
}

TEST_F(KeyedDecoderTest, ANewFieldOfTheKeyIsDriftBelowItsColumn) {
  schemas_->Add(1, kAvroKey);
  UseAvro("struct<id:int>");
  AddKey(Framed(1, std::string("\x54\0", 2)));
  const DecodeStats stats = Decode();
  EXPECT_EQ(stats.records, 0);
  EXPECT_EQ(decoder_->pending_rows(), 0);
  EXPECT_EQ(WantedKey(stats), "struct<id: required long, region: optional string>");
  EXPECT_NE(stats.drift->FindField("id"), nullptr);  // the values' columns stay
  EXPECT_EQ(stats.drift->FindField("_kafka_offset"), nullptr);
}

TEST_F(KeyedDecoderTest, AColumnThatIsMissingIsDrift) {
  schemas_->Add(1, kAvroKey);
  UseWithoutColumn(AvroKeys());
  AddKey(Framed(1, std::string("\x54\0", 2)));
  EXPECT_EQ(WantedKey(Decode()), "struct<id: required long, region: optional string>");
  DecodeAll();  // nobody has taken it up: the key is left out
  EXPECT_EQ(rows_.Row(), R"({"_kafka_offset":0,"id":1})");
}

TEST_F(KeyedDecoderTest, JsonKeysDriftToo) {
  Use("struct<id:long>", JsonKeys());
  AddKey(R"({"id":1,"more":{"x":true}})");
  EXPECT_EQ(WantedKey(Decode()),
            "struct<id: optional long, more: optional struct<x: optional boolean>>");
  UseWithoutColumn(JsonKeys());
  EXPECT_EQ(WantedKey(Decode()),
            "struct<id: optional long, more: optional struct<x: optional boolean>>");
  UseWithoutColumn(JsonKeys());
  records_.clear();
  done_ = 0;
  AddKey("\"text\"");
  EXPECT_EQ(WantedKey(Decode()), "string");
  EXPECT_EQ(Decode().ignored_fields, 1);
  Use("int", JsonKeys());
  records_.clear();
  done_ = 0;
  AddKey("3000000000");
  EXPECT_EQ(WantedKey(Decode()), "long");
}

TEST_F(KeyedDecoderTest, DriftOfTheValuesKeepsTheKeysColumn) {
  Use("struct<id:long>", JsonKeys());
  Add(R"({"id":1})", R"({"id":1,"new":"x","_key":5})");
  const DecodeStats stats = Decode();
  ASSERT_TRUE(stats.drift.has_value());
  EXPECT_NE(stats.drift->FindField("new"), nullptr);
  EXPECT_EQ(WantedKey(stats), "struct<id: optional long>");
}

TEST_F(KeyedDecoderTest, ValueAndKeyOfOneRecordMayBothDrift) {
  Use("struct<id:long>", JsonKeys());
  Add(R"({"id":1,"k":true})", R"({"id":1,"v":"x"})");
  EXPECT_NE(Decode().drift->FindField("v"), nullptr);
  EXPECT_NE(Decode().drift->FindField("_key.k"), nullptr);
  const DecodeStats stats = Decode();
  EXPECT_EQ(stats.rows, 1);
  EXPECT_EQ(stats.ignored_fields, 2);
}

TEST_F(KeyedDecoderTest, AFieldOfTheKeysNameInTheValueIsLeftOut) {
  Use("long", JsonKeys());
  Add("7", R"({"id":1,"_key":5})");
  DecodeAll();
  EXPECT_EQ(rows_.Row(), R"({"_kafka_offset":0,"_key":7,"id":1})");
}

TEST_F(KeyedDecoderTest, WhatIsRescuedOfAValueGoesWithItsRow) {
  const auto values = [](const iceberg::Schema& schema) {
    return MakeJsonDecoder(schema,
                           {.rescue = {.column = "_rescued", .scope = RescueScope::kFields}});
  };
  auto decoder =
      MakeKeyedDecoder(SchemaOf({{"id", "long"}, {"_rescued", "string"}, {"_key", "long"}}, {}),
                       {.column = "_key", .make_values = values, .make_keys = JsonKeys()});
  ASSERT_THAT(decoder, IsOk());
  decoder_ = std::move(decoder).value();
  Add("1", R"({"id":1})");
  Add("x", R"({"id":2,"a":2})");
  Add("3", R"({"id":3,"a":3})");
  EXPECT_EQ(Decode().rescued_fields, 1);
  DecodeAll();
  EXPECT_EQ(rows_.Row(0), R"({"_key":1,"_rescued":null,"id":1})");
  EXPECT_EQ(rows_.Row(1), R"({"_key":3,"_rescued":"{\"a\":3}","id":3})");
  EXPECT_EQ(rows_.Letter(), "not_json _key");
}

TEST_F(KeyedDecoderTest, TheKeysSchemaIdMayBeInItsOwnHeader) {
  schemas_->Add(1, R"("long")");
  Use("long", AvroKeys(Framing::kHeader));
  const std::vector<Header> headers = {{"__value_schema_id", std::string_view("\0\0\0\0\7", 5)},
                                       {"__key_schema_id", std::string_view("\0\0\0\0\1", 5)}};
  AddKey("\x54");
  records_[0].headers = headers;
  AddKey("\x54");
  DecodeAll();
  EXPECT_EQ(rows_.Row(), R"({"_kafka_offset":0,"_key":42,"id":1})");
  EXPECT_EQ(rows_.Letter(), "bad_framing _key");
}

TEST_F(KeyedDecoderTest, KeysWithoutAnIdAreOfTheirSubject) {
  schemas_->Add("orders-key", R"("long")");
  Use("long", AvroKeys(Framing::kNone));
  AddKey("\x54");
  Decode();
  Decode();
  EXPECT_EQ(done_, 1U);
  schemas_->Add("orders-key", R"(["null","long"])");  // a new version
  EXPECT_EQ(KeyOf("\x02\x02"), R"({"_kafka_offset":0,"_key":42,"id":1})");
  EXPECT_EQ(rows_.Row(1), R"({"_kafka_offset":1,"_key":1,"id":1})");
  schemas_->errors.emplace("orders-key", Error::Unavailable("away"));
  AddKey("\x54");
  EXPECT_TRUE(Decode().stopped.has_value());
}

}  // namespace
}  // namespace kafka_iceberg::decode
