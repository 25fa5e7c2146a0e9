// SPDX-License-Identifier: Apache-2.0
//
// The fence around Thrift: what its exceptions mean to this program, and whether they prove that
// the server did nothing. A pure function.
#pragma once

#include <exception>
#include <string>

#include "core/result.h"

namespace kafka_iceberg::catalog {

struct HiveFailure {
  ErrorCode code = ErrorCode::kUnavailable;
  std::string message;                   // one line
  bool proves_nothing_happened = false;  // the server answered so
  bool ends_connection = true;
};

HiveFailure JudgeHiveFailure(const std::exception& exception);

}  // namespace kafka_iceberg::catalog
