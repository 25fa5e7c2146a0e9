// SPDX-License-Identifier: Apache-2.0
#include "storage/local_listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "storage/local_file.h"
#include "storage/location.h"

namespace kafka_iceberg::storage {

namespace {

constexpr int kDepthMax = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

struct PendingFolder {
  std::string path;
  std::string location;
  int depth = 0;
};

// Null when the folder is gone.
Result<Directory> OpenFolder(const PendingFolder& folder) {
  // The top may be a link (a warehouse on another disk); what is inside must not lead out of it.
  const int no_follow = folder.depth == 0 ? 0 : O_NOFOLLOW;
  const int descriptor =
      ::open(folder.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | no_follow);
  if (descriptor < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return Directory();
    return FileError(errno, "list", folder.path);
  }
  Directory directory(::fdopendir(descriptor));
  if (!directory) {
    const int error_number = errno;
    ::close(descriptor);
    return FileError(error_number, "list", folder.path);
  }
  return directory;
}

using VisitEntry = std::function<Status(std::string_view name, const struct stat& status)>;

Status ForEachEntry(const PendingFolder& folder, const VisitEntry& visit) {
  const Directory directory = TRY(OpenFolder(folder));
  if (!directory) return {};
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) {
      if (errno != 0) return FileError(errno, "list", folder.path);
      return {};
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || IsTemporaryName(name)) continue;
    struct stat status{};
    if (::fstatat(::dirfd(directory.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      return FileError(errno, "look up", JoinLocation(folder.path, name));
    }
    TRY(visit(name, status));
  }
}

}  // namespace

ObjectInfo InfoOf(std::string location, const struct stat& status) {
  const auto modified_at =
      std::chrono::seconds(status.st_mtim.tv_sec) +
      std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(status.st_mtim.tv_nsec));
  return {std::move(location), status.st_size, Timestamp(modified_at)};
}

Status ListFiles(const std::string& folder, std::string_view location,
                 const std::function<void(const ObjectInfo&)>& visit) {
  std::vector<PendingFolder> pending = {{folder, std::string(location), 0}};
  while (!pending.empty()) {
    const PendingFolder next = std::move(pending.back());
    pending.pop_back();
    TRY(ForEachEntry(next, [&](std::string_view name, const struct stat& status) -> Status {
      if (S_ISREG(status.st_mode)) visit(InfoOf(JoinLocation(next.location, name), status));
      if (!S_ISDIR(status.st_mode)) return {};
      if (next.depth == kDepthMax) {
        return Error::Unsupported("cannot list {}: folders nested deeper than {}", next.path,
                                  kDepthMax);
      }
      pending.push_back(
          {JoinLocation(next.path, name), JoinLocation(next.location, name), next.depth + 1});
      return {};
    }));
  }
  return {};
}

Result<std::vector<std::string>> FolderNames(const std::string& folder) {
  std::vector<std::string> names;
  TRY(ForEachEntry({folder, folder, 0},
                   [&](std::string_view name, const struct stat& status) -> Status {
                     if (S_ISDIR(status.st_mode)) names.emplace_back(name);
                     return {};
                   }));
  std::sort(names.begin(), names.end());
  return names;
}

Status RemoveEmptyFolders(const std::string& folder) {
  std::vector<PendingFolder> folders = {{folder, folder, 0}};
  for (size_t i = 0; i < folders.size(); ++i) {
    const PendingFolder outer = folders[i];
    TRY(ForEachEntry(outer, [&](std::string_view name, const struct stat& status) -> Status {
      if (S_ISDIR(status.st_mode) && outer.depth < kDepthMax) {
        folders.push_back({JoinLocation(outer.path, name), "", outer.depth + 1});
      }
      return {};
    }));
  }
  // Found from the outside in, so removed from the inside out.
  for (auto inner = folders.rbegin(); inner != folders.rend(); ++inner) {
    if (::rmdir(inner->path.c_str()) == 0) continue;
    const bool in_use = errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT ||
                        errno == ENOTDIR || errno == EBUSY;
    if (!in_use) return FileError(errno, "remove", inner->path);
  }
  return {};
}

}  // namespace kafka_iceberg::storage
