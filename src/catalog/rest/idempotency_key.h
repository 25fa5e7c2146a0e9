// SPDX-License-Identifier: Apache-2.0
//
// Idempotency keys of the REST protocol: a version 7 uuid for each logical request. A server that
// has seen the key answers as it did then, so a commit whose answer was lost keeps its key when it
// is sent again unchanged, and everything else gets a new one: after a conflict the old key would
// only bring the old conflict back. Safe for concurrent use.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/random.h"

namespace kafka_iceberg::catalog {

// RFC 9562: milliseconds since 1970 in front, the rest random.
std::string NewUuidV7(Clock& clock, Random& random);

// The keys of one table's commits.
class CommitKeys {
 public:
  CommitKeys(Clock& clock, Random& random) : clock_(clock), random_(random) {}

  std::string KeyFor(std::string_view body);
  // No answer that says how it ended: the same body keeps this key.
  void KeepForRetry(std::string_view body, std::string key);

 private:
  Clock& clock_;
  Random& random_;
  Mutex mutex_;
  std::string body_sha256_ GUARDED_BY(mutex_);
  std::string key_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
