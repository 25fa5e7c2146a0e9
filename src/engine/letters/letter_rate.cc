// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace kafka_iceberg::engine {
namespace {

constexpr double kBurstSeconds = 5;
constexpr double kDebtSeconds = 30;

}  // namespace

LetterRate::LetterRate(double per_second, Clock& clock)
    : per_second_(per_second),
      clock_(clock),
      budget_(per_second * kBurstSeconds),
      refilled_at_(clock.Steady()) {}

void LetterRate::Add(int64_t letters, const std::string& reason) {
  if (per_second_ <= 0) return;
  MutexLock lock(mutex_);
  Refill();
  budget_ = std::max(budget_ - static_cast<double>(letters), -per_second_ * kDebtSeconds);
  if (budget_ >= 0) return;
  limited_ = true;
  reason_ = reason;
}

bool LetterRate::must_wait() {
  if (per_second_ <= 0) return false;
  MutexLock lock(mutex_);
  Refill();
  return budget_ < 0;
}

std::string LetterRate::trouble() {
  if (per_second_ <= 0) return {};
  MutexLock lock(mutex_);
  Refill();
  if (!limited_) return {};
  return fmt::format(
      "more than dead_letter.max_rate = {} dead letters a second: ingest is held back (the last "
      "one: {})",
      per_second_, reason_);
}

void LetterRate::Refill() {
  const SteadyTime now = clock_.Steady();
  const double seconds = std::chrono::duration<double>(now - refilled_at_).count();
  refilled_at_ = now;
  const double full = per_second_ * kBurstSeconds;
  budget_ = std::min(budget_ + seconds * per_second_, full);
  if (budget_ >= full) limited_ = false;
}

}  // namespace kafka_iceberg::engine
