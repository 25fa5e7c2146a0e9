// SPDX-License-Identifier: Apache-2.0
#include "decode/schema_inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "decode/json/fake_json_records.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

InferenceReport Infer(const std::vector<std::string>& payloads, InferenceOptions options = {}) {
  const std::vector<std::string_view> views(payloads.begin(), payloads.end());
  auto report = InferSchema(views, options);
  EXPECT_TRUE(report.ok()) << report.error().message();
  return std::move(report).value();
}

std::string ErrorOf(const std::vector<std::string>& payloads) {
  const std::vector<std::string_view> views(payloads.begin(), payloads.end());
  const auto report = InferSchema(views);
  return report.ok() ? "ok" : report.error().message();
}

// The type of field "v" when it has these values in turn; empty when it is left out.
std::string TypeOf(const std::vector<std::string>& values) {
  std::vector<std::string> payloads = {R"({"other":1})"};
  for (const std::string& value : values) payloads.push_back("{\"v\":" + value + "}");
  const InferenceReport report = Infer(payloads);
  const auto* field = report.schema.FindField("v");
  return field == nullptr ? "" : iceberg::ToString(field->type);
}

const InferredColumn& ColumnOf(const InferenceReport& report, const std::string& path) {
  for (const InferredColumn& column : report.columns) {
    if (column.path == path) return column;
  }
  ADD_FAILURE() << "no column " << path;
  static const InferredColumn none;
  return none;
}

TEST(SchemaInference, NumbersBecomeTheNarrowestThatHoldsThemAll) {
  EXPECT_EQ(TypeOf({"1", "-5"}), "long");
  EXPECT_EQ(TypeOf({"9223372036854775807", "-9223372036854775808"}), "long");
  EXPECT_EQ(TypeOf({"1", "1.5"}), "double");
  EXPECT_EQ(TypeOf({"1e3", "1"}), "double");
  EXPECT_EQ(TypeOf({"1", "9223372036854775808"}), "decimal(38, 0)");
  EXPECT_EQ(TypeOf({"9223372036854775808", "1.5"}), "double");
  EXPECT_EQ(TypeOf({std::string(39, '9')}), "double");
}

TEST(SchemaInference, StringsBecomeTimesOnlyWhenAllAre) {
  EXPECT_EQ(TypeOf({"\"2026-01-08T14:30:00Z\"", "\"2026-01-08T14:30:00.123+01:00\""}),
            "timestamptz");
  EXPECT_EQ(TypeOf({"\"2026-01-08T14:30:00\"", "\"2026-01-08 14:30:00.5\""}), "timestamp");
  EXPECT_EQ(TypeOf({"\"2026-01-08\""}), "date");
  EXPECT_EQ(TypeOf({"\"2026-01-08T14:30:00Z\"", "\"2026-01-08T14:30:00\""}), "string");
  EXPECT_EQ(TypeOf({"\"2026-01-08T14:30:00Z\"", "\"\""}), "string");
  EXPECT_EQ(TypeOf({"\"2026-01-08\"", "\"n/a\""}), "string");
  EXPECT_EQ(TypeOf({"\"2026-02-30\""}), "string");
  EXPECT_EQ(TypeOf({"\"x\"", "null"}), "string");
}

TEST(SchemaInference, NestsAndMerges) {
  const InferenceReport report =
      Infer({R"({"u":{"a":1,"b":{"c":true}}})", R"({"u":{"b":{"d":"x"},"a":2.5}})",
             R"({"t":[1,2],"l":[{"x":1},{"y":[null]},{"y":["z"]}]})"});
  EXPECT_EQ(iceberg::ToString(report.schema.FindField("u.a")->type), "double");
  EXPECT_EQ(iceberg::ToString(report.schema.FindField("u.b.c")->type), "boolean");
  EXPECT_EQ(iceberg::ToString(report.schema.FindField("u.b.d")->type), "string");
  EXPECT_EQ(iceberg::ToString(report.schema.FindField("t")->type), "list<long>");
  EXPECT_EQ(iceberg::ToString(report.schema.FindField("l.element.y")->type), "list<string>");
  EXPECT_TRUE(iceberg::ValidateSchema(report.schema, 2).ok());
  iceberg::VisitFields(report.schema.fields, [](const iceberg::Field& field) {
    EXPECT_FALSE(field.required) << field.name;
  });
}

TEST(SchemaInference, ColumnsAreInTheOrderFirstSeen) {
  const InferenceReport report = Infer({R"({"z":null,"b":1})", R"({"a":1,"z":1})"});
  ASSERT_EQ(report.schema.fields.size(), 3U);
  EXPECT_EQ(report.schema.fields[0].name, "z");
  EXPECT_EQ(report.schema.fields[1].name, "b");
  EXPECT_EQ(report.schema.fields[2].name, "a");
}

TEST(SchemaInference, CountsAndShowsExamples) {
  const InferenceReport report =
      Infer({R"({"a":1})", R"({"a":1,"b":"x"})", R"({"a":null})", "oops", R"({"a":2})"});
  EXPECT_EQ(report.records, 4);
  EXPECT_EQ(report.unusable_records, 1);
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("1 of 5 records are not json objects")));
  EXPECT_EQ(ColumnOf(report, "a").present, 3);
  EXPECT_EQ(ColumnOf(report, "a").nulls, 1);
  EXPECT_EQ(ColumnOf(report, "b").present, 1);
  EXPECT_THAT(ColumnOf(report, "a").examples, ElementsAre("1", "2"));
  EXPECT_THAT(ColumnOf(report, "b").examples, ElementsAre("\"x\""));
}

TEST(SchemaInference, OnConflictTheMajorityWinsAndANoteSaysSo) {
  EXPECT_EQ(TypeOf({"1", "\"a\"", "2"}), "long");
  EXPECT_EQ(TypeOf({"\"a\"", "1"}), "string");
  EXPECT_EQ(TypeOf({"{\"x\":1}", "[1]", "[2]"}), "list<long>");
  const InferenceReport report = Infer({R"({"v":1})", R"({"v":"a"})", R"({"v":2})"});
  EXPECT_THAT(ColumnOf(report, "v").notes,
              ElementsAre("conflict: 1 of 3 values are a string, not a number; such records would "
                          "become dead letters"));
}

TEST(SchemaInference, WhatHasNoValueIsLeftOutWithANote) {
  const InferenceReport report = Infer(
      {R"({"a":1,"n":null,"e":[],"o":{},"d":{"x":null},"l":[null,null],"":1,"_kafka_offset":5})"});
  ASSERT_EQ(report.schema.fields.size(), 1U);
  EXPECT_THAT(ColumnOf(report, "n").notes, ElementsAre("left out: always null in the sample"));
  EXPECT_THAT(ColumnOf(report, "e").notes,
              ElementsAre("left out: always an empty array in the sample"));
  EXPECT_THAT(ColumnOf(report, "o").notes,
              ElementsAre("left out: no member has a value in the sample"));
  EXPECT_THAT(ColumnOf(report, "d").notes,
              ElementsAre("left out: no member has a value in the sample"));
  EXPECT_THAT(ColumnOf(report, "l").notes,
              ElementsAre("left out: no element has a value in the sample"));
  EXPECT_THAT(ColumnOf(report, "").notes, ElementsAre("left out: a column needs a name"));
  EXPECT_THAT(ColumnOf(report, "_kafka_offset").notes, ElementsAre(HasSubstr("reserved")));
  EXPECT_THAT(ColumnOf(report, "n").type, IsEmpty());
}

TEST(SchemaInference, WarnsOfNamesThatDifferOnlyInCase) {
  const InferenceReport report = Infer({R"({"Id":1,"id":2})"});
  EXPECT_EQ(report.schema.fields.size(), 2U);
  EXPECT_THAT(ColumnOf(report, "id").notes,
              ElementsAre(HasSubstr("differs from Id only in upper and lower case")));
}

TEST(SchemaInference, IsBounded) {
  std::string wide = "{";
  for (int i = 0; i < 50; ++i) wide += fmt::format("\"f{}\":1,", i);
  const InferenceReport report = Infer({wide + "\"last\":{\"a\":1}}"}, {.columns_max = 10});
  EXPECT_EQ(report.schema.fields.size(), 10U);
  EXPECT_THAT(report.notes, Contains(HasSubstr("more than 10 fields")));
  std::string deep = "1";
  for (int i = 0; i < 20; ++i) deep = "{\"d\":" + deep + ",\"x\":1}";
  const InferenceReport cut = Infer({deep}, {.depth_max = 3});
  EXPECT_EQ(cut.columns.size(), 6U);
  EXPECT_THAT(ColumnOf(cut, "d.d.d").notes, Contains(HasSubstr("deeper nested")));
  EXPECT_THAT(ErrorOf({std::string(100'000, '['), std::string(100'000, '{')}),
              HasSubstr("none of the 2 sample records"));
}

TEST(SchemaInference, NothingToInferFromIsAnError) {
  EXPECT_THAT(ErrorOf({}), HasSubstr("none of the 0 sample records"));
  EXPECT_THAT(ErrorOf({"[1]", "{", "{}x"}), HasSubstr("none of the 3 sample records"));
  EXPECT_THAT(ErrorOf({"{}", R"({"a":null})"}),
              HasSubstr("no field has a value in 2 sample records"));
}

TEST(SchemaInference, EveryRecordOfAConsistentSampleDecodes) {
  SeededRandom random(21);
  std::vector<std::string> payloads;
  for (int i = 0; i < 200; ++i) {
    std::string payload = fmt::format("{{\"id\":{},\"when\":\"2026-01-{:02}T00:00:00Z\"",
                                      random.Next() >> 1, 1 + random.Below(28));
    if (random.Below(2) == 0)
      payload += fmt::format(",\"price\":{}.{}", random.Below(100), random.Below(100));
    if (random.Below(2) == 0) payload += ",\"user\":{\"name\":\"n\",\"tags\":[\"a\",null]}";
    if (random.Below(2) == 0)
      payload += fmt::format(",\"big\":{}{}", 1 + random.Below(9),
                             std::string(19 + random.Below(18), '7'));
    payloads.push_back(payload + "}");
  }
  const InferenceReport report = Infer(payloads);
  EXPECT_EQ(DecodeAll(report.schema, payloads).stats.rows, 200);
}

}  // namespace
}  // namespace kafka_iceberg::decode
