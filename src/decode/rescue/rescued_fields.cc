// SPDX-License-Identifier: Apache-2.0
#include "decode/rescue/rescued_fields.h"

#include <algorithm>
#include <numeric>

#include "decode/text/json_string.h"

namespace kafka_iceberg::decode {
namespace {

// Behind the closing quote of the string that begins at `at`.
size_t EndOfString(std::string_view json, size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

}  // namespace

void AppendPathName(std::string_view name, std::string& path) {
  if (!name.empty() && name.find_first_of(".[`") == std::string_view::npos) {
    path += name;
    return;
  }
  path.push_back('`');
  for (const char c : name) {
    if (c == '`') path.push_back('`');
    path.push_back(c);
  }
  path.push_back('`');
}

bool HoldsValue(std::string_view json) {
  constexpr std::string_view kNoValue = "{}[],:nul \t\r\n";  // brackets, spaces, and null
  for (size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '"') {
      at = EndOfString(json, at);
      const size_t next = json.find_first_not_of(" \t\r\n", at);
      const bool is_name = next != std::string_view::npos && json[next] == ':';
      if (!is_name) return true;
      at = next;
    } else if (kNoValue.find(json[at]) == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

void RescuedFields::Add(std::string_view path, std::string_view json) {
  const size_t begin = text_.size();
  overflowed_ = overflowed_ || begin + path.size() + json.size() > bytes_max_;
  if (overflowed_) return;
  text_ += path;
  text_ += json;
  entries_.push_back({begin, begin + path.size(), text_.size(), false});
}

bool RescuedFields::IsBelow(std::string_view other, std::string_view path) {
  if (!other.starts_with(path)) return false;
  const char next = other.size() > path.size() ? other[path.size()] : '.';
  return next == '.' || next == '[';
}

void RescuedFields::ForgetBelow(std::string_view path) {
  forget_work_ += entries_.size();
  overflowed_ = overflowed_ || forget_work_ > kForgetWorkMax;
  if (overflowed_) return;
  for (Entry& entry : entries_) {
    if (IsBelow(PathOf(entry), path)) entry.is_dropped = true;
  }
}

void RescuedFields::ForgetLastBelow(std::string_view path) {
  while (!entries_.empty() && IsBelow(PathOf(entries_.back()), path)) {
    text_.resize(entries_.back().path_begin);
    entries_.pop_back();
  }
}

void RescuedFields::Clear() {
  if (text_.capacity() > kKeptBytes) text_ = {};
  text_.clear();
  entries_.clear();
  forget_work_ = 0;
  overflowed_ = false;
}

void RescuedFields::DropRepeated() {
  order_.resize(entries_.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::ranges::sort(order_, [&](size_t a, size_t b) {
    const int order = PathOf(entries_[a]).compare(PathOf(entries_[b]));
    return order != 0 ? order < 0 : a < b;
  });
  for (size_t i = 1; i < order_.size(); ++i) {
    Entry& before = entries_[order_[i - 1]];
    if (PathOf(before) == PathOf(entries_[order_[i]])) before.is_dropped = true;
  }
}

bool RescuedFields::WriteTo(std::string& out, int64_t& count) {
  if (overflowed_) return false;
  if (entries_.size() > 1) DropRepeated();
  const size_t begin = out.size();
  count = 0;
  for (const Entry& entry : entries_) {
    if (entry.is_dropped) continue;
    out.push_back(count++ == 0 ? '{' : ',');
    AppendJsonString(PathOf(entry), out);
    out.push_back(':');
    out += std::string_view(text_).substr(entry.value_begin, entry.end - entry.value_begin);
  }
  if (count > 0) out.push_back('}');
  return out.size() - begin <= bytes_max_;
}

}  // namespace kafka_iceberg::decode
