// SPDX-License-Identifier: Apache-2.0
#include "config/section_reader.h"

#include <algorithm>

namespace kafka_iceberg::config {
namespace {

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

bool IsNameCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

Place ReadContext::PlaceOf(const toml::source_region& source, std::string_view key) const {
  for (std::string_view part = key; !part.empty(); part = SectionOf(part)) {
    const auto variable = overrides.find(part);
    if (variable != overrides.end())
      return {.file = fmt::format("environment variable {}", variable->second)};
  }
  return {.file = file,
          .line = static_cast<int>(source.begin.line),
          .column = static_cast<int>(source.begin.column)};
}

void ReadContext::Report(const toml::source_region& source, std::string key, std::string message,
                         std::string fix) const {
  unsettled.Add(key);
  Place place = PlaceOf(source, key);
  loaded.problems.push_back({.file = std::move(place.file),
                             .line = place.line,
                             .column = place.column,
                             .key = std::move(key),
                             .message = std::move(message),
                             .fix = std::move(fix)});
}

SectionReader::SectionReader(const ReadContext& context, const toml::table* table, std::string path)
    : context_(context), table_(table), path_(std::move(path)) {}

std::string SectionReader::Path(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const toml::node* SectionReader::Take(std::string_view key) {
  known_.emplace(key);
  if (table_ == nullptr) return nullptr;
  const auto found = table_->find(key);
  if (found == table_->end()) return nullptr;
  Remember(found->first, Path(key));
  return &found->second;
}

void SectionReader::Remember(const toml::key& name, std::string key) const {
  Place place = context_.PlaceOf(name.source(), key);
  context_.loaded.places.insert_or_assign(std::move(key), std::move(place));
}

bool SectionReader::Has(std::string_view key) const {
  return table_ != nullptr && table_->contains(key);
}

void SectionReader::WrongType(const toml::node& node, std::string_view key,
                              std::string_view expected) const {
  context_.Report(node.source(), Path(key),
                  fmt::format("must be {}, not {}", expected, TypeName(node)));
}

std::optional<std::string> SectionReader::Expand(const toml::node& node, std::string_view key,
                                                 const std::string& text) const {
  std::string expanded;
  size_t from = 0;
  while (true) {
    const size_t open = text.find("${", from);
    expanded += text.substr(from, open - from);
    if (open == std::string::npos) return expanded;
    const size_t close = text.find('}', open);
    const std::string name =
        text.substr(open + 2, close == std::string::npos ? 0 : close - open - 2);
    if (name.empty() || !std::ranges::all_of(name, IsNameCharacter)) {
      context_.Report(node.source(), Path(key), "\"${\" without a variable name and \"}\"",
                      "write \"${NAME}\"");
      return std::nullopt;
    }
    const auto found = context_.environment.find(name);
    if (found == context_.environment.end()) {
      context_.Report(node.source(), Path(key),
                      fmt::format("environment variable {} is not set", name),
                      fmt::format("export {}=... before starting", name));
      return std::nullopt;
    }
    expanded += found->second;
    from = close + 1;
  }
}

void SectionReader::String(std::string_view key, std::string& out) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  if (const auto* text = node->as_string()) {
    if (auto expanded = Expand(*node, key, text->get())) out = *std::move(expanded);
  } else {
    WrongType(*node, key, "a string");
  }
}

void SectionReader::Choice(std::string_view key, std::string& out,
                           const std::vector<std::string>& choices) {
  std::string value = out;
  String(key, value);
  if (std::ranges::find(choices, value) != choices.end()) {
    out = value;
    return;
  }
  const std::string nearest = Nearest(value, choices);
  context_.unsettled.AddChoice(Path(key));
  context_.Report(Take(key)->source(), Path(key),
                  fmt::format("\"{}\" is not one of {}", value, fmt::join(choices, ", ")),
                  nearest.empty() ? "" : fmt::format("did you mean \"{}\"?", nearest));
}

void SectionReader::Int(std::string_view key, int32_t& out, int64_t min, int64_t max) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* number = node->as_integer();
  if (number == nullptr) return WrongType(*node, key, "an integer");
  if (number->get() < min || number->get() > max) {
    context_.Report(node->source(), Path(key),
                    fmt::format("{} is outside {} to {}", number->get(), min, max));
    return;
  }
  out = static_cast<int32_t>(number->get());
}

void SectionReader::Number(std::string_view key, double& out, double min, double max) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto value = node->is_number() ? node->value<double>() : std::nullopt;
  if (!value) return WrongType(*node, key, "a number");
  if (!(*value >= min && *value <= max)) {
    context_.Report(node->source(), Path(key),
                    fmt::format("{} is outside {} to {}", *value, min, max));
    return;
  }
  out = *value;
}

void SectionReader::Bool(std::string_view key, bool& out) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* flag = node->as_boolean();
  if (flag == nullptr) return WrongType(*node, key, "true or false");
  out = flag->get();
}

void SectionReader::StringList(std::string_view key, std::vector<std::string>& out) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) return WrongType(*node, key, "an array of strings");
  std::vector<std::string> values;
  for (const toml::node& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) return WrongType(element, key, "an array of strings");
    auto expanded = Expand(element, key, text->get());
    if (!expanded) return;
    values.push_back(*std::move(expanded));
  }
  out = std::move(values);
}

void SectionReader::IntList(std::string_view key, std::vector<int32_t>& out, int64_t min,
                            int64_t max) {
  const toml::node* node = Take(key);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr || array->empty())
    return WrongType(*node, key, "a non-empty array of integers");
  std::vector<int32_t> values;
  for (const toml::node& element : *array) {
    const auto* number = element.as_integer();
    if (number == nullptr) return WrongType(element, key, "an array of integers");
    if (number->get() < min || number->get() > max) {
      context_.Report(element.source(), Path(key),
                      fmt::format("{} is outside {} to {}", number->get(), min, max));
      return;
    }
    values.push_back(static_cast<int32_t>(number->get()));
  }
  out = std::move(values);
}

void SectionReader::StringMap(std::string_view key, std::map<std::string, std::string>& out) {
  const toml::table* table = Table(key);
  if (table == nullptr) return;
  for (const auto& [name, value] : *table) {
    const std::string member = fmt::format("{}.{}", key, name.str());
    Remember(name, Path(member));
    if (const auto* text = value.as_string()) {
      if (auto expanded = Expand(value, member, text->get()))
        out[std::string(name.str())] = *std::move(expanded);
    } else if (const auto* flag = value.as_boolean()) {
      out[std::string(name.str())] = flag->get() ? "true" : "false";
    } else if (const auto* number = value.as_integer()) {
      out[std::string(name.str())] = std::to_string(number->get());
    } else if (const auto* real = value.as_floating_point()) {
      out[std::string(name.str())] = fmt::format("{}", real->get());
    } else {
      WrongType(value, member, "a string, number or boolean");
    }
  }
}

const toml::table* SectionReader::Table(std::string_view key) {
  const toml::node* node = Take(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) WrongType(*node, key, "a table");
  return node->as_table();
}

void SectionReader::Finish() {
  if (table_ == nullptr) return;
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& [name, value] : *table_) {
    if (known_.contains(name.str())) continue;
    const std::string nearest = Nearest(name.str(), known);
    if (!nearest.empty()) context_.unsettled.Add(Path(nearest));
    context_.Report(name.source(), Path(name.str()),
                    value.is_table() ? "unknown section" : "unknown key",
                    nearest.empty() ? fmt::format("known here: {}", fmt::join(known, ", "))
                                    : fmt::format("did you mean \"{}\"?", nearest));
  }
}

}  // namespace kafka_iceberg::config
