// SPDX-License-Identifier: Apache-2.0
//
// RescueOptions: whether a decoder keeps what its columns do not take, and how much of it; what it
// keeps goes into one optional string column (rescue.h). A value.
#pragma once

#include <cstdint>
#include <string>

namespace kafka_iceberg::decode {

enum class RescueScope : uint8_t {
  kNothing,
  kFields,  // that no column takes
  kValues,  // and values that do not fit their column, if it is optional
};

struct RescueOptions {
  std::string column;  // an optional string column of the table; empty: nothing is rescued
  RescueScope scope = RescueScope::kNothing;
  int64_t bytes_max = 1LL << 20;  // of one row; a record with more is a dead letter, rescue_too_big
};

}  // namespace kafka_iceberg::decode
