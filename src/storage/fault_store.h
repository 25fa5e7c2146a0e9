// SPDX-License-Identifier: Apache-2.0
//
// FaultStore wraps another ObjectStore and breaks chosen calls by script: by operation, by part of
// the location, the k-th call on; before the call, after it was applied, or by cutting what was
// read. A hook stops a call at that point, to let another thread run in between. Without faults it
// changes nothing. Safe for concurrent use.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "storage/object_store.h"

namespace kafka_iceberg::storage {

enum class StoreOperation : uint8_t {
  kRead,
  kReadRange,
  kStat,
  kWrite,
  kWriteIfAbsent,
  kOpenWriter,
  kAppend,
  kFinish,
  kList,
  kListFolders,
  kDelete,
};
inline constexpr size_t kStoreOperationCount = 11;

enum class StoreFaultKind : uint8_t {
  kFailBefore,  // not applied
  kFailAfter,   // applied, and reported as failed all the same
  kTruncate,    // Read, ReadRange: half of the bytes
  kHook,        // only the hook runs, before the call
};

struct StoreFault {
  StoreOperation operation = StoreOperation::kRead;
  StoreFaultKind kind = StoreFaultKind::kFailBefore;
  std::string location_contains = {};  // empty: any location
  int skip = 0;                        // matching calls that pass first
  int times = 1;                       // how many calls it hits; kAlways for all
  Error error = Error(ErrorCode::kUnavailable, "injected fault");
  std::function<void()> hook = {};  // runs when the fault hits

  static constexpr int kAlways = 1 << 30;
};

class FaultStore : public ObjectStore {
 public:
  explicit FaultStore(ObjectStore& inner) : inner_(inner) {}

  void Inject(StoreFault fault);
  void ClearFaults();
  // Calls so far, broken ones included.
  int64_t calls(StoreOperation operation) const;

  Result<std::string> Read(std::string_view location) override;
  Result<std::string> ReadRange(std::string_view location, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Stat(std::string_view location) override;
  Status Write(std::string_view location, std::string_view bytes) override;
  Status WriteIfAbsent(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view location) override;
  Status List(std::string_view prefix,
              const std::function<void(const ObjectInfo&)>& visit) override;
  Result<std::vector<std::string>> ListFolders(std::string_view prefix) override;
  bool ChecksUploads(std::string_view location) const override {
    return inner_.ChecksUploads(location);
  }
  Status DeleteEmptyFolders(std::string_view prefix) override {
    return inner_.DeleteEmptyFolders(prefix);
  }
  Status Delete(std::string_view location) override;

 private:
  class Writer;
  // What happens to one call.
  struct Verdict {
    StoreFaultKind kind = StoreFaultKind::kHook;
    Error error = Error(ErrorCode::kUnavailable, "");
  };
  Verdict Judge(StoreOperation operation, std::string_view location);
  template <typename ResultType>
  ResultType Run(StoreOperation operation, std::string_view location,
                 const std::function<ResultType()>& call);

  ObjectStore& inner_;
  mutable Mutex mutex_;
  std::vector<StoreFault> faults_ GUARDED_BY(mutex_);
  std::array<int64_t, kStoreOperationCount> calls_ GUARDED_BY(mutex_) = {};
};

}  // namespace kafka_iceberg::storage
