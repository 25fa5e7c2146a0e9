// SPDX-License-Identifier: Apache-2.0
#include "write/partition_values.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "buffer/fake_rows.h"
#include "core/result_matchers.h"
#include "decode/arrow_schema.h"

namespace kafka_iceberg::write {
namespace {

using iceberg::Field;
using iceberg::Transform;
using iceberg::TransformKind;
using iceberg::Type;
using iceberg::TypeId;
using iceberg::Value;
using ::testing::ElementsAre;

std::shared_ptr<arrow::Array> Column(const Type& type, const std::string& json_values) {
  iceberg::Schema schema{.fields = {{.id = 1, .name = "c", .type = type}}};
  return buffer::MakeRows(decode::ToArrowSchema(schema).value(), json_values)->column(0);
}

// What iceberg::Apply() gives for one row, by way of Arrow's scalar text: independent of the code
// under test.
Value RowValue(const arrow::Array& column, const Type& type, int64_t row) {
  const auto scalar = column.GetScalar(row).ValueOrDie();
  if (!scalar->is_valid || !type.is_primitive()) return {};
  if (type.id == TypeId::kString || type.id == TypeId::kBinary || type.id == TypeId::kFixed ||
      type.id == TypeId::kUuid) {
    const auto* holder = type.id == TypeId::kUuid
                             ? static_cast<const arrow::ExtensionScalar&>(*scalar).value.get()
                             : scalar.get();
    return static_cast<const arrow::BaseBinaryScalar*>(holder)->value->ToString();
  }
  switch (type.id) {
    case TypeId::kBoolean: return static_cast<const arrow::BooleanScalar&>(*scalar).value;
    case TypeId::kInt:
    case TypeId::kDate: return column.data()->GetValues<int32_t>(1)[row];
    case TypeId::kFloat: return static_cast<const arrow::FloatScalar&>(*scalar).value;
    case TypeId::kDouble: return static_cast<const arrow::DoubleScalar&>(*scalar).value;
    case TypeId::kDecimal: {
      const auto& decimal = static_cast<const arrow::Decimal128Scalar&>(*scalar).value;
      return iceberg::DecimalValue{static_cast<iceberg::Int128>(decimal.high_bits()) << 64 |
                                   decimal.low_bits()};
    }
    default: return column.data()->GetValues<int64_t>(1)[row];
  }
}

void ExpectAsApplied(const Transform& transform, const Type& type, const arrow::Array& column) {
  const auto values = ComputePartitionValues(transform, type, column);
  ASSERT_THAT(values, IsOk());
  for (size_t i = 0; i < values->values.size(); ++i) {
    for (size_t j = i + 1; j < values->values.size(); ++j) {
      ASSERT_FALSE(iceberg::Compare(values->values[i], values->values[j]) == 0) << "not distinct";
    }
  }
  for (int64_t row = 0; row < column.length(); ++row) {
    const size_t code = values->codes.empty() ? 0 : values->codes[static_cast<size_t>(row)];
    const Value expected = Apply(transform, type, RowValue(column, type, row));
    ASSERT_TRUE(iceberg::Compare(values->values[code], expected) == 0)
        << ToString(transform) << " of " << ToString(type) << ", row " << row;
  }
}

std::vector<Transform> Transforms() {
  std::vector<Transform> all;
  for (const char* text : {"identity", "year", "month", "day", "hour", "void", "bucket[16]",
                           "bucket[1]", "truncate[1]", "truncate[3]", "truncate[100]"}) {
    all.push_back(iceberg::ParseTransform(text));
  }
  return all;
}

TEST(PartitionValues, AreWhatTheTransformGivesForEveryRow) {
  SeededRandom random(11);
  auto table = buffer::EveryTypeTable();
  table.fields.push_back(
      {.id = 90, .name = "nanos", .type = Type::Primitive(TypeId::kTimestampNs)});
  table.fields.push_back(
      {.id = 91, .name = "tznanos", .type = Type::Primitive(TypeId::kTimestamptzNs)});
  const auto schema = decode::ToArrowSchema(table).value();
  int tried = 0;
  for (const bool small_domain : {true, false}) {
    const auto rows = buffer::RandomRows(schema, 300, random, small_domain)->Slice(7);
    for (int i = 0; i < schema->num_fields(); ++i) {
      const Type& type = table.fields[static_cast<size_t>(i)].type;
      for (const Transform& transform : Transforms()) {
        if (!iceberg::ResultType(transform, type).ok()) continue;
        ExpectAsApplied(transform, type, *rows->column(i));
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 150);
}

TEST(PartitionValues, OneDayNeedsNoCodes) {
  const Type type = Type::Primitive(TypeId::kTimestamptz);
  const auto day =
      Column(type, R"([{"c": 86400000000}, {"c": 172799999999}, {"c": 100000000000}])");
  const auto values = ComputePartitionValues({TransformKind::kDay, 0, {}}, type, *day).value();
  EXPECT_THAT(values.values, ElementsAre(Value(int32_t{1})));
  EXPECT_TRUE(values.codes.empty());
}

TEST(PartitionValues, ANullKeepsOneDayFromBeingAlone) {
  const Type type = Type::Primitive(TypeId::kTimestamptz);
  const auto day = Column(type, R"([{"c": 86400000000}, {}, {"c": 86400000001}])");
  const auto values = ComputePartitionValues({TransformKind::kDay, 0, {}}, type, *day).value();
  EXPECT_THAT(values.values, ElementsAre(Value(int32_t{1}), Value()));
  EXPECT_THAT(values.codes, ElementsAre(0U, 1U, 0U));
}

TEST(PartitionValues, TimesBefore1970RoundDown) {
  const Type type = Type::Primitive(TypeId::kTimestamp);
  const auto column =
      Column(type, R"([{"c": -1}, {"c": -86400000000}, {"c": -86400000001}, {"c": 0}])");
  const auto values = ComputePartitionValues({TransformKind::kDay, 0, {}}, type, *column).value();
  EXPECT_THAT(values.values,
              ElementsAre(Value(int32_t{-1}), Value(int32_t{-2}), Value(int32_t{0})));
  EXPECT_THAT(values.codes, ElementsAre(0U, 0U, 1U, 2U));
}

TEST(PartitionValues, DaysOfOneMonthAreJoined) {
  const Type type = Type::Primitive(TypeId::kDate);
  const auto column = Column(type, R"([{"c": 0}, {"c": 30}, {"c": 31}, {"c": 1}])");
  const auto values = ComputePartitionValues({TransformKind::kMonth, 0, {}}, type, *column).value();
  EXPECT_THAT(values.values, ElementsAre(Value(int32_t{0}), Value(int32_t{1})));
  EXPECT_THAT(values.codes, ElementsAre(0U, 0U, 1U, 0U));
}

TEST(PartitionValues, AllNullIsOneNull) {
  const Type type = Type::Primitive(TypeId::kString);
  const auto values =
      ComputePartitionValues({TransformKind::kBucket, 4, {}}, type, *Column(type, "[{}, {}]"))
          .value();
  EXPECT_THAT(values.values, ElementsAre(Value()));
  EXPECT_TRUE(values.codes.empty());
}

TEST(PartitionValues, ExtremeNumbersDoNotOverflow) {
  const Type type = Type::Primitive(TypeId::kLong);
  const auto column =
      Column(type, R"([{"c": -9223372036854775808}, {"c": 9223372036854775807}, {"c": 0}])");
  ExpectAsApplied(iceberg::ParseTransform("truncate[10]"), type, *column);
  const Type moment = Type::Primitive(TypeId::kTimestamp);
  ExpectAsApplied(iceberg::ParseTransform("day"), moment,
                  *Column(moment, R"([{"c": -9223372036854775808}, {"c": 9223372036854775807}])"));
}

TEST(PartitionValues, RefusesUnknownTransforms) {
  const Type type = Type::Primitive(TypeId::kLong);
  EXPECT_THAT(
      ComputePartitionValues(iceberg::ParseTransform("zorder"), type, *Column(type, "[{}]")),
      IsError(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace kafka_iceberg::write
