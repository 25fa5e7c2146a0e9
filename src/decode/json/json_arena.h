// SPDX-License-Identifier: Apache-2.0
//
// JsonArena: payloads copied into padded memory, several at a time, so that indexing costs little
// per record and never reads memory that is not ours. Owned by one decoder; keeps its memory
// between calls.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/record.h"
#include "decode/json/json_cursor.h"
#include "decode/json/json_index.h"

namespace kafka_iceberg::decode {

struct JsonDocument {
  enum class Kind : uint8_t { kText, kTombstone, kTooBig };
  Kind kind = Kind::kText;
  uint32_t begin = 0;  // in the arena
  uint32_t end = 0;
  const Record* record = nullptr;
};

class JsonArena {
 public:
  explicit JsonArena(int64_t record_bytes_max);

  int64_t record_bytes_max() const { return record_bytes_max_; }
  // Takes the first of the records (at least one), as many as are worth indexing at once; returns
  // how many.
  size_t Fill(std::span<const Record> records);
  const std::vector<JsonDocument>& documents() const { return documents_; }

  // Indexes all documents. False when one of them is not fit for that: then each must be indexed
  // alone.
  bool IndexAll();
  JsonIndex::Verdict IndexOne(const JsonDocument& document);
  // Of the last index.
  JsonCursor cursor() const { return {base_, index_.positions()}; }
  // The document with its place in the text that IndexOne() indexed.
  JsonDocument alone(JsonDocument document) const {
    document.end -= document.begin;
    document.begin = 0;
    return document;
  }

 private:
  void Copy(std::string_view payload);

  const int64_t record_bytes_max_;
  JsonIndex index_;
  std::vector<char> text_;
  size_t size_ = 0;
  const char* base_ = nullptr;  // what positions count from
  std::vector<JsonDocument> documents_;
};

}  // namespace kafka_iceberg::decode
