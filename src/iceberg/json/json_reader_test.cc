// SPDX-License-Identifier: Apache-2.0
#include "iceberg/json/json_reader.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/result_matchers.h"
#include "iceberg/json/gzip.h"
#include "iceberg/json/json_writer.h"

namespace kafka_iceberg::iceberg {
namespace {

TEST(JsonReader, NestingIsBoundedBeforeParsing) {
  EXPECT_THAT(ParseJson(std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']'), "x"),
              IsOk());
  EXPECT_THAT(
      ParseJson(std::string(kJsonDepthMax + 1, '[') + std::string(kJsonDepthMax + 1, ']'), "x"),
      IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ParseJson(std::string(10'000'000, '['), "x"), IsError(ErrorCode::kCorrupt));
  // Brackets inside strings, escaped quotes included, are no nesting.
  EXPECT_THAT(ParseJson("\"\\\"" + std::string(1000, '[') + "\"", "x"), IsOk());
}

TEST(JsonReader, RejectsWhatIsNotJson) {
  for (const std::string_view text :
       {"", "{", "nul", "{\"a\":1,}", "\"\xff\"", "1e999", "{} {}", "\"\\"}) {
    EXPECT_THAT(ParseJson(text, "x"), IsError(ErrorCode::kCorrupt)) << text;
  }
}

TEST(JsonReader, IntegersAreExactOrRefused) {
  const Json json = *ParseJson(
      R"({"max":9223372036854775807,"over":9223372036854775808,"min":-9223372036854775808,
          "under":-9223372036854775809,"real":1.0,"text":"1","int":2147483647,"wide":2147483648})",
      "x");
  EXPECT_EQ(*ReadLong(json, "max"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(*ReadLong(json, "min"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(*ReadInt(json, "int"), std::numeric_limits<int32_t>::max());
  for (const std::string_view name : {"over", "under", "real", "text", "absent"}) {
    EXPECT_THAT(ReadLong(json, name), IsError(ErrorCode::kCorrupt)) << name;
  }
  EXPECT_THAT(ReadInt(json, "wide"), IsError(ErrorCode::kCorrupt));
}

TEST(JsonReader, NullIsAbsent) {
  const Json json = *ParseJson(R"({"a":null})", "x");
  EXPECT_EQ(*ReadOptionalLong(json, "a"), std::nullopt);
  EXPECT_EQ(*ReadOptionalInt(json, "a"), std::nullopt);
  EXPECT_EQ(*ReadOptionalString(json, "a"), std::nullopt);
  EXPECT_EQ(*ReadOptionalArray(json, "a"), nullptr);
  EXPECT_TRUE(ReadStringMap(json, "a")->empty());
  EXPECT_THAT(ReadString(json, "a"), IsError(ErrorCode::kCorrupt));
}

TEST(JsonReader, WrongTypesAreCorrupt) {
  const Json json = *ParseJson(R"({"a":1,"m":{"k":1}})", "x");
  EXPECT_THAT(ReadString(json, "a"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ReadBool(json, "a"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ReadArray(json, "a"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ReadOptionalArray(json, "a"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ReadOptionalString(json, "a"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ReadStringMap(json, "a"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ReadStringMap(json, "m"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ReadLong(*ParseJson("[1]", "x"), "a"), IsError(ErrorCode::kCorrupt));
}

TEST(JsonWriter, SeparatesMembersAndElements) {
  JsonWriter json;
  json.BeginObject()
      .Key("a")
      .Int(-1)
      .Key("b")
      .BeginArray()
      .Bool(true)
      .String(",")
      .Int(2)
      .EndArray();
  json.Key("c")
      .BeginObject()
      .EndObject()
      .Key("d")
      .BeginArray()
      .EndArray()
      .Key("e")
      .Raw("null")
      .EndObject();
  EXPECT_EQ(json.Take(), R"({"a":-1,"b":[true,",",2],"c":{},"d":[],"e":null})");
}

TEST(JsonWriter, StringsReadBackAsTheyWere) {
  std::string text;
  for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
  text += "\xc3\xa9\xf0\x9f\x98\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf";
  EXPECT_EQ(ParseJson(QuoteJson(text), "x")->get<std::string>(), text);
}

TEST(Gunzip, RefusesGarbage) {
  EXPECT_THAT(Gunzip("", 100), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(Gunzip("{\"format-version\":2}", 100), IsError(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
