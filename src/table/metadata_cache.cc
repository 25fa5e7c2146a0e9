// SPDX-License-Identifier: Apache-2.0
#include "table/metadata_cache.h"

namespace kafka_iceberg::table {
namespace {

const telemetry::Labels kKey = {{"key", "snapshot_id"}};

}  // namespace

MetadataCache::MetadataCache(catalog::TableOperations& table, Clock& clock,
                             telemetry::Metrics& metrics, Duration ttl)
    : table_(table),
      clock_(clock),
      ttl_(ttl),
      hits_(metrics.GetCounter("iceberg_metadata_cache_hits_total", kKey)),
      misses_(metrics.GetCounter("iceberg_metadata_cache_misses_total", kKey)),
      hit_rate_(metrics.GetGauge("iceberg_metadata_cache_hit_rate", kKey)),
      confirmed_at_(clock.Steady()) {}

CachedVersion MetadataCache::Get() {
  MutexLock lock(mutex_);
  const SteadyTime now = clock_.Steady();
  if (valid_ && now - confirmed_at_ <= ttl_) {
    hits_.Add();
  } else {
    misses_.Add();
    if (table_.Refresh().ok()) {
      confirmed_at_ = now;
      valid_ = true;
    }
  }
  hit_rate_.Set(hits_.value() / (hits_.value() + misses_.value()));
  return {.version = table_.Current(), .age = now - confirmed_at_};
}

void MetadataCache::Invalidate() {
  MutexLock lock(mutex_);
  valid_ = false;
}

}  // namespace kafka_iceberg::table
