// SPDX-License-Identifier: Apache-2.0
//
// Bytes into columns, value by value: what is taken, what is refused and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/avro/fake_avro_rows.h"
#include "iceberg/encoding/avro_binary.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::AvroWriter;

std::string Long(int64_t value) {
  AvroWriter writer;
  writer.WriteLong(value);
  return writer.bytes();
}

std::string Text(std::string_view value) {
  AvroWriter writer;
  writer.WriteBytes(value);
  return writer.bytes();
}

constexpr char kInt[] = "\"int\"";
constexpr char kLong[] = "\"long\"";
constexpr char kMillis[] = R"({"type":"long","logicalType":"timestamp-millis"})";
constexpr char kDecimal[] = R"({"type":"bytes","logicalType":"decimal","precision":4,"scale":2})";

TEST(AvroValues, IntsHave32Bits) {
  EXPECT_EQ(DecodeAvroValue("int", kInt, Long(INT32_MAX)), "2147483647");
  EXPECT_EQ(DecodeAvroValue("int", kInt, Long(INT32_MIN)), "-2147483648");
  EXPECT_EQ(DecodeAvroValue("int", kInt, Long(INT64_C(2147483648))), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("long", kInt, Long(INT64_C(-2147483649))), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("double", kInt, Long(INT64_C(1) << 40)), "bad_avro v");
}

TEST(AvroValues, NumbersHave64Bits) {
  EXPECT_EQ(DecodeAvroValue("long", kLong, Long(INT64_MAX)), "9223372036854775807");
  EXPECT_EQ(DecodeAvroValue("long", kLong, Long(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(DecodeAvroValue("long", kLong, FromHex("ffffffffffffffffff02")), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("long", kLong, FromHex("ffffffffffffffffffff01")), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("long", kLong, FromHex("80808080808080808080808000")), "bad_avro v");
  // Longer than needed, which some writers do.
  EXPECT_EQ(DecodeAvroValue("long", kLong, FromHex("8200")), "1");
  EXPECT_EQ(DecodeAvroValue("long", kLong, FromHex("82808080808080808000")), "1");
}

TEST(AvroValues, EveryLengthOfNumberIsRead) {
  for (int bits = 0; bits < 63; ++bits) {
    for (const int64_t value :
         {INT64_C(1) << bits, (INT64_C(1) << bits) - 1, -(INT64_C(1) << bits)}) {
      EXPECT_EQ(DecodeAvroValue("long", kLong, Long(value)), std::to_string(value));
    }
  }
}

TEST(AvroValues, TrailingBytesAreAnError) {
  EXPECT_EQ(DecodeAvroValue("int", kInt, Long(1) + "x"), "bad_avro");
  EXPECT_EQ(DecodeAvroValue("int", kInt, Long(1) + std::string(2000, '\0')), "bad_avro");
}

TEST(AvroValues, BooleansAre0Or1) {
  EXPECT_EQ(DecodeAvroValue("boolean", "\"boolean\"", FromHex("01")), "true");
  EXPECT_EQ(DecodeAvroValue("boolean", "\"boolean\"", FromHex("02")), "bad_avro v");
}

TEST(AvroValues, FloatingPointTakesOnlyIntegersItHoldsExactly) {
  const int64_t in_double = INT64_C(1) << 53;
  EXPECT_EQ(DecodeAvroValue("double", kLong, Long(in_double)), "9.007199254740992e+15");
  EXPECT_EQ(DecodeAvroValue("double", kLong, Long(in_double + 1)), "out_of_range v");
  EXPECT_EQ(DecodeAvroValue("double", kLong, Long(INT64_MAX)), "out_of_range v");
  EXPECT_EQ(DecodeAvroValue("double", kLong, Long(INT64_MIN)), "-9.223372036854776e+18");
  EXPECT_EQ(DecodeAvroValue("float", kInt, Long(1 << 24)), "16777216.0");
  EXPECT_EQ(DecodeAvroValue("float", kInt, Long((1 << 24) + 1)), "out_of_range v");
  EXPECT_EQ(DecodeAvroValue("float", kLong, Long(INT64_MAX)), "out_of_range v");
}

TEST(AvroValues, NotANumberAndInfinityAreKept) {
  EXPECT_EQ(DecodeAvroValue("float", "\"float\"", FromHex("0000c07f")), "\"nan\"");
  EXPECT_EQ(DecodeAvroValue("double", "\"float\"", FromHex("000080ff")), "\"-inf\"");
  EXPECT_EQ(DecodeAvroValue("double", "\"double\"", FromHex("000000000000f07f")), "\"inf\"");
}

TEST(AvroValues, StringsAreUtf8) {
  for (const size_t padding : {0U, 10U, 15U, 40U, 62U, 63U, 64U, 500U, 3000U}) {
    const std::string front(padding, 'a');
    EXPECT_EQ(DecodeAvroValue("string", "\"string\"", Text(front + "ä")), '"' + front + "ä\"");
    for (const std::string bad : {"\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
      EXPECT_EQ(DecodeAvroValue("string", "\"string\"", Text(front + bad)), "bad_utf8 v");
      EXPECT_EQ(DecodeAvroValue("string", "\"bytes\"", Text(front + bad)), "bad_utf8 v");
      EXPECT_EQ(DecodeAvroValue("string", "\"string\"", Text(bad + front)), "bad_utf8 v");
    }
  }
  EXPECT_EQ(DecodeAvroValue("binary", "\"string\"", Text("\xff")), "\"ff\"");
}

TEST(AvroValues, LengthsAreChecked) {
  for (const char* type : {"\"string\"", "\"bytes\"", kDecimal}) {
    const std::string column = type == kDecimal ? "decimal(4,2)" : "binary";
    EXPECT_EQ(DecodeAvroValue(column, type, Long(-1)), "bad_avro v");
    EXPECT_EQ(DecodeAvroValue(column, type, Long(1)), "bad_avro v");
    EXPECT_EQ(DecodeAvroValue(column, type, Long(INT64_MAX) + "abc"), "bad_avro v");
    EXPECT_EQ(DecodeAvroValue(column, type, Long(INT64_MIN) + "abc"), "bad_avro v");
  }
}

TEST(AvroValues, DecimalsFitTheirColumn) {
  const auto decode = [](const std::string& bytes) {
    return DecodeAvroValue("decimal(4,2)", kDecimal, Text(bytes));
  };
  EXPECT_EQ(decode(FromHex("270f")), "\"99.99\"");
  EXPECT_EQ(decode(FromHex("d8f1")), "\"-99.99\"");
  EXPECT_EQ(decode(FromHex("2710")), "out_of_range v");
  EXPECT_EQ(decode(FromHex("00")), "\"0.00\"");
  EXPECT_EQ(decode(FromHex("ff")), "\"-0.01\"");
  EXPECT_EQ(decode(""), "bad_avro v");
  // The sign may be repeated as often as one likes; anything else in front is digits.
  EXPECT_EQ(decode(std::string(30, '\xff') + '\xfe'), "\"-0.02\"");
  EXPECT_EQ(decode(std::string(30, '\0') + '\2'), "\"0.02\"");
  EXPECT_EQ(decode('\1' + std::string(16, '\0')), "out_of_range v");
  EXPECT_EQ(decode('\0' + std::string(1, '\xff') + std::string(15, '\0')), "out_of_range v");
  EXPECT_EQ(decode('\xff' + std::string(16, '\0')), "out_of_range v");
}

TEST(AvroValues, TimesAreTimesOfDay) {
  const char* millis = R"({"type":"int","logicalType":"time-millis"})";
  const char* micros = R"({"type":"long","logicalType":"time-micros"})";
  EXPECT_EQ(DecodeAvroValue("time", millis, Long(86'399'999)), "86399999000");
  EXPECT_EQ(DecodeAvroValue("time", millis, Long(86'400'000)), "out_of_range v");
  EXPECT_EQ(DecodeAvroValue("time", millis, Long(-1)), "out_of_range v");
  EXPECT_EQ(DecodeAvroValue("time", micros, Long(86'399'999'999)), "86399999999");
  EXPECT_EQ(DecodeAvroValue("time", micros, Long(86'400'000'000)), "out_of_range v");
}

TEST(AvroValues, TimestampsDoNotOverflow) {
  EXPECT_EQ(DecodeAvroValue("timestamptz", kMillis, Long(9'223'372'036'854'775)),
            "9223372036854775000");
  EXPECT_EQ(DecodeAvroValue("timestamptz", kMillis, Long(9'223'372'036'854'776)), "out_of_range v");
  EXPECT_EQ(DecodeAvroValue("timestamptz", kMillis, Long(INT64_MIN)), "out_of_range v");
  EXPECT_EQ(DecodeAvroValue("long", kMillis, Long(INT64_MIN)), "-9223372036854775808");
}

TEST(AvroValues, UuidsAreTexts) {
  const char* uuid = R"({"type":"string","logicalType":"uuid"})";
  const std::string text = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  EXPECT_EQ(DecodeAvroValue("uuid", uuid, Text(text)), "\"f79c3e09677c4bbda4793f349cb785e7\"");
  EXPECT_EQ(DecodeAvroValue("string", uuid, Text(text)), '"' + text + '"');
  EXPECT_EQ(DecodeAvroValue("uuid", uuid, Text("not one")), "bad_value v");
  EXPECT_EQ(DecodeAvroValue("uuid", uuid, Text("")), "bad_value v");
}

TEST(AvroValues, EnumsHaveTheSymbolsTheyHave) {
  const char* type = R"({"type":"enum","name":"E","symbols":["A","B"]})";
  EXPECT_EQ(DecodeAvroValue("string", type, Long(1)), "\"B\"");
  EXPECT_EQ(DecodeAvroValue("string", type, Long(2)), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("string", type, Long(-1)), "bad_avro v");
}

TEST(AvroValues, UnionsHaveTheBranchesTheyHave) {
  const char* optional = R"(["null","long"])";
  EXPECT_EQ(DecodeAvroValue("long", optional, Long(1) + Long(5)), "5");
  EXPECT_EQ(DecodeAvroValue("long", optional, Long(0)), "null");
  EXPECT_EQ(DecodeAvroValue("long", optional, Long(2) + Long(5)), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("long", optional, Long(-1) + Long(5)), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("long", optional, ""), "bad_avro v");
  const char* many = R"(["int","null","long"])";
  EXPECT_EQ(DecodeAvroValue("long", many, Long(2) + Long(5)), "5");
  EXPECT_EQ(DecodeAvroValue("long", many, Long(1)), "null");
  EXPECT_EQ(DecodeAvroValue("long", many, Long(3) + Long(5)), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("long", many, Long(-1) + Long(5)), "bad_avro v");
}

TEST(AvroValues, NullsNeedAnOptionalColumn) {
  EXPECT_EQ(DecodeAvroValue("long", R"(["null","long"])", Long(0), true), "missing_field v");
  EXPECT_EQ(DecodeAvroValue("long", R"(["long","null"])", Long(1), true), "missing_field v");
  EXPECT_EQ(DecodeAvroValue("long", R"(["long","null"])", Long(0) + Long(9), true), "9");
  EXPECT_EQ(DecodeAvroValue("long", R"(["long","null","int"])", Long(1), true), "missing_field v");
  EXPECT_EQ(DecodeAvroValue("long", "\"null\"", "", true), "missing_field v");
  EXPECT_EQ(DecodeAvroValue("long", "\"null\"", ""), "null");
}

TEST(AvroValues, ListsComeInBlocks) {
  const char* type = R"({"type":"array","items":"long"})";
  EXPECT_EQ(DecodeAvroValue("list<long>", type, Long(0)), "[]");
  EXPECT_EQ(DecodeAvroValue("list<long>", type,
                            Long(2) + Long(7) + Long(8) + Long(1) + Long(9) + Long(0)),
            "[7,8,9]");
  // A negative count is followed by the block's size in bytes.
  EXPECT_EQ(DecodeAvroValue("list<long>", type,
                            Long(-2) + Long(2) + Long(7) + Long(8) + Long(1) + Long(9) + Long(0)),
            "[7,8,9]");
  EXPECT_EQ(DecodeAvroValue("list<long>", type, Long(2) + Long(7) + Long(8)), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("list<long>", type, Long(-2) + Long(7) + Long(8)), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("list<long>", type, Long(-2) + Long(-2) + Long(7) + Long(8) + Long(0)),
            "bad_avro v");
}

TEST(AvroValues, CountsNoRecordHasRoomForAreRefused) {
  const char* longs = R"({"type":"array","items":"long"})";
  const char* doubles = R"({"type":"map","values":"double"})";
  for (const int64_t count : {INT64_C(1) << 20, INT64_C(1) << 62, INT64_MAX}) {
    EXPECT_EQ(DecodeAvroValue("list<long>", longs, Long(count) + "abc"), "bad_avro v");
    EXPECT_EQ(DecodeAvroValue("map<string,double>", doubles, Long(count) + "abc"), "bad_avro v");
  }
  EXPECT_EQ(DecodeAvroValue("list<long>", longs, Long(INT64_MIN) + Long(1) + "abc"), "bad_avro v");
  EXPECT_EQ(DecodeAvroValue("list<long>", longs, Long(-1) + Long(INT64_MAX) + "abc"), "bad_avro v");
  // Two entries of nine bytes each do not fit eighteen minus one.
  EXPECT_EQ(DecodeAvroValue("map<string,double>", doubles, Long(2) + std::string(17, '\0')),
            "bad_avro v");
}

TEST(AvroValues, MapsHaveEveryKeyOnce) {
  const char* type = R"({"type":"map","values":"int"})";
  EXPECT_EQ(DecodeAvroValue("map<string,int>", type,
                            Long(2) + Text("a") + Long(1) + Text("b") + Long(2) + Long(0)),
            R"([["a",1],["b",2]])");
  EXPECT_EQ(
      DecodeAvroValue("map<string,int>", type,
                      Long(1) + Text("a") + Long(1) + Long(1) + Text("a") + Long(2) + Long(0)),
      "bad_value v");
  EXPECT_EQ(DecodeAvroValue("map<string,int>", type, Long(1) + Text("\xff") + Long(1) + Long(0)),
            "bad_utf8 v");
}

TEST(AvroValues, ErrorsNameTheInnermostField) {
  const char* type = R"({"type":"array","items":{"type":"record","name":"I","fields":[
      {"name":"a","type":{"type":"map","values":["null","string"]}}]}})";
  const std::string column = "list<struct<a:map<string,string>>>";
  const std::string good = Long(1) + Long(1) + Text("k") + Long(1) + Text("v") + Long(0) + Long(0);
  EXPECT_EQ(DecodeAvroValue(column, type, good), R"([{"a":[["k","v"]]}])");
  EXPECT_EQ(DecodeAvroValue(column, type, Long(1) + Long(1) + Text("k") + Long(1) + Text("\xff")),
            "bad_utf8 v.element.a.value");
}

TEST(AvroValues, WhatWouldNarrowIsAMismatch) {
  EXPECT_EQ(DecodeAvroValue("int", kLong, Long(1)), "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("float", "\"double\"", std::string(8, '\0')), "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("boolean", kInt, Long(1)), "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("timestamptz", kLong, Long(1)), "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("timestamp", kMillis, Long(1)), "schema_mismatch v");
  EXPECT_EQ(
      DecodeAvroValue("timestamptz", R"({"type":"long","logicalType":"timestamp-nanos"})", Long(1)),
      "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("decimal(3,2)", kDecimal, Text("a")), "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("long", R"({"type":"array","items":"long"})", Long(0)),
            "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("list<int>", R"({"type":"array","items":"long"})", Long(0)),
            "schema_mismatch v.element");
  EXPECT_EQ(DecodeAvroValue("map<long,int>", R"({"type":"map","values":"int"})", Long(0)),
            "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("struct<a:int>", "\"string\"", Text("x")), "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("long", R"(["null","string"])", Long(0)), "schema_mismatch v");
}

TEST(AvroValues, OfAUnionOnlyTheBranchesThatFitAreTaken) {
  const char* type = R"(["null","string","long"])";
  EXPECT_EQ(DecodeAvroValue("string", type, Long(1) + Text("x")), "\"x\"");
  EXPECT_EQ(DecodeAvroValue("string", type, Long(0)), "null");
  EXPECT_EQ(DecodeAvroValue("string", type, Long(2) + Long(5)), "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("boolean", type, Long(0)), "schema_mismatch v");
}

TEST(AvroValues, DurationsAreStructsOrBytes) {
  const char* type = R"({"type":"fixed","name":"D","size":12,"logicalType":"duration"})";
  const std::string bytes = FromHex("010000000200000003000080");
  EXPECT_EQ(DecodeAvroValue("struct<months:long,days:long,millis:long>", type, bytes),
            R"({"days":2,"millis":2147483651,"months":1})");
  EXPECT_EQ(DecodeAvroValue("fixed[12]", type, bytes), "\"010000000200000003000080\"");
  EXPECT_EQ(DecodeAvroValue("struct<months:long,days:long>", type, bytes), "schema_mismatch v");
  EXPECT_EQ(DecodeAvroValue("fixed[12]", type, bytes.substr(1)), "bad_avro v");
}

}  // namespace
}  // namespace kafka_iceberg::decode
