// SPDX-License-Identifier: Apache-2.0
//
// LetterRate: how many dead letters a second are too many. A budget of a few seconds' worth is
// refilled at the configured rate; when it is spent, ingest waits until it is refilled, so that
// letters come at the configured rate on average, however many records fail. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"

namespace kafka_iceberg::engine {

class LetterRate {
 public:
  // `per_second` 0: no limit.
  LetterRate(double per_second, Clock& clock);

  // Letters that were made, and why the last of them was.
  void Add(int64_t letters, const std::string& reason);
  // Whether to wait before more records are taken. Never for longer than half a minute at a time:
  // then some more are tried.
  bool must_wait();
  // Why ingest is held back; empty when it is not, or when letters have been fewer than allowed for
  // a while.
  std::string trouble();

 private:
  void Refill() REQUIRES(mutex_);

  const double per_second_;
  Clock& clock_;
  Mutex mutex_;
  double budget_ GUARDED_BY(mutex_);
  SteadyTime refilled_at_ GUARDED_BY(mutex_);
  bool limited_ GUARDED_BY(mutex_) = false;
  std::string reason_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::engine
