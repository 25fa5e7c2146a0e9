// SPDX-License-Identifier: Apache-2.0
//
// GrowableBuffer: memory a column is built in, which becomes an arrow::Buffer without being copied.
//
// Owned by one Column. Remembers how large it was last time, so that the next batch is built
// without growing step by step. Running out of memory aborts the process: restart and the table's
// ledger are the recovery path.
#pragma once

#include <cstdint>
#include <memory>

namespace arrow {
class Buffer;
class ResizableBuffer;
}  // namespace arrow

namespace kafka_iceberg::decode {

class GrowableBuffer {
 public:
  GrowableBuffer() = default;
  GrowableBuffer(GrowableBuffer&&) noexcept = default;
  GrowableBuffer& operator=(GrowableBuffer&&) noexcept = default;

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  template <typename T>
  T* As() {
    return reinterpret_cast<T*>(data_);
  }
  template <typename T>
  const T* As() const {
    return reinterpret_cast<const T*>(data_);
  }

  // Makes at least `bytes` writable; what is there is kept, what is new is undefined.
  void Ensure(int64_t bytes) {
    if (bytes > capacity_) [[unlikely]]
      Grow(bytes);
  }
  // Hands over the first `bytes` and starts empty.
  std::shared_ptr<arrow::Buffer> Finish(int64_t bytes);

 private:
  void Grow(int64_t bytes);

  uint8_t* data_ = nullptr;
  int64_t capacity_ = 0;
  int64_t expected_bytes_ = 0;
  std::shared_ptr<arrow::ResizableBuffer> owner_;
};

}  // namespace kafka_iceberg::decode
