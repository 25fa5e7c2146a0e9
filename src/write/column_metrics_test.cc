// SPDX-License-Identifier: Apache-2.0
#include "write/column_metrics.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/metadata.h>

#include <cmath>

#include "buffer/fake_rows.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "decode/arrow_schema.h"
#include "storage/memory_store.h"
#include "write/fake_table.h"
#include "write/parquet_file.h"

namespace kafka_iceberg::write {
namespace {

using iceberg::Type;
using iceberg::TypeId;
using iceberg::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class ColumnMetricsTest : public ::testing::Test {
 protected:
  // The metrics of a file with one row group for each text of rows.
  iceberg::DataFile Metrics(const FakeTable& table, const std::vector<std::string>& row_groups) {
    const auto columns = decode::ToArrowSchema(table.schema).value();
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    for (const std::string& rows : row_groups) batches.push_back(buffer::MakeRows(columns, rows));
    return MetricsOf(table, batches);
  }

  iceberg::DataFile MetricsOf(const FakeTable& table,
                              const std::vector<std::shared_ptr<arrow::RecordBatch>>& groups) {
    const ParquetSettings settings{
        .options = {}, .columns = groups[0]->schema(), .schema_json = "{}"};
    auto file = ParquetFile::Open(settings, {}, store_.OpenWriter("memory://t/a").value()).value();
    for (const auto& group : groups) EXPECT_THAT(file->WriteRowGroup({&group, 1}), IsOk());
    const auto finished = file->Finish().value();
    iceberg::DataFile described;
    const auto metadata = MakeTable(table);
    EXPECT_THAT(FillColumnMetrics(*finished.footer, table.schema, MetricsConfig::Make(*metadata),
                                  finished.nan_counts, described),
                IsOk());
    return described;
  }

  FakeClock clock_;
  storage::MemoryStore store_{clock_};
};

iceberg::Schema OneColumn(Type type) {
  return {.fields = {{.id = 1, .name = "c", .type = std::move(type)}}};
}

TEST_F(ColumnMetricsTest, CountsAndBoundsSpanRowGroups) {
  const auto file =
      Metrics({.schema = OrdersTable()},
              {R"([{"id": 5, "name": "b", "price": 1.5, "moment": 7}, {"id": 9, "price": NaN}])",
               R"([{"id": -3, "name": "a", "price": 2.5, "moment": 3}])"});
  EXPECT_THAT(file.value_counts, ElementsAre(Pair(1, 3), Pair(2, 3), Pair(3, 3), Pair(4, 3)));
  EXPECT_THAT(file.null_value_counts, ElementsAre(Pair(1, 0), Pair(2, 1), Pair(3, 0), Pair(4, 1)));
  EXPECT_THAT(file.nan_value_counts, ElementsAre(Pair(3, 1)));
  const auto id = Type::Primitive(TypeId::kLong);
  EXPECT_EQ(file.lower_bounds.at(1), ToBytes(Value(int64_t{-3}), id));
  EXPECT_EQ(file.upper_bounds.at(1), ToBytes(Value(int64_t{9}), id));
  EXPECT_EQ(file.lower_bounds.at(2), "a");
  EXPECT_EQ(file.upper_bounds.at(2), "b");
  EXPECT_EQ(file.lower_bounds.at(3), ToBytes(Value(1.5), Type::Primitive(TypeId::kDouble)));
  EXPECT_EQ(file.upper_bounds.at(3), ToBytes(Value(2.5), Type::Primitive(TypeId::kDouble)));
  EXPECT_EQ(file.column_sizes.size(), 4U);
  ASSERT_EQ(file.split_offsets.size(), 2U);
  EXPECT_EQ(file.split_offsets[0], 4);
  EXPECT_GT(file.split_offsets[1], 4);
}

TEST_F(ColumnMetricsTest, AllNullAndAllNanHaveNoBounds) {
  const auto file = Metrics({.schema = OrdersTable()}, {R"([{"price": NaN}, {"price": NaN}])"});
  EXPECT_THAT(file.lower_bounds, IsEmpty());
  EXPECT_THAT(file.upper_bounds, IsEmpty());
  EXPECT_EQ(file.null_value_counts.at(1), 2);
  EXPECT_EQ(file.nan_value_counts.at(3), 2);
}

TEST_F(ColumnMetricsTest, AnAllNullRowGroupDoesNotHideTheOthers) {
  const auto file = Metrics({.schema = OrdersTable()}, {R"([{}, {}])", R"([{"id": 4}])"});
  EXPECT_EQ(file.lower_bounds.at(1), ToBytes(Value(int64_t{4}), Type::Primitive(TypeId::kLong)));
}

TEST_F(ColumnMetricsTest, ARowGroupWithoutStatisticsRemovesTheBounds) {
  // Parquet keeps no statistics beyond 4 KiB a value.
  const auto file =
      Metrics({.schema = OrdersTable()},
              {R"([{"name": "a"}])", R"([{"name": ")" + std::string(5000, 'x') + R"("}])"});
  EXPECT_FALSE(file.lower_bounds.contains(2));
  EXPECT_FALSE(file.upper_bounds.contains(2));
  EXPECT_EQ(file.value_counts.at(2), 2);
}

TEST_F(ColumnMetricsTest, ZerosBoundBothWays) {
  const auto file = Metrics({.schema = OneColumn(Type::Primitive(TypeId::kDouble))},
                            {R"([{"c": 0.0}])", R"([{"c": -0.0}])"});
  const auto lower = FromBytes(file.lower_bounds.at(1), Type::Primitive(TypeId::kDouble)).value();
  const auto upper = FromBytes(file.upper_bounds.at(1), Type::Primitive(TypeId::kDouble)).value();
  EXPECT_TRUE(std::signbit(std::get<double>(lower)));
  EXPECT_FALSE(std::signbit(std::get<double>(upper)));
}

TEST_F(ColumnMetricsTest, StringsAreCutToTheirMode) {
  const std::string rows = R"([{"c": "aaaaaaaaaaaaaaaaaaaa"}, {"c": "zzzzzzzzzzzzzzzzzzzz"}])";
  const auto schema = OneColumn(Type::Primitive(TypeId::kString));
  const auto standard = Metrics({.schema = schema}, {rows});
  EXPECT_EQ(standard.lower_bounds.at(1), std::string(16, 'a'));
  EXPECT_EQ(standard.upper_bounds.at(1), std::string(15, 'z') + "{");
  const std::string property = "write.metadata.metrics.column.c";
  const auto full = Metrics({.schema = schema, .properties = {{property, "full"}}}, {rows});
  EXPECT_EQ(full.upper_bounds.at(1), std::string(20, 'z'));
  const auto counts = Metrics({.schema = schema, .properties = {{property, "counts"}}}, {rows});
  EXPECT_THAT(counts.upper_bounds, IsEmpty());
  EXPECT_EQ(counts.value_counts.at(1), 2);
  const auto none = Metrics({.schema = schema, .properties = {{property, "none"}}}, {rows});
  EXPECT_THAT(none.value_counts, IsEmpty());
  EXPECT_THAT(none.column_sizes, IsEmpty());
}

TEST_F(ColumnMetricsTest, NoUpperBoundWhereNoneIsThatShort) {
  std::string greatest;
  for (int i = 0; i < 17; ++i) greatest += "\xf4\x8f\xbf\xbf";  // U+10FFFF cannot be incremented
  const auto file = Metrics({.schema = OneColumn(Type::Primitive(TypeId::kString))},
                            {R"([{"c": ")" + greatest + R"("}])"});
  EXPECT_EQ(file.lower_bounds.at(1), greatest.substr(0, 64));
  EXPECT_THAT(file.upper_bounds, IsEmpty());
}

TEST_F(ColumnMetricsTest, NegativeDecimalsOfEveryWidth) {
  for (const int32_t precision : {9, 18, 38}) {
    const Type type = Type::Decimal(precision, 2);
    const auto file = Metrics({.schema = OneColumn(type)}, {R"([{"c": "-12.34"}, {"c": "0.05"}])"});
    EXPECT_EQ(file.lower_bounds.at(1), ToBytes(Value(iceberg::DecimalValue{-1234}), type))
        << precision;
    EXPECT_EQ(file.upper_bounds.at(1), ToBytes(Value(iceberg::DecimalValue{5}), type)) << precision;
  }
}

TEST_F(ColumnMetricsTest, StructLeavesCountAndListsAndMapsDoNot) {
  const auto table = buffer::EveryTypeTable();
  SeededRandom random(8);
  const auto rows = buffer::RandomRows(buffer::EveryTypeSchema(), 400, random);
  const auto file = MetricsOf({.schema = table}, {rows});
  EXPECT_EQ(file.value_counts.at(104), 400);
  EXPECT_TRUE(file.lower_bounds.contains(104));
  for (const int32_t id : {100, 101, 102, 107}) {
    EXPECT_TRUE(file.column_sizes.contains(id)) << id;
    EXPECT_FALSE(file.value_counts.contains(id)) << id;
    EXPECT_FALSE(file.nan_value_counts.contains(id)) << id;
    EXPECT_FALSE(file.lower_bounds.contains(id)) << id;
  }
  // A field of a null struct is null.
  const auto point = std::static_pointer_cast<arrow::StructArray>(rows->GetColumnByName("point"));
  const auto x = point->GetFlattenedField(0).ValueOrDie();
  EXPECT_EQ(file.null_value_counts.at(103), x->null_count());
  int64_t nans = 0;
  for (int64_t i = 0; i < x->length(); ++i) {
    nans +=
        x->IsValid(i) && std::isnan(static_cast<const arrow::DoubleArray&>(*x).Value(i)) ? 1 : 0;
  }
  EXPECT_GT(nans, 0);
  EXPECT_EQ(file.nan_value_counts.at(103), nans);
}

// Every bound of a random file encloses every value.
TEST_F(ColumnMetricsTest, BoundsEncloseAllValues) {
  SeededRandom random(21);
  const auto table = buffer::EveryTypeTable();
  const auto rows = buffer::RandomRows(buffer::EveryTypeSchema(), 500, random);
  const auto file = MetricsOf({.schema = table}, {rows});
  for (int i = 0; i < rows->num_columns(); ++i) {
    const auto& field = table.fields[static_cast<size_t>(i)];
    if (!field.type.is_primitive()) continue;
    ASSERT_TRUE(file.lower_bounds.contains(field.id)) << field.name;
    const auto type_id = field.type.id;
    if (type_id != TypeId::kLong && type_id != TypeId::kTimestamp && type_id != TypeId::kTime)
      continue;
    const auto lower =
        std::get<int64_t>(FromBytes(file.lower_bounds.at(field.id), field.type).value());
    const auto upper =
        std::get<int64_t>(FromBytes(file.upper_bounds.at(field.id), field.type).value());
    const auto* values = rows->column(i)->data()->GetValues<int64_t>(1);
    int64_t least = INT64_MAX;
    int64_t greatest = INT64_MIN;
    for (int64_t row = 0; row < 500; ++row) {
      if (rows->column(i)->IsNull(row)) continue;
      least = std::min(least, values[row]);
      greatest = std::max(greatest, values[row]);
    }
    EXPECT_EQ(lower, least) << field.name;
    EXPECT_EQ(upper, greatest) << field.name;
  }
}

}  // namespace
}  // namespace kafka_iceberg::write
