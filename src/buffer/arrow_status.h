// SPDX-License-Identifier: Apache-2.0
//
// arrow::Status and arrow::Result as ours: the fence between Arrow's errors and this program's. For
// .cc files only (it includes Arrow). Pure functions.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <utility>

#include "core/result.h"

namespace kafka_iceberg::buffer {

inline ErrorCode CodeOf(const arrow::Status& status) {
  switch (status.code()) {
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError: return ErrorCode::kUnavailable;
    case arrow::StatusCode::IOError: return ErrorCode::kIo;
    case arrow::StatusCode::NotImplemented: return ErrorCode::kUnsupported;
    case arrow::StatusCode::Cancelled: return ErrorCode::kCancelled;
    case arrow::StatusCode::SerializationError: return ErrorCode::kCorrupt;
    default: return ErrorCode::kInvalid;
  }
}

// Arrow's name collides with ours inside this namespace, hence the full spelling.
inline ::kafka_iceberg::Status FromArrow(const arrow::Status& status) {
  if (status.ok()) return {};
  return Error(CodeOf(status), status.message());
}

template <typename T>
::kafka_iceberg::Result<T> FromArrow(arrow::Result<T> result) {
  if (!result.ok()) return Error(CodeOf(result.status()), result.status().message());
  return std::move(result).MoveValueUnsafe();
}

}  // namespace kafka_iceberg::buffer
