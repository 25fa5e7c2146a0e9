// SPDX-License-Identifier: Apache-2.0
#include "iceberg/manifests/partition_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace kafka_iceberg::iceberg {
namespace {

using std::string_view_literals::operator""sv;

PartitionFieldSummary SummaryOf(TypeId type, const std::vector<Value>& values) {
  Field field;
  field.type = Type::Primitive(type);
  PartitionSummary summary(Type::Struct({field}));
  for (const Value& value : values) summary.Add({value});
  return summary.Summaries().at(0);
}

TEST(PartitionSummary, BoundsAreTheSmallestAndLargestValue) {
  const auto summary = SummaryOf(TypeId::kInt, {int32_t{3}, int32_t{-2}, int32_t{7}});
  EXPECT_EQ(summary, (PartitionFieldSummary{false, std::nullopt, "\xfe\xff\xff\xff",
                                            std::string("\7\0\0\0"sv)}));
}

TEST(PartitionSummary, BoundsAreNotTruncated) {
  const std::string longer(100, 'x');
  EXPECT_EQ(SummaryOf(TypeId::kString, {longer}).upper_bound, longer);
}

TEST(PartitionSummary, NullsAreToldAndBoundNothing) {
  EXPECT_EQ(SummaryOf(TypeId::kString, {Value(), std::string("b")}),
            (PartitionFieldSummary{true, std::nullopt, "b", "b"}));
  EXPECT_EQ(SummaryOf(TypeId::kString, {Value()}),
            (PartitionFieldSummary{true, std::nullopt, std::nullopt, std::nullopt}));
}

TEST(PartitionSummary, NanIsToldAndBoundsNothing) {
  const auto summary = SummaryOf(TypeId::kDouble, {std::nan(""), 1.0, std::nan("")});
  EXPECT_EQ(summary.contains_nan, true);
  EXPECT_EQ(summary.lower_bound, "\0\0\0\0\0\0\xf0\x3f"sv);
  EXPECT_EQ(summary.upper_bound, summary.lower_bound);
  const auto only_nan = SummaryOf(TypeId::kFloat, {std::nanf("")});
  EXPECT_EQ(only_nan, (PartitionFieldSummary{false, true, std::nullopt, std::nullopt}));
  EXPECT_EQ(SummaryOf(TypeId::kFloat, {1.0F}).contains_nan, false);
}

TEST(PartitionSummary, NegativeZeroIsBelowZero) {
  const auto summary = SummaryOf(TypeId::kDouble, {0.0, -0.0});
  EXPECT_EQ(summary.lower_bound, "\0\0\0\0\0\0\0\x80"sv);
  EXPECT_EQ(summary.upper_bound, "\0\0\0\0\0\0\0\0"sv);
}

TEST(PartitionSummary, AnUnpartitionedManifestHasNone) {
  PartitionSummary summary(Type::Struct({}));
  summary.Add({});
  EXPECT_TRUE(summary.Summaries().empty());
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
