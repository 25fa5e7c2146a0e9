// SPDX-License-Identifier: Apache-2.0
#include "storage/local_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/check.h"

namespace kafka_iceberg::storage {

namespace {

constexpr std::string_view kTemporaryPrefix = ".kafka-iceberg-tmp-";
// Linux transfers at most this much at a time anyway.
constexpr size_t kTransferBytesMax = 1 << 30;

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileHandle::~FileHandle() {
  if (is_open()) ::close(descriptor_);
}

Status FileHandle::Close(std::string_view path) {
  // After close() the descriptor is gone, whatever it answers.
  if (::close(std::exchange(descriptor_, -1)) != 0) return FileError(errno, "close", path);
  return {};
}

Error FileError(int error_number, std::string_view action, std::string_view path) {
  const std::string reason = std::generic_category().message(error_number);
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: return Error::NotFound("cannot {} {}: {}", action, path, reason);
    case EEXIST: return Error::AlreadyExists("cannot {} {}: {}", action, path, reason);
    case EACCES:
    case EPERM:
    case EROFS:
      return Error::Denied("cannot {} {}: {}: check owner and permissions of the folder", action,
                           path, reason);
    case ENOSPC:
    case EDQUOT: return Error::Io("cannot {} {}: {}: free some space", action, path, reason);
    case EMFILE:
    case ENFILE:
      return Error::Io("cannot {} {}: {}: raise the limit of open files", action, path, reason);
    case ENAMETOOLONG:
    case ELOOP:
    case EISDIR: return Error::Invalid("cannot {} {}: {}", action, path, reason);
    default: return Error::Io("cannot {} {}: {}", action, path, reason);
  }
}

Result<OpenedFile> OpenForReading(const std::string& path) {
  // O_NONBLOCK: a pipe with nobody at its other end must not hang us; it means nothing for regular
  // files.
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!handle.is_open()) return FileError(errno, "open", path);
  struct stat status{};
  if (::fstat(handle.descriptor(), &status) != 0) return FileError(errno, "stat", path);
  // A folder is not an object, as on a store that knows no folders.
  if (S_ISDIR(status.st_mode)) return Error::NotFound("cannot open {}: it is a folder", path);
  if (!S_ISREG(status.st_mode)) return Error::Invalid("cannot open {}: not a regular file", path);
  return OpenedFile{std::move(handle), status.st_size};
}

Result<std::string> ReadAt(const OpenedFile& file, int64_t offset, int64_t length,
                           const std::string& path) {
  CHECK(offset >= 0 && length >= 0);
  if (offset >= file.size_bytes) return std::string();
  std::string bytes(static_cast<size_t>(std::min(length, file.size_bytes - offset)), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(file.handle.descriptor(), bytes.data() + done,
                                  std::min(bytes.size() - done, kTransferBytesMax),
                                  offset + static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "read", path);
    if (count == 0) break;  // cut by somebody since it was opened
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

Status SyncFolder(const std::string& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open()) return FileError(errno, "open folder", folder);
  if (::fsync(handle.descriptor()) != 0) return FileError(errno, "sync folder", folder);
  return {};
}

Status CreateFolders(const std::string& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return Error::Invalid("cannot create folder {}: a file has that name", folder);
  }
  if (errno == ENOTDIR)
    return Error::Invalid("cannot create folder {}: a file stands in its path", folder);
  if (errno != ENOENT) return FileError(errno, "look up folder", folder);
  const std::string parent = FolderOf(folder);
  // Depth is bounded by the length of a location.
  if (parent != folder) TRY(CreateFolders(parent));
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return FileError(errno, "create folder", folder);
  return SyncFolder(parent);
}

Status RenameIfAbsent(const std::string& from, const std::string& to) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
    return {};
  if (errno == EINVAL || errno == ENOSYS) {
    return Error::Unsupported(
        "cannot create {} atomically: its file system has neither hard links nor exclusive rename; "
        "put the warehouse "
        "on another one",
        to);
  }
  return FileError(errno, "create", to);
}

bool IsTemporaryName(std::string_view name) { return name.starts_with(kTemporaryPrefix); }

Result<TemporaryFile> TemporaryFile::Create(const std::string& target, Random& random) {
  const std::string folder = FolderOf(target);
  // The usual case is one call: the folder exists.
  for (int attempt = 0; attempt < 8; ++attempt) {
    std::string path = fmt::format("{}/{}{:016x}", folder, kTemporaryPrefix, random.Next());
    FileHandle handle(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (handle.is_open()) return TemporaryFile(std::move(handle), std::move(path), target);
    if (errno == ENOENT || errno == ENOTDIR) {
      TRY(CreateFolders(folder));
    } else if (errno != EEXIST) {
      return FileError(errno, "write in folder", folder);
    }
  }
  return Error::Io("cannot write {}: its folder keeps disappearing", target);
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Status TemporaryFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::write(handle_.descriptor(), bytes.data(), std::min(bytes.size(), kTransferBytesMax));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(errno, "write", target_);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Status TemporaryFile::SyncAndClose() {
  // A failed fsync is final: the kernel may have dropped the pages, a second one would lie.
  if (::fsync(handle_.descriptor()) != 0) return FileError(errno, "sync", target_);
  return handle_.Close(target_);
}

Status TemporaryFile::Publish() {
  TRY(SyncAndClose());
  if (::rename(path_.c_str(), target_.c_str()) != 0) return FileError(errno, "write", target_);
  path_.clear();
  return SyncFolder(FolderOf(target_));
}

Status TemporaryFile::PublishIfAbsent() {
  TRY(SyncAndClose());
  if (::link(path_.c_str(), target_.c_str()) != 0) {
    // Some file systems know no hard links, and say so in different ways.
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
      return FileError(errno, "create", target_);
    TRY(RenameIfAbsent(path_, target_));
    path_.clear();
  }
  return SyncFolder(FolderOf(target_));
}

}  // namespace kafka_iceberg::storage
