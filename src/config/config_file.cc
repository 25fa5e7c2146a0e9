// SPDX-License-Identifier: Apache-2.0
#include "config/config_file.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "config/check_options.h"
#include "config/read_sections.h"
#include "config/section_reader.h"

extern char** environ;

namespace kafka_iceberg::config {
namespace {

constexpr size_t kFileBytesMax = 4 << 20;
constexpr std::string_view kOverridePrefix = "KAFKA_ICEBERG__";

// Damerau-Levenshtein distance of two short words.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

Result<std::string> ReadWholeFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (file == nullptr) {
    const std::string why = std::strerror(errno);
    if (errno == ENOENT) return Error::NotFound("cannot read configuration {}: {}", path, why);
    return Error::Io("cannot read configuration {}: {}", path, why);
  }
  std::string text(kFileBytesMax + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return Error::Io("cannot read configuration {}: {}", path, std::strerror(errno));
  }
  if (text.size() > kFileBytesMax)
    return Error::Invalid("configuration {} is larger than 4 MiB", path);
  return text;
}

// Sets one override in the table. The value is TOML when it parses as such (5, true, ["a"]),
// otherwise text.
void ApplyOverride(toml::table& root, std::string_view name, const std::string& value,
                   Overrides& overrides, std::vector<Problem>& problems) {
  std::vector<std::string> path;
  for (size_t from = kOverridePrefix.size(); from <= name.size();) {
    const size_t end = std::min(name.find("__", from), name.size());
    path.push_back(Lower(name.substr(from, end - from)));
    from = end + 2;
  }
  toml::table* table = &root;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    table->emplace<toml::table>(path[i]);
    table = table->get_as<toml::table>(path[i]);
    if (table == nullptr) break;
  }
  if (table == nullptr || path.size() < 2 || path.back().empty()) {
    problems.push_back(
        {.file = fmt::format("environment variable {}", name),
         .message = "does not name a key",
         .fix = "write KAFKA_ICEBERG__SECTION__KEY, e.g. KAFKA_ICEBERG__KAFKA__TOPIC"});
    return;
  }
  overrides.emplace(fmt::format("{}", fmt::join(path, ".")), name);
  try {
    toml::table parsed = toml::parse("value = " + value);
    if (toml::node* node = parsed.get("value");
        node != nullptr && parsed.size() == 1 && !node->is_date()) {
      table->insert_or_assign(path.back(), std::move(*node));
      return;
    }
  } catch (const toml::parse_error&) {
    // Not TOML: taken as text below.
  }
  table->insert_or_assign(path.back(), value);
}

// [schema] file: a path relative to the configuration's folder.
void ReadSchemaFile(const std::string& configuration, const Environment& environment,
                    LoadedOptions& loaded) {
  std::filesystem::path path = loaded.options.schema.file;
  if (path.is_relative()) path = std::filesystem::path(configuration).parent_path() / path;
  const Result<std::string> text = ReadWholeFile(path.string());
  if (!text.ok()) {
    loaded.problems.push_back(
        loaded.ProblemAt(configuration, "schema.file", text.error().message()));
    return;
  }
  try {
    const toml::table root = toml::parse(*text, path.string());
    const Overrides none;
    UnsettledKeys unsettled;
    const ReadContext context{.file = path.string(),
                              .environment = environment,
                              .overrides = none,
                              .loaded = loaded,
                              .unsettled = unsettled};
    SectionReader reader(context, &root, "");
    ReadFields(context, reader.Take("fields"), loaded.options.schema.fields);
    reader.Finish();
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    loaded.problems.push_back({.file = path.string(),
                               .line = static_cast<int>(at.line),
                               .column = static_cast<int>(at.column),
                               .message = fmt::format("not valid TOML: {}", error.description())});
  }
}

}  // namespace

std::string Nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr size_t kWordMax = 64;
  if (word.size() > kWordMax) return "";
  // A word that was left unfinished.
  constexpr size_t kBeginningMin = 4;
  const auto begins = [&](const std::string& candidate) {
    return word.size() >= kBeginningMin && candidate.starts_with(Lower(word));
  };
  if (std::ranges::count_if(known, begins) == 1) return *std::ranges::find_if(known, begins);
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = Distance(Lower(word), Lower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string Problem::ToString() const {
  std::string text = file;
  if (line > 0) text += fmt::format(":{}:{}", line, column);
  if (!key.empty()) text += ": " + key;
  text += ": " + message;
  if (!fix.empty()) text += "; " + fix;
  return text;
}

Problem LoadedOptions::ProblemAt(const std::string& file, std::string key, std::string message,
                                 std::string fix) const {
  Place place{.file = file};
  for (std::string_view part = key; !part.empty(); part = SectionOf(part)) {
    const auto found = places.find(part);
    if (found == places.end()) continue;
    place = found->second;
    break;
  }
  return {.file = std::move(place.file),
          .line = place.line,
          .column = place.column,
          .key = std::move(key),
          .message = std::move(message),
          .fix = std::move(fix)};
}

Environment ProcessEnvironment() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

Result<LoadedOptions> LoadOptionsFile(const std::string& path, const Environment& environment) {
  LoadedOptions loaded = ParseOptions(TRY(ReadWholeFile(path)), path, environment);
  if (!loaded.options.schema.file.empty()) ReadSchemaFile(path, environment, loaded);
  return loaded;
}

LoadedOptions ParseOptions(std::string_view toml, const std::string& name,
                           const Environment& environment) {
  LoadedOptions loaded;
  toml::table root;
  try {
    root = toml::parse(toml, name);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    loaded.problems.push_back({.file = name,
                               .line = static_cast<int>(at.line),
                               .column = static_cast<int>(at.column),
                               .message = fmt::format("not valid TOML: {}", error.description())});
    return loaded;
  }
  Overrides overrides;
  for (const auto& [variable, value] : environment) {
    if (variable.starts_with(kOverridePrefix))
      ApplyOverride(root, variable, value, overrides, loaded.problems);
  }
  UnsettledKeys unsettled;
  const ReadContext context{.file = name,
                            .environment = environment,
                            .overrides = overrides,
                            .loaded = loaded,
                            .unsettled = unsettled};
  loaded.options = ReadSections(context, root, loaded.warnings);
  CheckOptions(loaded.options, [&](std::string key, std::string message, std::string fix) {
    if (unsettled.MayExplain(key, message)) return;
    loaded.problems.push_back(
        loaded.ProblemAt(name, std::move(key), std::move(message), std::move(fix)));
  });
  std::ranges::stable_sort(loaded.problems, {}, [](const Problem& problem) {
    return std::pair(problem.line, problem.column);
  });
  return loaded;
}

}  // namespace kafka_iceberg::config
