// SPDX-License-Identifier: Apache-2.0
//
// MemoryAccount: how many bytes of Arrow memory are alive, whoever holds them. A batch that was
// charged to an account keeps its charge until the last holder of any of its columns (a view, a
// query's result, a slice) is gone, also after the hot buffer forgot it or is itself destroyed.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace arrow {
class RecordBatch;
}  // namespace arrow

namespace kafka_iceberg::buffer {

using MemoryAccount = std::atomic<int64_t>;

// A charge that is taken back when it is destroyed.
class MemoryCharge {
 public:
  MemoryCharge(std::shared_ptr<MemoryAccount> account, int64_t bytes)
      : account_(std::move(account)), bytes_(bytes) {
    account_->fetch_add(bytes_, std::memory_order_relaxed);
  }
  ~MemoryCharge() { account_->fetch_sub(bytes_, std::memory_order_relaxed); }
  MemoryCharge(const MemoryCharge&) = delete;
  MemoryCharge& operator=(const MemoryCharge&) = delete;

  int64_t bytes() const { return bytes_; }

 private:
  const std::shared_ptr<MemoryAccount> account_;
  const int64_t bytes_;
};

struct ChargedBatch {
  std::shared_ptr<arrow::RecordBatch> rows;  // the same memory; its buffers hold the charge
  int64_t bytes = 0;
};

// Charges the buffers of `rows` (whole buffers, plus a fixed sum for the batch itself) to the
// account. No copy.
ChargedBatch Charge(const arrow::RecordBatch& rows, const std::shared_ptr<MemoryAccount>& account);

}  // namespace kafka_iceberg::buffer
