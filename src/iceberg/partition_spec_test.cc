// SPDX-License-Identifier: Apache-2.0
#include "iceberg/partition_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::iceberg {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

Field Make(int32_t id, std::string name, Type type) {
  return {id, std::move(name), false, std::move(type), {}, {}, {}};
}

Schema TestSchema() {
  Schema schema;
  schema.fields = {Make(1, "ts", Type::Primitive(TypeId::kTimestamptz)),
                   Make(2, "user_id", Type::Primitive(TypeId::kLong)),
                   Make(3, "name", Type::Primitive(TypeId::kString)),
                   Make(4, "a", Type::Struct({Make(5, "b", Type::Primitive(TypeId::kDate))})),
                   Make(6, "tags", Type::List(7, false, Type::Primitive(TypeId::kString))),
                   Make(8, "price(eur)", Type::Primitive(TypeId::kInt)),
                   Make(9, "data", Type::Primitive(TypeId::kBinary))};
  return schema;
}

PartitionField FieldOf(int32_t source_id, std::string name, std::string_view transform,
                       int32_t field_id = 0) {
  return {source_id, field_id, std::move(name), ParseTransform(transform)};
}

TEST(PartitionExpression, AllForms) {
  const Schema schema = TestSchema();
  const std::vector<std::tuple<std::string, int32_t, std::string, std::string>> cases = {
      {"day(ts)", 1, "day", "ts_day"},
      {"days(ts)", 1, "day", "ts_day"},
      {"hour(ts)", 1, "hour", "ts_hour"},
      {"hours( ts )", 1, "hour", "ts_hour"},
      {"month(ts)", 1, "month", "ts_month"},
      {"years(ts)", 1, "year", "ts_year"},
      {"bucket(16, user_id)", 2, "bucket[16]", "user_id_bucket_16"},
      {"bucket(16,user_id)", 2, "bucket[16]", "user_id_bucket_16"},
      {"truncate(4, name)", 3, "truncate[4]", "name_trunc_4"},
      {"identity(name)", 3, "identity", "name"},
      {" name ", 3, "identity", "name"},
      {"void(name)", 3, "void", "name_null"},
      {"a.b", 5, "identity", "a.b"},
      {"day(a.b)", 5, "day", "a.b_day"},
      {"price(eur)", 8, "identity", "price(eur)"},
      {"bucket(2, price(eur))", 8, "bucket[2]", "price(eur)_bucket_2"}};
  for (const auto& [expression, source_id, transform, name] : cases) {
    const auto field = ParsePartitionField(expression, schema);
    ASSERT_TRUE(field.ok()) << expression << ": " << field.error().message();
    EXPECT_EQ(*field, FieldOf(source_id, name, transform)) << expression;
  }
}

TEST(PartitionExpression, ErrorsNameTheExpression) {
  const Schema schema = TestSchema();
  for (const std::string expression :
       {"", "nope", "day(nope)", "week(ts)", "bucket(user_id)", "bucket(0, user_id)",
        "bucket(-1, user_id)", "bucket(x, user_id)", "bucket(99999999999, user_id)", "bucket(16)",
        "truncate(4)", "day()", "day(", "day(user_id)", "hour(a.b)", "a", "tags", "tags.element",
        "truncate(2, ts)"}) {
    const auto field = ParsePartitionField(expression, schema);
    ASSERT_FALSE(field.ok()) << expression;
    EXPECT_EQ(field.error().code(), ErrorCode::kInvalid);
  }
  EXPECT_THAT(ParsePartitionField("week(ts)", schema).error().message(), HasSubstr("week(ts)"));
}

TEST(PartitionSpecRules, RefuseRedundantAndClashingFields) {
  const Schema schema = TestSchema();
  const auto error_of = [&](std::vector<PartitionField> fields) {
    const Status status = ValidatePartitionSpec({0, std::move(fields)}, schema);
    return status.ok() ? std::string() : status.error().message();
  };
  EXPECT_EQ(error_of({FieldOf(1, "d", "day"), FieldOf(2, "b", "bucket[4]"),
                      FieldOf(2, "c", "bucket[8]")}),
            "");
  EXPECT_THAT(error_of({FieldOf(1, "d", "day"), FieldOf(1, "h", "hour")}), HasSubstr("redundant"));
  EXPECT_THAT(error_of({FieldOf(2, "b", "bucket[4]"), FieldOf(2, "c", "bucket[4]")}),
              HasSubstr("redundant"));
  EXPECT_THAT(error_of({FieldOf(1, "x", "day"), FieldOf(2, "x", "bucket[4]")}),
              HasSubstr("two partition fields"));
  EXPECT_THAT(error_of({FieldOf(1, "x", "day", 1000), FieldOf(2, "y", "bucket[4]", 1000)}),
              HasSubstr("id 1000"));
  EXPECT_THAT(error_of({FieldOf(1, "", "day")}), HasSubstr("no name"));
  EXPECT_THAT(error_of({FieldOf(99, "x", "day")}), HasSubstr("no column with id 99"));
  EXPECT_THAT(error_of({FieldOf(7, "x", "identity")}), HasSubstr("outside of lists"));
  EXPECT_THAT(error_of({FieldOf(4, "x", "identity")}), HasSubstr("not a primitive"));
}

TEST(PartitionSpecRules, AColumnsNameIsForItsIdentityOnly) {
  const Schema schema = TestSchema();
  EXPECT_TRUE(ValidatePartitionSpec({0, {FieldOf(3, "name", "identity")}}, schema).ok());
  EXPECT_FALSE(ValidatePartitionSpec({0, {FieldOf(2, "name", "identity")}}, schema).ok());
  EXPECT_FALSE(ValidatePartitionSpec({0, {FieldOf(3, "name", "bucket[4]")}}, schema).ok());
  EXPECT_TRUE(ValidatePartitionSpec({0, {FieldOf(3, "name", "void")}}, schema).ok());
}

TEST(PartitionSpecRules, UnknownTransformsAreNotWrittenWith) {
  const Status status = ValidatePartitionSpec({0, {FieldOf(3, "z", "zorder")}}, TestSchema());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kUnsupported);
}

TEST(PartitionSpecRules, VoidFieldsOutliveTheirColumnAndMayRepeat) {
  EXPECT_TRUE(
      ValidatePartitionSpec({0, {FieldOf(99, "x", "void"), FieldOf(99, "y", "void")}}, TestSchema())
          .ok());
}

TEST(PartitionSpec, OnlyVoidFieldsMeansUnpartitioned) {
  EXPECT_TRUE(PartitionSpec().is_unpartitioned());
  EXPECT_TRUE((PartitionSpec{0, {FieldOf(1, "x", "void")}}.is_unpartitioned()));
  EXPECT_FALSE(
      (PartitionSpec{0, {FieldOf(1, "x", "void"), FieldOf(1, "d", "day")}}.is_unpartitioned()));
}

TEST(PartitionType, FieldsAreOptionalWithTheResultType) {
  const PartitionSpec spec = {0,
                              {FieldOf(1, "d", "day", 1000), FieldOf(3, "n", "truncate[2]", 1001)}};
  const auto type = PartitionType(spec, TestSchema());
  ASSERT_TRUE(type.ok());
  EXPECT_EQ(*type, Type::Struct({Make(1000, "d", Type::Primitive(TypeId::kDate)),
                                 Make(1001, "n", Type::Primitive(TypeId::kString))}));
}

TEST(PartitionType, ADroppedColumnLeavesTheTransformsOwnType) {
  const PartitionSpec spec = {
      0,
      {FieldOf(99, "b", "bucket[4]", 1000), FieldOf(99, "d", "day", 1001),
       FieldOf(99, "h", "hour", 1002), FieldOf(99, "i", "identity", 1003),
       FieldOf(99, "t", "truncate[2]", 1004), FieldOf(1, "z", "zorder", 1005)}};
  const auto type = PartitionType(spec, TestSchema());
  ASSERT_TRUE(type.ok());
  const std::vector<TypeId> expected = {TypeId::kInt,     TypeId::kDate,    TypeId::kInt,
                                        TypeId::kUnknown, TypeId::kUnknown, TypeId::kUnknown};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(type->fields[i].type.id, expected[i]) << i;
}

TEST(PartitionPath, EncodesLikeAForm) {
  Schema schema = TestSchema();
  schema.fields[2].name = "na me/x";
  const PartitionSpec spec = {0, {FieldOf(3, "na me/x", "identity"), FieldOf(2, "b", "bucket[4]")}};
  EXPECT_EQ(PartitionPath(spec, schema, {"a b/c=\xc3\xa9.-*_~"s, int32_t{3}}),
            "na+me%2Fx=a+b%2Fc%3D%C3%A9.-*_%7E/b=3");
  EXPECT_EQ(PartitionPath(spec, schema, {Value(), Value()}), "na+me%2Fx=null/b=null");
  EXPECT_EQ(PartitionPath(spec, schema, {}), "na+me%2Fx=null/b=null");
  EXPECT_EQ(PartitionPath({}, schema, {}), "");
}

TEST(PartitionPath, HumanFormsOfTimeUnits) {
  const Type timestamp = Type::Primitive(TypeId::kTimestamptz);
  const auto human = [&](std::string_view transform, int32_t value) {
    return ToHumanString(ParseTransform(transform), timestamp, value);
  };
  EXPECT_EQ(human("year", 47), "2017");
  EXPECT_EQ(human("year", -1), "1969");
  EXPECT_EQ(human("month", 575), "2017-12");
  EXPECT_EQ(human("month", -1), "1969-12");
  EXPECT_EQ(human("month", -577), "1921-12");
  EXPECT_EQ(human("day", 17'501), "2017-12-01");
  EXPECT_EQ(human("day", -1), "1969-12-31");
  EXPECT_EQ(human("hour", 420'034), "2017-12-01-10");
  EXPECT_EQ(human("hour", -1), "1969-12-31-23");
  EXPECT_EQ(human("bucket[100]", 47), "47");
}

TEST(PartitionPath, HumanFormsOfIdentity) {
  const auto human = [](const Type& type, const Value& value) {
    return ToHumanString(ParseTransform("identity"), type, value);
  };
  const auto of = [](TypeId id) { return Type::Primitive(id); };
  EXPECT_EQ(human(of(TypeId::kDate), int32_t{17'501}), "2017-12-01");
  EXPECT_EQ(human(of(TypeId::kTime), int64_t{36'775'038'194}), "10:12:55.038194");
  EXPECT_EQ(human(of(TypeId::kTimestamp), int64_t{1'512'123'175'038'194}),
            "2017-12-01T10:12:55.038194");
  EXPECT_EQ(human(of(TypeId::kTimestamptz), int64_t{1'512'123'175'000'000}),
            "2017-12-01T10:12:55+00:00");
  EXPECT_EQ(human(of(TypeId::kTimestampNs), int64_t{1}), "1970-01-01T00:00:00.000000001");
  EXPECT_EQ(human(of(TypeId::kBoolean), true), "true");
  EXPECT_EQ(human(of(TypeId::kLong), int64_t{-5}), "-5");
  EXPECT_EQ(human(of(TypeId::kDouble), 1.0), "1.0");
  EXPECT_EQ(human(of(TypeId::kDouble), 1.25), "1.25");
  EXPECT_EQ(human(Type::Decimal(9, 2), DecimalValue{-1420}), "-14.20");
  EXPECT_EQ(human(of(TypeId::kBinary), "\0\1\2\3"s), "AAECAw==");
  EXPECT_EQ(human(Type::Fixed(3), "\xff\xff\xff"s), "////");
  EXPECT_EQ(
      human(of(TypeId::kUuid), "\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"s),
      "f79c3e09-677c-4bbd-a479-3f349cb785e7");
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
