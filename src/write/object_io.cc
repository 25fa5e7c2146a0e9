// SPDX-License-Identifier: Apache-2.0
#include "write/object_io.h"

#include <arrow/buffer.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace kafka_iceberg::write {

ObjectOutputStream::ObjectOutputStream(std::unique_ptr<storage::ObjectWriter> writer)
    : writer_(std::move(writer)) {}

ObjectOutputStream::~ObjectOutputStream() = default;

arrow::Status ObjectOutputStream::Write(const void* data, int64_t bytes) {
  if (abandoned_) return arrow::Status::Cancelled("abandoned");
  if (error_) return arrow::Status::IOError(error_->message());
  auto status =
      writer_->Append(std::string_view(static_cast<const char*>(data), static_cast<size_t>(bytes)));
  if (!status.ok()) {
    error_ = std::move(status).error();
    return arrow::Status::IOError(error_->message());
  }
  position_ += bytes;
  return arrow::Status::OK();
}

arrow::Status ObjectOutputStream::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

kafka_iceberg::Result<storage::WrittenObject> ObjectOutputStream::Finish() {
  if (error_) return *error_;
  return writer_->Finish();
}

ObjectInputFile::ObjectInputFile(storage::ObjectStore& store, std::string location,
                                 int64_t size_bytes)
    : store_(store), location_(std::move(location)), size_(size_bytes) {}

ObjectInputFile::~ObjectInputFile() = default;

arrow::Result<std::string> ObjectInputFile::Fetch(int64_t position, int64_t bytes) {
  // Offsets come from the file's own footer: they may say anything.
  if (position < 0 || bytes < 0 || position > size_) {
    return arrow::Status::Invalid("range outside of the file");
  }
  auto read = store_.ReadRange(location_, position, std::min(bytes, size_ - position));
  if (!read.ok()) {
    error_ = read.error();
    return arrow::Status::IOError(error_->message());
  }
  return std::move(read).value();
}

arrow::Result<int64_t> ObjectInputFile::ReadAt(int64_t position, int64_t bytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const std::string read, Fetch(position, bytes));
  std::memcpy(out, read.data(), read.size());
  return static_cast<int64_t>(read.size());
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ObjectInputFile::ReadAt(int64_t position,
                                                                      int64_t bytes) {
  ARROW_ASSIGN_OR_RAISE(std::string read, Fetch(position, bytes));
  return arrow::Buffer::FromString(std::move(read));
}

arrow::Result<int64_t> ObjectInputFile::Read(int64_t bytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, bytes, out));
  position_ += read;
  return read;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ObjectInputFile::Read(int64_t bytes) {
  ARROW_ASSIGN_OR_RAISE(auto read, ReadAt(position_, bytes));
  position_ += read->size();
  return read;
}

arrow::Status ObjectInputFile::Seek(int64_t position) {
  if (position < 0 || position > size_) return arrow::Status::Invalid("seek outside of the file");
  position_ = position;
  return arrow::Status::OK();
}

arrow::Status ObjectInputFile::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

}  // namespace kafka_iceberg::write
