// SPDX-License-Identifier: Apache-2.0
//
// The only source of time and of sleeping. Constructed once in main() and passed by reference, so
// that tests and the simulator own time (fake_clock.h). All implementations are safe for concurrent
// use.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

namespace kafka_iceberg {

using Duration = std::chrono::microseconds;
// Wall-clock time, UTC.
using Timestamp = std::chrono::sys_time<Duration>;
// Time since an arbitrary point; never goes backwards.
using SteadyTime = Duration;

class Clock {
 public:
  virtual ~Clock() = default;

  virtual Timestamp Now() const = 0;
  virtual SteadyTime Steady() const = 0;
  // Sleeps, or returns early with false when `stop` is requested.
  virtual bool SleepFor(Duration duration, std::stop_token stop) = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp Now() const override;
  SteadyTime Steady() const override;
  bool SleepFor(Duration duration, std::stop_token stop) override;
};

int64_t ToMillis(Timestamp time);
int64_t ToMicros(Timestamp time);
Timestamp FromMillis(int64_t unix_ms);
// "2026-01-08T14:30:00.123Z"
std::string ToRfc3339(Timestamp time);

}  // namespace kafka_iceberg
