// SPDX-License-Identifier: Apache-2.0
//
// CatalogConnection: the catalog client behind a catalog manager. Made on first use; when that
// fails, made again after a back-off; replaced by a new one when it no longer answers. Whoever
// holds a client keeps it alive. Safe for concurrent use; one thread connects, the others wait.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

using CatalogFactory = std::function<Result<std::unique_ptr<Catalog>>()>;

class CatalogConnection {
 public:
  // After the nth failure in a row the next attempt is `backoff[min(n, size) - 1]` later.
  CatalogConnection(CatalogFactory factory, std::vector<Duration> backoff, Clock& clock);

  // The client, made when there is none. Errors as the factory's; within the back-off the last one
  // again, without asking.
  Result<std::shared_ptr<Catalog>> Get();
  // Null: not made yet.
  std::shared_ptr<Catalog> current() const;
  // Why Get() would fail without asking; absent when it would not.
  std::optional<Error> HeldBack() const;
  // Makes another client and keeps it when it answers; the old one goes on for those who hold it.
  Status Replace();
  // Whether anybody has asked for a client yet.
  bool is_wanted() const;

 private:
  std::optional<Error> HeldBackLocked() const REQUIRES(state_mutex_);

  const CatalogFactory factory_;
  const std::vector<Duration> backoff_;
  Clock& clock_;
  Mutex connect_mutex_;  // held while connecting; taken before state_mutex_
  mutable Mutex state_mutex_;
  std::shared_ptr<Catalog> catalog_ GUARDED_BY(state_mutex_);
  bool is_wanted_ GUARDED_BY(state_mutex_) = false;
  size_t failures_ GUARDED_BY(state_mutex_) = 0;  // in a row
  SteadyTime failed_at_ GUARDED_BY(state_mutex_){0};
  std::optional<Error> last_error_ GUARDED_BY(state_mutex_);
};

}  // namespace kafka_iceberg::catalog
