// SPDX-License-Identifier: Apache-2.0
#include "write/dictionary_choice.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "buffer/fake_rows.h"
#include "core/check.h"

namespace kafka_iceberg::write {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// One column whose value in row i is value(i).
template <typename Value>
std::vector<std::shared_ptr<arrow::RecordBatch>> Numbers(int64_t rows, Value value) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < rows; ++i) CHECK(builder.Append(value(i)).ok());
  return {arrow::RecordBatch::Make(arrow::schema({arrow::field("c", arrow::int64())}), rows,
                                   {builder.Finish().ValueOrDie()})};
}

TEST(DictionaryChoice, FewDistinctValuesPay) {
  DictionaryChoice choice;
  choice.Sample(Numbers(10000, [](int64_t row) { return row % 50; }));
  EXPECT_THAT(choice.decisions(), UnorderedElementsAre(Pair("c", true)));
}

TEST(DictionaryChoice, DistinctValuesDoNot) {
  DictionaryChoice choice;
  choice.Sample(Numbers(10000, [](int64_t row) { return row; }));
  EXPECT_THAT(choice.decisions(), UnorderedElementsAre(Pair("c", false)));
}

TEST(DictionaryChoice, AClockIsNotMistakenForFewValues) {
  DictionaryChoice choice;
  choice.Sample(Numbers(100000, [](int64_t row) { return row / 10; }));  // ten rows a tick
  EXPECT_THAT(choice.decisions(), UnorderedElementsAre(Pair("c", false)));
}

TEST(DictionaryChoice, TooFewRowsLeaveItOpen) {
  DictionaryChoice choice;
  choice.Sample(Numbers(100, [](int64_t row) { return row; }));
  EXPECT_TRUE(choice.decisions().empty());
  choice.Sample(Numbers(1000, [](int64_t row) { return row; }));
  EXPECT_THAT(choice.decisions(), UnorderedElementsAre(Pair("c", false)));
}

TEST(DictionaryChoice, ADecisionIsKept) {
  DictionaryChoice choice;
  choice.Sample(Numbers(1000, [](int64_t) { return 1; }));
  choice.Sample(Numbers(1000, [](int64_t row) { return row; }));
  EXPECT_THAT(choice.decisions(), UnorderedElementsAre(Pair("c", true)));
}

TEST(DictionaryChoice, NamesNestedLeavesAsParquetDoes) {
  SeededRandom random(2);
  DictionaryChoice choice;
  const std::vector<std::shared_ptr<arrow::RecordBatch>> rows = {
      buffer::RandomRows(buffer::EveryTypeSchema(), 2000, random, /*small_domain=*/true)};
  choice.Sample(rows);
  const auto& decisions = choice.decisions();
  for (const char* path : {"tags.list.element", "counts.key_value.key", "counts.key_value.value",
                           "point.label", "route.list.element.stops.list.element", "uuid"}) {
    EXPECT_TRUE(decisions.contains(path)) << path;
  }
  EXPECT_FALSE(decisions.contains("flag"));
}

}  // namespace
}  // namespace kafka_iceberg::write
