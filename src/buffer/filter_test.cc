// SPDX-License-Identifier: Apache-2.0
#include "buffer/filter.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <cmath>

#include "buffer/fake_rows.h"

namespace kafka_iceberg::buffer {
namespace {

using Op = Predicate::Op;

std::vector<int32_t> Rows(const std::vector<RowRun>& runs) {
  std::vector<int32_t> rows;
  for (const RowRun& run : runs) {
    for (int32_t i = 0; i < run.length; ++i) rows.push_back(run.start + i);
  }
  return rows;
}

std::vector<int32_t> Select(const std::shared_ptr<arrow::RecordBatch>& rows, const Filter& filter) {
  const auto compiled = CompiledFilter::Compile(filter, *rows->schema());
  EXPECT_TRUE(compiled.ok()) << compiled.error().message();
  return Rows(compiled->Select(*rows));
}

std::shared_ptr<arrow::RecordBatch> Numbers() {
  const auto schema =
      arrow::schema({arrow::field("id", arrow::int32()), arrow::field("name", arrow::utf8())});
  return MakeRows(schema, R"([{"id": 1, "name": "a"}, {"name": "b"}, {"id": 3, "name": "c"},
                              {"id": -5}, {"id": 3, "name": "aa"}])");
}

TEST(Filter, ComparesNumbers) {
  const auto rows = Numbers();
  EXPECT_EQ(Select(rows, {{"id", Op::kEq, "3"}}), (std::vector<int32_t>{2, 4}));
  EXPECT_EQ(Select(rows, {{"id", Op::kNe, "3"}}), (std::vector<int32_t>{0, 3}));
  EXPECT_EQ(Select(rows, {{"id", Op::kLt, "1"}}), (std::vector<int32_t>{3}));
  EXPECT_EQ(Select(rows, {{"id", Op::kLe, "1"}}), (std::vector<int32_t>{0, 3}));
  EXPECT_EQ(Select(rows, {{"id", Op::kGt, "1"}}), (std::vector<int32_t>{2, 4}));
  EXPECT_EQ(Select(rows, {{"id", Op::kGe, "1"}}), (std::vector<int32_t>{0, 2, 4}));
}

TEST(Filter, NullSatisfiesOnlyIsNull) {
  const auto rows = Numbers();
  EXPECT_EQ(Select(rows, {{"id", Op::kIsNull, ""}}), (std::vector<int32_t>{1}));
  EXPECT_EQ(Select(rows, {{"name", Op::kIsNotNull, ""}}), (std::vector<int32_t>{0, 1, 2, 4}));
}

TEST(Filter, AllPredicatesMustHold) {
  EXPECT_EQ(Select(Numbers(), {{"id", Op::kGe, "1"}, {"name", Op::kLt, "b"}}),
            (std::vector<int32_t>{0, 4}));
  EXPECT_EQ(Select(Numbers(), {}).size(), 5U);
}

TEST(Filter, WorksOnSlices) {
  EXPECT_EQ(Select(Numbers()->Slice(2), {{"id", Op::kEq, "3"}}), (std::vector<int32_t>{0, 2}));
  EXPECT_EQ(Select(Numbers()->Slice(1, 3), {{"name", Op::kIsNull, ""}}), (std::vector<int32_t>{2}));
}

TEST(Filter, StopsAtTheLimit) {
  const auto rows = Numbers();
  const auto compiled = CompiledFilter::Compile({{"id", Op::kEq, "3"}}, *rows->schema()).value();
  EXPECT_EQ(Rows(compiled.Select(*rows, 1)), (std::vector<int32_t>{2}));
  EXPECT_TRUE(compiled.Select(*rows, 0).empty());
}

TEST(Filter, NanIsTheGreatestNumberAndZerosAreEqual) {
  const auto schema = arrow::schema({arrow::field("x", arrow::float64())});
  const auto rows = MakeRows(schema, R"([{"x": NaN}, {"x": -0.0}, {"x": 0.0}, {"x": Inf}, {}])");
  EXPECT_EQ(Select(rows, {{"x", Op::kEq, "0"}}), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(Select(rows, {{"x", Op::kGt, "inf"}}), (std::vector<int32_t>{0}));
  EXPECT_EQ(Select(rows, {{"x", Op::kEq, "nan"}}), (std::vector<int32_t>{0}));
  EXPECT_EQ(Select(rows, {{"x", Op::kLt, "nan"}}), (std::vector<int32_t>{1, 2, 3}));
}

TEST(Filter, RefusesUnknownAndNestedColumns) {
  const auto schema = EveryTypeSchema();
  const auto unknown = CompiledFilter::Compile({{"nope", Op::kEq, "1"}}, *schema);
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message().find("flag"), std::string::npos);
  const auto nested = CompiledFilter::Compile({{"tags", Op::kIsNull, ""}}, *schema);
  ASSERT_FALSE(nested.ok());
  EXPECT_NE(nested.error().message().find("nested"), std::string::npos);
}

// A literal that surely selects some of the rows of EveryTypeSchema(), by column.
std::string LiteralFor(const std::string& column) {
  if (column == "flag") return "true";
  if (column == "text") return "a";
  if (column == "uuid") return "80000000-0000-0000-0000-000000000000";
  if (column == "day") return "1970-01-03";
  if (column == "clock") return "00:00:00.000002";
  if (column == "local") return "1970-01-01T00:00:00.000002";
  if (column == "moment") return "1970-01-01T00:00:00.000002Z";
  if (column == "bytes") return "61";
  if (column == "fixed") return "8080808080";
  if (column == "real" || column == "precise") return "0.25";
  if (column == "decimal9") return "0.02";
  if (column == "decimal18") return "0.0002";
  if (column == "decimal38") return "0.0000000002";
  return "2";
}

// kLt, kEq and kGt split the valid rows of every filterable type into three parts; the others are
// their unions.
TEST(Filter, OperatorsAgreeOnEveryType) {
  SeededRandom random(7);
  const auto schema = EveryTypeSchema();
  const auto rows = RandomRows(schema, 10000, random, /*small_domain=*/true)->Slice(5);
  for (const auto& field : schema->fields()) {
    const std::string& name = field->name();
    if (arrow::is_nested(field->type()->id())) continue;
    const auto count = [&](Op op) { return Select(rows, {{name, op, LiteralFor(name)}}).size(); };
    const auto nulls = static_cast<size_t>(rows->GetColumnByName(name)->null_count());
    EXPECT_EQ(count(Op::kLt) + count(Op::kEq) + count(Op::kGt) + nulls, 9995U) << name;
    EXPECT_EQ(count(Op::kLe), count(Op::kLt) + count(Op::kEq)) << name;
    EXPECT_EQ(count(Op::kGe), count(Op::kGt) + count(Op::kEq)) << name;
    EXPECT_EQ(count(Op::kNe), count(Op::kLt) + count(Op::kGt)) << name;
    EXPECT_EQ(count(Op::kIsNull), nulls) << name;
    EXPECT_EQ(count(Op::kIsNotNull), 9995 - nulls) << name;
    EXPECT_LT(count(Op::kNe), 9995 - nulls / 2) << name;
  }
}

}  // namespace
}  // namespace kafka_iceberg::buffer
