// SPDX-License-Identifier: Apache-2.0
//
// Reads Options from a TOML file, then from environment variables KAFKA_ICEBERG__SECTION__KEY, and
// checks them as a whole. All problems are reported at once, each with file, line, column, what is
// wrong and how to fix it; only what may come of another problem waits until that one is mended.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "core/result.h"

namespace kafka_iceberg::config {

// Where something of a configuration was written.
struct Place {
  std::string file;  // or "environment variable NAME"
  int line = 0;      // 0: no position
  int column = 0;
};

struct Problem {
  std::string file;  // as in Place
  int line = 0;      // 0: no position
  int column = 0;
  std::string key;  // "kafka.topic"
  std::string message;
  std::string fix;  // may be empty

  // "config.toml:3:1: kafka.topik: unknown key; did you mean \"topic\"?"
  std::string ToString() const;
};

struct LoadedOptions {
  Options options;
  std::vector<Problem> problems;                     // empty: the options may be used
  std::vector<Problem> warnings;                     // legal, but probably not meant
  std::map<std::string, Place, std::less<>> places;  // of every key and section that was read

  // A problem that is found after reading. It stands where the key does, or else where the nearest
  // section around it begins, or else in `file`.
  Problem ProblemAt(const std::string& file, std::string key, std::string message,
                    std::string fix = "") const;
};

using Environment = std::map<std::string, std::string>;
Environment ProcessEnvironment();

// kNotFound or kIo when the file cannot be read at all. `${NAME}` inside string values is replaced
// from `environment`.
Result<LoadedOptions> LoadOptionsFile(const std::string& path, const Environment& environment);
LoadedOptions ParseOptions(std::string_view toml, const std::string& name,
                           const Environment& environment);

// The nearest of `known` to `word`, when it is near enough to be a typing mistake; else empty.
std::string Nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace kafka_iceberg::config
