// SPDX-License-Identifier: Apache-2.0
//
// KeyTable: which member of a struct a JSON key names. Members usually come in the order they came
// in last time, so the caller compares the key with the predicted member first and looks it up only
// when that fails.
//
// Built once per struct. The prediction changes with the data; one decoder owns it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace kafka_iceberg::decode {

class KeyTable {
 public:
  static constexpr int32_t kUnknown = -1;
  // The bytes Matches() may read behind the start of a key.
  static constexpr size_t kReadAhead = 16;

  explicit KeyTable(std::vector<std::string> names);

  size_t size() const { return names_.size(); }
  const std::string& name(int32_t member) const { return names_[static_cast<size_t>(member)]; }

  // The member that followed `previous` last time (kUnknown: that came first).
  int32_t Predicted(int32_t previous) const { return entry(previous).successor; }
  void Learn(int32_t previous, int32_t member) {
    entries_[static_cast<size_t>(previous + 1)].successor = member;
  }

  // Whether the key that starts at `text` (behind its opening quote, `available` bytes before the
  // colon) is this member's name and its closing quote.
  bool Matches(int32_t member, const char* text, size_t available) const {
    const Entry& expected = entry(member);
    uint64_t words[2];
    std::memcpy(words, text, sizeof(words));
    const uint64_t difference = ((words[0] ^ expected.words[0]) & expected.masks[0]) |
                                ((words[1] ^ expected.words[1]) & expected.masks[1]);
    return difference == 0 && (expected.tail.empty() || MatchesTail(expected, text, available));
  }
  // By unescaped key; kUnknown when no member has that name.
  int32_t Find(std::string_view key) const;

 private:
  // A name and its closing quote (16 bytes to compare as words, and the rest), and what came behind
  // it last time.
  struct Entry {
    uint64_t words[2] = {0, 0};
    uint64_t masks[2] = {0, 0};
    std::string_view tail;
    int32_t successor = kUnknown;
  };

  const Entry& entry(int32_t member) const { return entries_[static_cast<size_t>(member + 1)]; }
  static bool MatchesTail(const Entry& expected, const char* text, size_t available) {
    return available >= kReadAhead + expected.tail.size() &&
           std::memcmp(text + kReadAhead, expected.tail.data(), expected.tail.size()) == 0;
  }
  static uint64_t Hash(std::string_view key);
  static Entry MakeEntry(const std::string& quoted);

  std::vector<std::string> names_;
  std::vector<std::string> quoted_;  // what `tail` points into
  std::vector<Entry> entries_;       // the first stands for "no member yet"
  std::vector<int32_t> slots_;       // open addressing, at most half full, kUnknown when free
};

}  // namespace kafka_iceberg::decode
