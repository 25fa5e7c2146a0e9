// SPDX-License-Identifier: Apache-2.0
//
// GuardedCalls: what stands between a catalog manager and its catalog. Each call is counted, passes
// the circuit breaker, gets the client (connecting when need be), and its outcome is reported to
// the breaker; reads are tried again while a failure may pass. Owned by the catalog manager; safe
// for concurrent use.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>

#include "catalog/manager/catalog_connection.h"
#include "core/circuit_breaker.h"
#include "core/random.h"
#include "core/retry_policy.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::catalog {

struct GuardedCallsOptions {
  std::string catalog_type;
  CircuitBreakerOptions breaker;
  bool retries_reads = true;
  RetryPolicy read_retry;
  int32_t timeout_retries = 4;      // PRD part 8: after 100 ms, 500 ms, 2 s and 5 s
  int32_t unavailable_retries = 3;  // PRD part 8: 5xx
};

class GuardedCalls {
 public:
  // Counts a call for as long as it lives.
  class InFlight {
   public:
    explicit InFlight(GuardedCalls& calls) : calls_(&calls) {}
    InFlight(InFlight&& other) noexcept : calls_(std::exchange(other.calls_, nullptr)) {}
    InFlight& operator=(InFlight&&) = delete;
    ~InFlight() {
      if (calls_ != nullptr) calls_->Leave();
    }

   private:
    GuardedCalls* calls_;
  };
  // One call under way; ends when destroyed.
  class Passage {
   public:
    Passage(InFlight in_flight, CircuitBreaker::Permit permit, std::shared_ptr<Catalog> catalog)
        : in_flight_(std::move(in_flight)),
          permit_(std::move(permit)),
          catalog_(std::move(catalog)) {}
    const std::shared_ptr<Catalog>& catalog() const { return catalog_; }
    CircuitBreaker::Permit& permit() { return permit_; }

   private:
    InFlight in_flight_;  // first, so that it goes last: nothing of ours is touched after it
    CircuitBreaker::Permit permit_;
    std::shared_ptr<Catalog> catalog_;
  };

  GuardedCalls(GuardedCallsOptions options, CatalogConnection& connection, Clock& clock,
               Random& random, telemetry::Metrics& metrics);

  // kCancelled: stopped; kUnavailable: the circuit is open; otherwise why there is no client. In
  // each case the catalog was not asked.
  Result<Passage> Enter();

  // Calls `call` with the client (a const shared_ptr<Catalog>&), once.
  template <typename Call>
  std::invoke_result_t<Call, const std::shared_ptr<Catalog>&> Once(Call&& call) {
    Result<Passage> passage = Enter();
    if (!passage.ok()) return passage.error();
    auto answer = call(passage->catalog());
    Report(passage->permit(), answer.ok() ? nullptr : &answer.error());
    return answer;
  }

  // As Once, again and again while it times out or the catalog is unavailable (PRD part 8). For
  // calls that change nothing.
  template <typename Call>
  std::invoke_result_t<Call, const std::shared_ptr<Catalog>&> Read(Call&& call) {
    for (int32_t retry = 1;; ++retry) {
      auto answer = Once(call);
      if (answer.ok() || !WaitBefore(retry, answer.error())) return answer;
    }
  }

  // From now on Enter() gives kCancelled, and nothing waits between attempts.
  void Stop();
  int32_t in_flight() const;
  CircuitBreaker& breaker() { return breaker_; }
  const CircuitBreaker& breaker() const { return breaker_; }

 private:
  static void Report(CircuitBreaker::Permit& permit, const Error* error);
  bool WaitBefore(int32_t retry, const Error& error);
  Error CircuitOpen();
  void Leave();

  const GuardedCallsOptions options_;
  CatalogConnection& connection_;
  Clock& clock_;
  Random& random_;
  telemetry::Counter& rejections_;
  CircuitBreaker breaker_;
  std::stop_source stop_;
  mutable Mutex mutex_;
  int32_t in_flight_ GUARDED_BY(mutex_) = 0;
};

}  // namespace kafka_iceberg::catalog
