// SPDX-License-Identifier: Apache-2.0
//
// CatalogChecks: carries the results of health checks from the catalog manager's thread to the
// committer, which alone writes the transaction log. Safe for concurrent use.
#pragma once

#include <utility>
#include <vector>

#include "catalog/manager/health_monitor.h"
#include "core/mutex.h"

namespace kafka_iceberg::engine {

class CatalogChecks {
 public:
  void Add(const catalog::CatalogCheck& check) {
    MutexLock lock(mutex_);
    // Nobody takes them while a commit waits for the catalog: the oldest story is kept, and told
    // when the committer comes back.
    if (checks_.size() < kChecksMax) checks_.push_back(check);
  }
  std::vector<catalog::CatalogCheck> Take() {
    MutexLock lock(mutex_);
    return std::exchange(checks_, {});
  }

 private:
  static constexpr size_t kChecksMax = 1000;

  Mutex mutex_;
  std::vector<catalog::CatalogCheck> checks_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::engine
