// SPDX-License-Identifier: Apache-2.0
#include "write/parquet_file.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>

#include "buffer/fake_rows.h"
#include "core/fake_clock.h"
#include "core/hashing.h"
#include "core/result_matchers.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"
#include "write/parquet_reader.h"

namespace kafka_iceberg::write {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr char kLocation[] = "memory://t/a.parquet";

class ParquetFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<ParquetFile> Open(storage::ObjectStore& store,
                                    std::map<std::string, bool> dictionaries = {}) {
    auto file = ParquetFile::Open(settings_, dictionaries, store.OpenWriter(kLocation).value());
    EXPECT_THAT(file, IsOk());
    return std::move(file).value();
  }

  FinishedParquetFile Write(const std::vector<BatchPtr>& groups,
                            std::map<std::string, bool> dictionaries = {}) {
    auto file = Open(store_, std::move(dictionaries));
    for (const BatchPtr& group : groups) EXPECT_THAT(file->WriteRowGroup({&group, 1}), IsOk());
    auto finished = file->Finish();
    EXPECT_THAT(finished, IsOk());
    return std::move(finished).value();
  }

  std::shared_ptr<arrow::Table> ReadBack() {
    const auto reader = ParquetReader::Open(store_, kLocation);
    EXPECT_THAT(reader, IsOk());
    std::vector<BatchPtr> batches;
    EXPECT_THAT((*reader)->ReadAll([&](const arrow::RecordBatch& rows) -> Status {
      batches.push_back(rows.Slice(0));
      return {};
    }),
                IsOk());
    return arrow::Table::FromRecordBatches(batches).ValueOrDie();
  }

  FakeClock clock_;
  SeededRandom random_{9};
  storage::MemoryStore store_{clock_};
  ParquetSettings settings_{
      .options = {}, .columns = buffer::EveryTypeSchema(), .schema_json = "{}"};
};

TEST_F(ParquetFileTest, EveryTypeComesBackAsItWas) {
  for (const Compression compression :
       {Compression::kSnappy, Compression::kZstd, Compression::kNone}) {
    settings_.options.compression = compression;
    const std::vector<BatchPtr> groups = {
        buffer::RandomRows(settings_.columns, 500, random_),
        buffer::RandomRows(settings_.columns, 300, random_)->Slice(20)};
    const auto finished = Write(groups);
    EXPECT_EQ(finished.rows, 780);
    EXPECT_EQ(finished.footer->num_row_groups(), 2);
    const auto table = ReadBack();
    const auto expected = arrow::Table::FromRecordBatches(groups).ValueOrDie();
    EXPECT_TRUE(table->schema()->Equals(*expected->schema())) << table->schema()->ToString(true);
    for (int i = 0; i < table->num_columns(); ++i) {
      EXPECT_TRUE(
          table->column(i)->Equals(*expected->column(i), arrow::EqualOptions().nans_equal(true)))
          << table->schema()->field(i)->name();
    }
  }
}

// The physical and logical types of the specification's table, and field ids at every depth.
TEST_F(ParquetFileTest, TypesAreThoseOfTheSpecification) {
  const auto finished = Write({buffer::RandomRows(settings_.columns, 10, random_)});
  std::string text = finished.footer->schema()->ToString();
  std::erase(text, '\n');
  for (const char* part :
       {"optional boolean field_id=1 flag",
        "optional int32 field_id=2 number;",
        "optional int64 field_id=3 big;",
        "optional int32 field_id=6 day (Date)",
        "optional int64 field_id=7 clock (Time(isAdjustedToUTC=false, timeUnit=microseconds))",
        "optional int64 field_id=8 local (Timestamp(isAdjustedToUTC=false, timeUnit=microseconds",
        "optional int64 field_id=9 moment (Timestamp(isAdjustedToUTC=true, timeUnit=microseconds",
        "optional binary field_id=10 text (String)",
        "optional fixed_len_byte_array(16) field_id=11 uuid (UUID)",
        "optional binary field_id=12 bytes;",
        "optional int32 field_id=13 decimal9 (Decimal(precision=9, scale=2))",
        "optional int64 field_id=14 decimal18 (Decimal(precision=18, scale=4))",
        "optional fixed_len_byte_array(16) field_id=15 decimal38 (Decimal(precision=38, scale=10))",
        "optional fixed_len_byte_array(5) field_id=16 fixed;",
        "optional group field_id=17 tags (List)",
        "optional binary field_id=100 element (String)",
        "optional group field_id=18 counts (Map)",
        "required binary field_id=101 key (String)",
        "optional double field_id=102 value",
        "required double field_id=103 x",
        "optional binary field_id=104 label (String)"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

TEST_F(ParquetFileTest, FooterNamesTheWriterAndTheSchema) {
  settings_.schema_json = R"({"type":"struct"})";
  const auto finished = Write({buffer::RandomRows(settings_.columns, 10, random_)});
  EXPECT_EQ(finished.footer->created_by(), "kafka-iceberg");
  EXPECT_EQ(finished.footer->key_value_metadata()->Get("iceberg.schema").ValueOrDie(),
            settings_.schema_json);
}

TEST_F(ParquetFileTest, DictionariesAreWhereTheyWereChosen) {
  const auto rows = buffer::RandomRows(settings_.columns, 1000, random_, /*small_domain=*/true);
  const auto finished =
      Write({rows}, {{"text", false}, {"tags.list.element", false}, {"big", true}});
  std::map<std::string, bool> found;
  const auto group = finished.footer->RowGroup(0);
  for (int i = 0; i < group->num_columns(); ++i) {
    const auto chunk = group->ColumnChunk(i);
    found[chunk->path_in_schema()->ToDotString()] = chunk->has_dictionary_page();
  }
  EXPECT_FALSE(found["text"]);
  EXPECT_FALSE(found["tags.list.element"]);
  EXPECT_TRUE(found["big"]);
  EXPECT_TRUE(found["number"]);
}

TEST_F(ParquetFileTest, AFlippedBitInAPageIsNoticed) {
  settings_.options.compression = Compression::kNone;
  Write({buffer::RandomRows(settings_.columns, 500, random_)});
  std::string bytes = store_.Read(kLocation).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_THAT(store_.Write(kLocation, bytes), IsOk());
  const auto reader = ParquetReader::Open(store_, kLocation).value();
  EXPECT_THAT(reader->ReadAll([](const arrow::RecordBatch&) -> Status { return {}; }),
              IsError(ErrorCode::kCorrupt));
}

TEST_F(ParquetFileTest, SizeAndDigestAreThoseOfTheObject) {
  const auto finished = Write({buffer::RandomRows(settings_.columns, 100, random_)});
  const std::string bytes = store_.Read(kLocation).value();
  EXPECT_EQ(finished.object.location, kLocation);
  EXPECT_EQ(finished.object.size_bytes, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(finished.object.sha256, Sha256Hex(bytes));
}

TEST_F(ParquetFileTest, NothingIsVisibleBeforeFinish) {
  {
    auto file = Open(store_);
    const auto rows = buffer::RandomRows(settings_.columns, 100, random_);
    ASSERT_THAT(file->WriteRowGroup({&rows, 1}), IsOk());
    EXPECT_GT(file->bytes_written(), 100);
  }
  EXPECT_THAT(store_.Stat(kLocation), IsError(ErrorCode::kNotFound));
}

TEST_F(ParquetFileTest, StoreErrorsKeepTheirCode) {
  const auto rows = buffer::RandomRows(settings_.columns, 100, random_);
  storage::FaultStore faulty(store_);
  faulty.Inject({.operation = storage::StoreOperation::kAppend,
                 .skip = 1,
                 .times = 1000,
                 .error = Error(ErrorCode::kDenied, "no room here")});
  auto file = Open(faulty);
  const auto status = file->WriteRowGroup({&rows, 1});
  ASSERT_THAT(status, IsError(ErrorCode::kDenied));
  EXPECT_THAT(status.error().message(), ::testing::EndsWith("no room here"));
  faulty.ClearFaults();
  faulty.Inject(
      {.operation = storage::StoreOperation::kFinish, .error = Error(ErrorCode::kTimeout, "slow")});
  file = Open(faulty);
  ASSERT_THAT(file->WriteRowGroup({&rows, 1}), IsOk());
  EXPECT_THAT(file->Finish(), IsError(ErrorCode::kTimeout));
}

TEST_F(ParquetFileTest, ANullInARequiredColumnIsRefused) {
  settings_.columns = arrow::schema({arrow::field("id", arrow::int64(), /*nullable=*/false)});
  const auto rows =
      buffer::MakeRows(arrow::schema({arrow::field("id", arrow::int64())}), R"([{"id": 1}, {}])");
  const auto hidden = arrow::RecordBatch::Make(settings_.columns, 2, rows->columns());
  auto file = Open(store_);
  EXPECT_FALSE(file->WriteRowGroup({&hidden, 1}).ok());
}

}  // namespace
}  // namespace kafka_iceberg::write
