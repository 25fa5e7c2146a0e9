// SPDX-License-Identifier: Apache-2.0
#include "core/random.h"

#include <fmt/format.h>

namespace kafka_iceberg {

uint64_t SystemRandom::Next() {
  MutexLock lock(mutex_);
  return (static_cast<uint64_t>(device_()) << 32) | device_();
}

uint64_t SeededRandom::Next() {
  MutexLock lock(mutex_);
  return engine_();
}

std::string NewUuid(Random& random) {
  const uint64_t high = (random.Next() & 0xffff'ffff'ffff'0fffULL) | 0x4000;
  const uint64_t low = (random.Next() & 0x3fff'ffff'ffff'ffffULL) | 0x8000'0000'0000'0000ULL;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffff'ffff'ffffULL);
}

}  // namespace kafka_iceberg
