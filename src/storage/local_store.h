// SPDX-License-Identifier: Apache-2.0
//
// LocalStore: objects are files of the local disk (or of a mounted file system), their locations
// file:// URIs.
//
// Everything is written to a hidden temporary file, synced, and only then given its name, so that
// no reader and no crash ever sees half an object; files and folders are synced before success is
// reported. A process that dies may leave temporary files behind; they are never listed. Symbolic
// links are followed when named, never when listing.
#pragma once

#include "core/random.h"
#include "storage/object_store.h"

namespace kafka_iceberg::storage {

class LocalStore final : public ObjectStore {
 public:
  explicit LocalStore(Random& random) : random_(random) {}

  Result<std::string> Read(std::string_view location) override;
  Result<std::string> ReadRange(std::string_view location, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Stat(std::string_view location) override;
  Status Write(std::string_view location, std::string_view bytes) override;
  Status WriteIfAbsent(std::string_view location, std::string_view bytes) override;
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view location) override;
  Status List(std::string_view prefix,
              const std::function<void(const ObjectInfo&)>& visit) override;
  Result<std::vector<std::string>> ListFolders(std::string_view prefix) override;
  Status DeleteEmptyFolders(std::string_view prefix) override;
  Status Delete(std::string_view location) override;

 private:
  Random& random_;
};

}  // namespace kafka_iceberg::storage
