// SPDX-License-Identifier: Apache-2.0
//
// A logger that remembers what it was told, so that tests can ask for lines and levels.
// Owned by the test; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/mutex.h"
#include "telemetry/logger.h"

namespace kafka_iceberg::telemetry {

class FakeLogger final : public Logger {
 public:
  struct Line {
    LogLevel level;
    std::string message;
    LogFields fields;
  };

  void Log(LogLevel level, std::string_view message, const LogFields& fields) override {
    MutexLock lock(mutex_);
    lines_.push_back({level, std::string(message), fields});
  }
  std::vector<Line> lines() const {
    MutexLock lock(mutex_);
    return lines_;
  }
  int CountAtLeast(LogLevel level) const {
    MutexLock lock(mutex_);
    int count = 0;
    for (const Line& line : lines_) count += line.level >= level ? 1 : 0;
    return count;
  }

 private:
  mutable Mutex mutex_;
  std::vector<Line> lines_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::telemetry
