// SPDX-License-Identifier: Apache-2.0
//
// What decoders say when records ask for columns that are not there (DecodeStats::drift).
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "decode/avro/fake_avro_rows.h"
#include "decode/avro_decoder.h"
#include "decode/json_decoder.h"
#include "decode/protobuf/fake_proto_records.h"
#include "decode/protobuf_decoder.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::Type;
using iceberg::TypeId;

iceberg::Schema Table(const std::vector<DeclaredField>& fields) {
  return *DeclaredSchema(fields, {});
}

class DecoderDrift : public ::testing::Test {
 protected:
  void Use(Result<std::unique_ptr<Decoder>> decoder) {
    ASSERT_TRUE(decoder.ok()) << decoder.error().message();
    decoder_ = std::move(decoder).value();
  }
  void UseJson(const std::vector<DeclaredField>& fields) {
    Use(MakeJsonDecoder(Table(fields), {.report_drift = true}));
  }

  void Add(const std::string& payload) {
    payloads_.push_back(std::make_unique<std::string>(payload));
    Record record;
    record.offset = static_cast<int64_t>(records_.size());
    record.value = *payloads_.back();
    records_.push_back(record);
  }
  // Goes on where the last call stopped.
  DecodeStats Decode() {
    const std::span<const Record> rest = std::span(records_).subspan(done_);
    DecodeStats stats = decoder_->Decode("t", rest, letters_);
    EXPECT_EQ(stats.records, stats.rows + stats.dead_letters + stats.tombstones);
    done_ += static_cast<size_t>(stats.records);
    return stats;
  }
  int64_t SealedRows() {
    const auto batch = decoder_->Seal();
    if (batch == nullptr) return 0;
    EXPECT_TRUE(batch->ValidateFull().ok());
    return batch->num_rows();
  }
  static TypeId TypeOf(const DecodeStats& stats, std::string_view path) {
    const iceberg::Field* field = stats.drift->FindField(path);
    return field == nullptr ? TypeId::kUnknown : field->type.id;
  }

  std::unique_ptr<Decoder> decoder_;
  std::vector<std::unique_ptr<std::string>> payloads_;
  std::vector<Record> records_;
  size_t done_ = 0;
  std::vector<DeadLetter> letters_;
};

TEST_F(DecoderDrift, JsonStopsBeforeTheRecordWithANewField) {
  UseJson({{"a", "long"}});
  for (const char* payload : {R"({"a":1})", R"({"a":2,"b":"x"})", R"({"a":3})"}) Add(payload);
  const DecodeStats stats = Decode();
  EXPECT_EQ(stats.records, 1);
  ASSERT_TRUE(stats.drift.has_value());
  EXPECT_EQ(TypeOf(stats, "a"), TypeId::kLong);
  EXPECT_EQ(TypeOf(stats, "b"), TypeId::kString);
  EXPECT_EQ(SealedRows(), 1);
}

TEST_F(DecoderDrift, JsonLeavesOutWhatIsNotTakenUpAndSaysItOnce) {
  UseJson({{"a", "long"}});
  for (const char* payload : {R"({"a":1,"b":"x"})", R"({"a":2,"b":"y"})", R"({"b":"z","c":1})"})
    Add(payload);
  EXPECT_TRUE(Decode().drift.has_value());
  const DecodeStats second = Decode();  // the first two, then a name that was not told yet
  EXPECT_EQ(second.rows, 2);
  EXPECT_EQ(second.ignored_fields, 2);
  ASSERT_TRUE(second.drift.has_value());
  EXPECT_EQ(TypeOf(second, "c"), TypeId::kLong);
  const DecodeStats third = Decode();
  EXPECT_EQ(third.rows, 1);
  EXPECT_FALSE(third.drift.has_value());
  EXPECT_EQ(done_, 3U);
}

TEST_F(DecoderDrift, JsonMembersWithoutAValueAskForNothing) {
  UseJson({{"a", "long"}});
  for (const char* payload : {R"({"a":1,"b":null})", R"({"b":{},"c":[]})", R"({"b":{"c":null}})",
                              R"({"b":[[]],"_kafka_offset":5})"})
    Add(payload);
  const DecodeStats stats = Decode();
  EXPECT_FALSE(stats.drift.has_value());
  EXPECT_EQ(stats.rows, 4);
  // Not taken for known by that: a value comes later.
  Add(R"({"b":1})");
  EXPECT_TRUE(Decode().drift.has_value());
}

TEST_F(DecoderDrift, JsonLeavesOutNoNameThatOnlyEndsLikeAnother) {
  UseJson({{"a", "long"}});
  Add(R"({"ab":1,"b":{"c":null}})");
  EXPECT_TRUE(Decode().drift.has_value());
  EXPECT_FALSE(Decode().drift.has_value());  // "ab" was not taken up
  Add(R"({"b":2})");
  const DecodeStats stats = Decode();
  ASSERT_TRUE(stats.drift.has_value());
  EXPECT_EQ(TypeOf(stats, "b"), TypeId::kLong);
}

TEST_F(DecoderDrift, JsonFindsNewFieldsAtEveryDepth) {
  UseJson({{"s", "struct<x:long>"}, {"l", "list<struct<x:long>>"}});
  Add(R"({"s":{"x":1,"y":2.5},"l":[{"x":1},{"z":true}]})");
  const DecodeStats stats = Decode();
  ASSERT_TRUE(stats.drift.has_value());
  EXPECT_EQ(TypeOf(stats, "s.y"), TypeId::kDouble);
  EXPECT_EQ(TypeOf(stats, "l.element.z"), TypeId::kBoolean);
}

TEST_F(DecoderDrift, JsonAsksForALongWhenAnIntDoesNotDo) {
  UseJson({{"a", "int"}});
  Add(R"({"a":1})");
  Add(R"({"a":3000000000})");
  Add(R"({"a":1e300})");
  const DecodeStats stats = Decode();
  ASSERT_TRUE(stats.drift.has_value());
  EXPECT_EQ(TypeOf(stats, "a"), TypeId::kLong);
  // Not widened: a dead letter, as what no column could take.
  const DecodeStats rest = Decode();
  EXPECT_EQ(rest.dead_letters, 2);
  EXPECT_FALSE(rest.drift.has_value());
  EXPECT_EQ(letters_[0].code, "out_of_range");
}

TEST_F(DecoderDrift, JsonWithBrokenNeighboursIsReadOneByOne) {
  UseJson({{"a", "long"}});
  Add(R"({"a":1})");
  Add("\"not closed");
  Add(R"({"a":2,"b":1})");
  Add(R"({"a":3})");
  EXPECT_TRUE(Decode().drift.has_value());
  EXPECT_EQ(done_, 2U);
  const DecodeStats rest = Decode();
  EXPECT_EQ(rest.rows, 2);
  EXPECT_EQ(letters_.size(), 1U);
}

TEST_F(DecoderDrift, DecimalsAskForTheDigitsTheyNeedAndKeepTheirScale) {
  const auto precision_of = [this](const std::string& json) {
    Use(MakeJsonDecoder(Table({{"d", "decimal(5,2)"}}), {.report_drift = true}));
    records_.clear();
    done_ = 0;
    Add("{\"d\":" + json + "}");
    const DecodeStats stats = Decode();
    if (!stats.drift) return 0;
    const iceberg::Type& type = stats.drift->FindField("d")->type;
    EXPECT_EQ(type.scale, 2);
    return type.precision;
  };
  EXPECT_EQ(precision_of("1000"), 6);
  EXPECT_EQ(precision_of("-1234567.5"), 9);
  EXPECT_EQ(precision_of("\"1e5\""), 8);
  EXPECT_EQ(precision_of("999999999999999999999999999999999999.99"), 38);
  EXPECT_EQ(precision_of("1e36"), 0);      // no decimal has so many digits
  EXPECT_EQ(precision_of("1000.125"), 0);  // another scale
  EXPECT_EQ(precision_of("true"), 0);
}

TEST_F(DecoderDrift, NothingIsSaidUnlessAskedFor) {
  Use(MakeJsonDecoder(Table({{"a", "long"}}), {}));
  Add(R"({"a":1,"b":"x"})");
  const DecodeStats stats = Decode();
  EXPECT_FALSE(stats.drift.has_value());
  EXPECT_EQ(stats.ignored_fields, 1);
}

class AvroDrift : public DecoderDrift {
 protected:
  void UseAvro(const std::vector<DeclaredField>& fields) {
    Use(MakeAvroDecoder(Table(fields), {.schemas = source_, .report_drift = true}));
  }
  static std::string RecordOf(const std::string& fields) {
    return R"({"type":"record","name":"R","fields":[)" + fields + "]}";
  }
  const std::shared_ptr<FakeAvroSchemas> source_ = std::make_shared<FakeAvroSchemas>();
};

TEST_F(AvroDrift, EachSchemaIsToldOnce) {
  UseAvro({{"a", "int"}});
  source_->Add(1, RecordOf(R"({"name":"a","type":"long"})"));
  source_->Add(2, RecordOf(R"({"name":"a","type":"int"},{"name":"b","type":["null","string"]})"));
  const std::string first = Framed(1, "\x02");
  const std::string second = Framed(2, std::string("\x02\0", 2));
  for (const std::string& payload : {first, second, first, second}) Add(payload);
  const DecodeStats one = Decode();
  EXPECT_EQ(one.records, 0);
  ASSERT_TRUE(one.drift.has_value());
  EXPECT_EQ(TypeOf(one, "a"), TypeId::kLong);
  const DecodeStats two = Decode();
  EXPECT_EQ(two.dead_letters, 1);  // the column stayed an int
  ASSERT_TRUE(two.drift.has_value());
  EXPECT_EQ(TypeOf(two, "b"), TypeId::kString);
  EXPECT_FALSE(two.drift->FindField("b")->required);
  const DecodeStats rest = Decode();
  EXPECT_FALSE(rest.drift.has_value());
  EXPECT_EQ(done_, 4U);
}

TEST_F(AvroDrift, ARenamedFieldKeepsItsColumn) {
  UseAvro({{"old_name", "long"}, {"Mixed", "struct<inner:long>"}});
  source_->Add(1, RecordOf(R"({"name":"new_name","aliases":["old_name"],"type":"long"},
      {"name":"mixed","type":{"type":"record","name":"S","fields":[
        {"name":"renamed","aliases":["inner"],"type":"long"},{"name":"extra","type":"int"}]}})"));
  Add(Framed(1, "\x02\x04\x06"));
  const DecodeStats stats = Decode();
  ASSERT_TRUE(stats.drift.has_value());
  EXPECT_EQ(stats.drift->fields.size(), 2U);
  EXPECT_EQ(TypeOf(stats, "old_name"), TypeId::kLong);
  EXPECT_EQ(TypeOf(stats, "Mixed.inner"), TypeId::kLong);
  EXPECT_EQ(TypeOf(stats, "Mixed.extra"), TypeId::kInt);
}

TEST_F(DecoderDrift, ProtobufTellsEachMessageTypeOnceAndKeepsRequiredColumns) {
  auto source = std::make_shared<FakeSchemaSource>();
  source->Add(1, ProtoText("message M { int64 a = 1; string b = 2; }"));
  iceberg::Schema table = Table({{"a", "int"}});
  table.fields[0].required = true;
  Use(MakeProtobufDecoder(
      table, {.framing = Framing::kConfluent, .schemas = source, .report_drift = true}));
  Add(ConfluentFrame(1) + ProtoWriter().Varint(1, 7).Bytes(2, "x").bytes());
  const DecodeStats stats = Decode();
  ASSERT_TRUE(stats.drift.has_value());
  EXPECT_EQ(TypeOf(stats, "a"), TypeId::kLong);
  EXPECT_TRUE(stats.drift->FindField("a")->required);
  EXPECT_EQ(TypeOf(stats, "b"), TypeId::kString);
  EXPECT_FALSE(Decode().drift.has_value());
}

}  // namespace
}  // namespace kafka_iceberg::decode
