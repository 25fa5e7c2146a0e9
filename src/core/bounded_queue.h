// SPDX-License-Identifier: Apache-2.0
//
// A queue between two stages, bounded in bytes. Push blocks while the queue is full (a single item
// larger than the limit is let in when the queue is empty, so nothing can be stuck for ever). Many
// producers, many consumers.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

#include "core/clock.h"
#include "core/mutex.h"

namespace kafka_iceberg {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t bytes_max) : bytes_max_(bytes_max) {}

  // False when `stop` was requested or the queue was closed before there was room; the item is then
  // dropped.
  bool Push(T item, size_t bytes, const std::stop_token& stop) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_);
    room_.wait(lock, stop, [&] { return closed_ || HasRoom(bytes); });
    if (closed_ || !HasRoom(bytes)) return false;
    Add(std::move(item), bytes);
    return true;
  }

  // Takes the item when there is room within `timeout`; otherwise leaves it with the caller and
  // returns false.
  bool PushFor(T& item, size_t bytes, Duration timeout) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_);
    room_.wait_for(lock, timeout, [&] { return closed_ || HasRoom(bytes); });
    if (closed_ || !HasRoom(bytes)) return false;
    Add(std::move(item), bytes);
    return true;
  }

  // Takes the item only when there is room now.
  bool TryPush(T&& item, size_t bytes) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_);
    if (closed_ || !HasRoom(bytes)) return false;
    Add(std::move(item), bytes);
    return true;
  }

  // Adds regardless of the limit: for control messages, which must not wait behind data. Dropped
  // when closed.
  void PushControl(T item) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_);
    if (!closed_) Add(std::move(item), 0);
  }

  // Nothing after `timeout`, or when the queue is closed and drained.
  std::optional<T> Pop(Duration timeout) NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_);
    items_ready_.wait_for(lock, timeout, [&] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    auto [item, bytes] = std::move(items_.front());
    items_.pop_front();
    bytes_ -= bytes;
    room_.notify_all();
    return std::move(item);
  }

  // No further pushes; what is inside can still be popped.
  void Close() NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_);
    closed_ = true;
    room_.notify_all();
    items_ready_.notify_all();
  }

  // Closed and empty: a consumer that sees this is done.
  bool drained() const NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_);
    return closed_ && items_.empty();
  }

  size_t bytes() const NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex_);
    return bytes_;
  }

 private:
  bool HasRoom(size_t bytes) const { return items_.empty() || bytes_ + bytes <= bytes_max_; }
  void Add(T item, size_t bytes) {
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    items_ready_.notify_one();
  }

  const size_t bytes_max_;
  // std::mutex rather than Mutex: condition_variable_any with a stop_token needs a lock it may
  // release itself.
  mutable std::mutex mutex_;
  std::condition_variable_any room_;
  std::condition_variable_any items_ready_;
  std::deque<std::pair<T, size_t>> items_;
  size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace kafka_iceberg
