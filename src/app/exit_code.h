// SPDX-License-Identifier: Apache-2.0
//
// The exit codes of every command: a contract that scripts and service managers rely on, so none of
// them ever changes its meaning. Pure.
#pragma once

#include "core/result.h"

namespace kafka_iceberg::app {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,
  kExitUsage = 2,
  kExitDifference = 10,   // a check ran and found a difference
  kExitUnavailable = 69,  // Kafka, catalog or store away
  kExitIo = 74,
  kExitTemporary = 75,  // undecided; start again
  kExitPermission = 77,
  kExitConfiguration = 78,
  kExitSignalBase = 128,
};

ExitCode ExitCodeFor(ErrorCode code);

}  // namespace kafka_iceberg::app
