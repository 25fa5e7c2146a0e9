// SPDX-License-Identifier: Apache-2.0
#include "buffer/row_gather.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "buffer/fake_rows.h"

namespace kafka_iceberg::buffer {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// The slow way: slice every run and let Arrow glue the pieces together.
std::shared_ptr<arrow::Array> Glue(const std::vector<BatchPtr>& sources,
                                   const std::vector<RowRun>& runs, int column) {
  std::vector<std::shared_ptr<arrow::Array>> pieces;
  for (const RowRun& run : runs) {
    pieces.push_back(sources[run.source]->column(column)->Slice(run.start, run.length));
  }
  return arrow::Concatenate(pieces).ValueOrDie();
}

std::vector<RowRun> RandomRuns(const std::vector<BatchPtr>& sources, int count, Random& random) {
  std::vector<RowRun> runs;
  for (int i = 0; i < count; ++i) {
    const auto source = static_cast<uint32_t>(random.Below(sources.size()));
    const auto rows = static_cast<uint64_t>(sources[source]->num_rows());
    const auto start = static_cast<int32_t>(random.Below(rows));
    const uint64_t most = std::min<uint64_t>(rows - static_cast<uint64_t>(start), i % 3 ? 2 : 60);
    runs.push_back({source, start, static_cast<int32_t>(random.Below(most + 1))});
  }
  return runs;
}

TEST(RowGather, CopiesEveryTypeAsArrowWould) {
  SeededRandom random(1);
  const auto schema = EveryTypeSchema();
  // Slices have offsets, which every layout treats in its own way.
  std::vector<BatchPtr> sources = {RandomRows(schema, 200, random),
                                   RandomRows(schema, 150, random)->Slice(37),
                                   RandomRows(schema, 90, random)->Slice(3, 70)};
  for (int round = 0; round < 20; ++round) {
    const auto runs = RandomRuns(sources, 50, random);
    const auto gathered = GatherRows(schema, sources, runs);
    ASSERT_TRUE(gathered.ok()) << gathered.error().message();
    ASSERT_TRUE((*gathered)->ValidateFull().ok()) << (*gathered)->ValidateFull().ToString();
    ASSERT_EQ((*gathered)->num_rows(), RowCount(runs));
    for (int column = 0; column < schema->num_fields(); ++column) {
      const auto expected = Glue(sources, runs, column);
      EXPECT_TRUE(
          (*gathered)->column(column)->Equals(*expected, arrow::EqualOptions().nans_equal(true)))
          << schema->field(column)->name();
    }
  }
}

TEST(RowGather, WithoutNullsMakesNoBitmap) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  const std::vector<BatchPtr> sources = {MakeRows(schema, R"([{"id": 1}, {"id": 2}, {"id": 3}])")};
  const std::vector<RowRun> runs = {{0, 2, 1}, {0, 0, 1}};
  const auto rows = GatherRows(schema, sources, runs).value();
  EXPECT_EQ(rows->column(0)->null_bitmap_data(), nullptr);
  EXPECT_TRUE(rows->Equals(*MakeRows(schema, R"([{"id": 3}, {"id": 1}])")));
}

TEST(RowGather, UnusedSourcesMayBeEmptySlots) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  const std::vector<BatchPtr> sources = {nullptr, MakeRows(schema, R"([{"id": 7}, {}])"), nullptr};
  const std::vector<RowRun> runs = {{1, 0, 2}};
  EXPECT_TRUE(GatherRows(schema, sources, runs).value()->Equals(*sources[1]));
}

TEST(RowGather, NothingGivesAnEmptyBatch) {
  const auto schema = EveryTypeSchema();
  const auto rows = GatherRows(schema, {}, {}).value();
  EXPECT_EQ(rows->num_rows(), 0);
  EXPECT_TRUE(rows->ValidateFull().ok());
}

TEST(RowGather, NamesTheColumnItCannotCopy) {
  const auto schema = arrow::schema({arrow::field("odd", arrow::large_utf8())});
  const std::vector<BatchPtr> sources = {MakeRows(schema, R"([{"odd": "a"}])")};
  const std::vector<RowRun> runs = {{0, 0, 1}};
  const auto rows = GatherRows(schema, sources, runs);
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(rows.error().message().find("odd"), std::string::npos);
}

TEST(RowGather, AddRowJoinsNeighbours) {
  std::vector<RowRun> runs;
  for (const int32_t row : {3, 4, 5, 9}) AddRow(runs, 0, row);
  AddRow(runs, 1, 10);
  EXPECT_EQ(runs, (std::vector<RowRun>{{0, 3, 3}, {0, 9, 1}, {1, 10, 1}}));
}

}  // namespace
}  // namespace kafka_iceberg::buffer
