// SPDX-License-Identifier: Apache-2.0
#include "core/circuit_breaker.h"

#include <algorithm>
#include <utility>

namespace kafka_iceberg {

std::string_view ToString(CircuitState state) {
  switch (state) {
    case CircuitState::kClosed: return "closed";
    case CircuitState::kOpen: return "open";
    case CircuitState::kHalfOpen: return "half_open";
  }
  return "unknown";
}

CircuitBreaker::Permit::Permit(Permit&& other) noexcept
    : breaker_(std::exchange(other.breaker_, nullptr)), era_(other.era_) {}

CircuitBreaker::Permit::~Permit() { Report(Outcome::kNone); }

void CircuitBreaker::Permit::Report(Outcome outcome) {
  if (breaker_ == nullptr) return;
  std::exchange(breaker_, nullptr)->Settle(era_, outcome);
}

std::optional<CircuitBreaker::Permit> CircuitBreaker::TryAcquire() {
  MutexLock lock(mutex_);
  if (is_open_) {
    if (is_probing_ || IsCoolingDown()) return std::nullopt;
    is_probing_ = true;
  }
  return Permit(*this, era_);
}

void CircuitBreaker::Settle(uint64_t era, Permit::Outcome outcome) {
  MutexLock lock(mutex_);
  if (era != era_) return;
  is_probing_ = false;
  if (outcome == Permit::Outcome::kNone) return;
  if (outcome == Permit::Outcome::kSuccess) {
    failures_ = 0;
    if (std::exchange(is_open_, false)) ++era_;
    return;
  }
  failures_ += failures_ < INT32_MAX ? 1 : 0;
  if (is_open_ || failures_ > options_.failures_max) Open();
}

void CircuitBreaker::Open() {
  ++era_;
  is_open_ = true;
  opened_at_ = clock_.Steady();
}

void CircuitBreaker::Close() {
  MutexLock lock(mutex_);
  ++era_;
  is_open_ = false;
  is_probing_ = false;
  failures_ = 0;
}

bool CircuitBreaker::IsCoolingDown() const {
  return clock_.Steady() - opened_at_ < options_.cool_down;
}

CircuitState CircuitBreaker::state() const {
  MutexLock lock(mutex_);
  if (!is_open_) return CircuitState::kClosed;
  return IsCoolingDown() ? CircuitState::kOpen : CircuitState::kHalfOpen;
}

int32_t CircuitBreaker::failures() const {
  MutexLock lock(mutex_);
  return failures_;
}

Duration CircuitBreaker::RetryIn() const {
  MutexLock lock(mutex_);
  if (!is_open_) return Duration::zero();
  return std::max(Duration::zero(), opened_at_ + options_.cool_down - clock_.Steady());
}

}  // namespace kafka_iceberg
