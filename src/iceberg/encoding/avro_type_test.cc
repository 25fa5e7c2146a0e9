// SPDX-License-Identifier: Apache-2.0
#include "iceberg/encoding/avro_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::iceberg {
namespace {

Field Column(int32_t id, std::string name, Type type, bool required = false) {
  Field field;
  field.id = id;
  field.name = std::move(name);
  field.required = required;
  field.type = std::move(type);
  return field;
}

std::string JsonOf(const std::vector<Field>& fields) {
  return AvroSchemaToJson(AvroRecordOf("t", fields).value());
}

std::string TypeJson(const Type& type) {
  const std::string json = JsonOf({Column(1, "x", type, true)});
  const size_t start = json.find(R"("type":)", 20) + 7;
  return json.substr(start, json.rfind(R"(,"field-id")") - start);
}

TEST(AvroType, PrimitivesHaveTheSpecsLogicalTypes) {
  const std::pair<TypeId, const char*> types[] = {
      {TypeId::kBoolean, R"("boolean")"},
      {TypeId::kInt, R"("int")"},
      {TypeId::kLong, R"("long")"},
      {TypeId::kFloat, R"("float")"},
      {TypeId::kDouble, R"("double")"},
      {TypeId::kString, R"("string")"},
      {TypeId::kBinary, R"("bytes")"},
      {TypeId::kDate, R"({"type":"int","logicalType":"date"})"},
      {TypeId::kTime, R"({"type":"long","logicalType":"time-micros"})"},
      {TypeId::kTimestamp,
       R"({"type":"long","logicalType":"timestamp-micros","adjust-to-utc":false})"},
      {TypeId::kTimestamptz,
       R"({"type":"long","logicalType":"timestamp-micros","adjust-to-utc":true})"},
      {TypeId::kTimestampNs,
       R"({"type":"long","logicalType":"timestamp-nanos","adjust-to-utc":false})"},
      {TypeId::kTimestamptzNs,
       R"({"type":"long","logicalType":"timestamp-nanos","adjust-to-utc":true})"},
      {TypeId::kUuid, R"({"type":"fixed","name":"uuid_fixed","size":16,"logicalType":"uuid"})"},
  };
  for (const auto& [id, json] : types) EXPECT_EQ(TypeJson(Type::Primitive(id)), json);
  EXPECT_EQ(TypeJson(Type::Fixed(7)), R"({"type":"fixed","name":"fixed_7","size":7})");
}

TEST(AvroType, DecimalsTakeTheFewestBytes) {
  const std::pair<int32_t, int32_t> sizes[] = {{1, 1},  {2, 1},   {3, 2},   {4, 2},
                                               {5, 3},  {9, 4},   {10, 5},  {18, 8},
                                               {19, 9}, {28, 12}, {37, 16}, {38, 16}};
  for (const auto& [precision, size] : sizes) {
    const AvroSchema schema =
        AvroRecordOf("t", {Column(1, "x", Type::Decimal(precision, 1), true)}).value();
    EXPECT_EQ(schema.fields[0].schema.size, size) << precision;
  }
  EXPECT_EQ(
      TypeJson(Type::Decimal(9, 2)),
      R"({"type":"fixed","name":"decimal_9_2","size":4,"logicalType":"decimal","precision":9,"scale":2})");
}

TEST(AvroType, OptionalFieldsAreUnionsWithADefaultOfNull) {
  EXPECT_EQ(
      JsonOf({Column(4, "x", Type::Primitive(TypeId::kInt))}),
      R"({"type":"record","name":"t","fields":[{"name":"x","type":["null","int"],"default":null,"field-id":4}]})");
}

TEST(AvroType, NamesThatAvroForbidsKeepTheOriginalBeside) {
  const AvroSchema schema =
      AvroRecordOf("t", {Column(1, "a.b", Type::Primitive(TypeId::kInt))}).value();
  EXPECT_EQ(schema.fields[0].name, "a_x2Eb");
  EXPECT_EQ(schema.fields[0].iceberg_name, "a.b");
}

TEST(AvroType, NamesThatBecomeEqualStayApart) {
  const AvroSchema schema = AvroRecordOf("t", {Column(1, "a.b", Type::Primitive(TypeId::kInt)),
                                               Column(2, "a_x2Eb", Type::Primitive(TypeId::kInt))})
                                .value();
  EXPECT_EQ(schema.fields[1].name, "a_x2Eb_2");
  EXPECT_EQ(schema.fields[1].iceberg_name, "a_x2Eb");
}

TEST(AvroType, NestedTypesCarryTheirIds) {
  EXPECT_EQ(TypeJson(Type::List(
                5, false, Type::Struct({Column(6, "y", Type::Primitive(TypeId::kInt), true)}))),
            R"({"type":"array","items":["null",{"type":"record","name":"r5","fields":[)"
            R"({"name":"y","type":"int","field-id":6}]}],"element-id":5})");
  EXPECT_EQ(TypeJson(Type::Map(2, Type::Primitive(TypeId::kString), 3, true,
                               Type::Primitive(TypeId::kLong))),
            R"({"type":"map","values":"long","key-id":2,"value-id":3})");
}

TEST(AvroType, MapsWithOtherKeysAreArraysOfPairs) {
  EXPECT_EQ(
      TypeJson(
          Type::Map(117, Type::Primitive(TypeId::kInt), 118, true, Type::Primitive(TypeId::kLong))),
      R"({"type":"array","items":{"type":"record","name":"k117_v118","fields":[)"
      R"({"name":"key","type":"int","field-id":117},{"name":"value","type":"long","field-id":118}]},)"
      R"("logicalType":"map"})");
}

TEST(AvroType, EqualFixedTypesGetNamesOfTheirOwn) {
  const AvroSchema schema =
      AvroRecordOf("t", {Column(1, "a", Type::Decimal(9, 2)), Column(2, "b", Type::Decimal(9, 2))})
          .value();
  EXPECT_EQ(schema.fields[0].schema.children[1].name, "decimal_9_2");
  EXPECT_EQ(schema.fields[1].schema.children[1].name, "decimal_9_2_2");
}

TEST(AvroType, UnknownIsNull) {
  EXPECT_EQ(
      JsonOf({Column(1, "x", Type::Primitive(TypeId::kUnknown))}),
      R"({"type":"record","name":"t","fields":[{"name":"x","type":"null","default":null,"field-id":1}]})");
}

TEST(AvroType, RefusesWhatAvroCannotHold) {
  EXPECT_THAT(AvroRecordOf("t", {Column(1, "x", Type::Primitive(TypeId::kVariant))}),
              IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(AvroRecordOf("t", {Column(1, "x", Type::Decimal(39, 0))}),
              IsError(ErrorCode::kUnsupported));
}

// What comes back after writing and reading `value` as an optional field of `type`.
Result<Value> ThereAndBack(const Value& value, const Type& type) {
  const AvroSchema schema = TRY(AvroRecordOf("t", {Column(1, "x", type)}));
  AvroWriter writer;
  TRY(PutValue(writer, schema.fields[0], value));
  AvroReader reader(writer.bytes());
  Value result = TRY(GetValue(reader, schema.fields[0]));
  if (!reader.at_end()) return Error::Corrupt("bytes are left");
  return result;
}

TEST(AvroType, ValuesRoundTrip) {
  const std::pair<Type, Value> values[] = {
      {Type::Primitive(TypeId::kInt), Value()},
      {Type::Primitive(TypeId::kBoolean), true},
      {Type::Primitive(TypeId::kInt), int32_t{-1}},
      {Type::Primitive(TypeId::kDate), INT32_MIN},
      {Type::Primitive(TypeId::kTimestamptz), INT64_MIN},
      {Type::Primitive(TypeId::kFloat), -0.5F},
      {Type::Primitive(TypeId::kDouble), 1e300},
      {Type::Primitive(TypeId::kString), std::string("naïve")},
      {Type::Primitive(TypeId::kUuid), std::string(16, '\x80')},
      {Type::Fixed(2), std::string("ab")},
      {Type::Decimal(9, 2), DecimalValue{-1420}},
      {Type::Decimal(9, 2), DecimalValue{999'999'999}},
      {Type::Decimal(38, 0), DecimalValue{-(Int128{1} << 126)}},
  };
  for (const auto& [type, value] : values) {
    const auto result = ThereAndBack(value, type);
    ASSERT_THAT(result, IsOk()) << ToString(type);
    EXPECT_EQ(*result, value) << ToString(type);
  }
}

TEST(AvroType, DecimalsBeyondTheirPrecisionAreRefused) {
  EXPECT_THAT(ThereAndBack(DecimalValue{200}, Type::Decimal(2, 0)), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(ThereAndBack(DecimalValue{-200}, Type::Decimal(2, 0)), IsError(ErrorCode::kInvalid));
}

TEST(AvroType, RequiredFieldsNeedAValue) {
  const AvroSchema schema =
      AvroRecordOf("t", {Column(1, "x", Type::Primitive(TypeId::kLong), true)}).value();
  AvroWriter writer;
  EXPECT_THAT(PutLong(writer, schema.fields[0], std::nullopt), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(PutLong(writer, schema.fields[0], 5), IsOk());
}

TEST(AvroType, AnotherTypeThanExpectedIsCorrupt) {
  const AvroSchema text =
      AvroRecordOf("t", {Column(1, "x", Type::Primitive(TypeId::kString), true)}).value();
  const AvroSchema number =
      AvroRecordOf("t", {Column(1, "x", Type::Primitive(TypeId::kLong), true)}).value();
  AvroReader reader("\2a");
  EXPECT_THAT(GetLong(reader, text.fields[0]), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(GetBytes(reader, number.fields[0]), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(GetBoolean(reader, number.fields[0]), IsError(ErrorCode::kCorrupt));
  AvroWriter writer;
  writer.WriteLong(int64_t{INT32_MAX} + 1);
  AvroReader large(writer.bytes());
  EXPECT_THAT(GetInt(large, number.fields[0]), IsError(ErrorCode::kCorrupt));
}

TEST(AvroType, PromotesValuesOfOlderTypes) {
  EXPECT_EQ(PromoteValue(int32_t{7}, Type::Primitive(TypeId::kLong)).value(), Value(int64_t{7}));
  EXPECT_EQ(PromoteValue(1.5F, Type::Primitive(TypeId::kDouble)).value(), Value(1.5));
  EXPECT_EQ(PromoteValue(Value(), Type::Primitive(TypeId::kUuid)).value(), Value());
}

TEST(AvroType, RefusesValuesOfOtherTypes) {
  EXPECT_THAT(PromoteValue(int64_t{7}, Type::Primitive(TypeId::kInt)),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(PromoteValue(std::string("short"), Type::Primitive(TypeId::kUuid)),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(PromoteValue(std::string("abc"), Type::Fixed(2)), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(PromoteValue(int32_t{7}, Type::Primitive(TypeId::kTimestamp)),
              IsError(ErrorCode::kInvalid));
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
