// SPDX-License-Identifier: Apache-2.0
#include "catalog/manager/catalog_connection.h"

#include <algorithm>

#include "core/check.h"

namespace kafka_iceberg::catalog {

CatalogConnection::CatalogConnection(CatalogFactory factory, std::vector<Duration> backoff,
                                     Clock& clock)
    : factory_(std::move(factory)), backoff_(std::move(backoff)), clock_(clock) {
  CHECK(!backoff_.empty());
}

std::shared_ptr<Catalog> CatalogConnection::current() const {
  MutexLock lock(state_mutex_);
  return catalog_;
}

bool CatalogConnection::is_wanted() const {
  MutexLock lock(state_mutex_);
  return is_wanted_;
}

std::optional<Error> CatalogConnection::HeldBack() const {
  MutexLock lock(state_mutex_);
  return HeldBackLocked();
}

std::optional<Error> CatalogConnection::HeldBackLocked() const {
  if (catalog_ != nullptr || failures_ == 0) return std::nullopt;
  const Duration wait = backoff_[std::min(failures_, backoff_.size()) - 1];
  return clock_.Steady() - failed_at_ < wait ? last_error_ : std::nullopt;
}

Result<std::shared_ptr<Catalog>> CatalogConnection::Get() {
  {
    MutexLock lock(state_mutex_);
    is_wanted_ = true;
    if (catalog_ != nullptr) return catalog_;
  }
  MutexLock connecting(connect_mutex_);
  {
    // Somebody else may have tried while we waited.
    MutexLock lock(state_mutex_);
    if (catalog_ != nullptr) return catalog_;
    if (auto held_back = HeldBackLocked()) return *std::move(held_back);
  }
  Result<std::unique_ptr<Catalog>> made = factory_();
  MutexLock lock(state_mutex_);
  if (!made.ok()) {
    ++failures_;
    failed_at_ = clock_.Steady();
    last_error_ = made.error();
    return made.error();
  }
  failures_ = 0;
  catalog_ = std::move(made).value();
  return catalog_;
}

Status CatalogConnection::Replace() {
  MutexLock connecting(connect_mutex_);
  std::shared_ptr<Catalog> fresh = TRY(factory_());
  TRY(fresh->CheckHealth());
  MutexLock lock(state_mutex_);
  failures_ = 0;
  catalog_ = std::move(fresh);
  return {};
}

}  // namespace kafka_iceberg::catalog
