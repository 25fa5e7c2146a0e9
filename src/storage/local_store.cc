// SPDX-License-Identifier: Apache-2.0
#include "storage/local_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/hashing.h"
#include "storage/local_file.h"
#include "storage/local_listing.h"
#include "storage/location.h"

namespace kafka_iceberg::storage {

namespace {

// Whole objects are metadata and manifests; data files are read by range.
constexpr int64_t kReadBytesMax = int64_t{2} << 30;
constexpr size_t kWriterBufferBytes = 1 << 20;

// Streams into a temporary file; large pieces bypass the buffer.
class LocalWriter final : public ObjectWriter {
 public:
  LocalWriter(std::string location, TemporaryFile file)
      : location_(std::move(location)), file_(std::move(file)) {
    buffer_.reserve(kWriterBufferBytes);
  }

  Status Append(std::string_view bytes) override {
    if (auto status = Add(bytes); !status.ok()) return Fail(status.error());
    return {};
  }

  Result<WrittenObject> Finish() override {
    if (failed_)
      return Error::Io("cannot finish {}: an earlier write failed, or it is finished already",
                       location_);
    failed_ = true;  // whatever happens now, this stream is over
    TRY(file_.Write(buffer_));
    TRY(file_.Publish());
    return WrittenObject{location_, size_bytes_, sha256_.Finish()};
  }

 private:
  Status Add(std::string_view bytes) {
    if (failed_)
      return Error::Io("cannot write {}: an earlier write failed, or it is finished already",
                       location_);
    sha256_.Update(bytes);
    size_bytes_ += static_cast<int64_t>(bytes.size());
    if (buffer_.size() + bytes.size() > kWriterBufferBytes) {
      TRY(file_.Write(buffer_));
      buffer_.clear();
    }
    if (bytes.size() >= kWriterBufferBytes) return file_.Write(bytes);
    buffer_.append(bytes);
    return {};
  }
  // A hole in the middle must never be published.
  Error Fail(Error error) {
    failed_ = true;
    return error;
  }

  const std::string location_;
  TemporaryFile file_;
  std::string buffer_;
  Sha256 sha256_;
  int64_t size_bytes_ = 0;
  bool failed_ = false;
};

}  // namespace

Result<std::string> LocalStore::Read(std::string_view location) {
  const std::string path = TRY(LocalPath(location));
  const OpenedFile file = TRY(OpenForReading(path));
  if (file.size_bytes > kReadBytesMax) {
    return Error::Unsupported("cannot read {} whole: {} bytes, more than {}", path, file.size_bytes,
                              kReadBytesMax);
  }
  return ReadAt(file, 0, file.size_bytes, path);
}

Result<std::string> LocalStore::ReadRange(std::string_view location, int64_t offset,
                                          int64_t length) {
  if (offset < 0 || length < 0) {
    return Error::Invalid("cannot read {}: range of {} bytes from {}", location, length, offset);
  }
  const std::string path = TRY(LocalPath(location));
  const OpenedFile file = TRY(OpenForReading(path));
  return ReadAt(file, offset, std::min(length, kReadBytesMax), path);
}

Result<ObjectInfo> LocalStore::Stat(std::string_view location) {
  const std::string path = TRY(LocalPath(location));
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return FileError(errno, "look up", path);
  if (!S_ISREG(status.st_mode)) return Error::NotFound("cannot look up {}: not a file", path);
  return InfoOf(std::string(location), status);
}

Status LocalStore::Write(std::string_view location, std::string_view bytes) {
  const std::string path = TRY(LocalPath(location));
  TemporaryFile file = TRY(TemporaryFile::Create(path, random_));
  TRY(file.Write(bytes));
  return file.Publish();
}

Status LocalStore::WriteIfAbsent(std::string_view location, std::string_view bytes) {
  const std::string path = TRY(LocalPath(location));
  TemporaryFile file = TRY(TemporaryFile::Create(path, random_));
  TRY(file.Write(bytes));
  return file.PublishIfAbsent();
}

Result<std::unique_ptr<ObjectWriter>> LocalStore::OpenWriter(std::string_view location) {
  const std::string path = TRY(LocalPath(location));
  return std::make_unique<LocalWriter>(std::string(location),
                                       TRY(TemporaryFile::Create(path, random_)));
}

Status LocalStore::List(std::string_view prefix,
                        const std::function<void(const ObjectInfo&)>& visit) {
  return ListFiles(TRY(LocalPath(prefix)), prefix, visit);
}

Result<std::vector<std::string>> LocalStore::ListFolders(std::string_view prefix) {
  return FolderNames(TRY(LocalPath(prefix)));
}

Status LocalStore::DeleteEmptyFolders(std::string_view prefix) {
  return RemoveEmptyFolders(TRY(LocalPath(prefix)));
}

Status LocalStore::Delete(std::string_view location) {
  const std::string path = TRY(LocalPath(location));
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  if (errno == EISDIR || errno == EPERM) {
    // A folder is no object: nothing by that name exists.
    struct stat status{};
    const int error_number = errno;
    if (::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    errno = error_number;
  }
  return FileError(errno, "delete", path);
}

}  // namespace kafka_iceberg::storage
