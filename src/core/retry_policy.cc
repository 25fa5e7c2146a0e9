// SPDX-License-Identifier: Apache-2.0
#include "core/retry_policy.h"

#include <algorithm>

#include "core/check.h"

namespace kafka_iceberg {

Duration RetryPolicy::DelayAfter(int attempt, Random& random) const {
  CHECK(attempt >= 1 && !delays.empty());
  const Duration delay = delays[std::min(static_cast<size_t>(attempt), delays.size()) - 1];
  const auto jitter_max = static_cast<uint64_t>(delay.count() / 10) + 1;
  return delay + Duration(static_cast<int64_t>(random.Below(jitter_max)));
}

}  // namespace kafka_iceberg
