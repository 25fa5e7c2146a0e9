// SPDX-License-Identifier: Apache-2.0
#include "decode/rescue/rescued_text.h"

#include <optional>

#include "decode/json/json_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool TakeIf(char c) {
    at_ = std::min(text_.find_first_not_of(kSpaces, at_), text_.size());
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // What stands between the quotes.
  std::optional<std::string_view> String() {
    if (!TakeIf('"')) return std::nullopt;
    const size_t begin = at_;
    if (!ToEndOfString()) return std::nullopt;
    return text_.substr(begin, at_ - 1 - begin);
  }

  // Up to the comma or brace behind it.
  std::optional<std::string_view> Value() {
    at_ = std::min(text_.find_first_not_of(kSpaces, at_), text_.size());
    const size_t begin = at_;
    for (int64_t depth = 0; at_ < text_.size();) {
      const char c = text_[at_];
      const bool closes = c == '}' || c == ']';
      if (depth == 0 && (closes || c == ',')) break;
      depth += (c == '{' || c == '[' ? 1 : 0) - (closes ? 1 : 0);
      ++at_;
      if (c == '"' && !ToEndOfString()) return std::nullopt;
    }
    const std::string_view value = text_.substr(begin, at_ - begin);
    const size_t end = value.find_last_not_of(kSpaces);
    if (end == std::string_view::npos) return std::nullopt;
    return value.substr(0, end + 1);
  }

 private:
  // Behind the closing quote.
  bool ToEndOfString() {
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    return ++at_ <= text_.size();
  }

  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<std::string>> SplitRescuePath(std::string_view path) {
  std::vector<std::string> names;
  for (size_t at = 0; at <= path.size();) {
    std::string& name = names.emplace_back();
    if (at < path.size() && path[at] == '`') {
      for (++at; at < path.size(); ++at) {
        if (path[at] == '`' && !(at + 1 < path.size() && path[at + 1] == '`')) break;
        if (path[at] == '`') ++at;
        name.push_back(path[at]);
      }
      if (at++ >= path.size()) return Error::Invalid("{} is no field path: a ` is open", path);
    } else {
      const size_t end = std::min(path.find_first_of(".[`", at), path.size());
      name = path.substr(at, end - at);
      at = end;
    }
    if (at < path.size() && path[at] == '[') {
      return Error::Unsupported(
          "{} leads into a list, and a promoted field must be one column: promote a field outside "
          "of lists",
          path);
    }
    if (name.empty() || (at < path.size() && path[at] != '.')) {
      return Error::Invalid(
          "{} is no field path; write it as the rescue column does: name, name.member, `a.b`",
          path);
    }
    if (at++ >= path.size()) break;
  }
  return names;
}

bool VisitRescuedText(std::string_view text, const VisitRescued& visit) {
  Scanner scanner(text);
  if (!scanner.TakeIf('{')) return false;
  if (scanner.TakeIf('}')) return true;
  do {
    const std::optional<std::string_view> raw = scanner.String();
    if (!raw || !scanner.TakeIf(':')) return false;
    std::string path(raw->size(), '\0');
    size_t size = 0;
    if (Unescape(*raw, path.data(), size) != EscapeError::kNone) return false;
    path.resize(size);
    const std::optional<std::string_view> value = scanner.Value();
    if (!value) return false;
    visit(path, *value);
  } while (scanner.TakeIf(','));
  return scanner.TakeIf('}');
}

}  // namespace kafka_iceberg::decode
