// SPDX-License-Identifier: Apache-2.0
//
// The batches that a table writer still needs, by number, with the bytes they hold. A batch stays
// until all its rows were written or copied out; its memory is usually the hot buffer's own. Owned
// by one writer thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "buffer/row_gather.h"
#include "core/result.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace kafka_iceberg::write {

class RowStore {
 public:
  explicit RowStore(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}

  // The number under which runs refer to the batch; all its rows count as needed.
  uint32_t Add(std::shared_ptr<arrow::RecordBatch> rows, int64_t bytes);
  // The rows as batches, in order: long runs as slices without a copy, what lies scattered between
  // them gathered.
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Read(
      std::span<const buffer::RowRun> runs) const;
  // The rows as one batch of their own.
  Result<std::shared_ptr<arrow::RecordBatch>> Gather(std::span<const buffer::RowRun> runs) const;
  // The rows of these runs are not needed any more.
  void Release(std::span<const buffer::RowRun> runs);
  void Clear();

  int64_t bytes() const { return bytes_; }

 private:
  struct Slot {
    int64_t bytes = 0;
    int64_t rows_needed = 0;
  };
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;  // null: the slot is free
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  int64_t bytes_ = 0;
};

}  // namespace kafka_iceberg::write
