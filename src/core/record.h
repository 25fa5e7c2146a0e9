// SPDX-License-Identifier: Apache-2.0
//
// Record: a view of one Kafka record. SourceBatch: a run of records that owns the memory they point
// into. A batch holds records of one topic and any number of partitions; per partition they are in
// offset order. Moved between threads, never shared.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kafka_iceberg {

struct Header {
  std::string_view key;
  std::string_view value;
  bool value_is_null = false;
};

// Reads the headers of a message of the Kafka client. Any thread, several at a time as long as each
// asks for another message.
class HeaderReader {
 public:
  virtual std::span<const Header> ReadHeaders(const void* message) = 0;

 protected:
  ~HeaderReader() = default;
};

// A record's headers, in order. They are read when somebody first asks, as most records become rows
// without anybody asking, and to read that there are none costs as much as a short column. A value,
// used by one thread at a time like the record it belongs to.
class RecordHeaders {
 public:
  RecordHeaders() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  RecordHeaders(std::span<const Header> headers) : headers_(headers) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  RecordHeaders(const std::vector<Header>& headers) : headers_(headers) {}
  RecordHeaders(HeaderReader& reader, const void* message) : reader_(&reader), message_(message) {}

  std::span<const Header> all() const {
    if (reader_ != nullptr) headers_ = std::exchange(reader_, nullptr)->ReadHeaders(message_);
    return headers_;
  }

 private:
  mutable std::span<const Header> headers_;
  mutable HeaderReader* reader_ = nullptr;  // null once they are read
  const void* message_ = nullptr;
};

struct Record {
  std::string_view value;
  std::string_view key;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;  // -1: the record has none
  int32_t partition = 0;
  bool value_is_null = false;  // a tombstone
  bool key_is_null = true;
  RecordHeaders headers;
};

// Whatever keeps the records' memory alive, read headers included; destroyed with the batch.
class BatchOwner {
 public:
  virtual ~BatchOwner() = default;
};

struct SourceBatch {
  std::string topic;
  std::vector<Record> records;
  size_t bytes = 0;         // of keys, values and headers, for queue limits
  size_t header_bytes = 0;  // those of `bytes` that headers are: an estimate
  std::unique_ptr<BatchOwner> owner;
};

}  // namespace kafka_iceberg
