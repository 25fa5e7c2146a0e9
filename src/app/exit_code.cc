// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.h"

namespace kafka_iceberg::app {

ExitCode ExitCodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout: return kExitUnavailable;
    case ErrorCode::kIo: return kExitIo;
    case ErrorCode::kCommitUnknown:
    case ErrorCode::kConflict:
    case ErrorCode::kCancelled: return kExitTemporary;
    case ErrorCode::kDenied: return kExitPermission;
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnsupported: return kExitFailure;
  }
  return kExitFailure;
}

}  // namespace kafka_iceberg::app
