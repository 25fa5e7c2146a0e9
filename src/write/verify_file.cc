// SPDX-License-Identifier: Apache-2.0
#include "write/verify_file.h"

#include <algorithm>
#include <string>

#include "core/hashing.h"

namespace kafka_iceberg::write {
namespace {

constexpr int64_t kPieceBytes = 8LL << 20;

}  // namespace

Status VerifyFile(const StagedFile& staged, storage::ObjectStore& store) {
  const std::string& location = staged.file.file_path;
  const int64_t expected = staged.file.file_size_in_bytes;
  const int64_t size = TRY(store.Stat(location)).size_bytes;
  if (size != expected) {
    return Error::Corrupt("{} has {} bytes, {} were written", location, size, expected);
  }
  if (store.ChecksUploads(location)) return {};
  Sha256 digest;
  for (int64_t offset = 0; offset < size; offset += kPieceBytes) {
    const int64_t length = std::min(kPieceBytes, size - offset);
    const std::string piece = TRY(store.ReadRange(location, offset, length));
    if (static_cast<int64_t>(piece.size()) != length) {
      return Error::Corrupt("{} ended at byte {} of {} while it was read", location,
                            offset + static_cast<int64_t>(piece.size()), size);
    }
    digest.Update(piece);
  }
  const std::string found = digest.Finish();
  if (found != staged.sha256) {
    return Error::Corrupt("{} has the SHA-256 {}, {} was written", location, found, staged.sha256);
  }
  return {};
}

}  // namespace kafka_iceberg::write
