// SPDX-License-Identifier: Apache-2.0
//
// A clock that moves only when told to, or when somebody sleeps; sleeping itself takes no time.
// Owned by the test; safe for concurrent use.
#pragma once

#include <atomic>

#include "core/clock.h"

namespace kafka_iceberg {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(
      Timestamp start = Timestamp(std::chrono::seconds(1'767'882'600)))  // 2026-01-08T14:30:00Z
      : start_(start) {}

  Timestamp Now() const override { return start_ + Duration(elapsed_us_.load()); }
  SteadyTime Steady() const override { return Duration(elapsed_us_.load()); }
  bool SleepFor(Duration duration, std::stop_token stop) override {
    Advance(duration);
    return !stop.stop_requested();
  }
  void Advance(Duration duration) { elapsed_us_ += duration.count(); }

 private:
  const Timestamp start_;
  std::atomic<int64_t> elapsed_us_{0};
};

}  // namespace kafka_iceberg
