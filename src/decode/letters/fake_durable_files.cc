// SPDX-License-Identifier: Apache-2.0
#include "decode/letters/fake_durable_files.h"

namespace kafka_iceberg::decode {

class FakeDurableFiles::File final : public DurableFile {
 public:
  File(FakeDurableFiles& files, std::shared_ptr<Inode> inode)
      : files_(files), inode_(std::move(inode)) {}

  Status Append(std::string_view bytes) override {
    const Status status = files_.Change();
    inode_->content += status.ok() ? bytes : bytes.substr(0, bytes.size() / 2);
    return status;
  }
  Status Sync() override {
    TRY(files_.Change());
    inode_->synced = inode_->content.size();
    return {};
  }

 private:
  FakeDurableFiles& files_;
  const std::shared_ptr<Inode> inode_;
};

Status FakeDurableFiles::Change() {
  ++changes_;
  if (fail_from_ > 0 && changes_ >= fail_from_) return Error::Io("no space left on device");
  if (changes_ == fail_once_) return Error::Io("input/output error");
  return {};
}

void FakeDurableFiles::LosePower(Loss loss) {
  if (loss != Loss::kNothing) {
    live_ = durable_;
    for (auto& [name, inode] : live_) {
      const size_t unsynced = inode->content.size() - inode->synced;
      inode->content.resize(inode->synced + (loss == Loss::kUnsyncedHalf ? unsynced / 2 : 0));
    }
  }
  for (auto& [name, inode] : live_) inode->synced = inode->content.size();
  durable_ = live_;
  fail_from_ = 0;
  fail_once_ = 0;
  changes_ = 0;
}

std::map<std::string, std::string> FakeDurableFiles::Contents() const {
  std::map<std::string, std::string> contents;
  for (const auto& [path, inode] : live_)
    contents[path.substr(path.rfind('/') + 1)] = inode->content;
  return contents;
}

Status FakeDurableFiles::CreateDirectory(const std::string&) { return {}; }

Result<std::vector<DirectoryEntry>> FakeDurableFiles::List(const std::string&) {
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, content] : Contents())
    entries.push_back({name, static_cast<int64_t>(content.size())});
  return entries;
}

Result<std::unique_ptr<DurableFile>> FakeDurableFiles::Create(const std::string& path) {
  TRY(Change());
  if (live_.contains(path)) return Error::Io("cannot create {}: file exists", path);
  live_[path] = std::make_shared<Inode>();
  return std::make_unique<File>(*this, live_[path]);
}

Status FakeDurableFiles::Read(const std::string& path,
                              const std::function<Status(std::string_view)>& piece) {
  const auto found = live_.find(path);
  if (found == live_.end()) return Error::Io("cannot open {}: no such file", path);
  // In small pieces, so that lines are cut anywhere.
  const std::string content = found->second->content;
  constexpr size_t kPiece = 7;
  for (size_t at = 0; at < content.size(); at += kPiece)
    TRY(piece(std::string_view(content).substr(at, kPiece)));
  return {};
}

Status FakeDurableFiles::Rename(const std::string& from, const std::string& to) {
  TRY(Change());
  const auto found = live_.find(from);
  if (found == live_.end()) return Error::Io("cannot rename {}: no such file", from);
  const auto inode = found->second;
  live_.erase(found);
  live_[to] = inode;
  return {};
}

Status FakeDurableFiles::Remove(const std::string& path) {
  TRY(Change());
  live_.erase(path);
  return {};
}

Status FakeDurableFiles::SyncDirectory(const std::string&) {
  TRY(Change());
  durable_ = live_;
  return {};
}

}  // namespace kafka_iceberg::decode
