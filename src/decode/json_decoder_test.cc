// SPDX-License-Identifier: Apache-2.0
#include "decode/json_decoder.h"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/json/fake_json_records.h"

namespace kafka_iceberg::decode {
namespace {

using ::testing::HasSubstr;

TEST(JsonDecoder, TakesLongsExactly) {
  EXPECT_EQ(DecodeValue("long", "0"), "0");
  EXPECT_EQ(DecodeValue("long", "-0"), "0");
  EXPECT_EQ(DecodeValue("long", "12345678"), "12345678");
  EXPECT_EQ(DecodeValue("long", "123456789012345678"), "123456789012345678");
  EXPECT_EQ(DecodeValue("long", "1234567890123456789"), "1234567890123456789");
  EXPECT_EQ(DecodeValue("long", "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(DecodeValue("long", "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(DecodeValue("long", "9007199254740993"), "9007199254740993");
  EXPECT_EQ(DecodeValue("long", "9223372036854775808"), "out_of_range v");
  EXPECT_EQ(DecodeValue("long", "-9223372036854775809"), "out_of_range v");
  EXPECT_EQ(DecodeValue("long", std::string(5000, '9')), "out_of_range v");
}

TEST(JsonDecoder, TakesNumbersWithoutFractionIntoLongs) {
  EXPECT_EQ(DecodeValue("long", "1.0"), "1");
  EXPECT_EQ(DecodeValue("long", "-1e3"), "-1000");
  EXPECT_EQ(DecodeValue("long", "1.50E1"), "15");
  EXPECT_EQ(DecodeValue("long", "9007199254740993.0"), "9007199254740993");
  EXPECT_EQ(DecodeValue("long", "12300e-2"), "123");
  EXPECT_EQ(DecodeValue("long", "0e99999999999999999999"), "0");
  EXPECT_EQ(DecodeValue("long", "1.5"), "out_of_range v");
  EXPECT_EQ(DecodeValue("long", "1e-1"), "out_of_range v");
  EXPECT_EQ(DecodeValue("long", "1e19"), "out_of_range v");
  EXPECT_EQ(DecodeValue("long", "1e99999999999999999999"), "out_of_range v");
  EXPECT_EQ(DecodeValue("long", "1e-99999999999999999999"), "out_of_range v");
}

TEST(JsonDecoder, ChecksTheRangeOfInts) {
  EXPECT_EQ(DecodeValue("int", "2147483647"), "2147483647");
  EXPECT_EQ(DecodeValue("int", "-2147483648"), "-2147483648");
  EXPECT_EQ(DecodeValue("int", "2e3"), "2000");
  EXPECT_EQ(DecodeValue("int", "2147483648"), "out_of_range v");
  EXPECT_EQ(DecodeValue("int", "-2147483649"), "out_of_range v");
  EXPECT_EQ(DecodeValue("int", "4294967296"), "out_of_range v");
}

TEST(JsonDecoder, ConvertsNoKindIntoAnother) {
  EXPECT_EQ(DecodeValue("long", "\"1\""), "wrong_type v");
  EXPECT_EQ(DecodeValue("long", "true"), "wrong_type v");
  EXPECT_EQ(DecodeValue("long", "[1]"), "wrong_type v");
  EXPECT_EQ(DecodeValue("long", "{}"), "wrong_type v");
  EXPECT_EQ(DecodeValue("string", "1"), "wrong_type v");
  EXPECT_EQ(DecodeValue("string", "true"), "wrong_type v");
  EXPECT_EQ(DecodeValue("string", "{\"a\":1}"), "wrong_type v");
  EXPECT_EQ(DecodeValue("string", "[]"), "wrong_type v");
  EXPECT_EQ(DecodeValue("boolean", "\"true\""), "wrong_type v");
  EXPECT_EQ(DecodeValue("boolean", "1"), "wrong_type v");
  EXPECT_EQ(DecodeValue("double", "true"), "wrong_type v");
  EXPECT_EQ(DecodeValue("binary", "1"), "wrong_type v");
  EXPECT_EQ(DecodeValue("list<long>", "1"), "wrong_type v");
  EXPECT_EQ(DecodeValue("list<long>", "[\"a\"]"), "wrong_type v.element");
  EXPECT_EQ(DecodeValue("struct<a:long>", "[]"), "wrong_type v");
  EXPECT_EQ(DecodeValue("map<string,long>", "[]"), "wrong_type v");
}

TEST(JsonDecoder, TakesDoublesToTheNearest) {
  EXPECT_EQ(DecodeValue("double", "1.5"), "1.5");
  EXPECT_EQ(DecodeValue("double", "0.1"), "0.1");
  EXPECT_EQ(DecodeValue("double", "-0.0"), "-0");
  EXPECT_EQ(DecodeValue("double", "1e-400"), "0");
  EXPECT_EQ(DecodeValue("double", "0.000000000000000000000001"), "1e-24");
  EXPECT_EQ(DecodeValue("double", "1.7976931348623157e308"), "1.7976931348623157e+308");
  EXPECT_EQ(DecodeValue("double", "1e400"), "out_of_range v");
  EXPECT_EQ(DecodeValue("double", "-1e400"), "out_of_range v");
  EXPECT_EQ(DecodeValue("double", "\"NaN\""), "nan");
  EXPECT_EQ(DecodeValue("double", "\"Infinity\""), "inf");
  EXPECT_EQ(DecodeValue("double", "\"-Infinity\""), "-inf");
  EXPECT_EQ(DecodeValue("double", "\"1.5\""), "bad_value v");
  EXPECT_EQ(DecodeValue("double", "NaN"), "not_json");
  EXPECT_EQ(DecodeValue("float", "16777217"), "16777216");
  EXPECT_EQ(DecodeValue("float", "1e39"), "out_of_range v");
  EXPECT_EQ(DecodeValue("float", "1e-60"), "0");
  EXPECT_EQ(DecodeValue("float", "\"NaN\""), "nan");
}

TEST(JsonDecoder, NeverRoundsADecimal) {
  EXPECT_EQ(DecodeValue("decimal(9,2)", "12.34"), "12.34");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "\"12.34\""), "12.34");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "-12.3"), "-12.30");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "12.340"), "12.34");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "1e3"), "1000.00");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "9999999.99"), "9999999.99");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "12.345"), "out_of_range v");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "10000000"), "out_of_range v");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "\"12,34\""), "bad_value v");
  EXPECT_EQ(DecodeValue("decimal(9,2)", "\"\""), "bad_value v");
  EXPECT_EQ(DecodeValue("decimal(38,0)", std::string(38, '9')), std::string(38, '9'));
  EXPECT_EQ(DecodeValue("decimal(38,0)", "-" + std::string(38, '9')), "-" + std::string(38, '9'));
  EXPECT_EQ(DecodeValue("decimal(38,0)", std::string(39, '9')), "out_of_range v");
  EXPECT_EQ(DecodeValue("decimal(38,18)", "0.100000000000000001"), "0.100000000000000001");
}

TEST(JsonDecoder, TakesTimestampsAsText) {
  EXPECT_EQ(DecodeValue("timestamptz", "\"2026-01-08T14:30:00.123456Z\""),
            "2026-01-08 14:30:00.123456Z");
  EXPECT_EQ(DecodeValue("timestamptz", "\"2026-01-08T14:30:00+01:30\""),
            "2026-01-08 13:00:00.000000Z");
  EXPECT_EQ(DecodeValue("timestamptz", "\"2026-01-08 14:30:00.5z\""),
            "2026-01-08 14:30:00.500000Z");
  EXPECT_EQ(DecodeValue("timestamptz", "\"1969-12-31T23:59:59.9999999Z\""),
            "1969-12-31 23:59:59.999999Z");
  EXPECT_EQ(DecodeValue("timestamptz", "\"2026\\u002d01-08T14:30:00Z\""),
            "2026-01-08 14:30:00.000000Z");
  EXPECT_EQ(DecodeValue("timestamptz", "\"2026-01-08T14:30:00\""), "bad_value v");
  EXPECT_EQ(DecodeValue("timestamptz", "\"2026-02-29T14:30:00Z\""), "out_of_range v");
  EXPECT_EQ(DecodeValue("timestamptz", "\"yesterday\""), "bad_value v");
  EXPECT_EQ(DecodeValue("timestamp", "\"2026-01-08T14:30:00.5\""), "2026-01-08 14:30:00.500000");
  EXPECT_EQ(DecodeValue("timestamp", "\"2026-01-08T14:30:00Z\""), "bad_value v");
}

TEST(JsonDecoder, TakesTimestampNumbersInTheUnitItWasToldAndNoOther) {
  const auto in = [](EpochUnit unit, const char* json) {
    return DecodeValue("timestamptz", json, {.epoch_unit = unit});
  };
  EXPECT_EQ(DecodeValue("timestamptz", "1767882600123"), "2026-01-08 14:30:00.123000Z");
  EXPECT_EQ(in(EpochUnit::kSeconds, "1767882600"), "2026-01-08 14:30:00.000000Z");
  EXPECT_EQ(in(EpochUnit::kSeconds, "1767882600.25"), "2026-01-08 14:30:00.250000Z");
  EXPECT_EQ(in(EpochUnit::kMicros, "1767882600123456"), "2026-01-08 14:30:00.123456Z");
  EXPECT_EQ(in(EpochUnit::kNanos, "1767882600123456789"), "2026-01-08 14:30:00.123456Z");
  EXPECT_EQ(in(EpochUnit::kNanos, "-1"), "1969-12-31 23:59:59.999999Z");
  EXPECT_EQ(in(EpochUnit::kMillis, "1767882600"), "1970-01-21 11:04:42.600000Z");
  EXPECT_EQ(in(EpochUnit::kMillis, "99999999999999999"), "out_of_range v");
  EXPECT_EQ(DecodeValue("timestamp", "1767882600123"), "2026-01-08 14:30:00.123000");
}

TEST(JsonDecoder, KeepsNanoseconds) {
  EXPECT_EQ(DecodeValue("timestamptz_ns", "\"2026-01-08T14:30:00.123456789Z\""),
            "2026-01-08 14:30:00.123456789Z");
  EXPECT_EQ(DecodeValue("timestamp_ns", "1767882600123"), "2026-01-08 14:30:00.123000000");
  EXPECT_EQ(DecodeValue("timestamp_ns", "\"2263-01-01T00:00:00\""), "out_of_range v");
}

TEST(JsonDecoder, TakesDatesAndTimes) {
  EXPECT_EQ(DecodeValue("date", "\"2026-01-08\""), "2026-01-08");
  EXPECT_EQ(DecodeValue("date", "20461"), "2026-01-08");
  EXPECT_EQ(DecodeValue("date", "-1"), "1969-12-31");
  EXPECT_EQ(DecodeValue("date", "\"2026-1-8\""), "bad_value v");
  EXPECT_EQ(DecodeValue("date", "\"2026-13-01\""), "out_of_range v");
  EXPECT_EQ(DecodeValue("date", "2147483648"), "out_of_range v");
  EXPECT_EQ(DecodeValue("time", "\"14:30:00.5\""), "14:30:00.500000");
  EXPECT_EQ(DecodeValue("time", "52200000000"), "14:30:00.000000");
  EXPECT_EQ(DecodeValue("time", "\"24:00:00\""), "out_of_range v");
  EXPECT_EQ(DecodeValue("time", "86400000000"), "out_of_range v");
  EXPECT_EQ(DecodeValue("time", "-1"), "out_of_range v");
}

TEST(JsonDecoder, TakesBytes) {
  EXPECT_EQ(DecodeValue("uuid", "\"01234567-89ab-CDEF-0123-456789abcdef\""),
            "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(DecodeValue("uuid", "\"0123456789abcdef0123456789abcdef\""), "bad_value v");
  EXPECT_EQ(DecodeValue("uuid", "\"0123456g-89ab-cdef-0123-456789abcdef\""), "bad_value v");
  EXPECT_EQ(DecodeValue("binary", "\"AQID/w==\""), "010203ff");
  EXPECT_EQ(DecodeValue("binary", "\"\""), "");
  EXPECT_EQ(DecodeValue("binary", "\"AQ\\/\\/\""), "010fff");
  EXPECT_EQ(DecodeValue("binary", "\"AQI\""), "bad_value v");
  EXPECT_EQ(DecodeValue("binary", "\"A=ID\""), "bad_value v");
  EXPECT_EQ(DecodeValue("fixed[3]", "\"AQID\""), "010203");
  EXPECT_EQ(DecodeValue("fixed[4]", "\"AQID/w==\""), "010203ff");
  EXPECT_EQ(DecodeValue("fixed[3]", "\"AQID/w==\""), "bad_value v");
  EXPECT_EQ(DecodeValue("fixed[3]", "\"AQI=\""), "bad_value v");
  EXPECT_EQ(DecodeValue("fixed[3]", "\"AQIDBAUG\""), "bad_value v");
  EXPECT_EQ(DecodeValue("fixed[4]", "\"AQIDBAUG\""), "bad_value v");
}

TEST(JsonDecoder, ResolvesEscapes) {
  EXPECT_EQ(DecodeValue("string", R"("a\"b\\c\/d\b\f\n\r\t")"), "a\"b\\c/d\b\f\n\r\t");
  EXPECT_EQ(DecodeValue("string", R"("\u0041\u00e9\u20AC\ud83d\ude00")"), "Aé€😀");
  EXPECT_EQ(DecodeValue("string", R"("")"), "");
  EXPECT_EQ(DecodeValue("string", R"("a\u0000b")"), std::string("a\0b", 3));
  EXPECT_EQ(DecodeValue("string", R"("\x41")"), "not_json");
  EXPECT_EQ(DecodeValue("string", R"("\u00g1")"), "not_json");
  EXPECT_EQ(DecodeValue("string", R"("\u00")"), "not_json");
  EXPECT_EQ(DecodeValue("string", R"("\ud83d")"), "bad_utf8 v");
  EXPECT_EQ(DecodeValue("string", R"("\ude00")"), "bad_utf8 v");
  EXPECT_EQ(DecodeValue("string", R"("\ud83d\u0041")"), "bad_utf8 v");
  EXPECT_EQ(DecodeValue("string", R"("\ud83dx")"), "bad_utf8 v");
}

TEST(JsonDecoder, CopiesStringsOfEveryLengthAndEscapesAtEveryPlace) {
  for (size_t length = 0; length < 200; ++length) {
    std::string text(length, 'x');
    ASSERT_EQ(DecodeValue("string", '"' + text + '"'), text);
    for (size_t at = 0; at < length; at += 7) {
      std::string escaped = text;
      escaped.replace(at, 1, "\\n");
      std::string expected = text;
      expected[at] = '\n';
      ASSERT_EQ(DecodeValue("string", '"' + escaped + '"'), expected);
    }
  }
}

TEST(JsonDecoder, FillsNestedTypes) {
  EXPECT_EQ(DecodeValue("list<long>", "[1, 2,3 ]"), "list<element: int64>[1, 2, 3]");
  EXPECT_EQ(DecodeValue("list<long>", "[]"), "list<element: int64>[]");
  EXPECT_EQ(DecodeValue("list<long>", "[1,null]"), "list<element: int64>[1, null]");
  EXPECT_EQ(DecodeValue("struct<a:int,b:string>", R"({"b":"x","a":1})"),
            "{a:int32 = 1, b:string = x}");
  EXPECT_EQ(DecodeValue("struct<a:int,b:string>", "{}"), "{a:int32 = null, b:string = null}");
  EXPECT_THAT(DecodeValue("map<string,long>", R"({"a":1,"b\n":2})"), HasSubstr("a"));
  EXPECT_EQ(
      DecodeValue("list<struct<a:list<int>>>", R"([{"a":[1]},{"a":[]},{},null])"),
      "list<element: struct<a: list<element: int32>>>[{a:list<element: int32> = list<element: "
      "int32>[1]}, "
      "{a:list<element: int32> = list<element: int32>[]}, {a:list<element: int32> = null}, null]");
}

TEST(JsonDecoder, MapKeysAreOfTheirType) {
  EXPECT_EQ(DecodeValue("map<long,string>", R"({"1":"a","x":"b"})"), "bad_value v.key");
  EXPECT_EQ(DecodeValue("map<int,int>", R"({"1":1,"4294967297":2})"), "out_of_range v.key");
  EXPECT_EQ(DecodeValue("map<boolean,int>", R"({"yes":1})"), "bad_value v.key");
  EXPECT_THAT(DecodeValue("map<date,int>", R"({"2026-01-08":1})"), HasSubstr("2026-01-08"));
  EXPECT_THAT(DecodeValue("map<long,int>", R"({"-7":1,"8":2})"), HasSubstr("-7"));
}

TEST(JsonDecoder, AMapKeyMayNotComeTwice) {
  EXPECT_EQ(DecodeValue("map<string,int>", R"({"a":1,"b":2,"a":3})"), "bad_value v");
  EXPECT_EQ(DecodeValue("map<string,int>", R"({"a":1,"\u0061":3})"), "bad_value v");
  EXPECT_EQ(DecodeValue("map<long,int>", R"({"1":1,"1.0":3})"), "bad_value v");
  // Two maps of one list may share keys.
  EXPECT_THAT(DecodeValue("list<map<string,int>>", R"([{"a":1},{"a":2}])"), HasSubstr("a"));
}

TEST(JsonDecoder, NullAndAbsentAreNullUnlessRequired) {
  const auto schema = SchemaOf({{"a", "long"}, {"b", "string", true}, {"s", "struct<x:int>"}});
  const auto rows =
      DecodeAll(schema, {R"({"b":"1"})", R"({"a":null,"b":"2","s":null})", R"({"a":1})",
                         R"({"b":null})", R"({"b":"3","a":3,"s":{"x":3}})"});
  EXPECT_EQ(rows.stats.rows, 3);
  EXPECT_EQ(rows.Cell("a", 0), "null");
  EXPECT_EQ(rows.Cell("a", 1), "null");
  EXPECT_EQ(rows.Cell("a", 2), "3");
  EXPECT_EQ(rows.Cell("s", 1), "null");
  EXPECT_EQ(rows.Cell("s", 2), "{x:int32 = 3}");
  ASSERT_EQ(rows.letters.size(), 2U);
  for (const DeadLetter& letter : rows.letters) {
    EXPECT_EQ(letter.code, "missing_field");
    EXPECT_EQ(letter.field_path, "b");
  }
  EXPECT_THAT(rows.letters[0].reason, HasSubstr("b is missing, and the column is required"));
  EXPECT_THAT(rows.letters[1].reason, HasSubstr("b is null"));
}

TEST(JsonDecoder, RequiredBelowANullStructTakesAPlaceholder) {
  auto schema = SchemaOf({{"s", "struct<a:long,b:string,c:list<int>,d:boolean,e:uuid>"}});
  for (auto& member : schema.fields[0].type.fields) member.required = true;
  const auto rows = DecodeAll(
      schema,
      {R"({})",
       R"({"s":{"a":1,"b":"x","c":[1],"d":true,"e":"01234567-89ab-cdef-0123-456789abcdef"}})",
       R"({"s":{"a":1}})"});
  EXPECT_EQ(rows.stats.rows, 2);
  EXPECT_EQ(rows.Cell("s", 0), "null");
  EXPECT_EQ(rows.Letter(), "missing_field s.b");
}

TEST(JsonDecoder, AnAbsentMemberTakesTheWriteDefault) {
  auto schema = SchemaOf({{"a", "long"}, {"b", "string"}, {"c", "decimal(5,1)"}, {"d", "uuid"}});
  schema.fields[0].write_default = "7";
  schema.fields[1].write_default = "\"x\"";
  schema.fields[2].write_default = "\"1.5\"";
  schema.fields[3].write_default = "\"01234567-89ab-cdef-0123-456789abcdef\"";
  const auto rows = DecodeAll(schema, {"{}", R"({"a":null,"b":"y","c":2})"});
  EXPECT_EQ(rows.Cell("a", 0), "7");
  EXPECT_EQ(rows.Cell("b", 0), "x");
  EXPECT_EQ(rows.Cell("c", 0), "1.5");
  EXPECT_EQ(rows.Cell("d", 0), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(rows.Cell("a", 1), "null");
  EXPECT_EQ(rows.Cell("b", 1), "y");
  schema.fields[0].write_default = "\"seven\"";
  EXPECT_FALSE(MakeJsonDecoder(schema).ok());
}

TEST(JsonDecoder, OfAMemberThatComesTwiceTheLastCounts) {
  const auto schema =
      SchemaOf({{"a", "long"}, {"s", "string"}, {"l", "list<long>"}, {"t", "struct<x:long>"}});
  const auto rows = DecodeAll(
      schema,
      {R"({"a":1,"s":"one","a":2,"l":[1,2],"l":[3],"s":"two","t":{"x":1},"t":{"x":2,"x":3},"a":3})",
       R"({"a":1,"a":null,"t":{"x":1},"t":{}})"});
  EXPECT_EQ(rows.Cell("a"), "3");
  EXPECT_EQ(rows.Cell("s"), "two");
  EXPECT_EQ(rows.Cell("l"), "list<element: int64>[3]");
  EXPECT_EQ(rows.Cell("t"), "{x:int64 = 3}");
  EXPECT_EQ(rows.Cell("a", 1), "null");
  EXPECT_EQ(rows.Cell("t", 1), "{x:int64 = null}");
}

TEST(JsonDecoder, CountsMembersNoColumnTakes) {
  const auto schema = SchemaOf({{"a", "long"}, {"s", "struct<x:long>"}});
  const auto rows = DecodeAll(schema, {R"({"b":1,"a":1,"c":{"a":[{}]},"s":{"y":[],"x":1}})",
                                       R"({"a":2})", R"({"b":1,"a":"x"})"});
  EXPECT_EQ(rows.stats.ignored_fields, 3);
  EXPECT_EQ(rows.Cell("a", 1), "2");
}

TEST(JsonDecoder, FindsMembersInAnyOrderAndNotation) {
  const std::string long_name = "a_name_that_is_longer_than_sixteen_bytes";
  const auto schema =
      SchemaOf({{"a", "long"}, {"with \"quotes\"", "long"}, {long_name, "long"}, {"é", "long"}});
  const auto rows =
      DecodeAll(schema, {"{\"é\":1,\"" + long_name + "\":2,\"with \\\"quotes\\\"\":3,\"a\":4}",
                         "{\"\\u00e9\":5,\"\\u0061\":6}",
                         "{\"a_name_that_is_longer_than_sixteen_bytez\":1,\"A\":2}",
                         "{ \"a\" : 8 , \"é\"\n:\t9 }"});
  EXPECT_EQ(rows.Cell("é", 0), "1");
  EXPECT_EQ(rows.Cell(long_name, 0), "2");
  EXPECT_EQ(rows.Cell("with \"quotes\"", 0), "3");
  EXPECT_EQ(rows.Cell("a", 0), "4");
  EXPECT_EQ(rows.Cell("é", 1), "5");
  EXPECT_EQ(rows.Cell("a", 1), "6");
  EXPECT_EQ(rows.Cell(long_name, 2), "null");
  EXPECT_EQ(rows.Cell("a", 3), "8");
  EXPECT_EQ(rows.Cell("é", 3), "9");
  EXPECT_EQ(rows.stats.ignored_fields, 2);
}

TEST(JsonDecoder, ReasonsNameColumnTypeAndValue) {
  const auto reason = [](const std::string& type, const std::string& json) {
    return DecodeAll(SchemaOf({{"v", type}}), {"{\"v\":" + json + "}"}).letters.at(0).reason;
  };
  EXPECT_EQ(reason("long", "\"abc\""), "v (long) got the string \"abc\"");
  EXPECT_EQ(reason("string", "12"), "v (string) got the number 12");
  EXPECT_EQ(reason("int", "3000000000"), "v (int) got \"3000000000\", which is out of range");
  EXPECT_THAT(reason("timestamptz", "\"2026-01-08T14:30:00\""),
              HasSubstr("declare the column as timestamp"));
  EXPECT_LT(reason("long", '"' + std::string(100000, 'x') + '"').size(), 200U);
}

}  // namespace
}  // namespace kafka_iceberg::decode
