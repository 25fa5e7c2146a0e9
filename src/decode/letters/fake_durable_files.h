// SPDX-License-Identifier: Apache-2.0
//
// A file system in memory that can fail at any step and lose power: what was not synced is then
// gone, or half there, or all there, as with real disks. One folder. Used by one thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "decode/letters/durable_files.h"

namespace kafka_iceberg::decode {

class FakeDurableFiles final : public DurableFiles {
 public:
  enum class Loss : uint8_t { kNothing, kUnsyncedHalf, kUnsynced };

  // The change with this number (from 1), and all after it, fail; a write that fails has written
  // half. 0: none fails.
  void FailFrom(int64_t change) { fail_from_ = change; }
  // Only that one change fails.
  void FailOnce(int64_t change) { fail_once_ = change; }
  int64_t changes() const { return changes_; }
  // Forgets what a power cut would lose, and works again.
  void LosePower(Loss loss);

  // Content by file name, without the folder.
  std::map<std::string, std::string> Contents() const;

  Status CreateDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override;
  Result<std::unique_ptr<DurableFile>> Create(const std::string& path) override;
  Status Read(const std::string& path,
              const std::function<Status(std::string_view)>& piece) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status SyncDirectory(const std::string& directory) override;

 private:
  struct Inode {
    std::string content;
    size_t synced = 0;
  };
  class File;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  Status Change();

  Names live_;
  Names durable_;
  int64_t changes_ = 0;
  int64_t fail_from_ = 0;
  int64_t fail_once_ = 0;
};

}  // namespace kafka_iceberg::decode
