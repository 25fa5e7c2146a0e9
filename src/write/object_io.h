// SPDX-License-Identifier: Apache-2.0
//
// Objects of an ObjectStore as the streams that Arrow and Parquet read and write. For .cc files
// only (it includes Arrow). Each is used by one thread.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "storage/object_store.h"

namespace kafka_iceberg::write {

// Hands every write on to the ObjectWriter. An error of the store is kept, because Arrow can carry
// only its text.
class ObjectOutputStream final : public arrow::io::OutputStream {
 public:
  explicit ObjectOutputStream(std::unique_ptr<storage::ObjectWriter> writer);
  ~ObjectOutputStream() override;

  arrow::Status Write(const void* data, int64_t bytes) override;
  arrow::Result<int64_t> Tell() const override { return position_; }
  // Closing the stream does not finish the object: Finish() does.
  arrow::Status Close() override;
  bool closed() const override { return closed_; }

  int64_t position() const { return position_; }
  // Refuses every further write: a writer that is being destroyed must not go on uploading.
  void Abandon() { abandoned_ = true; }
  kafka_iceberg::Result<storage::WrittenObject> Finish();
  // The store's own error behind a failed write, else `fallback`.
  Error FirstError(Error fallback) const { return error_.value_or(std::move(fallback)); }

 private:
  std::unique_ptr<storage::ObjectWriter> writer_;
  std::optional<Error> error_;
  int64_t position_ = 0;
  bool closed_ = false;
  bool abandoned_ = false;
};

// Random access by range reads.
class ObjectInputFile final : public arrow::io::RandomAccessFile {
 public:
  ObjectInputFile(storage::ObjectStore& store, std::string location, int64_t size_bytes);
  ~ObjectInputFile() override;

  arrow::Result<int64_t> GetSize() override { return size_; }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override;
  arrow::Result<int64_t> Read(int64_t bytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override;
  arrow::Status Seek(int64_t position) override;
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return closed_; }

  Error FirstError(Error fallback) const { return error_.value_or(std::move(fallback)); }

 private:
  arrow::Result<std::string> Fetch(int64_t position, int64_t bytes);

  storage::ObjectStore& store_;
  const std::string location_;
  const int64_t size_;
  std::optional<Error> error_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace kafka_iceberg::write
