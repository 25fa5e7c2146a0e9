// SPDX-License-Identifier: Apache-2.0
#include "write/row_store.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "buffer/fake_rows.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::write {
namespace {

using buffer::RowRun;
using ::testing::SizeIs;

class RowStoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<arrow::RecordBatch> Rows(int64_t count) {
    return buffer::RandomRows(schema_, count, random_);
  }

  SeededRandom random_{1};
  const std::shared_ptr<arrow::Schema> schema_ =
      arrow::schema({arrow::field("id", arrow::int64())});
  RowStore store_{schema_};
};

TEST_F(RowStoreTest, LongRunsAreSharedAndShortOnesGathered) {
  const auto batch = Rows(2000);
  const uint32_t source = store_.Add(batch, 16000);
  const std::vector<RowRun> runs = {
      {source, 5, 2}, {source, 9, 1}, {source, 100, 1000}, {source, 1500, 3}};
  const auto read = store_.Read(runs).value();
  ASSERT_THAT(read, SizeIs(3));
  EXPECT_EQ(read[0]->num_rows(), 3);
  EXPECT_EQ(read[1]->column_data(0)->buffers[1], batch->column_data(0)->buffers[1]);
  EXPECT_NE(read[2]->column_data(0)->buffers[1], batch->column_data(0)->buffers[1]);
  arrow::ArrayVector pieces;
  for (const RowRun& run : runs) pieces.push_back(batch->column(0)->Slice(run.start, run.length));
  const auto table = arrow::Table::FromRecordBatches(read).ValueOrDie();
  EXPECT_TRUE(table->column(0)->Equals(arrow::ChunkedArray(pieces)));
}

TEST_F(RowStoreTest, AWholeSmallBatchIsShared) {
  const auto batch = Rows(3);
  const std::vector<RowRun> runs = {{store_.Add(batch, 24), 0, 3}};
  const auto read = store_.Read(runs).value();
  ASSERT_THAT(read, SizeIs(1));
  EXPECT_EQ(read[0]->column_data(0)->buffers[1], batch->column_data(0)->buffers[1]);
}

TEST_F(RowStoreTest, ABatchLivesUntilItsLastRowIsReleased) {
  auto batch = Rows(10);
  const std::weak_ptr<arrow::RecordBatch> alive = batch;
  const uint32_t source = store_.Add(std::move(batch), 80);
  const std::vector<RowRun> first = {{source, 0, 4}, {source, 6, 4}};
  const std::vector<RowRun> second = {{source, 4, 2}};
  store_.Release(first);
  EXPECT_FALSE(alive.expired());
  EXPECT_EQ(store_.bytes(), 80);
  store_.Release(second);
  EXPECT_TRUE(alive.expired());
  EXPECT_EQ(store_.bytes(), 0);
}

TEST_F(RowStoreTest, NumbersAreUsedAgain) {
  const uint32_t first = store_.Add(Rows(1), 8);
  const uint32_t second = store_.Add(Rows(1), 8);
  const std::vector<RowRun> gone = {{first, 0, 1}};
  store_.Release(gone);
  EXPECT_EQ(store_.Add(Rows(1), 8), first);
  EXPECT_NE(first, second);
  EXPECT_EQ(store_.bytes(), 16);
}

TEST_F(RowStoreTest, ClearForgetsEverything) {
  store_.Add(Rows(5), 40);
  store_.Clear();
  EXPECT_EQ(store_.bytes(), 0);
  EXPECT_EQ(store_.Add(Rows(1), 8), 0U);
}

}  // namespace
}  // namespace kafka_iceberg::write
