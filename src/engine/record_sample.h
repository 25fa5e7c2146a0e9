// SPDX-License-Identifier: Apache-2.0
//
// RecordSample: a few records with the memory they point into, kept to infer columns from. A value
// that may be moved.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "core/record.h"

namespace kafka_iceberg::engine {

class RecordSample {
 public:
  RecordSample() = default;
  // NOLINTBEGIN(performance-noexcept-move-constructor): a std::deque's is not either
  RecordSample(RecordSample&&) = default;
  RecordSample& operator=(RecordSample&&) = default;
  // NOLINTEND(performance-noexcept-move-constructor)

  void Add(const Record& record) {
    Record kept = record;
    kept.value = Keep(record.value);
    kept.key = Keep(record.key);
    std::vector<Header>& headers = headers_.emplace_back();
    for (const Header& header : record.headers.all())
      headers.push_back({Keep(header.key), Keep(header.value), header.value_is_null});
    kept.headers = headers;
    records_.push_back(kept);
  }

  std::span<const Record> records() const { return records_; }
  size_t bytes() const { return bytes_; }

 private:
  std::string_view Keep(std::string_view text) {
    bytes_ += text.size();
    return texts_.emplace_back(text);
  }

  // Their elements stay where they are.
  std::deque<std::string> texts_;
  std::deque<std::vector<Header>> headers_;
  std::vector<Record> records_;
  size_t bytes_ = 0;
};

}  // namespace kafka_iceberg::engine
