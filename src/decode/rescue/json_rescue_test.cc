// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "decode/framed_json_decoder.h"
#include "decode/json/fake_json_records.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::HasSubstr;

JsonDecoderOptions Rescuing(RescueScope scope, int64_t bytes_max = 1 << 20) {
  return {.rescue = {.column = "_rescued", .scope = scope, .bytes_max = bytes_max}};
}

iceberg::Schema WithRescued(std::vector<DeclaredField> fields,
                            std::vector<std::string> metadata = {}) {
  fields.push_back({.name = "_rescued", .type = "string"});
  return SchemaOf(std::move(fields), std::move(metadata));
}

// What is rescued of one record that becomes a row; else its letter.
std::string RescuedOf(std::vector<DeclaredField> fields, const std::string& payload,
                      RescueScope scope = RescueScope::kValues) {
  const DecodedRows rows = DecodeAll(WithRescued(std::move(fields)), {payload}, Rescuing(scope));
  return rows.batch != nullptr ? rows.Cell("_rescued") : rows.Letter();
}

TEST(JsonRescue, KeepsMembersWithoutColumnAsTheyStand) {
  EXPECT_EQ(RescuedOf({{"id", "long"}}, R"({"id":1,"price": 10.10000000000000000001 ,"n":1e400})"),
            R"({"price":10.10000000000000000001,"n":1e400})");
  EXPECT_EQ(RescuedOf({{"id", "long"}}, R"({"id":1,"o":{"a": [1, "x\u00e9"]},"t":true})"),
            R"({"o":{"a": [1, "x\u00e9"]},"t":true})");
}

TEST(JsonRescue, IsNullWhereNothingWasRescued) {
  const DecodedRows rows = DecodeAll(
      WithRescued({{"id", "long"}}, {"_kafka_offset"}),
      {R"({"id":1})", R"({"id":2,"x":1})", R"({"id":3})", R"({"id":4,"x":"y"})", R"({"id":5})"},
      Rescuing(RescueScope::kFields));
  EXPECT_EQ(rows.Cell("_rescued", 0), "null");
  EXPECT_EQ(rows.Cell("_rescued", 1), R"({"x":1})");
  EXPECT_EQ(rows.Cell("_rescued", 2), "null");
  EXPECT_EQ(rows.Cell("_rescued", 3), R"({"x":"y"})");
  EXPECT_EQ(rows.Cell("_rescued", 4), "null");
  EXPECT_EQ(rows.stats.rescued_fields, 2);
  EXPECT_EQ(rows.stats.ignored_fields, 0);
}

TEST(JsonRescue, LeavesOutWhatHoldsNothing) {
  EXPECT_EQ(RescuedOf({{"id", "long"}}, R"({"id":1,"a":null,"b":{},"c":[ ],"d":{"e":[null]}})"),
            "null");
}

TEST(JsonRescue, PathsLeadThroughStructsListsAndMaps) {
  const std::vector<DeclaredField> fields = {{"a", "struct<b: struct<c: int>>"},
                                             {"items", "list<struct<sku: int>>"},
                                             {"rates", "map<string, struct<v: int>>"}};
  EXPECT_EQ(RescuedOf(fields, R"({"a":{"b":{"c":1,"x":2}}})"), R"({"a.b.x":2})");
  EXPECT_EQ(RescuedOf(fields, R"({"items":[{"sku":1},{"sku":2,"n":"t"},{"n":"u"}]})"),
            R"({"items[1].n":"t","items[2].n":"u"})");
  EXPECT_EQ(RescuedOf(fields, R"({"rates":{"EUR":{"v":1,"w":2},"a.b":{"w":3}}})"),
            R"({"rates.EUR.w":2,"rates.`a.b`.w":3})");
}

TEST(JsonRescue, QuotesNamesThatWouldLookLikePaths) {
  EXPECT_EQ(RescuedOf({{"id", "long"}}, R"({"a.b":1,"c`":2,"":3,"d\"\u0041":4})"),
            R"({"`a.b`":1,"`c```":2,"``":3,"d\"A":4})");
}

TEST(JsonRescue, OfAMemberThatComesTwiceTheLastOneCounts) {
  EXPECT_EQ(RescuedOf({{"id", "long"}}, R"({"x":1,"y":2,"x":3})"), R"({"y":2,"x":3})");
  EXPECT_EQ(RescuedOf({{"id", "long"}}, R"({"id":"abc","id":5})"), "null");
  EXPECT_EQ(RescuedOf({{"id", "long"}}, R"({"id":5,"id":"abc"})"), R"({"id":"abc"})");
  EXPECT_EQ(RescuedOf({{"s", "struct<a: int>"}}, R"({"s":{"x":1},"s":{"y":2}})"), R"({"s.y":2})");
  EXPECT_EQ(RescuedOf({{"s", "struct<a: int>"}, {"st", "struct<a: int>"}},
                      R"({"st":{"x":1},"s":{"x":1},"s":{"y":2}})"),
            R"({"st.x":1,"s.y":2})");
}

TEST(JsonRescue, KeepsValuesThatDoNotFitAndLeavesTheirColumnNull) {
  const DecodedRows rows =
      DecodeAll(WithRescued({{"id", "long"}, {"day", "date"}, {"n", "int"}, {"tags", "list<int>"}}),
                {R"({"id":"abc","day":"tomorrow","n":5000000000,"tags":[1,"x",3]})"},
                Rescuing(RescueScope::kValues));
  ASSERT_EQ(rows.Letter(), "0 letters");
  EXPECT_EQ(rows.Cell("id"), "null");
  EXPECT_EQ(rows.Cell("day"), "null");
  EXPECT_EQ(rows.Cell("n"), "null");
  EXPECT_THAT(rows.Cell("tags"), HasSubstr("null"));
  EXPECT_EQ(rows.Cell("_rescued"), R"({"id":"abc","day":"tomorrow","n":5000000000,"tags[1]":"x"})");
  EXPECT_EQ(rows.stats.rescued_fields, 4);
}

TEST(JsonRescue, ObjectsAndArraysMayBeTheValueThatDoesNotFit) {
  EXPECT_EQ(RescuedOf({{"v", "long"}}, R"({"v":{}})"), R"({"v":{}})");
  EXPECT_EQ(RescuedOf({{"v", "struct<a: int>"}}, R"({"v":[1, 2]})"), R"({"v":[1, 2]})");
  EXPECT_EQ(RescuedOf({{"v", "map<int, int>"}}, R"({"v":{"1":1,"x":2}})"),
            R"({"v":{"1":1,"x":2}})");
  EXPECT_EQ(RescuedOf({{"v", "map<string, int>"}}, R"({"v":{"a":1,"a":2}})"),
            R"({"v":{"a":1,"a":2}})");
}

TEST(JsonRescue, RequiredColumnsStayDeadLetters) {
  EXPECT_EQ(RescuedOf({{"v", "long", true}}, R"({"v":"x"})"), "wrong_type v");
  EXPECT_EQ(RescuedOf({{"v", "long", true}}, R"({"w":"x"})"), "missing_field v");
  EXPECT_EQ(RescuedOf({{"v", "long"}}, R"({"v":"x"})", RescueScope::kFields), "wrong_type v");
}

// The innermost optional column takes null; what was kept of its inside before is in its value.
TEST(JsonRescue, ARequiredMemberMakesItsStructTheValueThatDoesNotFit) {
  iceberg::Schema schema = WithRescued({{"s", "struct<a: int, b: struct<c: int>>"}, {"z", "int"}});
  iceberg::Field& inner = schema.fields[0].type.fields[1];
  inner.required = true;
  inner.type.fields[0].required = true;
  const DecodedRows rows = DecodeAll(
      schema, {R"({"s":{"a":1,"u":7,"b":{"w":8,"c":"x"}},"z":9})", R"({"s":{"b":{"c":2}}})"},
      Rescuing(RescueScope::kValues));
  ASSERT_EQ(rows.Letter(), "0 letters");
  EXPECT_EQ(rows.Cell("_rescued"), R"({"s":{"a":1,"u":7,"b":{"w":8,"c":"x"}}})");
  EXPECT_EQ(rows.Cell("s"), "null");
  EXPECT_EQ(rows.Cell("z"), "9");
  EXPECT_EQ(rows.Cell("_rescued", 1), "null");
}

TEST(JsonRescue, ARecordThatIsNotJsonIsNotRescued) {
  EXPECT_EQ(RescuedOf({{"v", "long"}}, R"({"v":nope})"), "not_json");
  EXPECT_EQ(RescuedOf({{"v", "long"}}, R"({"v":[1,})"), "not_json");
  EXPECT_EQ(RescuedOf({{"v", "long"}}, R"({"x":[1,2})"), "not_json");
  EXPECT_EQ(RescuedOf({{"v", "long"}}, R"([1])"), "not_object");
  const DecodedRows rows =
      DecodeAll(WithRescued({{"v", "long"}}), {R"({"v":1,"x":{"a":)", R"({"v":2,"x":3})"},
                Rescuing(RescueScope::kValues));
  EXPECT_EQ(rows.Letter(), "not_json");
  EXPECT_EQ(rows.Cell("_rescued"), R"({"x":3})");
}

TEST(JsonRescue, MoreThanTheLimitIsADeadLetter) {
  const std::string fits = R"({"v":1,"x":")" + std::string(50, 'a') + "\"}";
  const std::string too_big = R"({"v":2,"x":")" + std::string(60, 'a') + "\"}";
  const DecodedRows rows = DecodeAll(WithRescued({{"v", "long"}}), {fits, too_big, R"({"v":3})"},
                                     Rescuing(RescueScope::kFields, 64));
  ASSERT_EQ(rows.Letter(), "rescue_too_big _rescued");
  EXPECT_THAT(rows.letters[0].reason, HasSubstr("64 bytes"));
  EXPECT_EQ(rows.stats.rows, 2);
  EXPECT_EQ(rows.Cell("_rescued", 0), R"({"x":")" + std::string(50, 'a') + "\"}");
  EXPECT_EQ(rows.Cell("_rescued", 1), "null");
}

// Short members in a struct of a long name: what is kept is bounded while it is collected.
TEST(JsonRescue, PathsCountTowardsTheLimit) {
  const std::string name(1000, 'p');
  std::string payload = "{\"" + name + "\":{";
  for (int i = 0; i < 2000; ++i) payload += fmt::format("\"{}\":1,", i);
  payload.back() = '}';
  payload += "}";
  const DecodedRows rows =
      DecodeAll(WithRescued({{name, "struct<a: int>"}}), {payload}, Rescuing(RescueScope::kFields));
  EXPECT_EQ(rows.Letter(), "rescue_too_big _rescued");
}

// Work is bounded as well: whatever is repeated, a record of a megabyte takes no time to speak of.
TEST(JsonRescue, RepeatingMembersAndMisfitsWithoutEndIsADeadLetter) {
  std::string members = "{";
  for (int i = 0; i < 50'000; ++i) members += fmt::format("\"u{}\":1,", i);
  std::string repeated = members;
  for (int i = 0; i < 50'000; ++i) repeated += "\"v\":\"x\",";
  repeated.back() = '}';
  EXPECT_EQ(RescuedOf({{"v", "long"}}, repeated), "rescue_too_big v");
  std::string items = "{\"l\":[";
  for (int i = 0; i < 200'000; ++i) items += "\"x\",";
  items.back() = ']';
  EXPECT_EQ(RescuedOf({{"l", "list<int>"}}, items + "}"), "rescue_too_big l.element");
}

TEST(JsonRescue, AFailedRecordLeavesNothingBehind) {
  const DecodedRows rows =
      DecodeAll(WithRescued({{"v", "long", true}}), {R"({"x":1,"v":"bad"})", R"({"v":2})"},
                Rescuing(RescueScope::kValues));
  EXPECT_EQ(rows.stats.rows, 1);
  EXPECT_EQ(rows.Cell("_rescued"), "null");
}

TEST(JsonRescue, TakesAMemberNamedAsTheRescueColumn) {
  EXPECT_EQ(RescuedOf({{"v", "long"}}, R"({"v":1,"_rescued":"mine"})"), R"({"_rescued":"mine"})");
}

TEST(JsonRescue, NumbersThatAWiderColumnWouldTakeAreReportedFirst) {
  JsonDecoderOptions options = Rescuing(RescueScope::kValues);
  options.report_drift = true;
  const auto decoder = DecoderOf(WithRescued({{"n", "int"}}), options);
  Record record;
  record.value = R"({"n":5000000000})";
  std::vector<DeadLetter> letters;
  DecodeStats stats = decoder->Decode("t", {&record, 1}, letters);
  ASSERT_TRUE(stats.drift);
  EXPECT_EQ(stats.records, 0);
  EXPECT_EQ(stats.drift->fields[0].type.id, iceberg::TypeId::kLong);
  stats = decoder->Decode("t", {&record, 1}, letters);
  EXPECT_EQ(stats.rows, 1);
  EXPECT_EQ(stats.rescued_fields, 1);
}

TEST(JsonRescue, WorksBehindASchemaId) {
  const auto decoder = MakeFramedJsonDecoder(
      WithRescued({{"v", "long"}}),
      {.framing = Framing::kConfluent, .json = Rescuing(RescueScope::kFields)});
  ASSERT_TRUE(decoder.ok());
  std::string payload("\0\0\0\0\7", 5);
  payload += R"({"v":1,"x":2})";
  Record record;
  record.value = payload;
  std::vector<DeadLetter> letters;
  const DecodeStats stats = (*decoder)->Decode("t", {&record, 1}, letters);
  EXPECT_EQ(stats.rows, 1);
  EXPECT_EQ(stats.rescued_fields, 1);
}

TEST(JsonRescue, NeedsAnOptionalStringColumn) {
  const auto without = MakeJsonDecoder(SchemaOf({{"v", "long"}}), Rescuing(RescueScope::kFields));
  ASSERT_THAT(without, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(without.error().message(), HasSubstr("schema_mismatch_action"));
  const auto wrong = MakeJsonDecoder(SchemaOf({{"v", "long"}, {"_rescued", "binary"}}),
                                     Rescuing(RescueScope::kFields));
  ASSERT_THAT(wrong, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(wrong.error().message(), HasSubstr("_rescued is binary"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
