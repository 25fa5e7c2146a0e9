// SPDX-License-Identifier: Apache-2.0
//
// Renewing<Value>: keeps one value that runs out (credentials, a token) and fetches the next one
// in time: one caller fetches for all, those who can still use the old value do not wait, and a
// source that is away does no harm while the old value is good. Safe for concurrent use.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"

namespace kafka_iceberg::net {

template <typename Value>
class Renewing {
 public:
  struct Fetched {
    Value value;
    // Absent: never runs out.
    std::optional<Timestamp> expires_at = {};
    Duration renew_before = Duration::zero();
  };
  using Fetch = std::function<Result<Fetched>()>;

  // Calls `fetch` on the threads of callers, never twice at a time. `clock` outlives this.
  Renewing(Fetch fetch, Clock& clock) : fetch_(std::move(fetch)), clock_(clock) {}

  Result<Value> Get() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (auto value = FreshLocked()) return *std::move(value);
    if (!is_fetching_) return FetchLocked();
    if (auto value = UsableLocked()) return *std::move(value);
    return AwaitFlightLocked();
  }

  bool IsCurrent(const Value& value) const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return current_.has_value() && current_->value == value;
  }

  // The value is refused by whom it was made for: it is not handed out again unless the source
  // gives it again. Nothing happens when it is no longer the current one.
  void Reject(const Value& value) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (current_.has_value() && current_->value == value) current_.reset();
  }

 private:
  // How often a source is asked while what it gave before is still good.
  static constexpr Duration kAskAgainAfter = std::chrono::seconds(10);

  std::optional<Value> UsableLocked() const REQUIRES(mutex_) {
    if (!current_.has_value()) return std::nullopt;
    if (current_->expires_at.has_value() && clock_.Now() >= *current_->expires_at)
      return std::nullopt;
    return current_->value;
  }

  // Usable, and not yet (or not yet again) to be renewed.
  std::optional<Value> FreshLocked() const REQUIRES(mutex_) {
    std::optional<Value> value = UsableLocked();
    if (!value.has_value() || !current_->expires_at.has_value()) return value;
    const Timestamp now = clock_.Now();
    if (now < *current_->expires_at - current_->renew_before || now < ask_again_at_) return value;
    return std::nullopt;
  }

  // Takes the outcome of the flight that is under way, a failure included.
  Result<Value> AwaitFlightLocked() REQUIRES(mutex_) {
    const uint64_t awaited = flight_;
    while (flight_ == awaited) landed_.wait(mutex_);
    return last_;
  }

  // The lock is open while the source is asked.
  Result<Value> FetchLocked() REQUIRES(mutex_) {
    is_fetching_ = true;
    mutex_.unlock();
    Result<Fetched> fetched = fetch_();
    mutex_.lock();
    is_fetching_ = false;
    ++flight_;
    ask_again_at_ = clock_.Now() + kAskAgainAfter;
    if (fetched.ok()) {
      current_ = std::move(fetched).value();
      last_ = Error::Denied("what was fetched had already expired: check this machine's clock");
    } else {
      last_ = std::move(fetched).error();
    }
    if (const auto value = UsableLocked()) last_ = *value;
    landed_.notify_all();
    return last_;
  }

  const Fetch fetch_;
  Clock& clock_;
  mutable Mutex mutex_;
  CondVar landed_;
  bool is_fetching_ GUARDED_BY(mutex_) = false;
  uint64_t flight_ GUARDED_BY(mutex_) = 0;
  Timestamp ask_again_at_ GUARDED_BY(mutex_);
  std::optional<Fetched> current_ GUARDED_BY(mutex_);
  Result<Value> last_ GUARDED_BY(mutex_) = Error::Unavailable("not fetched yet");
};

}  // namespace kafka_iceberg::net
