// SPDX-License-Identifier: Apache-2.0
//
// RescuedFields: what one row keeps beside its columns, by field path, and the JSON object made of
// it. Owned by one decoder; keeps its memory from row to row, within a bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kafka_iceberg::decode {

// A member's name as part of a path: "name"; one that holds ., [ or ` in backticks, "`a.b`".
void AppendPathName(std::string_view name, std::string& path);
// Whether there is any text, number or boolean in it; `json` is JSON.
bool HoldsValue(std::string_view json);

class RescuedFields {
 public:
  explicit RescuedFields(int64_t bytes_max) : bytes_max_(static_cast<size_t>(bytes_max)) {}

  bool empty() const { return entries_.empty() && !overflowed_; }
  // `json` is one JSON value. Of a path that comes twice the last value counts.
  void Add(std::string_view path, std::string_view json);
  // Forgets what is at the path or below it.
  void ForgetBelow(std::string_view path);
  // The same, when nothing else was added since.
  void ForgetLastBelow(std::string_view path);
  void Clear();
  // It is too much already: nothing more is kept, and WriteTo() will say so.
  bool overflowed() const { return overflowed_; }

  int64_t bytes_max() const { return static_cast<int64_t>(bytes_max_); }
  // Appends {"path":value,...} and how many there are. False when it would be too large.
  bool WriteTo(std::string& out, int64_t& count);

 private:
  struct Entry {
    size_t path_begin = 0;
    size_t value_begin = 0;
    size_t end = 0;
    bool is_dropped = false;
  };

  std::string_view PathOf(const Entry& entry) const {
    return std::string_view(text_).substr(entry.path_begin, entry.value_begin - entry.path_begin);
  }
  static bool IsBelow(std::string_view other, std::string_view path);
  void DropRepeated();

  static constexpr size_t kKeptBytes = 1 << 16;
  // Entries looked at by ForgetBelow(), for one row: who repeats members so often means harm.
  static constexpr size_t kForgetWorkMax = 1 << 20;

  const size_t bytes_max_;
  std::string text_;
  std::vector<Entry> entries_;
  std::vector<size_t> order_;
  size_t forget_work_ = 0;
  bool overflowed_ = false;
};

}  // namespace kafka_iceberg::decode
