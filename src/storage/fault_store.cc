// SPDX-License-Identifier: Apache-2.0
#include "storage/fault_store.h"

#include <type_traits>
#include <utility>

namespace kafka_iceberg::storage {

class FaultStore::Writer final : public ObjectWriter {
 public:
  Writer(FaultStore& store, std::unique_ptr<ObjectWriter> inner, std::string location)
      : store_(store), inner_(std::move(inner)), location_(std::move(location)) {}

  Status Append(std::string_view bytes) override {
    return store_.Run<Status>(StoreOperation::kAppend, location_,
                              [&] { return inner_->Append(bytes); });
  }
  Result<WrittenObject> Finish() override {
    return store_.Run<Result<WrittenObject>>(StoreOperation::kFinish, location_,
                                             [&] { return inner_->Finish(); });
  }

 private:
  FaultStore& store_;
  const std::unique_ptr<ObjectWriter> inner_;
  const std::string location_;
};

void FaultStore::Inject(StoreFault fault) {
  MutexLock lock(mutex_);
  faults_.push_back(std::move(fault));
}

void FaultStore::ClearFaults() {
  MutexLock lock(mutex_);
  faults_.clear();
}

int64_t FaultStore::calls(StoreOperation operation) const {
  MutexLock lock(mutex_);
  return calls_[static_cast<size_t>(operation)];
}

FaultStore::Verdict FaultStore::Judge(StoreOperation operation, std::string_view location) {
  Verdict verdict;
  std::function<void()> hook;
  {
    MutexLock lock(mutex_);
    ++calls_[static_cast<size_t>(operation)];
    for (StoreFault& fault : faults_) {
      if (fault.operation != operation || fault.times == 0) continue;
      if (location.find(fault.location_contains) == std::string_view::npos) continue;
      if (fault.skip > 0) {
        --fault.skip;
        continue;
      }
      if (fault.times != StoreFault::kAlways) --fault.times;
      verdict = {fault.kind, fault.error};
      hook = fault.hook;
      break;
    }
  }
  if (hook) hook();
  return verdict;
}

template <typename ResultType>
ResultType FaultStore::Run(StoreOperation operation, std::string_view location,
                           const std::function<ResultType()>& call) {
  const Verdict verdict = Judge(operation, location);
  if (verdict.kind == StoreFaultKind::kFailBefore) return verdict.error.WithContext(location);
  ResultType result = call();
  if (verdict.kind == StoreFaultKind::kFailAfter) return verdict.error.WithContext(location);
  if constexpr (std::is_same_v<ResultType, Result<std::string>>) {
    if (verdict.kind == StoreFaultKind::kTruncate && result.ok()) {
      result.value().resize(result.value().size() / 2);
    }
  }
  return result;
}

Result<std::string> FaultStore::Read(std::string_view location) {
  return Run<Result<std::string>>(StoreOperation::kRead, location,
                                  [&] { return inner_.Read(location); });
}

Result<std::string> FaultStore::ReadRange(std::string_view location, int64_t offset,
                                          int64_t length) {
  return Run<Result<std::string>>(StoreOperation::kReadRange, location,
                                  [&] { return inner_.ReadRange(location, offset, length); });
}

Result<ObjectInfo> FaultStore::Stat(std::string_view location) {
  return Run<Result<ObjectInfo>>(StoreOperation::kStat, location,
                                 [&] { return inner_.Stat(location); });
}

Status FaultStore::Write(std::string_view location, std::string_view bytes) {
  return Run<Status>(StoreOperation::kWrite, location,
                     [&] { return inner_.Write(location, bytes); });
}

Status FaultStore::WriteIfAbsent(std::string_view location, std::string_view bytes) {
  return Run<Status>(StoreOperation::kWriteIfAbsent, location,
                     [&] { return inner_.WriteIfAbsent(location, bytes); });
}

Result<std::unique_ptr<ObjectWriter>> FaultStore::OpenWriter(std::string_view location) {
  using Opened = Result<std::unique_ptr<ObjectWriter>>;
  return Run<Opened>(StoreOperation::kOpenWriter, location, [&]() -> Opened {
    return std::make_unique<Writer>(*this, TRY(inner_.OpenWriter(location)), std::string(location));
  });
}

Status FaultStore::List(std::string_view prefix,
                        const std::function<void(const ObjectInfo&)>& visit) {
  return Run<Status>(StoreOperation::kList, prefix, [&] { return inner_.List(prefix, visit); });
}

Result<std::vector<std::string>> FaultStore::ListFolders(std::string_view prefix) {
  return Run<Result<std::vector<std::string>>>(StoreOperation::kListFolders, prefix,
                                               [&] { return inner_.ListFolders(prefix); });
}

Status FaultStore::Delete(std::string_view location) {
  return Run<Status>(StoreOperation::kDelete, location, [&] { return inner_.Delete(location); });
}

}  // namespace kafka_iceberg::storage
