// SPDX-License-Identifier: Apache-2.0
//
// The system calls behind LocalStore, with errno turned into errors that name the path, and
// TemporaryFile: a hidden file that disappears unless it is published under its final name. Used by
// one thread at a time. Internal to storage/.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/random.h"
#include "core/result.h"

namespace kafka_iceberg::storage {

// Owns a file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();

  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  // Closes and reports what the file system kept back until now.
  Status Close(std::string_view path);

 private:
  int descriptor_ = -1;
};

// `error_number` (errno) as an error: "cannot <action> <path>: <reason>".
Error FileError(int error_number, std::string_view action, std::string_view path);

// A regular file opened for reading, and its size; kInvalid for anything that is not a regular
// file.
struct OpenedFile {
  FileHandle handle;
  int64_t size_bytes = 0;
};
Result<OpenedFile> OpenForReading(const std::string& path);

// Up to `length` bytes from `offset`; fewer when the file ends before.
Result<std::string> ReadAt(const OpenedFile& file, int64_t offset, int64_t length,
                           const std::string& path);

// Creates the folder and its parents; each new name is durable.
Status CreateFolders(const std::string& folder);
// Makes the names inside `folder` durable.
Status SyncFolder(const std::string& folder);

// Gives `from` the name `to` unless that name is taken (kAlreadyExists), without hard links.
Status RenameIfAbsent(const std::string& from, const std::string& to);

// Whether `name` is that of a TemporaryFile, perhaps left behind by a process that died.
bool IsTemporaryName(std::string_view name);

class TemporaryFile {
 public:
  // In the folder of `target`, which is created when missing.
  static Result<TemporaryFile> Create(const std::string& target, Random& random);
  TemporaryFile(TemporaryFile&&) noexcept = default;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  // Removes the file unless it was published.
  ~TemporaryFile();

  Status Write(std::string_view bytes);
  // Bytes, then name, on stable storage. Publish replaces an object of that name; the other one
  // gives kAlreadyExists.
  Status Publish();
  Status PublishIfAbsent();

 private:
  TemporaryFile(FileHandle handle, std::string path, std::string target)
      : handle_(std::move(handle)), path_(std::move(path)), target_(std::move(target)) {}
  Status SyncAndClose();

  FileHandle handle_;
  std::string path_;  // empty once there is nothing to remove
  std::string target_;
};

}  // namespace kafka_iceberg::storage
