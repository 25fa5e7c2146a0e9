// SPDX-License-Identifier: Apache-2.0
//
// Writers, one committer and readers at once; meant to run under ThreadSanitizer too. The committed
// table is modelled as "rows committed up to snapshot n", so a reader can check that view + table
// holds every row exactly once.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>
#include <thread>

#include "buffer/hot_buffer.h"
#include "core/check.h"
#include "core/fake_clock.h"
#include "core/mutex.h"

namespace kafka_iceberg::buffer {
namespace {

constexpr int kWriters = 3;
constexpr int kEpochs = 40;
constexpr int kBatchesPerEpoch = 5;
constexpr int kRowsPerBatch = 17;

const std::shared_ptr<arrow::Schema>& Schema() {
  static const auto schema = arrow::schema(
      {arrow::field("writer", arrow::int32()), arrow::field("offset", arrow::int64())});
  return schema;
}

std::shared_ptr<arrow::RecordBatch> Offsets(int writer, int64_t start) {
  arrow::Int32Builder writers;
  arrow::Int64Builder offsets;
  for (int64_t i = 0; i < kRowsPerBatch; ++i) {
    EXPECT_TRUE(writers.Append(writer).ok() && offsets.Append(start + i).ok());
  }
  return arrow::RecordBatch::Make(Schema(), kRowsPerBatch,
                                  {writers.Finish().ValueOrDie(), offsets.Finish().ValueOrDie()});
}

// What the committer has put into the table: per snapshot, the next offset of each writer.
class TableModel {
 public:
  using Ledger = std::array<int64_t, kWriters>;

  void Add(int64_t snapshot_id, const Ledger& ledger) {
    MutexLock lock(mutex_);
    CHECK(snapshot_id == static_cast<int64_t>(ledgers_.size()));
    ledgers_.push_back(ledger);
  }
  Ledger At(std::optional<int64_t> snapshot_id) const {
    MutexLock lock(mutex_);
    return snapshot_id ? ledgers_.at(static_cast<size_t>(*snapshot_id)) : Ledger{};
  }

 private:
  mutable Mutex mutex_;
  std::vector<Ledger> ledgers_ GUARDED_BY(mutex_);
};

class Scenario {
 public:
  void Run() {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) readers.emplace_back([this] { Read(); });
    readers.emplace_back([this] { Search(); });
    for (uint64_t epoch = 1; epoch <= kEpochs; ++epoch) RunEpoch(epoch);
    done_ = true;
    readers.clear();
    EXPECT_GT(views_checked_, 0);
    EXPECT_EQ(buffer_.rows(), 0);
    EXPECT_EQ(buffer_.bytes(), 0);
  }

 private:
  // Writers fill the next epoch while the committer commits, or now and then discards, the one
  // before.
  void RunEpoch(uint64_t epoch) {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([this, writer, epoch] { Write(writer, epoch); });
    }
    std::jthread committer([this, epoch] { Commit(epoch - 1); });
    writers.clear();
    committer.join();
    if (epoch % 7 == 0) {
      buffer_.DiscardFrom(epoch);  // the records are read again
      for (int writer = 0; writer < kWriters; ++writer) {
        written_[static_cast<size_t>(writer)] -= kBatchesPerEpoch * kRowsPerBatch;
        Write(writer, epoch);
      }
    }
    epoch_end_ = written_;
    if (epoch == kEpochs) Commit(epoch);
  }

  void Write(int writer, uint64_t epoch) {
    int64_t& next = written_[static_cast<size_t>(writer)];
    for (int i = 0; i < kBatchesPerEpoch; ++i) {
      buffer_.Append(epoch, Offsets(writer, next));
      next += kRowsPerBatch;
    }
  }

  void Commit(uint64_t epoch) {
    if (epoch == 0) return;
    table_.Add(next_snapshot_, epoch_end_);
    buffer_.Commit(epoch, next_snapshot_++);
  }

  void Read() {
    do {
      CheckView(*buffer_.View());
      ++views_checked_;
    } while (!done_);
  }

  // Per writer: table rows [0, ledger), then the hot offsets, each once and without a hole.
  void CheckView(const ReadView& view) const {
    TableModel::Ledger next = table_.At(view.snapshot_id);
    for (const auto& batch : view.batches) {
      const auto& writers = static_cast<const arrow::Int32Array&>(*batch->rows->column(0));
      const auto& offsets = static_cast<const arrow::Int64Array&>(*batch->rows->column(1));
      int64_t& expected = next[static_cast<size_t>(writers.Value(0))];
      for (int64_t i = 0; i < offsets.length(); ++i) ASSERT_EQ(offsets.Value(i), expected++);
    }
  }

  void Search() const {
    do {
      const auto found = buffer_.Lookup("offset", "3");
      ASSERT_TRUE(found.ok());
      ASSERT_LE((*found)->num_rows(), kWriters);
      ASSERT_TRUE(buffer_.Query({{"writer", Predicate::Op::kEq, "1"}}, {"offset"}, 10).ok());
      EXPECT_FALSE(buffer_.full());
    } while (!done_);
  }

  FakeClock clock_;
  HotBuffer buffer_{{}, Schema(), clock_};
  TableModel table_;
  TableModel::Ledger written_{};
  TableModel::Ledger epoch_end_{};
  int64_t next_snapshot_ = 0;
  std::atomic<bool> done_ = false;
  std::atomic<int64_t> views_checked_ = 0;
};

TEST(HotBufferConcurrency, ViewAndTableHoldEveryRowOnce) { Scenario().Run(); }

}  // namespace
}  // namespace kafka_iceberg::buffer
