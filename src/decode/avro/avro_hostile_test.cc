// SPDX-License-Identifier: Apache-2.0
//
// Input nobody should send: whatever comes, each record is a row or a dead letter, and the others
// are not touched.
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/random.h"
#include "decode/avro/fake_avro_rows.h"
#include "decode/decoder_conformance.h"
#include "iceberg/encoding/avro_binary.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::AvroWriter;
using nlohmann::json;

struct AvroFormat final : DecoderFormat {
  std::unique_ptr<Decoder> Make() override {
    auto schema = DeclaredSchema(
        {{"id", "long", true}, {"name", "string"}, {"tags", "list<string>"}},
        {"_kafka_topic", "_kafka_partition", "_kafka_offset", "_kafka_timestamp", "_kafka_key"});
    EXPECT_TRUE(schema.ok());
    auto source = std::make_shared<FakeAvroSchemas>();
    source->Add(int64_t{1}, R"({"type":"record","name":"Row","fields":[
        {"name":"id","type":"long"},{"name":"name","type":["null","string"]},
        {"name":"tags","type":{"type":"array","items":"string"}}]})");
    auto decoder = MakeAvroDecoder(*schema, {.schemas = std::move(source)});
    EXPECT_TRUE(decoder.ok()) << decoder.error().message();
    return std::move(decoder).value();
  }
  std::string Encode(int64_t id, std::optional<std::string> name,
                     std::vector<std::string> tags) override {
    iceberg::AvroWriter writer;
    writer.WriteLong(id);
    name ? writer.WriteNotNull() : writer.WriteNull();
    if (name) writer.WriteBytes(*name);
    writer.WriteBlockCount(tags.size());
    for (const std::string& tag : tags) writer.WriteBytes(tag);
    writer.WriteBlockEnd();
    return Framed(1, writer.bytes());
  }
  std::string Garbage() override { return "garbage"; }
  std::string LateGarbage() override {
    std::string payload = Encode(1, "name", {"a", "b"});
    payload.pop_back();
    return payload;
  }
};

INSTANTIATE_TEST_SUITE_P(Avro, DecoderConformance,
                         testing::Values([]() -> std::unique_ptr<DecoderFormat> {
                           return std::make_unique<AvroFormat>();
                         }));

struct GoodRecords {
  std::string schema;
  std::vector<std::string> payloads;
};

std::vector<GoodRecords> AllGoodRecords() {
  std::ifstream file(TESTDATA_DIR "/avro_cases.json");
  std::vector<GoodRecords> all;
  for (const json& test : json::parse(file, nullptr, /*allow_exceptions=*/false)) {
    GoodRecords& good = all.emplace_back();
    good.schema = test["schema"].dump();
    for (const json& row : test["rows"]) {
      good.payloads.push_back(FromHex(row["hex"].get<std::string>()));
    }
  }
  return all;
}

void Mutate(std::string& payload, Random& random) {
  constexpr std::string_view kLikely("\x00\x01\x02\x03\x7f\x80\xff\xfe", 8);
  for (uint64_t changes = 1 + random.Below(4); changes > 0 && !payload.empty(); --changes) {
    const size_t at = random.Below(payload.size());
    switch (random.Below(5)) {
      case 0: payload[at] = static_cast<char>(random.Below(256)); break;
      case 1: payload[at] = kLikely[random.Below(kLikely.size())]; break;
      case 2: payload[at] = static_cast<char>(payload[at] ^ (1 << random.Below(8))); break;
      case 3: payload.erase(at, 1 + random.Below(8)); break;
      default: payload.insert(at, std::string(1 + random.Below(11), kLikely[random.Below(8)]));
    }
  }
}

TEST(AvroHostile, NoChangeOfBytesDoesHarm) {
  const std::set<std::string> expected = {"bad_avro", "bad_utf8", "bad_value", "out_of_range"};
  SeededRandom random(20261123);
  int64_t rows = 0;
  int64_t letters = 0;
  for (const GoodRecords& good : AllGoodRecords()) {
    AvroDecoderOptions options;
    options.schema = PayloadSchema{PayloadFormat::kAvro, good.schema, {}};
    auto made = MakeAvroDecoder(MappedAvro(good.schema), std::move(options));
    ASSERT_TRUE(made.ok());
    for (int round = 0; round < 130; ++round) {
      std::vector<std::string> payloads;
      for (int i = 0; i < 100; ++i) {
        payloads.push_back(good.payloads[random.Below(good.payloads.size())]);
        if (i % 10 != 0) Mutate(payloads.back(), random);
        payloads.back().shrink_to_fit();
      }
      const AvroRows decoded = DecodeAvro(**made, payloads);
      ASSERT_GE(decoded.stats.rows, 10);  // those that were left alone
      for (const DeadLetter& letter : decoded.letters) {
        ASSERT_TRUE(expected.contains(letter.code) || letter.code == "missing_field")
            << letter.code << ": " << letter.reason;
      }
      rows += decoded.stats.rows;
      letters += decoded.stats.dead_letters;
    }
  }
  EXPECT_GE(rows + letters, 100'000);
  EXPECT_GT(rows, 20'000);
  EXPECT_GT(letters, 20'000);
}

TEST(AvroHostile, NoRecordIsReadByAWrongSchemaWithoutSayingSo) {
  const std::vector<GoodRecords> all = AllGoodRecords();
  for (const GoodRecords& reader : all) {
    const iceberg::Schema table = MappedAvro(reader.schema);
    for (const GoodRecords& writer : all) {
      if (&reader == &writer) continue;
      const AvroRows decoded = DecodeAvro(table, reader.schema, writer.payloads);
      EXPECT_EQ(decoded.stats.records, static_cast<int64_t>(writer.payloads.size()));
    }
  }
}

TEST(AvroHostile, NoChangeOfASchemaDoesHarm) {
  SeededRandom random(7);
  for (const GoodRecords& good : AllGoodRecords()) {
    const iceberg::Schema table = MappedAvro(good.schema);
    auto source = std::make_shared<FakeAvroSchemas>();
    auto made = MakeAvroDecoder(table, {.schemas = source});
    ASSERT_TRUE(made.ok());
    for (int64_t id = 0; id < 300; ++id) {
      std::string schema = good.schema;
      Mutate(schema, random);
      source->Add(id, schema);
      const AvroRows decoded =
          DecodeAvro(**made, {Framed(static_cast<uint32_t>(id), good.payloads[0])});
      ASSERT_EQ(decoded.stats.records, 1);
    }
  }
}

// The deepest schema there may be, and as many items as the bytes allow.
TEST(AvroHostile, DeepNestingIsRead) {
  constexpr int kLevels = 50;
  std::string type = "\"long\"";
  std::string column = "long";
  std::string open;
  std::string close;
  std::string expected = "5";
  for (int i = 0; i < kLevels; ++i) {
    type = R"({"type":"array","items":)" + type + "}";
    column = "list<" + column + ">";
    open += '\2';
    close += '\0';
    expected = "[" + expected + "]";
  }
  EXPECT_EQ(DecodeAvroValue(column, type, open + '\xa' + close), expected);
  EXPECT_EQ(
      DecodeAvroValue(column, type, open + '\xa'), "bad_avro v" + [] {
        std::string path;
        for (int i = 1; i < kLevels; ++i) path += ".element";
        return path;
      }());
}

TEST(AvroHostile, ItemsWithoutBytesDoNotKeepTheReaderBusy) {
  const std::string schema = R"({"type":"record","name":"R","fields":[
      {"name":"a","type":{"type":"array","items":"null"}},
      {"name":"b","type":{"type":"array","items":{"type":"record","name":"E","fields":[
          {"name":"n","type":"null"}]}}}]})";
  auto table = DeclaredSchema({{"x", "long"}}, {});
  ASSERT_TRUE(table.ok());
  const auto decode = [&](int64_t count, int blocks) {
    AvroWriter writer;
    for (int field = 0; field < 2; ++field) {
      for (int i = 0; i < blocks; ++i) writer.WriteLong(count);
      writer.WriteLong(0);
    }
    const AvroRows rows = DecodeAvro(*table, schema, {writer.bytes()});
    return rows.letters.empty() ? "row" : rows.letters[0].code;
  };
  EXPECT_EQ(decode(100, 2), "row");
  EXPECT_EQ(decode(INT64_C(1) << 60, 1), "bad_avro");
  EXPECT_EQ(decode(1000, 1'000'000), "bad_avro");
}

TEST(AvroHostile, ListsOfNothingAreNotMade) {
  auto table = DeclaredSchema({{"v", "list<struct<a:long>>"}}, {});
  ASSERT_TRUE(table.ok());
  const AvroRows rows = DecodeAvro(*table,
                                   R"({"type":"record","name":"R","fields":[{"name":"v","type":
      {"type":"array","items":{"type":"record","name":"E","fields":[]}}}]})",
                                   {std::string("\2\0", 2)});
  EXPECT_EQ(rows.Letter(), "schema_mismatch v");
}

TEST(AvroHostile, ThousandsOfColumnsAreRead) {
  constexpr int kColumns = 2000;
  json schema = {{"type", "record"}, {"name", "Wide"}, {"fields", json::array()}};
  AvroWriter full;
  AvroWriter empty;
  for (int i = 0; i < kColumns; ++i) {
    schema["fields"].push_back({{"name", fmt::format("c{}", i)}, {"type", {"null", "long"}}});
    full.WriteNotNull();
    full.WriteLong(i);
    empty.WriteNull();
  }
  const AvroRows rows =
      DecodeAvro(MappedAvro(schema.dump()), schema.dump(), {full.bytes(), empty.bytes()});
  ASSERT_EQ(rows.stats.rows, 2);
  EXPECT_EQ(json::parse(rows.Row(0))["c1999"], 1999);
  EXPECT_TRUE(json::parse(rows.Row(1))["c1999"].is_null());
}

// A thousand branches, each of which could fill every column.
TEST(AvroHostile, ProgramsAreBounded) {
  json branches = json::array();
  for (int i = 0; i < 1000; ++i) {
    branches.push_back({{"type", "record"},
                        {"name", fmt::format("T{}", i)},
                        {"fields", json::array({{{"name", "c0"}, {"type", "long"}}})}});
  }
  std::vector<DeclaredField> fields;
  for (int i = 0; i < 2000; ++i) fields.push_back({fmt::format("c{}", i), "long", false, ""});
  auto table = DeclaredSchema(fields, {});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(DecodeAvro(*table, branches.dump(), {std::string("\2\2")}).Letter(),
            "unsupported_schema");
}

}  // namespace
}  // namespace kafka_iceberg::decode
