// SPDX-License-Identifier: Apache-2.0
#include "write/row_store.h"

#include <arrow/record_batch.h>

#include <utility>

#include "core/check.h"

namespace kafka_iceberg::write {
namespace {

// A shorter run is cheaper to copy than to encode as a chunk of its own in every column.
constexpr int32_t kSliceRowsMin = 256;

}  // namespace

uint32_t RowStore::Add(std::shared_ptr<arrow::RecordBatch> rows, int64_t bytes) {
  uint32_t number = 0;
  if (free_slots_.empty()) {
    number = static_cast<uint32_t>(batches_.size());
    batches_.emplace_back();
    slots_.emplace_back();
  } else {
    number = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[number] = {bytes, rows->num_rows()};
  batches_[number] = std::move(rows);
  bytes_ += bytes;
  return number;
}

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> RowStore::Read(
    std::span<const buffer::RowRun> runs) const {
  std::vector<std::shared_ptr<arrow::RecordBatch>> result;
  size_t from = 0;
  const auto gather_up_to = [&](size_t end) -> Status {
    if (from == end) return {};
    result.push_back(TRY(Gather(runs.subspan(from, end - from))));
    return {};
  };
  for (size_t i = 0; i < runs.size(); ++i) {
    const buffer::RowRun& run = runs[i];
    const auto& batch = batches_[run.source];
    if (run.length < kSliceRowsMin && run.length < batch->num_rows()) continue;
    TRY(gather_up_to(i));
    result.push_back(batch->Slice(run.start, run.length));
    from = i + 1;
  }
  TRY(gather_up_to(runs.size()));
  return result;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowStore::Gather(
    std::span<const buffer::RowRun> runs) const {
  return buffer::GatherRows(schema_, batches_, runs);
}

void RowStore::Release(std::span<const buffer::RowRun> runs) {
  for (const buffer::RowRun& run : runs) {
    Slot& slot = slots_[run.source];
    slot.rows_needed -= run.length;
    CHECK(slot.rows_needed >= 0);
    if (slot.rows_needed > 0 || batches_[run.source] == nullptr) continue;
    batches_[run.source].reset();
    free_slots_.push_back(run.source);
    bytes_ -= slot.bytes;
  }
}

void RowStore::Clear() {
  batches_.clear();
  slots_.clear();
  free_slots_.clear();
  bytes_ = 0;
}

}  // namespace kafka_iceberg::write
