// SPDX-License-Identifier: Apache-2.0
#include "buffer/hot_buffer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "buffer/fake_rows.h"
#include "core/fake_clock.h"

namespace kafka_iceberg::buffer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Op = Predicate::Op;

class HotBufferTest : public ::testing::Test {
 protected:
  HotBufferTest()
      : schema_(arrow::schema(
            {arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())})) {}

  std::unique_ptr<HotBuffer> Make(HotBufferOptions options = {}) {
    return std::make_unique<HotBuffer>(std::move(options), schema_, clock_);
  }
  // Rows first .. last, every name "n<id % 10>".
  std::shared_ptr<arrow::RecordBatch> Ids(int first, int last) const {
    std::string json = "[";
    for (int id = first; id <= last; ++id) {
      json += fmt::format(R"({}{{"id": {}, "name": "n{}"}})", id == first ? "" : ",", id, id % 10);
    }
    return MakeRows(schema_, json + "]");
  }

  FakeClock clock_;
  const std::shared_ptr<arrow::Schema> schema_;
};

std::vector<int64_t> IdsOf(const Result<std::shared_ptr<arrow::Table>>& table) {
  EXPECT_TRUE(table.ok()) << table.error().message();
  std::vector<int64_t> ids;
  const auto column = (*table)->GetColumnByName("id");
  for (const auto& chunk : column->chunks()) {
    const auto& values = static_cast<const arrow::Int64Array&>(*chunk);
    for (int64_t i = 0; i < values.length(); ++i) ids.push_back(values.Value(i));
  }
  return ids;
}

std::vector<uint64_t> Sequences(const ReadView& view) {
  std::vector<uint64_t> sequences;
  for (const auto& batch : view.batches) sequences.push_back(batch->sequence);
  return sequences;
}

TEST_F(HotBufferTest, RowsAreVisibleOnceAppended) {
  const auto buffer = Make();
  EXPECT_THAT(buffer->View()->batches, IsEmpty());
  buffer->Append(1, Ids(1, 3));
  buffer->Append(1, Ids(4, 5));
  EXPECT_EQ(buffer->rows(), 5);
  EXPECT_THAT(IdsOf(buffer->Query({}, {}, -1)), ElementsAre(1, 2, 3, 4, 5));
  const ReadView view = *buffer->View();
  EXPECT_EQ(view.schema, schema_);
  EXPECT_THAT(Sequences(view), ElementsAre(0, 1));
}

TEST_F(HotBufferTest, CommitRemovesItsEpochsAndMovesTheSnapshotAtOnce) {
  const auto buffer = Make();
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) buffer->Append(epoch, Ids(1, 2));
  buffer->Commit(2, 77);
  const ReadView view = *buffer->View();
  EXPECT_EQ(view.snapshot_id, 77);
  EXPECT_THAT(Sequences(view), ElementsAre(2));
  EXPECT_EQ(buffer->rows(), 2);
}

TEST_F(HotBufferTest, CommitWithoutSnapshotKeepsTheOldOne) {
  const auto buffer = Make();
  buffer->Commit(1, 77);
  buffer->Commit(2, std::nullopt);
  EXPECT_EQ(buffer->View()->snapshot_id, 77);
}

TEST_F(HotBufferTest, DiscardForgetsLaterEpochsOnly) {
  const auto buffer = Make();
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) buffer->Append(epoch, Ids(1, 2));
  buffer->DiscardFrom(2);
  EXPECT_THAT(Sequences(*buffer->View()), ElementsAre(0));
  buffer->Append(2, Ids(1, 2));
  EXPECT_THAT(Sequences(*buffer->View()), ElementsAre(0, 3));  // sequences are never used again
  EXPECT_EQ(buffer->rows(), 4);
}

TEST_F(HotBufferTest, BytesCountUntilTheLastViewIsGone) {
  auto buffer = Make();
  buffer->Append(1, Ids(1, 100));
  const int64_t bytes = buffer->bytes();
  EXPECT_GE(bytes, 100 * (8 + 2 + 4));
  {
    const ReadView view = *buffer->View();
    EXPECT_EQ(view.batches[0]->bytes, bytes);
    buffer->Commit(1, 5);
    EXPECT_EQ(buffer->bytes(), bytes);
    EXPECT_EQ(buffer->rows(), 0);
  }
  EXPECT_EQ(buffer->bytes(), 0);
}

TEST_F(HotBufferTest, BytesCountWhileAResultSharesThem) {
  const auto buffer = Make();
  buffer->Append(1, Ids(1, 100));
  auto all = buffer->Query({}, {"id"}, -1);
  auto few = buffer->Query({{"id", Op::kLe, "3"}}, {}, -1);
  buffer->Commit(1, 5);
  EXPECT_GT(buffer->bytes(), 0);  // `all` refers to the buffer's memory
  all = Error::Cancelled("done");
  EXPECT_EQ(buffer->bytes(), 0);  // `few` is a copy
  EXPECT_THAT(IdsOf(few), ElementsAre(1, 2, 3));
}

TEST_F(HotBufferTest, ViewsOutliveTheBuffer) {
  auto buffer = Make();
  buffer->Append(1, Ids(1, 3));
  const ReadView view = *buffer->View();
  buffer.reset();
  EXPECT_TRUE(view.batches[0]->rows->Equals(*Ids(1, 3)));
}

TEST_F(HotBufferTest, IsFullAtItsLimit) {
  const auto buffer = Make({.bytes_max = 3000});
  EXPECT_FALSE(buffer->full());
  buffer->Append(1, Ids(1, 300));
  EXPECT_TRUE(buffer->full());
  buffer->Commit(1, 1);
  EXPECT_FALSE(buffer->full());
}

TEST_F(HotBufferTest, QueryFiltersProjectsAndLimits) {
  const auto buffer = Make();
  buffer->Append(1, Ids(1, 20));
  buffer->Append(2, Ids(21, 40));
  EXPECT_THAT(IdsOf(buffer->Query({{"name", Op::kEq, "n3"}}, {"id"}, -1)),
              ElementsAre(3, 13, 23, 33));
  EXPECT_THAT(IdsOf(buffer->Query({{"name", Op::kEq, "n3"}}, {}, 3)), ElementsAre(3, 13, 23));
  EXPECT_THAT(IdsOf(buffer->Query({}, {}, 0)), IsEmpty());
  const auto table = buffer->Query({}, {"name", "id"}, 1).value();
  EXPECT_EQ(table->schema()->field_names(), (std::vector<std::string>{"name", "id"}));
  EXPECT_TRUE(table->ValidateFull().ok());
}

TEST_F(HotBufferTest, QueryRefusesWhatItCannotAnswer) {
  const auto buffer = Make();
  EXPECT_EQ(buffer->Query({{"nope", Op::kEq, "1"}}, {}, -1).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(buffer->Query({{"id", Op::kEq, "x"}}, {}, -1).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(buffer->Query({}, {"nope"}, -1).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(buffer->Query({}, {"id", "id"}, -1).error().code(), ErrorCode::kInvalid);
  EXPECT_EQ(buffer->Lookup("nope", "1").error().code(), ErrorCode::kInvalid);
}

TEST_F(HotBufferTest, LookupFindsAllRowsOfAKey) {
  const auto buffer = Make();
  buffer->Append(1, Ids(1, 20));
  buffer->Append(2, Ids(21, 40));
  EXPECT_THAT(IdsOf(buffer->Lookup("id", "30")), ElementsAre(30));
  EXPECT_THAT(IdsOf(buffer->Lookup("name", "n3")), ElementsAre(3, 13, 23, 33));
  EXPECT_THAT(IdsOf(buffer->Lookup("id", "99")), IsEmpty());
  buffer->Append(3, Ids(41, 43));
  EXPECT_THAT(IdsOf(buffer->Lookup("name", "n3")), ElementsAre(3, 13, 23, 33, 43));
  buffer->Commit(2, 9);
  EXPECT_THAT(IdsOf(buffer->Lookup("name", "n3")), ElementsAre(43));
}

TEST_F(HotBufferTest, IndexesAreAccountedAndDroppedWithTheirBatch) {
  const auto buffer = Make();
  buffer->Append(1, Ids(1, 256));
  const int64_t rows_only = buffer->bytes();
  EXPECT_TRUE(buffer->Lookup("id", "1").ok());
  EXPECT_EQ(buffer->bytes(), rows_only + 256 * 8);
  EXPECT_TRUE(buffer->Lookup("id", "2").ok());
  EXPECT_EQ(buffer->bytes(), rows_only + 256 * 8);
  buffer->Commit(1, 1);
  EXPECT_EQ(buffer->bytes(), 0);
}

TEST_F(HotBufferTest, KeyColumnIsIndexedOnAppend) {
  const auto plain = Make();
  const auto keyed = Make({.key_column = "id"});
  plain->Append(1, Ids(1, 256));
  keyed->Append(1, Ids(1, 256));
  EXPECT_EQ(keyed->bytes(), plain->bytes() + 256 * 8);
}

TEST_F(HotBufferTest, FurtherColumnsAreScanned) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (int i = 0; i < 6; ++i) fields.push_back(arrow::field(fmt::format("c{}", i), arrow::int64()));
  const auto wide = arrow::schema(fields);
  HotBuffer buffer({}, wide, clock_);
  buffer.Append(1, MakeRows(wide, R"([{"c0": 1, "c5": 6}, {"c5": 7}])"));
  const int64_t rows_only = buffer.bytes();
  for (int i = 0; i < 6; ++i) {
    const auto found = buffer.Lookup(fmt::format("c{}", i), i == 0 ? "1" : "7");
    EXPECT_EQ(found.value()->num_rows(), i == 0 || i == 5 ? 1 : 0);
  }
  EXPECT_EQ(buffer.bytes(), rows_only + 4 * 2 * 8);
}

TEST_F(HotBufferTest, KnowsTheOldestAppend) {
  const auto buffer = Make();
  EXPECT_FALSE(buffer->oldest_append().has_value());
  buffer->Append(1, Ids(1, 1));
  clock_.Advance(std::chrono::seconds(5));
  buffer->Append(2, Ids(2, 2));
  EXPECT_EQ(buffer->oldest_append(), SteadyTime(0));
  buffer->Commit(1, 1);
  EXPECT_EQ(buffer->oldest_append(), SteadyTime(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace kafka_iceberg::buffer
