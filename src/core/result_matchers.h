// SPDX-License-Identifier: Apache-2.0
//
// gmock matchers for Result and Status, for tests only: EXPECT_THAT(result,
// IsError(ErrorCode::kConflict)). They print the error's message when they do not match.
#pragma once

#include <gmock/gmock.h>

#include "core/result.h"

namespace kafka_iceberg {

MATCHER(IsOk, "is ok") {
  if (arg.ok()) return true;
  *result_listener << ToString(arg.error().code()) << ": " << arg.error().message();
  return false;
}

MATCHER_P(IsError, code, "is the error " + std::string(ToString(code))) {
  if (arg.ok()) {
    *result_listener << "ok";
    return false;
  }
  *result_listener << ToString(arg.error().code()) << ": " << arg.error().message();
  return arg.error().code() == code;
}

}  // namespace kafka_iceberg
