// SPDX-License-Identifier: Apache-2.0
#include "write/table_writer.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <regex>
#include <set>

#include "buffer/fake_rows.h"
#include "core/check.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "decode/arrow_schema.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"
#include "write/fake_table.h"
#include "write/parquet_reader.h"
#include "write/verify_file.h"

namespace kafka_iceberg::write {
namespace {

using iceberg::Value;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class TableWriterTest : public ::testing::Test {
 protected:
  std::unique_ptr<TableWriter> Open(const FakeTable& table, WriteOptions options = {}) {
    columns_ = decode::ToArrowSchema(table.schema).value();
    auto writer = TableWriter::Open(options, MakeTable(table), columns_, store_, random_);
    EXPECT_THAT(writer, IsOk());
    return std::move(writer).value();
  }

  // Rows first .. last of OrdersTable(): id, name "n<id % names>", one hour apart.
  BatchPtr Orders(int64_t first, int64_t last, int64_t names) {
    arrow::Int64Builder ids;
    arrow::StringBuilder name_builder;
    arrow::DoubleBuilder prices;
    arrow::TimestampBuilder moments(columns_->field(3)->type(), arrow::default_memory_pool());
    for (int64_t id = first; id <= last; ++id) {
      CHECK(ids.Append(id).ok() && name_builder.Append(fmt::format("n{}", id % names)).ok());
      CHECK(prices.Append(static_cast<double>(id) / 4).ok() &&
            moments.Append(id * 3'600'000'000).ok());
    }
    return arrow::RecordBatch::Make(columns_, last - first + 1,
                                    {ids.Finish().ValueOrDie(), name_builder.Finish().ValueOrDie(),
                                     prices.Finish().ValueOrDie(), moments.Finish().ValueOrDie()});
  }

  // The ids in a file, in its order.
  std::vector<int64_t> IdsIn(const StagedFile& staged) {
    std::vector<int64_t> ids;
    const auto reader =
        ParquetReader::Open(store_, staged.file.file_path, staged.file.file_size_in_bytes);
    EXPECT_THAT(reader, IsOk());
    EXPECT_THAT((*reader)->Read({1},
                                [&](const arrow::RecordBatch& rows) -> Status {
                                  const auto& values =
                                      static_cast<const arrow::Int64Array&>(*rows.column(0));
                                  for (int64_t i = 0; i < values.length(); ++i)
                                    ids.push_back(values.Value(i));
                                  return {};
                                }),
                IsOk());
    return ids;
  }

  // Every id of [first, last] is in the files once, and each file is what its description says.
  void ExpectAllOnce(const std::vector<StagedFile>& files, int64_t first, int64_t last) {
    std::vector<int64_t> seen;
    for (const StagedFile& staged : files) {
      EXPECT_THAT(VerifyFile(staged, store_), IsOk());
      const auto ids = IdsIn(staged);
      EXPECT_EQ(static_cast<int64_t>(ids.size()), staged.file.record_count);
      EXPECT_TRUE(std::ranges::is_sorted(ids)) << "rows of a partition keep their order";
      seen.insert(seen.end(), ids.begin(), ids.end());
    }
    std::ranges::sort(seen);
    ASSERT_EQ(static_cast<int64_t>(seen.size()), last - first + 1);
    for (size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], first + static_cast<int64_t>(i));
  }

  FakeClock clock_;
  SeededRandom random_{77};
  storage::MemoryStore memory_{clock_};
  storage::FaultStore store_{memory_};  // counts calls, and fails when told to
  std::shared_ptr<arrow::Schema> columns_;
};

TEST_F(TableWriterTest, WritesOneFilePerPartition) {
  const auto writer = Open({.schema = OrdersTable(), .partition_by = {"day(moment)"}});
  ASSERT_THAT(writer->Append(*Orders(0, 30, 3)), IsOk());
  ASSERT_THAT(writer->Append(*Orders(31, 47, 3)), IsOk());
  EXPECT_GT(writer->open_bytes(), 0);
  const auto files = writer->Finish().value();
  EXPECT_EQ(writer->open_bytes(), 0);
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_THAT(files[0].file.partition, ElementsAre(Value(int32_t{0})));
  EXPECT_THAT(files[1].file.partition, ElementsAre(Value(int32_t{1})));
  EXPECT_EQ(files[0].file.record_count, 24);
  EXPECT_EQ(files[0].file.spec_id, 3);
  EXPECT_EQ(files[0].file.sort_order_id, 0);
  EXPECT_EQ(files[0].file.file_format, "PARQUET");
  EXPECT_EQ(files[0].file.value_counts.at(1), 24);
  ExpectAllOnce(files, 0, 47);
}

TEST_F(TableWriterTest, NamesSayPartitionNumberAndWriterAndNeverRepeat) {
  const FakeTable table{.schema = OrdersTable(), .partition_by = {"name"}};
  const std::regex pattern(
      R"(memory://warehouse/db/t/data/name=n\d/\d{5}-[0-9a-f]{8}-[0-9a-f-]{36}\.parquet)");
  std::set<std::string> names;
  for (int writers = 0; writers < 3; ++writers) {
    const auto writer = Open(table);
    for (int epoch = 0; epoch < 2; ++epoch) {
      ASSERT_THAT(writer->Append(*Orders(0, 9, 2)), IsOk());
      for (const auto& staged : writer->Finish().value()) {
        EXPECT_TRUE(std::regex_match(staged.file.file_path, pattern)) << staged.file.file_path;
        EXPECT_TRUE(names.insert(staged.file.file_path).second);
      }
    }
  }
  EXPECT_THAT(names, SizeIs(12));
}

TEST_F(TableWriterTest, EmptyEpochsHaveNoFiles) {
  const auto writer = Open({.schema = OrdersTable()});
  ASSERT_THAT(writer->Append(*Orders(0, -1, 1)), IsOk());
  EXPECT_THAT(writer->Finish().value(), IsEmpty());
  EXPECT_EQ(store_.calls(storage::StoreOperation::kOpenWriter), 0);
}

TEST_F(TableWriterTest, EveryTypeSurvivesScatteredPartitions) {
  const auto table = buffer::EveryTypeTable();
  const auto writer = Open({.schema = table, .partition_by = {"bucket(5, text)"}});
  const auto rows = buffer::RandomRows(columns_, 2000, random_, /*small_domain=*/true);
  ASSERT_THAT(writer->Append(*rows), IsOk());
  int64_t total = 0;
  const auto files = writer->Finish().value();
  EXPECT_GT(files.size(), 3U);
  for (const auto& staged : files) {
    const auto reader = ParquetReader::Open(store_, staged.file.file_path).value();
    EXPECT_TRUE(reader->schema().Equals(*columns_));
    EXPECT_THAT(reader->ReadAll([&](const arrow::RecordBatch& batch) -> Status {
      EXPECT_TRUE(batch.ValidateFull().ok());
      total += batch.num_rows();
      return {};
    }),
                IsOk());
  }
  EXPECT_EQ(total, 2000);
}

TEST_F(TableWriterTest, FilesEndNearTheTarget) {
  const auto writer = Open(
      {.schema = OrdersTable()},
      {.compression = Compression::kNone, .target_file_bytes = 200'000, .row_group_bytes = 64'000});
  for (int64_t batch = 0; batch < 40; ++batch) {
    ASSERT_THAT(writer->Append(*Orders(batch * 1000, batch * 1000 + 999, 1000)), IsOk());
  }
  EXPECT_GT(writer->files_closed(), 2);
  const auto files = writer->Finish().value();
  for (size_t i = 0; i + 1 < files.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(files[i].file.file_size_in_bytes), 200'000, 60'000);
    EXPECT_GT(files[i].file.split_offsets.size(), 1U);
  }
  ExpectAllOnce(files, 0, 39'999);
}

TEST_F(TableWriterTest, OneLargeBatchIsManyRowGroupsAndFiles) {
  const auto writer = Open({.schema = OrdersTable()}, {.compression = Compression::kNone,
                                                       .target_file_bytes = 300'000,
                                                       .row_group_bytes = 100'000});
  ASSERT_THAT(writer->Append(*Orders(0, 49'999, 50'000)), IsOk());
  const auto files = writer->Finish().value();
  EXPECT_GT(files.size(), 3U);
  ExpectAllOnce(files, 0, 49'999);
}

TEST_F(TableWriterTest, BytesWaitingStayBelowTheLimit) {
  constexpr int64_t kLimit = 300'000;
  const auto writer =
      Open({.schema = OrdersTable(), .partition_by = {"name"}},
           {.row_group_bytes = 200'000, .open_files_max = 4, .open_bytes_max = kLimit});
  for (int64_t batch = 0; batch < 60; ++batch) {
    ASSERT_THAT(writer->Append(*Orders(batch * 1000, batch * 1000 + 999, 20)), IsOk());
    EXPECT_LE(writer->open_bytes(), kLimit);
  }
  ExpectAllOnce(writer->Finish().value(), 0, 59'999);
}

// One row of each batch goes to a partition of its own: such rows must not keep all the batches
// alive.
TEST_F(TableWriterTest, StragglersDoNotHoldOnToTheirBatches) {
  constexpr int64_t kLimit = 400'000;
  const auto writer = Open({.schema = OrdersTable(), .partition_by = {"name"}},
                           {.row_group_bytes = 60'000, .open_bytes_max = kLimit});
  for (int64_t batch = 0; batch < 100; ++batch) {
    auto rows = Orders(batch * 1000, batch * 1000 + 999, 1);
    arrow::StringBuilder names;
    for (int64_t i = 0; i < 1000; ++i)
      CHECK(names.Append(i == 500 ? fmt::format("rare{}", batch) : "n0").ok());
    rows = rows->SetColumn(1, columns_->field(1), names.Finish().ValueOrDie()).ValueOrDie();
    ASSERT_THAT(writer->Append(*rows), IsOk());
    ASSERT_LE(writer->open_bytes(), kLimit);
  }
  const auto files = writer->Finish().value();
  EXPECT_THAT(files, SizeIs(101));  // the stragglers were copied, not pushed out as row groups
  ExpectAllOnce(files, 0, 99'999);
}

TEST_F(TableWriterTest, OpenFilesStayBelowTheLimit) {
  const auto writer = Open({.schema = OrdersTable(), .partition_by = {"name"}},
                           {.row_group_bytes = 4'000, .open_files_max = 3});
  for (int64_t batch = 0; batch < 20; ++batch) {
    ASSERT_THAT(writer->Append(*Orders(batch * 1000, batch * 1000 + 999, 7)), IsOk());
    EXPECT_LE(store_.calls(storage::StoreOperation::kOpenWriter) -
                  store_.calls(storage::StoreOperation::kFinish),
              3);
  }
  const auto files = writer->Finish().value();
  EXPECT_GT(files.size(), 7U);
  ExpectAllOnce(files, 0, 19'999);
}

TEST_F(TableWriterTest, TenThousandPartitionsStayWithinBounds) {
  constexpr int64_t kLimit = 12LL << 20;
  constexpr int64_t kPartitions = 10'000;
  const auto writer = Open({.schema = OrdersTable(), .partition_by = {"name"}},
                           {.open_files_max = 16, .open_bytes_max = kLimit});
  for (int64_t batch = 0; batch < 40; ++batch) {
    ASSERT_THAT(writer->Append(*Orders(batch * 5000, batch * 5000 + 4999, kPartitions)), IsOk());
    ASSERT_LE(writer->open_bytes(), kLimit);
    ASSERT_LE(store_.calls(storage::StoreOperation::kOpenWriter) -
                  store_.calls(storage::StoreOperation::kFinish),
              16);
  }
  const auto files = writer->Finish().value();
  int64_t rows = 0;
  std::set<std::string> partitions;
  for (const auto& staged : files) {
    rows += staged.file.record_count;
    partitions.insert(std::get<std::string>(staged.file.partition[0]));
  }
  EXPECT_EQ(rows, 200'000);
  EXPECT_THAT(partitions, SizeIs(kPartitions));
  EXPECT_EQ(writer->open_bytes(), 0);
}

TEST_F(TableWriterTest, AbandonLeavesNothingOpenAndNamesWhatIsClosed) {
  const auto writer = Open(
      {.schema = OrdersTable()},
      {.compression = Compression::kNone, .target_file_bytes = 50'000, .row_group_bytes = 20'000});
  ASSERT_THAT(writer->Append(*Orders(0, 2999, 10)), IsOk());
  const int64_t closed = writer->files_closed();
  EXPECT_GT(closed, 0);
  const auto files = writer->Abandon();
  EXPECT_EQ(static_cast<int64_t>(files.size()), closed);
  EXPECT_EQ(writer->open_bytes(), 0);
  int64_t visible = 0;
  ASSERT_THAT(store_.List("memory://warehouse", [&](const storage::ObjectInfo&) { ++visible; }),
              IsOk());
  EXPECT_EQ(visible, closed);
  ASSERT_THAT(writer->Append(*Orders(0, 9, 10)), IsOk());
  ExpectAllOnce(writer->Finish().value(), 0, 9);
}

TEST_F(TableWriterTest, StoreErrorsEndTheEpochAndTheWriterGoesOnAfterAbandon) {
  const FakeTable table{.schema = OrdersTable(), .partition_by = {"name"}};
  for (const auto operation :
       {storage::StoreOperation::kOpenWriter, storage::StoreOperation::kAppend,
        storage::StoreOperation::kFinish}) {
    const auto writer = Open(table);
    ASSERT_THAT(writer->Append(*Orders(0, 99, 5)), IsOk());
    store_.Inject(
        {.operation = operation, .skip = 1, .error = Error(ErrorCode::kUnavailable, "away")});
    EXPECT_THAT(writer->Finish(), IsError(ErrorCode::kUnavailable));
    store_.ClearFaults();
    writer->Abandon();
    ASSERT_THAT(writer->Append(*Orders(0, 99, 5)), IsOk());
    ExpectAllOnce(writer->Finish().value(), 0, 99);
  }
}

TEST_F(TableWriterTest, ColumnsOfUnknownTypeAreLeftOut) {
  auto table = OrdersTable();
  table.fields.push_back(
      {.id = 5, .name = "later", .type = iceberg::Type::Primitive(iceberg::TypeId::kUnknown)});
  const auto writer = Open({.schema = table});
  ASSERT_THAT(writer->Append(*buffer::MakeRows(columns_, R"([{"id": 1}])")), IsOk());
  const auto files = writer->Finish().value();
  const auto reader = ParquetReader::Open(store_, files[0].file.file_path).value();
  EXPECT_EQ(reader->schema().num_fields(), 4);
}

TEST_F(TableWriterTest, RefusesImpossibleOptions) {
  const auto metadata = MakeTable({.schema = OrdersTable()});
  columns_ = decode::ToArrowSchema(OrdersTable()).value();
  for (const WriteOptions& options :
       {WriteOptions{.zstd_level = 0}, WriteOptions{.zstd_level = 23},
        WriteOptions{.target_file_bytes = 0}, WriteOptions{.row_group_bytes = -1},
        WriteOptions{.page_bytes = 0}, WriteOptions{.open_files_max = 0},
        WriteOptions{.open_bytes_max = 0}, WriteOptions{.open_bytes_max = 2LL << 30}}) {
    EXPECT_THAT(TableWriter::Open(options, metadata, columns_, store_, random_),
                IsError(ErrorCode::kInvalid));
  }
}

}  // namespace
}  // namespace kafka_iceberg::write
