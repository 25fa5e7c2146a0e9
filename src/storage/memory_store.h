// SPDX-License-Identifier: Apache-2.0
//
// MemoryStore: objects in memory, under any location ("memory://warehouse/x", or any other scheme).
// For tests and for trying things out; nothing survives the process. Safe for concurrent use.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"
#include "storage/object_store.h"

namespace kafka_iceberg::storage {

class MemoryStore final : public ObjectStore {
 public:
  explicit MemoryStore(const Clock& clock) : clock_(clock) {}

  Result<std::string> Read(std::string_view location) override;
  Result<std::string> ReadRange(std::string_view location, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Stat(std::string_view location) override;
  Status Write(std::string_view location, std::string_view bytes) override;
  Status WriteIfAbsent(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view location) override;
  Status List(std::string_view prefix,
              const std::function<void(const ObjectInfo&)>& visit) override;
  Status Delete(std::string_view location) override;

 private:
  // Bytes are shared, so that a reader copies them outside the lock.
  struct Object {
    std::shared_ptr<const std::string> bytes;
    Timestamp modified_at;
  };
  Result<Object> Find(std::string_view location) const;

  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, Object, std::less<>> objects_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::storage
