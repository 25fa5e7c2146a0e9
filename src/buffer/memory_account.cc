// SPDX-License-Identifier: Apache-2.0
#include "buffer/memory_account.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <utility>
#include <vector>

namespace kafka_iceberg::buffer {
namespace {

// Array objects, vectors and shared counters around one column's buffers; measured once, rounded
// up.
constexpr int64_t kBytesPerColumn = 512;

// Refers to another buffer's memory and keeps the batch's charge with it.
class ChargedBuffer final : public arrow::Buffer {
 public:
  ChargedBuffer(const std::shared_ptr<arrow::Buffer>& buffer, std::shared_ptr<MemoryCharge> charge)
      : arrow::Buffer(buffer, 0, buffer->size()), charge_(std::move(charge)) {}

 private:
  const std::shared_ptr<MemoryCharge> charge_;
};

std::shared_ptr<arrow::ArrayData> Wrap(const arrow::ArrayData& data,
                                       const std::shared_ptr<MemoryCharge>& charge) {
  auto wrapped = data.Copy();
  for (auto& buffer : wrapped->buffers) {
    if (buffer != nullptr) buffer = std::make_shared<ChargedBuffer>(buffer, charge);
  }
  // As deep as the schema's nesting, which is limited where the Arrow schema is made.
  for (auto& child : wrapped->child_data) child = Wrap(*child, charge);
  return wrapped;
}

}  // namespace

ChargedBatch Charge(const arrow::RecordBatch& rows, const std::shared_ptr<MemoryAccount>& account) {
  const int64_t bytes =
      arrow::util::TotalBufferSize(rows) + kBytesPerColumn * (rows.num_columns() + 1);
  auto charge = std::make_shared<MemoryCharge>(account, bytes);
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  columns.reserve(static_cast<size_t>(rows.num_columns()));
  for (int i = 0; i < rows.num_columns(); ++i)
    columns.push_back(Wrap(*rows.column_data(i), charge));
  return {arrow::RecordBatch::Make(rows.schema(), rows.num_rows(), std::move(columns)), bytes};
}

}  // namespace kafka_iceberg::buffer
