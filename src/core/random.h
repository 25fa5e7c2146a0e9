// SPDX-License-Identifier: Apache-2.0
//
// The only source of randomness: uuids, snapshot ids, jitter. Seeded in tests (fake: SeededRandom),
// so every failure can be replayed. Safe for concurrent use.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "core/mutex.h"

namespace kafka_iceberg {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;

  // Uniform in [0, bound); bound > 0.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
};

// Reads the operating system's generator.
class SystemRandom final : public Random {
 public:
  uint64_t Next() override;

 private:
  Mutex mutex_;
  std::random_device device_ GUARDED_BY(mutex_);
};

// Repeatable; for tests and generated data.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t Next() override;

 private:
  Mutex mutex_;
  std::mt19937_64 engine_ GUARDED_BY(mutex_);
};

// A random (version 4) uuid in its canonical 36-character form.
std::string NewUuid(Random& random);

}  // namespace kafka_iceberg
