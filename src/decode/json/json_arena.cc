// SPDX-License-Identifier: Apache-2.0
#include "decode/json/json_arena.h"

#include <algorithm>
#include <cstring>

namespace kafka_iceberg::decode {
namespace {

// Larger batches gain nothing, and make it dearer when one document spoils the index of all. Stays
// in the first level cache with its index.
constexpr size_t kBatchBytes = 8 << 10;
// What is kept after an unusually large record.
constexpr size_t kKeptBytes = 1 << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view WithoutByteOrderMark(std::string_view payload) {
  return payload.substr(payload.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
}

}  // namespace

JsonArena::JsonArena(int64_t record_bytes_max)
    : record_bytes_max_(std::min<int64_t>(record_bytes_max, INT32_MAX / 2)) {}

size_t JsonArena::Fill(std::span<const Record> records) {
  documents_.clear();
  size_ = 0;
  if (text_.size() > kKeptBytes) {
    text_ = {};
    index_.ShrinkTo(kKeptBytes);
  }
  size_t taken = 0;
  for (const Record& record : records) {
    const size_t bytes = record.value.size();
    if (taken > 0 && size_ + bytes > kBatchBytes) break;
    ++taken;
    JsonDocument document{.record = &record};
    if (record.value_is_null) {
      document.kind = JsonDocument::Kind::kTombstone;
    } else if (static_cast<int64_t>(bytes) > record_bytes_max_) {
      document.kind = JsonDocument::Kind::kTooBig;
    } else {
      document.begin = static_cast<uint32_t>(size_);
      Copy(WithoutByteOrderMark(record.value));
      document.end = static_cast<uint32_t>(size_ - 1);
    }
    documents_.push_back(document);
  }
  return taken;
}

void JsonArena::Copy(std::string_view payload) {
  const size_t needed = size_ + payload.size() + 1 + JsonIndex::kPadding;
  if (needed > text_.size()) text_.resize(std::max(needed, kBatchBytes + 2 * JsonIndex::kPadding));
  if (!payload.empty()) std::memcpy(text_.data() + size_, payload.data(), payload.size());
  size_ += payload.size();
  text_[size_++] = '\n';  // see JsonIndex
}

bool JsonArena::IndexAll() {
  base_ = text_.data();
  if (size_ == 0) return true;  // tombstones and oversized records only: nobody looks at the index
  // The entry behind the last token points here.
  std::memset(text_.data() + size_, '\n', JsonIndex::kPadding);
  return index_.Build(base_, size_) == JsonIndex::Verdict::kOk;
}

JsonIndex::Verdict JsonArena::IndexOne(const JsonDocument& document) {
  base_ = text_.data() + document.begin;
  return index_.Build(base_, document.end - document.begin);
}

}  // namespace kafka_iceberg::decode
