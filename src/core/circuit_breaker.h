// SPDX-License-Identifier: Apache-2.0
//
// CircuitBreaker: keeps calls away from something that has failed too often in a row (PRD part 8).
// Closed: calls go through. Open: none does, until a cool-down has passed. Half-open: one call at a
// time is let through as a probe; its success closes the circuit, its failure opens it again.
//
// Decides only; the caller makes the call and reports how it went. Safe for concurrent use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/mutex.h"

namespace kafka_iceberg {

struct CircuitBreakerOptions {
  int32_t failures_max = 5;  // in a row; one more opens the circuit
  Duration cool_down = std::chrono::seconds(5);
};

enum class CircuitState : uint8_t { kClosed, kOpen, kHalfOpen };
std::string_view ToString(CircuitState state);  // "closed", "open", "half_open"

class CircuitBreaker {
 public:
  // The right to make one call. Report at most one outcome; destroyed without one, the call says
  // nothing about the other side, and a probe may be made again. Outlived by its breaker.
  class Permit {
   public:
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&&) = delete;
    ~Permit();
    void Succeeded() { Report(Outcome::kSuccess); }
    void Failed() { Report(Outcome::kFailure); }

   private:
    friend class CircuitBreaker;
    enum class Outcome : uint8_t { kNone, kSuccess, kFailure };
    Permit(CircuitBreaker& breaker, uint64_t era) : breaker_(&breaker), era_(era) {}
    void Report(Outcome outcome);

    CircuitBreaker* breaker_;  // null once reported
    const uint64_t era_;
  };

  CircuitBreaker(CircuitBreakerOptions options, Clock& clock) : options_(options), clock_(clock) {}

  // Nothing: the circuit is open, or somebody else is probing.
  std::optional<Permit> TryAcquire();
  // The other side is known to work again: closed, whatever was counted.
  void Close();

  // kHalfOpen from the end of the cool-down on, whether a probe has been made or not.
  CircuitState state() const;
  int32_t failures() const;  // in a row
  // Until the next probe may be made; zero when it may be now (or is being made).
  Duration RetryIn() const;

 private:
  void Settle(uint64_t era, Permit::Outcome outcome);
  void Open() REQUIRES(mutex_);
  bool IsCoolingDown() const REQUIRES(mutex_);

  const CircuitBreakerOptions options_;
  Clock& clock_;
  mutable Mutex mutex_;
  // Counts openings and closings: a call that began before the last one says nothing about the
  // time after it.
  uint64_t era_ GUARDED_BY(mutex_) = 0;
  bool is_open_ GUARDED_BY(mutex_) = false;  // or half-open
  bool is_probing_ GUARDED_BY(mutex_) = false;
  int32_t failures_ GUARDED_BY(mutex_) = 0;
  SteadyTime opened_at_ GUARDED_BY(mutex_){0};
};

}  // namespace kafka_iceberg
