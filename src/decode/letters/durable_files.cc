// SPDX-License-Identifier: Apache-2.0
#include "decode/letters/durable_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace kafka_iceberg::decode {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr size_t kReadBytes = 256 << 10;

Error IoError(std::string_view what, const std::string& path) {
  return Error::Io("cannot {} {}: {}", what, path, std::strerror(errno));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

class PosixFile final : public DurableFile {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return IoError("write", path_);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return {};
  }

  Status Sync() override {
    if (::fsync(fd_.get()) != 0) return IoError("sync", path_);
    return {};
  }

 private:
  FileDescriptor fd_;
  const std::string path_;
};

class PosixFiles final : public DurableFiles {
 public:
  Status CreateDirectory(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return Error::Io("cannot create folder {}: {}", path, error.message());
    return {};
  }

  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override {
    std::vector<DirectoryEntry> entries;
    std::error_code error;
    for (auto it = std::filesystem::directory_iterator(directory, error);
         !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
      std::error_code ignored;  // an entry that vanished meanwhile is none
      if (!it->is_regular_file(ignored)) continue;
      const auto bytes = it->file_size(ignored);
      if (!ignored)
        entries.push_back({it->path().filename().string(), static_cast<int64_t>(bytes)});
    }
    if (error) return Error::Io("cannot list folder {}: {}", directory, error.message());
    return entries;
  }

  Result<std::unique_ptr<DurableFile>> Create(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
    if (fd < 0) return IoError("create", path);
    return std::make_unique<PosixFile>(fd, path);
  }

  Status Read(const std::string& path,
              const std::function<Status(std::string_view)>& piece) override {
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return IoError("open", path);
    std::vector<char> buffer(kReadBytes);
    while (true) {
      const ssize_t bytes = ::read(fd.get(), buffer.data(), buffer.size());
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes < 0) return IoError("read", path);
      if (bytes == 0) return {};
      TRY(piece(std::string_view(buffer.data(), static_cast<size_t>(bytes))));
    }
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return IoError("rename", from);
    return {};
  }

  Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return IoError("remove", path);
    return {};
  }

  Status SyncDirectory(const std::string& directory) override {
    const FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return IoError("open folder", directory);
    if (::fsync(fd.get()) != 0) return IoError("sync folder", directory);
    return {};
  }
};

}  // namespace

DurableFiles& PosixDurableFiles() {
  static PosixFiles files;
  return files;
}

}  // namespace kafka_iceberg::decode
