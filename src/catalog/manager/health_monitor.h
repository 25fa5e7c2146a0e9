// SPDX-License-Identifier: Apache-2.0
//
// HealthMonitor: decides when a catalog is asked whether it is well, and tells about it: the metric
// iceberg_catalog_health_status, one WARN when it stops answering, one ERROR after three failed
// checks in a row (PRD part 3.1), one INFO when it is back. Between failed checks it asks again
// with the back-off for reconnecting; those attempts are not counted as checks. Has no thread of
// its own: Tick() belongs to one thread, Get() to any.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/circuit_breaker.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::catalog {

struct CatalogHealth {
  bool is_healthy = true;     // the last check passed, or none was made yet
  bool is_alerting = false;   // three or more checks failed in a row
  bool is_connected = false;  // the catalog's client was made
  CircuitState circuit = CircuitState::kClosed;
  int32_t failures_in_a_row = 0;       // of checks
  std::string last_error;              // of the last check; empty when it passed
  std::optional<Timestamp> since;      // of is_healthy; absent before the first check
  std::optional<Timestamp> passed_at;  // the last check that passed
};

// One answer to "are you well", for the transaction log.
struct CatalogCheck {
  Status status;
  Duration took{0};
  int32_t failures_in_a_row = 0;
};

struct HealthMonitorOptions {
  std::string catalog_type;
  Duration interval = std::chrono::seconds(60);
  std::vector<Duration> reconnect_backoff;
  std::function<void(const CatalogCheck&)> on_check;  // may be empty; called by Tick()
};

class HealthMonitor {
 public:
  // `ask` asks the catalog, reconnecting when need be.
  HealthMonitor(HealthMonitorOptions options, std::function<Status()> ask, Clock& clock,
                telemetry::Logger& logger, telemetry::Metrics& metrics);

  // Asks when it is time to: each `interval`, and soon when `has_trouble` (calls fail) or the last
  // answer was bad. Returns how long to wait before the next Tick.
  Duration Tick(bool has_trouble);

  // Without what only the manager knows: is_connected and circuit.
  CatalogHealth Get() const;

 private:
  Duration UntilNext(bool has_trouble) const;
  void Ask();
  void Passed();
  void Failed(const Error& error, bool counts);

  const HealthMonitorOptions options_;
  const std::function<Status()> ask_;
  Clock& clock_;
  telemetry::Logger& logger_;
  telemetry::Gauge& status_gauge_;
  std::optional<SteadyTime> asked_at_;
  SteadyTime counted_at_{0};  // the last failure that was counted
  size_t attempts_ = 0;       // since the last good answer
  mutable Mutex mutex_;
  CatalogHealth health_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
