// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/idempotency_key.h"

#include <fmt/format.h>

#include "core/hashing.h"

namespace kafka_iceberg::catalog {

std::string NewUuidV7(Clock& clock, Random& random) {
  const auto millis = static_cast<uint64_t>(ToMillis(clock.Now())) & 0xffff'ffff'ffff;
  const uint64_t high = (millis << 16) | 0x7000 | (random.Next() & 0x0fff);
  const uint64_t low = (uint64_t{0b10} << 62) | (random.Next() >> 2);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffff'ffff'ffff);
}

std::string CommitKeys::KeyFor(std::string_view body) {
  const std::string sha256 = Sha256Hex(body);
  const MutexLock lock(mutex_);
  if (!key_.empty() && sha256 == body_sha256_) return std::exchange(key_, {});
  return NewUuidV7(clock_, random_);
}

void CommitKeys::KeepForRetry(std::string_view body, std::string key) {
  std::string sha256 = Sha256Hex(body);
  const MutexLock lock(mutex_);
  body_sha256_ = std::move(sha256);
  key_ = std::move(key);
}

}  // namespace kafka_iceberg::catalog
