// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next attempt: a list of delays, the last one repeated, each with up
// to 10 % jitter. A value; the caller counts attempts and sleeps through its Clock.
#pragma once

#include <vector>

#include "core/clock.h"
#include "core/random.h"

namespace kafka_iceberg {

struct RetryPolicy {
  // After attempt n (from 1) wait delays[min(n, size) - 1]. PRD part 3.1, reconnect_backoff_ms.
  std::vector<Duration> delays = {std::chrono::milliseconds(100), std::chrono::milliseconds(500),
                                  std::chrono::seconds(2), std::chrono::seconds(5)};

  Duration DelayAfter(int attempt, Random& random) const;
};

}  // namespace kafka_iceberg
