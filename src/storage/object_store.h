// SPDX-License-Identifier: Apache-2.0
//
// An ObjectStore holds immutable objects by location: local disk, S3, or memory.
//
// Locations are full URIs ("file:///warehouse/db/t/data/x.parquet", "s3://bucket/key"); see
// location.h. All implementations are safe for concurrent use from many threads and pass
// object_store_conformance.h. Errors: kNotFound, kAlreadyExists, kDenied, kUnavailable/kTimeout
// (back off and retry), kIo (local disk).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace kafka_iceberg::storage {

struct ObjectInfo {
  std::string location;
  int64_t size_bytes = 0;
  Timestamp modified_at;
};

struct WrittenObject {
  std::string location;
  int64_t size_bytes = 0;
  std::string sha256;  // of the bytes handed over, lower-case hex
};

// One object being written piece by piece, by one thread. Nothing is visible under the location
// until Finish() returned; destroying an unfinished stream leaves nothing behind that a reader
// could see.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  virtual Status Append(std::string_view bytes) = 0;
  // Makes the object durable and visible. An error means it may or may not exist: never reuse the
  // location.
  virtual Result<WrittenObject> Finish() = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  virtual Result<std::string> Read(std::string_view location) = 0;
  // Bytes [offset, offset + length); fewer when the object ends before.
  virtual Result<std::string> ReadRange(std::string_view location, int64_t offset,
                                        int64_t length) = 0;
  virtual Result<ObjectInfo> Stat(std::string_view location) = 0;
  // Creates or replaces; durable when it returns.
  virtual Status Write(std::string_view location, std::string_view bytes) = 0;
  // Creates, atomically: of many concurrent callers exactly one succeeds, the others get
  // kAlreadyExists. The file catalog's commit relies on this. Any other error leaves the outcome
  // open: read back to find out.
  virtual Status WriteIfAbsent(std::string_view location, std::string_view bytes) = 0;
  virtual Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view location) = 0;
  // Calls `visit` for every object whose location starts with `prefix` + "/", at any depth, in no
  // given order.
  virtual Status List(std::string_view prefix,
                      const std::function<void(const ObjectInfo&)>& visit) = 0;
  // The sorted names of the folders directly below `prefix` (for a store without folders: the first
  // levels of the names of its objects there). The default walks List; a store that can do better
  // overrides it.
  virtual Result<std::vector<std::string>> ListFolders(std::string_view prefix);
  // Whether an object that was written here is known to hold the very bytes that were handed over,
  // because the store compared their SHA-256; otherwise somebody who must be sure reads them back.
  virtual bool ChecksUploads(std::string_view /*location*/) const { return false; }
  // Removes `prefix` and the folders below it as far as they hold no object; nothing to do for a
  // store without folders, the default.
  virtual Status DeleteEmptyFolders(std::string_view prefix);
  // Success when the object does not exist.
  virtual Status Delete(std::string_view location) = 0;
  // Tries all of them, also after a failure; the first one's error. The default calls Delete for
  // each; a store that can do better overrides it.
  virtual Status DeleteMany(std::span<const std::string> locations);
};

}  // namespace kafka_iceberg::storage
