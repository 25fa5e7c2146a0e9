// SPDX-License-Identifier: Apache-2.0
//
// SectionReader: takes the known keys out of one TOML table, collects every problem, and reports
// what is left over as unknown, with the nearest known key. Private to config/; lives on the stack
// of one call.
#pragma once

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config_file.h"
#include "config/unsettled_keys.h"

namespace kafka_iceberg::config {

// The variables that override keys, by the key's full name.
using Overrides = std::map<std::string, std::string, std::less<>>;

// What all readers of one file share.
struct ReadContext {
  std::string file;
  const Environment& environment;
  const Overrides& overrides;
  LoadedOptions& loaded;  // problems and places
  UnsettledKeys& unsettled;

  Place PlaceOf(const toml::source_region& source, std::string_view key) const;

  void Report(const toml::source_region& source, std::string key, std::string message,
              std::string fix = "") const;
};

class SectionReader {
 public:
  // `table` may be null: the section is absent.
  SectionReader(const ReadContext& context, const toml::table* table, std::string path);

  void String(std::string_view key, std::string& out);
  void Choice(std::string_view key, std::string& out, const std::vector<std::string>& choices);
  void Int(std::string_view key, int32_t& out, int64_t min, int64_t max);
  void Number(std::string_view key, double& out, double min, double max);
  void Bool(std::string_view key, bool& out);
  void StringList(std::string_view key, std::vector<std::string>& out);
  void IntList(std::string_view key, std::vector<int32_t>& out, int64_t min, int64_t max);
  // A table of scalars, all as text.
  void StringMap(std::string_view key, std::map<std::string, std::string>& out);
  // A key that is known and read elsewhere.
  const toml::node* Take(std::string_view key);
  const toml::table* Table(std::string_view key);
  bool Has(std::string_view key) const;

  // Reports every key that nobody took.
  void Finish();

 private:
  std::string Path(std::string_view key) const;
  void Remember(const toml::key& name, std::string key) const;
  std::optional<std::string> Expand(const toml::node& node, std::string_view key,
                                    const std::string& text) const;
  void WrongType(const toml::node& node, std::string_view key, std::string_view expected) const;

  const ReadContext& context_;
  const toml::table* table_;
  const std::string path_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace kafka_iceberg::config
