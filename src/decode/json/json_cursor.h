// SPDX-License-Identifier: Apache-2.0
//
// JsonCursor: steps through the tokens of indexed text. Never leaves the text: every step follows a
// look at the token that is there, and the index ends with entries that no grammar accepts. A
// value, used by one reader.
#pragma once

#include <cstdint>
#include <string_view>

namespace kafka_iceberg::decode {

inline bool IsJsonSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Whether a number or literal may end before this byte.
inline bool EndsScalar(char c) { return c == ',' || c == '}' || c == ']' || IsJsonSpace(c); }

struct JsonCursor {
  const char* text = nullptr;
  const uint32_t* next = nullptr;  // of JsonIndex::positions()

  const char* here() const { return text + *next; }
  char peek() const { return *here(); }
  JsonCursor Behind(int tokens) const { return {text, next + tokens}; }
  // An object's member is at hand: a string and a colon.
  bool AtMember() const { return peek() == '"' && text[next[1]] == ':'; }
  bool TakeIf(char c) {
    if (peek() != c) return false;
    ++next;
    return true;
  }
  // What stands between the quotes of the string at hand, escapes and all. Between its closing
  // quote and the next token there can only be white space.
  std::string_view StringToken() const {
    const uint32_t begin = *next + 1;
    uint32_t end = next[1] - 1;
    while (text[end] != '"') --end;
    return {text + begin, end - begin};
  }
  // The number or literal at hand, up to white space or the next token.
  std::string_view ScalarToken() const {
    uint32_t end = next[1];
    while (end > *next + 1 && IsJsonSpace(text[end - 1])) --end;
    return {here(), end - *next};
  }
};

enum class SkipResult : uint8_t { kOk, kNotJson, kTooDeep };

// Steps over one value of any kind, and checks all of it: a record is either JSON or not, whichever
// columns there are. `depth_max` bounds how deep the value itself may nest (at most kSkipDepthMax).
SkipResult SkipValue(JsonCursor& cursor, int32_t depth_max);
inline constexpr int32_t kSkipDepthMax = 1024;

// "true", "false", "null", exactly.
inline bool IsJsonLiteral(std::string_view token) {
  return token == "true" || token == "false" || token == "null";
}

}  // namespace kafka_iceberg::decode
