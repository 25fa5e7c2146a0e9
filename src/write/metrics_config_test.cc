// SPDX-License-Identifier: Apache-2.0
#include "write/metrics_config.h"

#include <gtest/gtest.h>

#include "write/fake_table.h"

namespace kafka_iceberg::write {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using Kind = MetricsMode::Kind;

constexpr MetricsMode kStandard{Kind::kTruncate, 16};
constexpr MetricsMode kNothing{Kind::kNone, 0};

MetricsConfig Config(std::map<std::string, std::string> properties,
                     std::vector<std::string> sort_by = {}) {
  return MetricsConfig::Make(*MakeTable({.schema = OrdersTable(),
                                         .properties = std::move(properties),
                                         .sort_by = std::move(sort_by)}));
}

TEST(MetricsConfig, ReadsModes) {
  EXPECT_EQ(ParseMetricsMode("none", kStandard), kNothing);
  EXPECT_EQ(ParseMetricsMode("Counts", kStandard), (MetricsMode{Kind::kCounts, 0}));
  EXPECT_EQ(ParseMetricsMode("FULL", kStandard), (MetricsMode{Kind::kFull, 0}));
  EXPECT_EQ(ParseMetricsMode("truncate(7)", kStandard), (MetricsMode{Kind::kTruncate, 7}));
  for (const char* text : {"", "truncate", "truncate()", "truncate(0)", "truncate(-1)",
                           "truncate(1", "truncate(99999999999)", "truncate(1x)", "some"}) {
    EXPECT_EQ(ParseMetricsMode(text, kNothing), kNothing) << text;
  }
}

TEST(MetricsConfig, DefaultIsTruncate16) {
  const MetricsConfig config = Config({});
  for (int32_t id = 1; id <= 4; ++id) EXPECT_EQ(config.ModeOf(id), kStandard);
  EXPECT_EQ(config.ModeOf(99), kNothing);
}

TEST(MetricsConfig, PropertiesSetDefaultAndColumns) {
  const MetricsConfig config = Config({{"write.metadata.metrics.default", "counts"},
                                       {"write.metadata.metrics.column.name", "truncate(4)"},
                                       {"write.metadata.metrics.column.gone", "full"}});
  EXPECT_EQ(config.ModeOf(1), (MetricsMode{Kind::kCounts, 0}));
  EXPECT_EQ(config.ModeOf(2), (MetricsMode{Kind::kTruncate, 4}));
}

TEST(MetricsConfig, SortColumnsHaveBounds) {
  const MetricsConfig config = Config({{"write.metadata.metrics.default", "none"}}, {"moment"});
  EXPECT_EQ(config.ModeOf(4), kStandard);
  EXPECT_EQ(config.ModeOf(1), kNothing);
  const MetricsConfig by_hand =
      Config({{"write.metadata.metrics.column.moment", "none"}}, {"moment"});
  EXPECT_EQ(by_hand.ModeOf(4), kNothing);
}

TEST(MetricsConfig, OnlyTheFirst100ColumnsOfAWideTable) {
  iceberg::Schema wide;
  // A struct in front: its leaves come after the columns of the first level.
  wide.fields.push_back(
      {.id = 1,
       .name = "s",
       .type = Type::Struct({{.id = 500, .name = "x", .type = Type::Primitive(TypeId::kInt)}})});
  for (int32_t id = 2; id <= 101; ++id) {
    wide.fields.push_back(
        {.id = id, .name = "c" + std::to_string(id), .type = Type::Primitive(TypeId::kInt)});
  }
  const MetricsConfig inferred = MetricsConfig::Make(*MakeTable({.schema = wide}));
  EXPECT_EQ(inferred.ModeOf(2), kStandard);
  EXPECT_EQ(inferred.ModeOf(101), kStandard);
  EXPECT_EQ(inferred.ModeOf(500), kNothing);
  const MetricsConfig by_hand = MetricsConfig::Make(*MakeTable(
      {.schema = wide, .properties = {{"write.metadata.metrics.default", "truncate(16)"}}}));
  EXPECT_EQ(by_hand.ModeOf(500), kStandard);
  const MetricsConfig fewer = MetricsConfig::Make(
      *MakeTable({.schema = wide,
                  .properties = {{"write.metadata.metrics.max-inferred-column-defaults", "1"}}}));
  EXPECT_EQ(fewer.ModeOf(2), kStandard);
  EXPECT_EQ(fewer.ModeOf(3), kNothing);
}

}  // namespace
}  // namespace kafka_iceberg::write
