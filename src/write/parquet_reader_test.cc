// SPDX-License-Identifier: Apache-2.0
#include "write/parquet_reader.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/metadata.h>

#include "buffer/fake_rows.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "decode/arrow_schema.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"
#include "write/fake_table.h"
#include "write/parquet_file.h"

namespace kafka_iceberg::write {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr char kLocation[] = "memory://t/a.parquet";

class ParquetReaderTest : public ::testing::Test {
 protected:
  ParquetReaderTest() {
    const ParquetSettings settings{.options = {},
                                   .columns = decode::ToArrowSchema(OrdersTable()).value(),
                                   .schema_json = "{}"};
    auto file = ParquetFile::Open(settings, {}, store_.OpenWriter(kLocation).value()).value();
    for (const char* rows :
         {R"([{"id": 1, "name": "a"}, {"id": 2}])", R"([{"id": 3, "name": "c"}])"}) {
      const BatchPtr batch = buffer::MakeRows(settings.columns, rows);
      EXPECT_THAT(file->WriteRowGroup({&batch, 1}), IsOk());
    }
    EXPECT_THAT(file->Finish(), IsOk());
  }

  FakeClock clock_;
  storage::MemoryStore store_{clock_};
};

TEST_F(ParquetReaderTest, YieldsTheColumnsAskedForInTheirOrder) {
  const auto reader = ParquetReader::Open(store_, kLocation).value();
  std::vector<int64_t> ids;
  std::string names;
  ASSERT_THAT(
      reader->Read({2, 1},
                   [&](const arrow::RecordBatch& rows) -> Status {
                     EXPECT_EQ(rows.num_columns(), 2);
                     EXPECT_EQ(rows.schema()->field(0)->name(), "name");
                     const auto& name = static_cast<const arrow::StringArray&>(*rows.column(0));
                     const auto& id = static_cast<const arrow::Int64Array&>(*rows.column(1));
                     for (int64_t i = 0; i < rows.num_rows(); ++i) {
                       ids.push_back(id.Value(i));
                       names += name.IsNull(i) ? "-" : name.GetString(i);
                     }
                     return {};
                   }),
      IsOk());
  EXPECT_THAT(ids, ::testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(names, "a-c");
}

TEST_F(ParquetReaderTest, AColumnTheFileLacksIsNull) {
  const auto reader = ParquetReader::Open(store_, kLocation).value();
  int64_t rows_seen = 0;
  ASSERT_THAT(reader->Read({77, 1, 78},
                           [&](const arrow::RecordBatch& rows) -> Status {
                             EXPECT_EQ(rows.column(0)->null_count(), rows.num_rows());
                             EXPECT_EQ(rows.column(1)->null_count(), 0);
                             EXPECT_EQ(rows.column(2)->type_id(), arrow::Type::NA);
                             rows_seen += rows.num_rows();
                             return {};
                           }),
              IsOk());
  EXPECT_EQ(rows_seen, 3);
}

TEST_F(ParquetReaderTest, OnlyUnknownColumnsStillHaveRows) {
  const auto reader = ParquetReader::Open(store_, kLocation).value();
  int64_t rows_seen = 0;
  ASSERT_THAT(reader->Read({77},
                           [&](const arrow::RecordBatch& rows) -> Status {
                             rows_seen += rows.num_rows();
                             return {};
                           }),
              IsOk());
  EXPECT_EQ(rows_seen, 3);
}

TEST_F(ParquetReaderTest, TheVisitorsErrorEndsTheReading) {
  const auto reader = ParquetReader::Open(store_, kLocation).value();
  EXPECT_THAT(reader->ReadAll(
                  [](const arrow::RecordBatch&) -> Status { return Error::Cancelled("enough"); }),
              IsError(ErrorCode::kCancelled));
}

TEST_F(ParquetReaderTest, MissingFileAndStoreErrorsKeepTheirCode) {
  EXPECT_THAT(ParquetReader::Open(store_, "memory://t/none"), IsError(ErrorCode::kNotFound));
  storage::FaultStore faulty(store_);
  faulty.Inject({.operation = storage::StoreOperation::kReadRange});
  EXPECT_THAT(ParquetReader::Open(faulty, kLocation), IsError(ErrorCode::kUnavailable));
}

TEST_F(ParquetReaderTest, DamagedFilesNeverCrash) {
  SeededRandom random(31);
  const std::string good = store_.Read(kLocation).value();
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bad = good;
    if (round % 4 == 0) bad.resize(random.Below(bad.size()));
    for (int i = 0; i < 3 && !bad.empty(); ++i)
      bad[random.Below(bad.size())] = static_cast<char>(random.Below(256));
    ASSERT_THAT(store_.Write("memory://t/bad", bad), IsOk());
    const auto reader =
        ParquetReader::Open(store_, "memory://t/bad", static_cast<int64_t>(bad.size()));
    if (!reader.ok()) {
      ++refused;
      continue;
    }
    refused +=
        (*reader)->ReadAll([](const arrow::RecordBatch&) -> Status { return {}; }).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 200);
}

}  // namespace
}  // namespace kafka_iceberg::write
