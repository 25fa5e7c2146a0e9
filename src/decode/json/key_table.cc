// SPDX-License-Identifier: Apache-2.0
#include "decode/json/key_table.h"

#include <algorithm>
#include <bit>

namespace kafka_iceberg::decode {
namespace {

// Written escaped in JSON, so such a name is never found by comparing raw bytes.
bool NeedsEscape(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  });
}

}  // namespace

KeyTable::KeyTable(std::vector<std::string> names) : names_(std::move(names)) {
  const size_t count = names_.size();
  quoted_.reserve(count);
  for (const std::string& name : names_) quoted_.push_back(name + '"');
  entries_.emplace_back();
  for (const std::string& quoted : quoted_) entries_.push_back(MakeEntry(quoted));
  // Until data teaches otherwise: in the order of the schema.
  for (size_t i = 0; i < entries_.size() && count > 0; ++i) {
    entries_[i].successor = static_cast<int32_t>(i % count);
  }
  slots_.assign(std::bit_ceil(std::max<size_t>(count * 2, 2)), kUnknown);
  for (size_t i = 0; i < count; ++i) {
    size_t slot = Hash(names_[i]) & (slots_.size() - 1);
    while (slots_[slot] != kUnknown) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<int32_t>(i);
  }
}

KeyTable::Entry KeyTable::MakeEntry(const std::string& quoted) {
  Entry entry;
  if (NeedsEscape(std::string_view(quoted).substr(0, quoted.size() - 1))) {
    // 0xff occurs in no UTF-8 text: never equal.
    std::memset(entry.words, 0xff, sizeof(entry.words));
    entry.masks[0] = ~uint64_t{0};
    return entry;
  }
  const size_t head = std::min(quoted.size(), kReadAhead);
  std::memcpy(entry.words, quoted.data(), head);
  std::memset(reinterpret_cast<char*>(entry.masks), 0xff, head);
  if (quoted.size() > kReadAhead) entry.tail = std::string_view(quoted).substr(kReadAhead);
  return entry;
}

uint64_t KeyTable::Hash(std::string_view key) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15ULL;
  uint64_t hash = key.size() * kMultiplier;
  const char* at = key.data();
  for (size_t left = key.size(); left > 0;) {
    uint64_t word = 0;
    const size_t taken = std::min(left, sizeof(word));
    std::memcpy(&word, at, taken);
    hash = (std::rotl(hash, 29) ^ word) * kMultiplier;
    at += taken;
    left -= taken;
  }
  return hash ^ (hash >> 32);
}

int32_t KeyTable::Find(std::string_view key) const {
  size_t slot = Hash(key) & (slots_.size() - 1);
  while (slots_[slot] != kUnknown) {
    if (names_[static_cast<size_t>(slots_[slot])] == key) return slots_[slot];
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return kUnknown;
}

}  // namespace kafka_iceberg::decode
