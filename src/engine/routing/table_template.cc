// SPDX-License-Identifier: Apache-2.0
#include "engine/routing/table_template.h"

#include <algorithm>

namespace kafka_iceberg::engine {
namespace {

// Every catalog and file system can hold these; longer ones only some.
constexpr size_t kNameBytesMax = 128;
constexpr std::string_view kLetterTable = "__dlq";

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsNameCharacter(char c) { return IsLetterOrDigit(c) || c == '_' || c == '-'; }

// For people: what a record says may be anything.
std::string Shown(std::string_view value) {
  constexpr size_t kShownMax = 40;
  std::string text;
  for (const char c : value.substr(0, kShownMax)) {
    text += c >= 0x20 && c < 0x7f ? c : '?';
  }
  return text + (value.size() > kShownMax ? "..." : "");
}

Status CheckName(std::string_view name) {
  if (name.empty()) return Error::Invalid("the table's name is empty");
  if (name.size() > kNameBytesMax) {
    return Error::Invalid("\"{}\" is longer than {} characters", Shown(name), kNameBytesMax);
  }
  if (!IsLetterOrDigit(name.front()) || !std::ranges::all_of(name, IsNameCharacter)) {
    return Error::Invalid(
        "\"{}\" is not a legal table name: it takes letters, digits, \"_\" and \"-\", and begins "
        "with one of the first two",
        Shown(name));
  }
  if (name.ends_with(kLetterTable)) {
    return Error::Invalid("\"{}\" would be a table of dead letters", Shown(name));
  }
  return {};
}

Result<ValueRef> ParseValue(std::string_view text) {
  if (text == "topic") return ValueRef{ValueSource::kTopic, {}};
  if (text == "key") return ValueRef{ValueSource::kKey, {}};
  if (text == "record_name") return ValueRef{ValueSource::kRecordName, {}};
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string name(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (kind == "header" && !name.empty()) return ValueRef{ValueSource::kHeader, name};
  if (kind == "field" && !name.empty()) return ValueRef{ValueSource::kField, name};
  return Error::Invalid(
      "\"{{{}}}\" is not known; there are {{topic}}, {{header:NAME}}, {{key}}, {{field:NAME}} and "
      "{{record_name}}",
      Shown(text));
}

}  // namespace

std::string TopicAsName(std::string_view topic) {
  std::string name(topic);
  std::ranges::replace(name, '.', '_');
  return name;
}

Result<std::string> FullTableName(std::string_view text, const std::string& database) {
  const size_t dot = text.rfind('.');
  const std::string_view name = dot == std::string_view::npos ? text : text.substr(dot + 1);
  const std::string space(dot == std::string_view::npos ? std::string_view(database)
                                                        : text.substr(0, dot));
  const auto is_bad = [](unsigned char c) {
    return c < 0x20 || c == 0x7f || c == '/' || c == '\\';
  };
  if (name.empty() || space.empty() || std::ranges::any_of(text, is_bad)) {
    return Error::Invalid("\"{}\" is not a legal table name", Shown(text));
  }
  return fmt::format("{}.{}", space, name);
}

Result<TableTemplate> TableTemplate::Parse(std::string_view text, const std::string& database,
                                           const std::vector<std::string>& allowed) {
  TableTemplate result;
  const size_t brace = std::min(text.find('{'), text.size());
  const size_t dot = text.substr(0, brace).rfind('.');
  result.database_ = dot == std::string_view::npos ? database : std::string(text.substr(0, dot));
  std::string_view rest = dot == std::string_view::npos ? text : text.substr(dot + 1);
  if (brace == text.size() && allowed.empty()) {
    result.texts_.emplace_back(rest);
    TRY(FullTableName(text, database));
    return result;
  }
  if (brace == text.size()) {
    return Error::Invalid("allowed_tables has no meaning for one table");
  }
  while (true) {
    const size_t open = rest.find('{');
    result.texts_.emplace_back(rest.substr(0, open));
    if (open == std::string_view::npos) break;
    const size_t close = rest.find('}', open);
    if (close == std::string_view::npos) return Error::Invalid("\"{{\" without \"}}\"");
    result.values_.push_back(TRY(ParseValue(rest.substr(open + 1, close - open - 1))));
    rest.remove_prefix(close + 1);
  }
  for (const std::string& part : result.texts_) {
    if (!std::ranges::all_of(part, IsNameCharacter)) {
      return Error::Invalid(
          "\"{}\" around the values takes letters, digits, \"_\" and \"-\"; the namespace before "
          "it must be fixed",
          Shown(part));
    }
  }
  if (result.database_.empty()) return Error::Invalid("the namespace is empty");
  for (const std::string& name : allowed) {
    result.allowed_.push_back(TRY(FullTableName(name, result.database_)));
    if (!result.CouldBe(result.allowed_.back())) {
      return Error::Invalid("allowed_tables names \"{}\", which \"{}\" never gives", Shown(name),
                            Shown(text));
    }
  }
  return result;
}

Result<std::string> TableTemplate::Expand(const std::vector<std::string_view>& values) const {
  if (is_fixed()) return fmt::format("{}.{}", database_, texts_.front());
  std::string name = texts_.front();
  for (size_t i = 0; i < values_.size(); ++i) {
    if (values[i].size() > kNameBytesMax) {
      return Error::Invalid("\"{}\" is too long for a table name", Shown(values[i]));
    }
    name +=
        values_[i].source == ValueSource::kTopic ? TopicAsName(values[i]) : std::string(values[i]);
    name += texts_[i + 1];
  }
  TRY(CheckName(name));
  std::string full = fmt::format("{}.{}", database_, name);
  if (!allowed_.empty() && std::ranges::find(allowed_, full) == allowed_.end()) {
    return Error::Invalid("{} is not one of allowed_tables", full);
  }
  return full;
}

bool TableTemplate::CouldBe(std::string_view table) const {
  if (is_fixed()) return table == fmt::format("{}.{}", database_, texts_.front());
  const std::string prefix = fmt::format("{}.{}", database_, texts_.front());
  return table.size() >= prefix.size() + texts_.back().size() && table.starts_with(prefix) &&
         table.ends_with(texts_.back()) && CheckName(table.substr(database_.size() + 1)).ok();
}

}  // namespace kafka_iceberg::engine
