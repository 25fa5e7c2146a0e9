// SPDX-License-Identifier: Apache-2.0
//
// MetadataCache: a table's current version for those who only look (status, readers), so that they
// do not ask the catalog each time. Answers are at most `ttl` old; while the catalog is away the
// last one is given, with its age. One look-up at a time. Owned by the engine; thread-safe. Commits
// never read from here.
#pragma once

#include <cstdint>

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::table {

struct CachedVersion {
  catalog::TableVersion version;
  Duration age{0};  // since the catalog confirmed it
};

class MetadataCache {
 public:
  // PRD part 3.4: the snapshot id is trusted for a second.
  MetadataCache(catalog::TableOperations& table, Clock& clock, telemetry::Metrics& metrics,
                Duration ttl = std::chrono::seconds(1));

  CachedVersion Get();
  // After a commit: the next Get() asks.
  void Invalidate();

 private:
  catalog::TableOperations& table_;
  Clock& clock_;
  const Duration ttl_;
  telemetry::Counter& hits_;
  telemetry::Counter& misses_;
  telemetry::Gauge& hit_rate_;
  Mutex mutex_;
  SteadyTime confirmed_at_ GUARDED_BY(mutex_);
  bool valid_ GUARDED_BY(mutex_) = true;
};

}  // namespace kafka_iceberg::table
