// SPDX-License-Identifier: Apache-2.0
//
// The file system as SQLite sees it, for tests: counts every write, sync and truncation, and lets
// chosen ones fail. While it exists it is SQLite's default, so that code under test needs no seam.
// Syncs that succeed do nothing. One at a time, used by one thread.
#pragma once

#include <cstdint>
#include <limits>

namespace kafka_iceberg::commit {

class FakeFailingVfs {
 public:
  enum class Failure : uint8_t {
    kDiskFull,    // nothing is written
    kWriteFails,  // half of it is written
    kSyncFails,   // writes succeed, the sync reports an error
  };

  FakeFailingVfs();
  ~FakeFailingVfs();
  FakeFailingVfs(const FakeFailingVfs&) = delete;
  FakeFailingVfs& operator=(const FakeFailingVfs&) = delete;

  // Operation `first` (counted from 1, from now on) and the `times - 1` after it fail.
  static void FailFrom(int64_t first, Failure failure,
                       int64_t times = std::numeric_limits<int32_t>::max());
  static void StopFailing();
  // Operations since FailFrom; only those that `failure` concerns count.
  static int64_t operations();
};

}  // namespace kafka_iceberg::commit
