// SPDX-License-Identifier: Apache-2.0
//
// ConnectionHealth: what keeps the client from its brokers right now, from the client's errors and
// statistics. Says so once, then again every ten seconds while it lasts, so that a broker that is
// away for an hour is neither forgotten nor a flood.
//
// Fed on the poll thread; trouble() may be called from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"

namespace kafka_iceberg::kafka {

inline constexpr Duration kTroubleRepeat = std::chrono::seconds(10);

class ConnectionHealth {
 public:
  // Something is wrong that may heal by itself.
  void OnError(Error error);
  // The broker answers, and refuses a topic ("": the group). Said once by the client, so it is
  // remembered until that topic (any topic) is read after all.
  void OnRefused(std::string topic, Error error);
  void OnAllowed(std::string_view topic);
  // A broker answers.
  void OnBrokerUp();
  // From the client's statistics (JSON): is any broker connected. False when that is not known: it
  // is looked at only while something is wrong, or at first.
  bool OnStatistics(std::string_view json);
  // What to tell the owner now, if anything.
  std::optional<Error> Due(SteadyTime now);

  std::optional<Error> trouble() const;

 private:
  const std::optional<Error>& Current() const REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::optional<Error> trouble_ GUARDED_BY(mutex_);
  std::optional<Error> refused_ GUARDED_BY(mutex_);  // outlives broken connections
  std::string refused_topic_ GUARDED_BY(mutex_);
  bool ever_up_ GUARDED_BY(mutex_) = false;
  bool fresh_ GUARDED_BY(mutex_) = false;  // an error came in since the last statistics
  ErrorCode told_ GUARDED_BY(mutex_) = ErrorCode::kUnavailable;
  std::optional<SteadyTime> told_at_ GUARDED_BY(mutex_);
};

// Whether the statistics name a real broker (not a role like "GroupCoordinator") in state UP. False
// for garbage.
bool AnyBrokerUp(std::string_view statistics_json);

}  // namespace kafka_iceberg::kafka
