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
#include <vector>

namespace kafka_iceberg {

struct Header {
  std::string_view key;
  std::string_view value;
  bool value_is_null = false;
};

struct Record {
  std::string_view value;
  std::string_view key;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;  // -1: the record has none
  int32_t partition = 0;
  bool value_is_null = false;  // a tombstone
  bool key_is_null = true;
  std::span<const Header> headers;  // filled only when the source was asked for headers
};

// Whatever keeps the records' memory alive; destroyed with the batch.
class BatchOwner {
 public:
  virtual ~BatchOwner() = default;
};

struct SourceBatch {
  std::string topic;
  std::vector<Record> records;
  size_t bytes = 0;  // keys and values, for queue limits
  std::unique_ptr<BatchOwner> owner;
};

}  // namespace kafka_iceberg
