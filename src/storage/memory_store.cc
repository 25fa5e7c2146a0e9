// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_store.h"

#include <vector>

#include "core/hashing.h"
#include "storage/location.h"

namespace kafka_iceberg::storage {

namespace {

class MemoryWriter final : public ObjectWriter {
 public:
  MemoryWriter(MemoryStore& store, std::string location)
      : store_(store), location_(std::move(location)) {}

  Status Append(std::string_view bytes) override {
    if (finished_) return Error::Io("cannot write {}: it is finished already", location_);
    bytes_.append(bytes);
    return {};
  }

  Result<WrittenObject> Finish() override {
    if (finished_) return Error::Io("cannot finish {}: it is finished already", location_);
    finished_ = true;
    TRY(store_.Write(location_, bytes_));
    return WrittenObject{location_, static_cast<int64_t>(bytes_.size()), Sha256Hex(bytes_)};
  }

 private:
  MemoryStore& store_;
  const std::string location_;
  std::string bytes_;
  bool finished_ = false;
};

}  // namespace

Result<MemoryStore::Object> MemoryStore::Find(std::string_view location) const {
  TRY(SplitLocation(location));
  MutexLock lock(mutex_);
  const auto found = objects_.find(location);
  if (found == objects_.end()) return Error::NotFound("cannot read {}: no such object", location);
  return found->second;
}

Result<std::string> MemoryStore::Read(std::string_view location) {
  return *TRY(Find(location)).bytes;
}

Result<std::string> MemoryStore::ReadRange(std::string_view location, int64_t offset,
                                           int64_t length) {
  if (offset < 0 || length < 0) {
    return Error::Invalid("cannot read {}: range of {} bytes from {}", location, length, offset);
  }
  const Object object = TRY(Find(location));
  if (offset >= static_cast<int64_t>(object.bytes->size())) return std::string();
  return object.bytes->substr(static_cast<size_t>(offset), static_cast<size_t>(length));
}

Result<ObjectInfo> MemoryStore::Stat(std::string_view location) {
  const Object object = TRY(Find(location));
  return ObjectInfo{std::string(location), static_cast<int64_t>(object.bytes->size()),
                    object.modified_at};
}

Status MemoryStore::Write(std::string_view location, std::string_view bytes) {
  TRY(SplitLocation(location));
  auto copy = std::make_shared<const std::string>(bytes);
  MutexLock lock(mutex_);
  objects_.insert_or_assign(std::string(location), Object{std::move(copy), clock_.Now()});
  return {};
}

Status MemoryStore::WriteIfAbsent(std::string_view location, std::string_view bytes) {
  TRY(SplitLocation(location));
  auto copy = std::make_shared<const std::string>(bytes);
  MutexLock lock(mutex_);
  const bool created =
      objects_.try_emplace(std::string(location), Object{std::move(copy), clock_.Now()}).second;
  if (!created) return Error::AlreadyExists("cannot create {}: the object exists", location);
  return {};
}

Result<std::unique_ptr<ObjectWriter>> MemoryStore::OpenWriter(std::string_view location) {
  TRY(SplitLocation(location));
  return std::make_unique<MemoryWriter>(*this, std::string(location));
}

Status MemoryStore::List(std::string_view prefix,
                         const std::function<void(const ObjectInfo&)>& visit) {
  TRY(SplitLocation(prefix));
  std::vector<ObjectInfo> found;
  {
    const std::string first = JoinLocation(prefix, "");
    MutexLock lock(mutex_);
    for (auto at = objects_.lower_bound(first);
         at != objects_.end() && at->first.starts_with(first); ++at) {
      found.push_back(
          {at->first, static_cast<int64_t>(at->second.bytes->size()), at->second.modified_at});
    }
  }
  // Outside the lock: `visit` may call this store.
  for (const ObjectInfo& object : found) visit(object);
  return {};
}

Status MemoryStore::Delete(std::string_view location) {
  TRY(SplitLocation(location));
  MutexLock lock(mutex_);
  if (const auto found = objects_.find(location); found != objects_.end()) objects_.erase(found);
  return {};
}

}  // namespace kafka_iceberg::storage
