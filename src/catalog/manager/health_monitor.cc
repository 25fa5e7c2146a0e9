// SPDX-License-Identifier: Apache-2.0
#include "catalog/manager/health_monitor.h"

#include <algorithm>

#include "core/check.h"

namespace kafka_iceberg::catalog {
namespace {

constexpr int32_t kFailuresBeforeAlert = 3;
// How soon calls that fail between two checks are noticed.
constexpr Duration kTickMax = std::chrono::seconds(1);

}  // namespace

HealthMonitor::HealthMonitor(HealthMonitorOptions options, std::function<Status()> ask,
                             Clock& clock, telemetry::Logger& logger, telemetry::Metrics& metrics)
    : options_(std::move(options)),
      ask_(std::move(ask)),
      clock_(clock),
      logger_(logger),
      status_gauge_(metrics.GetGauge("iceberg_catalog_health_status",
                                     {{"catalog_type", options_.catalog_type}})) {
  CHECK(!options_.reconnect_backoff.empty());
  status_gauge_.Set(1);
}

Duration HealthMonitor::Tick(bool has_trouble) {
  if (UntilNext(has_trouble) <= Duration::zero()) Ask();
  return std::min(UntilNext(has_trouble), kTickMax);
}

Duration HealthMonitor::UntilNext(bool has_trouble) const {
  if (!asked_at_) return Duration::zero();
  Duration wait = options_.interval;
  if (has_trouble || attempts_ > 0) {
    const std::vector<Duration>& backoff = options_.reconnect_backoff;
    const size_t failures = std::clamp<size_t>(attempts_, 1, backoff.size());
    wait = std::min(wait, backoff[failures - 1]);
  }
  return *asked_at_ + wait - clock_.Steady();
}

void HealthMonitor::Ask() {
  const SteadyTime started = clock_.Steady();
  const Status status = ask_();
  asked_at_ = clock_.Steady();
  if (status.ok()) {
    Passed();
  } else {
    const bool counts = attempts_ == 0 || *asked_at_ - counted_at_ >= options_.interval;
    if (counts) counted_at_ = *asked_at_;
    ++attempts_;
    Failed(status.error(), counts);
  }
  if (options_.on_check) {
    options_.on_check({status, *asked_at_ - started, Get().failures_in_a_row});
  }
}

void HealthMonitor::Passed() {
  attempts_ = 0;
  status_gauge_.Set(1);
  CatalogHealth before;
  {
    MutexLock lock(mutex_);
    before = health_;
    const bool is_news = !before.is_healthy || !before.since;
    health_ = {.since = is_news ? clock_.Now() : before.since, .passed_at = clock_.Now()};
  }
  if (before.is_healthy) return;
  const auto away = std::chrono::floor<std::chrono::seconds>(clock_.Now() - *before.since);
  logger_.Info("the catalog answers again",
               {{"catalog_type", options_.catalog_type}, {"seconds_without_answer", away.count()}});
}

void HealthMonitor::Failed(const Error& error, bool counts) {
  status_gauge_.Set(0);
  int32_t failures = 0;
  {
    MutexLock lock(mutex_);
    if (health_.is_healthy) health_.since = clock_.Now();
    health_.is_healthy = false;
    health_.last_error = error.message();
    health_.failures_in_a_row += counts ? 1 : 0;
    health_.is_alerting = health_.failures_in_a_row >= kFailuresBeforeAlert;
    failures = health_.failures_in_a_row;
  }
  if (!counts) return;
  const telemetry::LogFields fields = {{"catalog_type", options_.catalog_type},
                                       {"reason", error.message()},
                                       {"failures_in_a_row", failures}};
  if (failures == 1) {
    logger_.Warn("the catalog does not answer; consuming and buffering go on", fields);
  } else if (failures == kFailuresBeforeAlert) {
    logger_.Error(
        "the catalog has not answered several checks in a row; commits wait until it does", fields);
  }
}

CatalogHealth HealthMonitor::Get() const {
  MutexLock lock(mutex_);
  return health_;
}

}  // namespace kafka_iceberg::catalog
