// SPDX-License-Identifier: Apache-2.0
//
// A mutex that clang's -Wthread-safety understands: members say GUARDED_BY(mutex_), functions
// REQUIRES(mutex_). Shared mutable state is rare here; most state moves between threads through a
// BoundedQueue instead.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define KI_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define KI_THREAD_ANNOTATION(x)
#endif
#define CAPABILITY(x) KI_THREAD_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY KI_THREAD_ANNOTATION(scoped_lockable)
#define GUARDED_BY(x) KI_THREAD_ANNOTATION(guarded_by(x))
#define REQUIRES(x) KI_THREAD_ANNOTATION(requires_capability(x))
#define EXCLUDES(x) KI_THREAD_ANNOTATION(locks_excluded(x))
#define ACQUIRE(...) KI_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) KI_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS KI_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace kafka_iceberg {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex that the caller holds; the interruptible waits return early when `stop` is
// requested.
using CondVar = std::condition_variable_any;

}  // namespace kafka_iceberg
