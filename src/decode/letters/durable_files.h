// SPDX-License-Identifier: Apache-2.0
//
// What the dead letter store asks of the file system, and no more: small enough that a fake can
// lose power at every step (fake_durable_files.h). Nothing is durable before Sync() of the file and
// SyncDirectory() of its folder. Errors are kIo and name the path. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::decode {

class DurableFile {
 public:
  virtual ~DurableFile() = default;
  virtual Status Append(std::string_view bytes) = 0;
  virtual Status Sync() = 0;
};

struct DirectoryEntry {
  std::string name;
  int64_t bytes = 0;
};

class DurableFiles {
 public:
  virtual ~DurableFiles() = default;
  // With all its parents; fine when it is there already.
  virtual Status CreateDirectory(const std::string& path) = 0;
  // Regular files only, in no order.
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& directory) = 0;
  // A new file; an error when the name is taken.
  virtual Result<std::unique_ptr<DurableFile>> Create(const std::string& path) = 0;
  // Feeds the whole file in pieces, until `piece` fails.
  virtual Status Read(const std::string& path,
                      const std::function<Status(std::string_view)>& piece) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;
  virtual Status SyncDirectory(const std::string& directory) = 0;
};

// The operating system's files, readable by this user only.
DurableFiles& PosixDurableFiles();

}  // namespace kafka_iceberg::decode
