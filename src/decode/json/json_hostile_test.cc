// SPDX-License-Identifier: Apache-2.0
//
// Input nobody should send: whatever comes, each record is a row or a dead letter, and the others
// are not touched.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "decode/decoder_conformance.h"
#include "decode/json/fake_json_records.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

struct JsonFormat final : DecoderFormat {
  std::unique_ptr<Decoder> Make() override {
    return DecoderOf(SchemaOf(
        {{"id", "long", true}, {"name", "string"}, {"tags", "list<string>"}},
        {"_kafka_topic", "_kafka_partition", "_kafka_offset", "_kafka_timestamp", "_kafka_key"}));
  }
  std::string Encode(int64_t id, std::optional<std::string> name,
                     std::vector<std::string> tags) override {
    std::string json = fmt::format("{{\"id\":{}", id);
    if (name) json += ",\"name\":\"" + *name + '"';
    json += ",\"tags\":[";
    for (size_t i = 0; i < tags.size(); ++i) json += (i == 0 ? "\"" : ",\"") + tags[i] + '"';
    return json + "]}";
  }
  std::string Garbage() override { return "\"not closed"; }
  std::string LateGarbage() override { return R"({"id":1,"name":null,"tags":["a",null,5]})"; }
};

INSTANTIATE_TEST_SUITE_P(Json, DecoderConformance,
                         testing::Values([]() -> std::unique_ptr<DecoderFormat> {
                           return std::make_unique<JsonFormat>();
                         }));

iceberg::Schema WideSchema() {
  return SchemaOf({{"l", "long"},
                   {"s", "string"},
                   {"d", "decimal(9,2)"},
                   {"t", "timestamptz"},
                   {"n", "struct<a:list<struct<x:int,y:string>>,m:map<string,double>,b:boolean>"}});
}

constexpr char kWideRow[] =
    R"({"l":-12,"x":[{"deep":null}],"s":"a\u00e9\"","d":1.25,"t":"2026-01-08T14:30:00Z",)"
    R"("n":{"a":[{"x":1,"y":"z"},null],"m":{"k":1.5e3},"b":true}})";

std::string CodeOf(const std::string& payload, JsonDecoderOptions options = {}) {
  const DecodedRows rows = DecodeAll(WideSchema(), {payload}, options);
  return rows.letters.empty() ? "row" : rows.letters[0].code;
}

TEST(JsonHostile, NoPrefixOfARecordIsARecord) {
  const std::string whole = kWideRow;
  std::vector<std::string> payloads;
  for (size_t size = 0; size < whole.size(); ++size) payloads.push_back(whole.substr(0, size));
  payloads.push_back(whole);
  const DecodedRows rows = DecodeAll(WideSchema(), payloads);
  EXPECT_EQ(rows.stats.rows, 1);
  for (const DeadLetter& letter : rows.letters) {
    EXPECT_THAT(letter.code, AnyOf("not_json", "bad_utf8"))
        << letter.value << ": " << letter.reason;
  }
  payloads.pop_back();
  for (const std::string& payload : payloads) EXPECT_NE(CodeOf(payload), "row") << payload;
}

TEST(JsonHostile, ARecordCutInTwoIsNotARecordAgain) {
  const std::string whole = kWideRow;
  for (size_t at = 1; at < whole.size(); ++at) {
    const DecodedRows rows = DecodeAll(
        WideSchema(), {"{}", whole.substr(0, at), whole.substr(at), "{}", whole.substr(at)});
    ASSERT_EQ(rows.stats.rows, 2) << at;
  }
}

TEST(JsonHostile, EveryFlippedByteIsARowOrALetter) {
  SeededRandom random(11);
  std::vector<std::string> payloads;
  for (size_t at = 0; at < sizeof(kWideRow) - 1; ++at) {
    for (int i = 0; i < 20; ++i) {
      payloads.emplace_back(kWideRow);
      payloads.back()[at] = static_cast<char>(random.Below(256));
    }
  }
  DecodeAll(WideSchema(), payloads);
}

TEST(JsonHostile, GarbageIsARowOrALetter) {
  SeededRandom random(12);
  constexpr std::string_view kAlphabet =
      "{}[]\",:\\ \n\t0123456789-+.eEtrufalsn\"lsdtnamxyk\x80\xc3\xa9\xff";
  std::vector<std::string> payloads;
  for (int i = 0; i < 20'000; ++i) {
    std::string payload = i % 3 == 0 ? "{\"l\":" : i % 3 == 1 ? "{" : "";
    for (uint64_t size = random.Below(60); size > 0; --size)
      payload += kAlphabet[random.Below(kAlphabet.size())];
    payloads.push_back(std::move(payload));
  }
  const DecodedRows together = DecodeAll(WideSchema(), payloads);
  int64_t rows_alone = 0;
  for (const std::string& payload : payloads) rows_alone += CodeOf(payload) == "row" ? 1 : 0;
  EXPECT_EQ(together.stats.rows, rows_alone);
}

TEST(JsonHostile, BrokenNeighboursDoNotMatter) {
  const std::vector<std::string> broken = {"",
                                           "{",
                                           "}",
                                           "\"",
                                           "{\"l\":\"",
                                           "\xff",
                                           "{\"s\":\"\xe2\x82\"}",
                                           "\\",
                                           "{\"l\":1}{",
                                           "{\"l\":1,",
                                           "{\"l\":1}\n{\"l\":2}",
                                           "[",
                                           "{\"s\":\"a\nb\"}"};
  for (const std::string& before : broken) {
    for (const std::string& after : broken) {
      const DecodedRows rows =
          DecodeAll(WideSchema(), {"{\"l\":1}", before, "{\"l\":2}", after, "{\"l\":3}"});
      ASSERT_EQ(rows.stats.rows, 3) << before << " | " << after;
      EXPECT_EQ(rows.Cell("l", 0) + rows.Cell("l", 1) + rows.Cell("l", 2), "123");
      EXPECT_EQ(rows.letters.at(0).offset, 1);
      EXPECT_EQ(rows.letters.at(1).offset, 3);
    }
  }
}

TEST(JsonHostile, CodesTellWhatIsWrong) {
  EXPECT_EQ(CodeOf(""), "not_json");
  EXPECT_EQ(CodeOf(" \n"), "not_json");
  EXPECT_EQ(CodeOf("hello"), "not_json");
  EXPECT_EQ(CodeOf("{'l':1}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":1,}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\" 1}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":01}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":1\"a\"}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":1.2.3}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":nul}"), "not_json");
  EXPECT_EQ(CodeOf("{\"n\":{\"b\":truex}}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":1}x"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":1} {}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":1}]"), "not_json");
  EXPECT_EQ(CodeOf("{\"n\":{\"a\":[}}"), "not_json");
  EXPECT_EQ(CodeOf("{\"n\":{\"a\":[{}}]}"), "not_json");
  EXPECT_EQ(CodeOf(std::string("{\"l\":1}\0", 8)), "not_json");
  EXPECT_EQ(CodeOf(std::string("{\"l\0\":1}", 8)), "not_json");
  EXPECT_EQ(CodeOf("{\"s\":\"a\tb\"}"), "not_json");
  EXPECT_EQ(CodeOf("[1,2]"), "not_object");
  EXPECT_EQ(CodeOf("\"text\""), "not_object");
  EXPECT_EQ(CodeOf(" 12 "), "not_object");
  EXPECT_EQ(CodeOf("null"), "not_object");
  EXPECT_EQ(CodeOf("[1,2"), "not_json");
  EXPECT_EQ(CodeOf("[1,2]x"), "not_json");
  EXPECT_EQ(CodeOf("{\"s\":\"\xff\"}"), "bad_utf8");
  EXPECT_EQ(CodeOf("{\"x\":\"\xed\xa0\x80\"}"), "bad_utf8");
  EXPECT_EQ(CodeOf(" {} "), "row");
}

TEST(JsonHostile, WhatNoColumnTakesMustBeJsonToo) {
  for (const char* value :
       {"xyz", "01", "1.", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "\"\\x\"",
        "\"\\u12\"", "tru", "[", "{", "]", "}", "", ",", "[[1}]", "{\"a\":[}]"}) {
    EXPECT_EQ(CodeOf(fmt::format("{{\"ignored\":{}}}", value)), "not_json") << value;
  }
  for (const char* value : {"1", "-1.5e3", "\"\\u00e9\\n\"", "[]", "{}", "[[],{},[{}]]",
                            "{\"a\":{\"b\":[1,2,{\"c\":null}]}}", "true", " null "}) {
    EXPECT_EQ(CodeOf(fmt::format("{{\"ignored\":{},\"l\":1}}", value)), "row") << value;
  }
}

TEST(JsonHostile, DeepNestingIsRefusedWithoutRecursion) {
  const std::string open(100'000, '[');
  EXPECT_EQ(CodeOf(open), "too_deep");
  EXPECT_EQ(CodeOf("{\"ignored\":" + open + "}"), "too_deep");
  EXPECT_EQ(CodeOf("{\"ignored\":" + open + std::string(100'000, ']') + "}"), "too_deep");
  EXPECT_EQ(CodeOf("{\"l\":" + open + "}"), "wrong_type");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"ignored\":";
  EXPECT_EQ(CodeOf(objects), "too_deep");
  EXPECT_EQ(CodeOf("{\"ignored\":" + std::string(127, '[') + std::string(127, ']') + "}"), "row");
  EXPECT_EQ(CodeOf("{\"ignored\":" + std::string(128, '[') + std::string(128, ']') + "}"),
            "too_deep");
  EXPECT_EQ(CodeOf("{\"n\":{\"a\":[]}}", {.depth_max = 3}), "row");
  EXPECT_EQ(CodeOf("{\"n\":{\"a\":[{}]}}", {.depth_max = 3}), "too_deep");
}

TEST(JsonHostile, RecordsBeyondTheLimitAreRefusedUnread) {
  const std::string big = "{\"s\":\"" + std::string(1 << 20, 'x') + "\"}";
  EXPECT_EQ(CodeOf(big), "row");
  EXPECT_EQ(CodeOf(big, {.record_bytes_max = 1 << 20}), "too_big");
  const DecodedRows rows =
      DecodeAll(WideSchema(), {"{\"l\":1}", big, "{\"l\":3}", big, "{\"l\":5}"});
  EXPECT_EQ(rows.stats.rows, 5);
  EXPECT_EQ(rows.Cell("s", 3).size(), size_t{1} << 20);
  EXPECT_EQ(rows.Cell("l", 4), "5");
}

TEST(JsonHostile, AByteOrderMarkIsIgnoredInFrontOnly) {
  EXPECT_EQ(CodeOf("\xef\xbb\xbf{\"l\":1}"), "row");
  EXPECT_EQ(CodeOf("\xef\xbb\xbf"), "not_json");
  EXPECT_EQ(CodeOf("\xef\xbb\xbf\xef\xbb\xbf{\"l\":1}"), "not_json");
  EXPECT_EQ(CodeOf("{\"l\":\xef\xbb\xbf"
                   "1}"),
            "not_json");
}

TEST(JsonHostile, TwoThousandColumns) {
  std::vector<DeclaredField> fields;
  std::string row;
  for (int i = 1999; i >= 0; --i)
    row += fmt::format("{}\"column_{}\":{}", row.empty() ? '{' : ',', i, i);
  for (int i = 0; i < 2000; ++i) fields.push_back({"column_" + std::to_string(i), "long"});
  const DecodedRows rows = DecodeAll(SchemaOf(fields), {row + "}", "{}", row + "}"});
  EXPECT_EQ(rows.Cell("column_0", 0), "0");
  EXPECT_EQ(rows.Cell("column_1999", 1), "null");
  EXPECT_EQ(rows.Cell("column_1999", 2), "1999");
}

TEST(JsonHostile, HugeNumbersAndKeysEndWell) {
  const std::string digits(1 << 20, '9');
  EXPECT_EQ(CodeOf("{\"l\":" + digits + "}"), "out_of_range");
  EXPECT_EQ(CodeOf("{\"d\":0." + digits + "}"), "out_of_range");
  EXPECT_EQ(CodeOf("{\"d\":1." + std::string(1 << 20, '0') + "}"), "row");
  EXPECT_EQ(CodeOf("{\"l\":1e" + digits + "}"), "out_of_range");
  EXPECT_EQ(CodeOf("{\"" + digits + "\":1}"), "row");
  EXPECT_EQ(CodeOf("{\"t\":" + digits + "}"), "out_of_range");
}

TEST(JsonHostile, MetadataNamesInAPayloadAreIgnored) {
  const auto schema =
      SchemaOf({{"a", "long"}, {"n", "struct<_kafka_offset:long>"}}, {"_kafka_offset"});
  const DecodedRows rows =
      DecodeAll(schema, {R"({"_kafka_offset":77,"a":1,"n":{"_kafka_offset":5}})"});
  EXPECT_EQ(rows.Cell("_kafka_offset"), "0");
  EXPECT_EQ(rows.Cell("n"), "{_kafka_offset:int64 = 5}");
  EXPECT_EQ(rows.stats.ignored_fields, 1);
}

TEST(JsonHostile, HeadersBecomeAList) {
  const auto schema = SchemaOf({{"a", "long"}}, {"_kafka_headers"});
  auto decoder = DecoderOf(schema);
  const std::vector<Header> headers = {
      {"trace", "\xff\x01", false}, {"empty", "", false}, {"null", "", true}};
  const std::vector<Header> broken = {{"fine", "x", false}, {"\xff", "x", false}};
  std::vector<Record> records(3);
  for (Record& record : records) record.value = "{}";
  records[0].headers = headers;
  records[1].headers = broken;
  std::vector<DeadLetter> letters;
  EXPECT_EQ(decoder->Decode("t", records, letters).rows, 2);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].code, "bad_utf8");
  EXPECT_EQ(letters[0].field_path, "_kafka_headers");
  const auto batch = decoder->Seal();
  ASSERT_TRUE(batch->ValidateFull().ok());
  const auto& list =
      static_cast<const arrow::ListArray&>(*batch->GetColumnByName("_kafka_headers"));
  EXPECT_EQ(list.value_length(0), 3);
  EXPECT_EQ(list.value_length(1), 0);
  EXPECT_THAT(list.ToString(), HasSubstr("FF01"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
