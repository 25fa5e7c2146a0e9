// SPDX-License-Identifier: Apache-2.0
#include "decode/growable_buffer.h"

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <algorithm>

#include "core/check.h"

namespace kafka_iceberg::decode {
namespace {

constexpr int64_t kFirstBytes = 1024;
// A finished buffer may waste this share of its size (a quarter) before the rest is given back.
constexpr int64_t kWasteShift = 2;

}  // namespace

void GrowableBuffer::Grow(int64_t bytes) {
  if (owner_ == nullptr) {
    auto fresh = arrow::AllocateResizableBuffer(0);
    CHECK(fresh.ok());
    owner_ = *std::move(fresh);
  }
  const int64_t wanted = std::max({bytes, capacity_ * 2, expected_bytes_, kFirstBytes});
  CHECK(owner_->Resize(wanted, /*shrink_to_fit=*/false).ok());
  data_ = owner_->mutable_data();
  capacity_ = wanted;
}

std::shared_ptr<arrow::Buffer> GrowableBuffer::Finish(int64_t bytes) {
  CHECK(bytes <= capacity_ || bytes == 0);
  if (owner_ == nullptr) Grow(1);
  const bool wasteful = capacity_ - bytes > (bytes >> kWasteShift) + kFirstBytes;
  CHECK(owner_->Resize(bytes, /*shrink_to_fit=*/wasteful).ok());
  owner_->ZeroPadding();
  expected_bytes_ = bytes + bytes / 8;
  std::shared_ptr<arrow::Buffer> finished = std::move(owner_);
  owner_ = nullptr;
  data_ = nullptr;
  capacity_ = 0;
  return finished;
}

}  // namespace kafka_iceberg::decode
