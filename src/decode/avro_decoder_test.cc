// SPDX-License-Identifier: Apache-2.0
#include "decode/avro_decoder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "decode/avro/fake_avro_rows.h"
#include "iceberg/encoding/avro_binary.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Long(int64_t value) {
  iceberg::AvroWriter writer;
  writer.WriteLong(value);
  return writer.bytes();
}

std::string Text(std::string_view value) {
  iceberg::AvroWriter writer;
  writer.WriteBytes(value);
  return writer.bytes();
}

// A record named R of fields {name, type}.
std::string Schema(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [name, type] : fields) {
    text += (text.empty() ? "" : ",") + ("{\"name\":\"" + name + "\",\"type\":" + type + "}");
  }
  return R"({"type":"record","name":"R","fields":[)" + text + "]}";
}

iceberg::Schema Table(const std::vector<DeclaredField>& fields) {
  auto schema = DeclaredSchema(fields, {});
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  return std::move(schema).value();
}

class AvroDecoder : public testing::Test {
 protected:
  std::unique_ptr<Decoder> Make(const iceberg::Schema& table, AvroDecoderOptions options = {}) {
    if (options.schemas == nullptr) options.schemas = source_;
    auto decoder = MakeAvroDecoder(table, std::move(options));
    EXPECT_TRUE(decoder.ok()) << decoder.error().message();
    return std::move(decoder).value();
  }

  const std::shared_ptr<FakeAvroSchemas> source_ = std::make_shared<FakeAvroSchemas>();
};

TEST_F(AvroDecoder, FindsColumnsByNameThenAliasThenWithoutCase) {
  const iceberg::Schema table = Table({{"ID", "long"},
                                       {"id", "long"},
                                       {"old_name", "long"},
                                       {"Mixed", "long"},
                                       {"twice", "long"},
                                       {"TWICE", "long"}});
  const std::string schema = R"({"type":"record","name":"R","fields":[
      {"name":"id","type":"long"},{"name":"new_name","aliases":["other","old_name"],"type":"long"},
      {"name":"mIXED","type":"long"},{"name":"Twice","type":"long"}]})";
  const AvroRows rows = DecodeAvro(table, schema, {Long(1) + Long(2) + Long(3) + Long(4)});
  EXPECT_EQ(rows.Row(), R"({"ID":null,"Mixed":3,"TWICE":null,"id":1,"old_name":2,"twice":null})");
  EXPECT_EQ(rows.stats.ignored_fields, 1);  // nobody can tell which of two "Twice" means
}

TEST_F(AvroDecoder, NamesAreTakenAsTheyAre) {
  const std::vector<std::string> names = {
      "with.dot", "mit Leerzeichen", "größe", "日本", "select", "a", "A"};
  std::vector<DeclaredField> fields;
  std::vector<std::pair<std::string, std::string>> writer;
  std::string payload;
  for (const std::string& name : names) {
    fields.push_back({name, "string", true, ""});
    writer.emplace_back(name, "\"string\"");
    payload += Text(name);
  }
  const AvroRows rows = DecodeAvro(Table(fields), Schema(writer), {payload});
  ASSERT_EQ(rows.stats.rows, 1);
  for (const std::string& name : names) {
    const auto& column = *rows.batch->GetColumnByName(name);
    EXPECT_EQ(static_cast<const arrow::StringArray&>(column).GetString(0), name);
  }
}

TEST_F(AvroDecoder, ColumnsTheWriterLacksGetTheirDefault) {
  iceberg::Schema table = Table({{"a", "long"}, {"n", "long"}, {"d", "string", true}});
  table.fields[2].write_default = "\"none\"";
  EXPECT_EQ(DecodeAvro(table, Schema({{"a", "\"long\""}}), {Long(1)}).Row(),
            R"({"a":1,"d":"none","n":null})");
  table.fields[2].write_default.reset();
  const AvroRows rows = DecodeAvro(table, Schema({{"a", "\"long\""}}), {Long(1)});
  EXPECT_EQ(rows.Letter(), "missing_field d");
  table.fields[2].write_default = "5";
  EXPECT_FALSE(MakeAvroDecoder(table, {.schemas = source_}).ok());
}

TEST_F(AvroDecoder, ARequiredColumnInAnOptionalStructIsMissed) {
  iceberg::Schema table = Table({{"s", "struct<a:long,b:long>"}});
  table.fields[0].type.fields[1].required = true;
  const std::string schema = Schema(
      {{"s", R"(["null",{"type":"record","name":"S","fields":[{"name":"a","type":"long"}]}])"}});
  EXPECT_EQ(DecodeAvro(table, schema, {Long(1) + Long(1)}).Letter(), "missing_field s.b");
}

TEST_F(AvroDecoder, MetadataColumnsAreNotThePayloads) {
  auto table = DeclaredSchema({{"a", "long"}}, {"_kafka_offset", "_kafka_topic"});
  ASSERT_TRUE(table.ok());
  const AvroRows rows = DecodeAvro(
      *table, Schema({{"_kafka_offset", "\"string\""}, {"a", "\"long\""}}), {Text("x") + Long(1)});
  EXPECT_EQ(rows.Row(), R"({"_kafka_offset":0,"_kafka_topic":"topic","a":1})");
  EXPECT_EQ(rows.stats.ignored_fields, 1);
}

TEST_F(AvroDecoder, IgnoredFieldsAreCountedWhereTheyOccur) {
  const std::string schema =
      Schema({{"a", "\"long\""},
              {"list", R"({"type":"array","items":{"type":"record","name":"I","fields":[
            {"name":"x","type":"long"},{"name":"y","type":"long"}]}})"},
              {"gone", R"(["null","string"])"}});
  const iceberg::Schema table = Table({{"a", "long"}, {"list", "list<struct<x:long>>"}});
  const std::string payload =
      Long(1) + Long(2) + Long(1) + Long(2) + Long(3) + Long(4) + Long(0) + Long(1) + Text("z");
  const AvroRows rows = DecodeAvro(table, schema, {payload, payload});
  EXPECT_EQ(rows.Row(1), R"({"a":1,"list":[{"x":1},{"x":3}]})");
  EXPECT_EQ(rows.stats.ignored_fields, 6);
}

TEST_F(AvroDecoder, SkipsWhateverNoColumnTakes) {
  const std::string item = R"({"type":"record","name":"I","fields":[
      {"name":"a","type":"boolean"},{"name":"b","type":"float"},{"name":"c","type":"double"},
      {"name":"d","type":"bytes"},{"name":"e","type":{"type":"fixed","name":"F","size":3}},
      {"name":"f","type":{"type":"enum","name":"E","symbols":["X"]}},
      {"name":"g","type":["null","int"]},{"name":"h","type":["string","long","null"]},
      {"name":"i","type":"null"}]})";
  const std::string one = FromHex("01") + std::string(12, 'x') + Text("bytes") + "abc" + Long(0) +
                          Long(1) + Long(7) + Long(1) + Long(9);
  const std::string schema = Schema({{"items", R"({"type":"array","items":)" + item + "}"},
                                     {"map", R"({"type":"map","values":"I"})"},
                                     {"nulls", R"({"type":"array","items":"null"})"},
                                     {"last", "\"long\""}});
  const std::string rest = Long(1) + Text("k") + one + Long(0) + Long(5) + Long(0) + Long(42);
  const iceberg::Schema table = Table({{"last", "long"}});
  EXPECT_EQ(DecodeAvro(table, schema, {Long(2) + one + one + Long(0) + rest}).Row(),
            R"({"last":42})");
  // Blocks with their size are stepped over without a look.
  const auto size = static_cast<int64_t>(one.size());
  EXPECT_EQ(DecodeAvro(table, schema,
                       {Long(-1) + Long(size) + std::string(one.size(), '\xff') + Long(0) + rest})
                .Row(),
            R"({"last":42})");
  EXPECT_EQ(DecodeAvro(table, schema, {Long(-1) + Long(10'000) + one + Long(0) + rest}).Letter(),
            "bad_avro");
}

TEST_F(AvroDecoder, AStructIsFilledFromSeveralRecordsOrFromBranches) {
  const std::string both = R"([{"type":"record","name":"A","fields":[{"name":"x","type":"long"}]},
      {"type":"record","name":"B","fields":[{"name":"y","type":"long"}]},"null"])";
  const std::vector<std::string> payloads = {Long(0) + Long(1), Long(1) + Long(2), Long(2)};
  const AvroRows flat =
      DecodeAvro(Table({{"v", "struct<x:long,y:long>"}}), Schema({{"v", both}}), payloads);
  EXPECT_EQ(flat.Row(0), R"({"v":{"x":1,"y":null}})");
  EXPECT_EQ(flat.Row(1), R"({"v":{"x":null,"y":2}})");
  EXPECT_EQ(flat.Row(2), R"({"v":null})");
  const AvroRows branches = DecodeAvro(Table({{"v", "struct<B:struct<y:long>,long:long>"}}),
                                       Schema({{"v", both}}), payloads);
  EXPECT_EQ(branches.Row(0), R"({"v":{"B":null,"long":null}})");  // A has no column
  EXPECT_EQ(branches.Row(1), R"({"v":{"B":{"y":2},"long":null}})");
  EXPECT_EQ(branches.stats.ignored_fields, 1);
  // What was a union once and is a plain type now, or the reverse.
  EXPECT_EQ(DecodeAvro(Table({{"v", "struct<B:struct<y:long>,long:long>"}}),
                       Schema({{"v", R"(["null","long"])"}}), {Long(1) + Long(5)})
                .Row(),
            R"({"v":{"B":null,"long":5}})");
  EXPECT_EQ(DecodeAvro(Table({{"v", "struct<B:struct<y:long>,long:long>"}}),
                       Schema({{"v", R"({"type":"record","name":"B","fields":[
                           {"name":"y","type":"long"}]})"}}),
                       {Long(5)})
                .Row(),
            R"({"v":{"B":{"y":5},"long":null}})");
}

TEST_F(AvroDecoder, TopLevelUnionsFillTheColumnsTheyName) {
  const std::string schema = R"(["null",{"type":"record","name":"A","fields":[
      {"name":"x","type":"long"}]},{"type":"record","name":"B","fields":[
      {"name":"x","type":"long"},{"name":"y","type":"long"}]}])";
  const std::vector<std::string> payloads = {Long(1) + Long(1), Long(2) + Long(2) + Long(3)};
  const AvroRows flat = DecodeAvro(Table({{"x", "long"}, {"y", "long"}}), schema, payloads);
  EXPECT_EQ(flat.Row(0), R"({"x":1,"y":null})");
  EXPECT_EQ(flat.Row(1), R"({"x":2,"y":3})");
  const AvroRows null = DecodeAvro(Table({{"x", "long"}, {"y", "long"}}), schema, {Long(0)});
  EXPECT_EQ(null.Letter(), "missing_field");
  const AvroRows one = DecodeAvro(Table({{"A", "struct<x:long>"}, {"z", "int"}}), schema, payloads);
  EXPECT_EQ(one.Row(0), R"({"A":{"x":1},"z":null})");
  EXPECT_EQ(one.Row(1), R"({"A":null,"z":null})");
  EXPECT_EQ(DecodeAvro(Table({{"string", "string"}}), "\"string\"", {Text("t")}).Row(),
            R"({"string":"t"})");
  EXPECT_EQ(DecodeAvro(Table({{"text", "string"}}), "\"string\"", {Text("t")}).Letter(),
            "schema_mismatch");
}

TEST_F(AvroDecoder, EachRecordIsReadByItsOwnSchema) {
  const iceberg::Schema table = Table({{"a", "long"}, {"b", "string"}});
  for (uint32_t id = 0; id < 100; ++id) {
    // A hundred different orders and numbers of fields.
    std::vector<std::pair<std::string, std::string>> fields(id, {"", "\"int\""});
    for (uint32_t i = 0; i < id; ++i) fields[i].first = "x" + std::to_string(i);
    fields.emplace_back(id % 2 == 0 ? "a" : "b", id % 2 == 0 ? "\"int\"" : "\"string\"");
    source_->Add(int64_t{id}, Schema(fields));
  }
  std::vector<std::string> payloads;
  for (uint32_t i = 0; i < 1000; ++i) {
    const uint32_t id = i * 37 % 100;
    std::string payload;
    for (uint32_t j = 0; j < id; ++j) payload += Long(j);
    payloads.push_back(Framed(id, payload + (id % 2 == 0 ? Long(i) : Text(std::to_string(i)))));
  }
  const auto decoder = Make(table);
  const AvroRows rows = DecodeAvro(*decoder, payloads);
  ASSERT_EQ(rows.stats.rows, 1000);
  for (int64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(rows.Row(i), i * 37 % 100 % 2 == 0 ? fmt::format(R"({{"a":{},"b":null}})", i)
                                                 : fmt::format(R"({{"a":null,"b":"{}"}})", i));
  }
  EXPECT_EQ(source_->calls, 100);
}

TEST_F(AvroDecoder, TheLeastRecentlyUsedProgramIsDropped) {
  for (int64_t id = 0; id < 4; ++id) source_->Add(id, Schema({{"a", "\"long\""}}));
  const auto decoder = Make(Table({{"a", "long"}}), {.programs_max = 3});
  const auto decode = [&](uint32_t id) {
    EXPECT_EQ(DecodeAvro(*decoder, {Framed(id, Long(1))}).stats.rows, 1);
    return source_->calls;
  };
  decode(0);
  decode(1);
  decode(2);
  EXPECT_EQ(decode(0), 3);  // still there
  EXPECT_EQ(decode(3), 4);  // drops 1
  EXPECT_EQ(decode(0), 4);
  EXPECT_EQ(decode(2), 4);
  EXPECT_EQ(decode(1), 5);
}

TEST_F(AvroDecoder, ASchemaThatIsNotThereIsADeadLetter) {
  source_->Add(int64_t{1}, Schema({{"a", "\"long\""}}));
  source_->Add(int64_t{2}, "no schema");
  source_->Add(int64_t{3}, R"({"type":"record","name":"N","fields":[{"name":"n","type":"N"}]})");
  source_->errors.emplace(int64_t{4}, Error::Corrupt("broken"));
  source_->errors.emplace(int64_t{5}, Error::Unsupported("odd"));
  const auto decoder = Make(Table({{"a", "long"}}));
  std::vector<std::string> payloads;
  for (const uint32_t id : {9U, 1U, 2U, 3U, 1U, 4U, 5U, 9U}) {
    payloads.push_back(Framed(id, Long(7)));
  }
  const AvroRows rows = DecodeAvro(*decoder, payloads);
  EXPECT_FALSE(rows.stats.stopped.has_value());
  EXPECT_EQ(rows.stats.rows, 2);
  std::vector<std::string> codes;
  for (const DeadLetter& letter : rows.letters) codes.push_back(letter.code);
  EXPECT_THAT(codes, testing::ElementsAre("unknown_schema", "bad_schema", "unsupported_schema",
                                          "bad_schema", "unsupported_schema", "unknown_schema"));
  EXPECT_THAT(rows.letters[0].reason, HasSubstr("schema 9"));
  EXPECT_THAT(rows.letters[2].reason, HasSubstr("schema 3: "));
  EXPECT_EQ(source_->calls, 6);
  // It may have been registered since.
  source_->Add(int64_t{9}, Schema({{"a", "\"long\""}}));
  EXPECT_EQ(DecodeAvro(*decoder, {Framed(9, Long(7))}).stats.rows, 1);
}

TEST_F(AvroDecoder, ASchemaNobodyKnowsNowStopsAtItsRecord) {
  source_->Add(int64_t{1}, Schema({{"a", "\"long\""}}));
  const auto decoder = Make(Table({{"a", "long"}}));
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kTimeout, ErrorCode::kDenied}) {
    source_->errors.insert_or_assign(int64_t{2}, Error(code, "away"));
    const AvroRows rows = DecodeAvro(*decoder, {Framed(1, Long(7)), Framed(1, "garbage"),
                                                Framed(2, Long(8)), Framed(1, Long(9))});
    ASSERT_TRUE(rows.stats.stopped.has_value());
    EXPECT_EQ(rows.stats.stopped->code(), code);
    EXPECT_EQ(rows.stats.stopped->message(), "schema 2: away");
    EXPECT_EQ(rows.stats.records, 2);
    EXPECT_EQ(rows.stats.rows, 1);
    EXPECT_EQ(rows.stats.dead_letters, 1);
  }
  source_->errors.clear();
  source_->Add(int64_t{2}, Schema({{"a", "\"long\""}}));
  EXPECT_EQ(DecodeAvro(*decoder, {Framed(2, Long(8))}).stats.rows, 1);
}

TEST_F(AvroDecoder, AMismatchConcernsOnlyItsSchema) {
  source_->Add(int64_t{1}, Schema({{"a", "\"long\""}}));
  source_->Add(int64_t{2}, Schema({{"a", "\"string\""}}));
  const auto decoder = Make(Table({{"a", "long"}}));
  const AvroRows rows = DecodeAvro(*decoder, {Framed(1, Long(1)), Framed(2, Text("x")),
                                              Framed(2, Text("y")), Framed(1, Long(2))});
  EXPECT_EQ(rows.stats.rows, 2);
  ASSERT_EQ(rows.letters.size(), 2U);
  EXPECT_EQ(rows.letters[1].code, "schema_mismatch");
  EXPECT_EQ(rows.letters[1].field_path, "a");
  EXPECT_EQ(rows.letters[1].reason,
            "schema 2: a has type long, and the payload's schema says string");
}

TEST_F(AvroDecoder, PayloadsWithoutAnIdNeedAConfiguredSchema) {
  const auto decoder = Make(Table({{"a", "long"}}));
  EXPECT_EQ(DecodeAvro(*decoder, {Long(7)}).Letter(), "bad_framing");
  const auto strict = Make(Table({{"a", "long"}}), {.framing = Framing::kConfluent});
  EXPECT_EQ(DecodeAvro(*strict, {Long(7)}).Letter(), "bad_framing");
  const auto both =
      Make(Table({{"a", "long"}}),
           {.schema = PayloadSchema{PayloadFormat::kAvro, Schema({{"a", "\"long\""}}), {}}});
  EXPECT_EQ(DecodeAvro(*both, {Long(7)}).stats.rows, 1);
}

TEST_F(AvroDecoder, WithoutARegistryIdsArePassedOver) {
  const PayloadSchema schema{PayloadFormat::kAvro, Schema({{"a", "\"long\""}}), {}};
  auto framed =
      MakeAvroDecoder(Table({{"a", "long"}}), {.framing = Framing::kConfluent, .schema = schema});
  ASSERT_THAT(framed, IsOk());
  EXPECT_EQ(DecodeAvro(**framed, {Framed(12, Long(7))}).Row(), R"({"a":7})");
  // Without a framing either, a payload that begins with a zero is no id.
  auto plain = MakeAvroDecoder(
      Table({{"a", "double"}}),
      {.schema = PayloadSchema{PayloadFormat::kAvro, Schema({{"a", "\"double\""}}), {}}});
  ASSERT_THAT(plain, IsOk());
  EXPECT_EQ(DecodeAvro(**plain, {std::string(8, '\0')}).Row(), R"({"a":0.0})");
}

TEST_F(AvroDecoder, IdsMayBeUuidsInHeaders) {
  source_->Add(std::string("89791762-2336-4186-9674-299b90a802e2"), Schema({{"a", "\"long\""}}));
  const auto decoder = Make(Table({{"a", "long"}}), {.framing = Framing::kHeader});
  const std::string id = FromHex("0189791762233641869674299b90a802e2");
  const Header header{"__value_schema_id", id, false};
  const std::string payload = Long(7);
  Record record;
  record.value = payload;
  record.headers = std::span<const Header>(&header, 1);
  std::vector<DeadLetter> letters;
  EXPECT_EQ(decoder->Decode("topic", {&record, 1}, letters).rows, 1);
  EXPECT_THAT(letters, IsEmpty());
}

TEST_F(AvroDecoder, LargeRecordsAreRefusedUnseen) {
  source_->Add(int64_t{1}, Schema({{"a", "\"string\""}}));
  const auto decoder = Make(Table({{"a", "string"}}), {.record_bytes_max = 1000});
  const std::string fits = Framed(1, Text(std::string(993, 'x')));
  ASSERT_EQ(fits.size(), 1000U);
  EXPECT_EQ(DecodeAvro(*decoder, {fits}).stats.rows, 1);
  EXPECT_EQ(DecodeAvro(*decoder, {fits + "x"}).Letter(), "too_big");
}

TEST_F(AvroDecoder, RefusesToBeMadeOfNothing) {
  EXPECT_THAT(MakeAvroDecoder(Table({{"a", "long"}}), {}), IsError(ErrorCode::kInvalid));
  const auto broken = MakeAvroDecoder(Table({{"a", "long"}}),
                                      {.schema = PayloadSchema{PayloadFormat::kAvro, "{}", {}}});
  ASSERT_THAT(broken, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(broken.error().message(), HasSubstr("the Avro schema of the payloads"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
