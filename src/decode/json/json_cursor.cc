// SPDX-License-Identifier: Apache-2.0
#include "decode/json/json_cursor.h"

#include <algorithm>
#include <bitset>

#include "decode/text/number_text.h"

namespace kafka_iceberg::decode {
namespace {

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool EscapesAreLegal(std::string_view raw) {
  for (size_t at = raw.find('\\'); at != std::string_view::npos; at = raw.find('\\', at)) {
    if (at + 1 >= raw.size()) return false;
    if (raw[at + 1] == 'u') {
      const std::string_view digits = raw.substr(at + 2, 4);
      if (digits.size() < 4 || !std::all_of(digits.begin(), digits.end(), IsHexDigit)) return false;
    } else if (std::string_view("\"\\/bfnrt").find(raw[at + 1]) == std::string_view::npos) {
      return false;
    }
    at += 2;
  }
  return true;
}

// One skip: a stack of one bit per open bracket instead of recursion.
class Skipper {
 public:
  Skipper(JsonCursor& cursor, int32_t depth_max)
      : cursor_(cursor), depth_max_(std::min(depth_max, kSkipDepthMax)) {}

  SkipResult Run() {
    do {
      // Down to the next scalar or empty bracket pair, then up as far as brackets close.
      if (const SkipResult result = Enter(); result != SkipResult::kOk) return result;
      while (depth_ > 0 && cursor_.TakeIf(in_object() ? '}' : ']')) --depth_;
      if (depth_ > 0 && (!cursor_.TakeIf(',') || (in_object() && !TakeKey()))) {
        return SkipResult::kNotJson;
      }
    } while (depth_ > 0);
    return SkipResult::kOk;
  }

 private:
  bool in_object() const { return objects_[static_cast<size_t>(depth_ - 1)]; }

  bool TakeKey() {
    if (cursor_.peek() != '"' || cursor_.text[cursor_.next[1]] != ':') return false;
    if (!EscapesAreLegal(cursor_.StringToken())) return false;
    cursor_.next += 2;
    return true;
  }

  SkipResult Enter() {
    while (cursor_.peek() == '{' || cursor_.peek() == '[') {
      if (depth_ == depth_max_) return SkipResult::kTooDeep;
      const bool object = cursor_.peek() == '{';
      objects_[static_cast<size_t>(depth_++)] = object;
      ++cursor_.next;
      if (cursor_.peek() == (object ? '}' : ']')) return SkipResult::kOk;  // closed by Run()
      if (object && !TakeKey()) return SkipResult::kNotJson;
    }
    if (!ScalarIsLegal()) return SkipResult::kNotJson;
    ++cursor_.next;
    return SkipResult::kOk;
  }

  bool ScalarIsLegal() const {
    if (cursor_.peek() == '"') return EscapesAreLegal(cursor_.StringToken());
    const std::string_view token = cursor_.ScalarToken();
    if (IsJsonLiteral(token)) return true;
    const auto number = ScanNumber(token);
    return number && number->text.size() == token.size();
  }

  JsonCursor& cursor_;
  const int32_t depth_max_;
  int32_t depth_ = 0;
  std::bitset<kSkipDepthMax> objects_;
};

}  // namespace

SkipResult SkipValue(JsonCursor& cursor, int32_t depth_max) {
  return Skipper(cursor, depth_max).Run();
}

}  // namespace kafka_iceberg::decode
