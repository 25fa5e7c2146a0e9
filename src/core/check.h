// SPDX-License-Identifier: Apache-2.0
//
// CHECK aborts the process when one of *our own* invariants is broken. It is on in every build and
// is never used on input: restart and the table's ledger are the recovery path.
#pragma once

namespace kafka_iceberg {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace kafka_iceberg

#define CHECK(condition)                                                 \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::kafka_iceberg::CheckFailed(#condition, __FILE_NAME__, __LINE__); \
  } while (false)
