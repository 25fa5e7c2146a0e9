// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/sql_uri.h"

namespace kafka_iceberg::catalog {

namespace {

constexpr std::string_view kForms =
    "give sqlite:///absolute/path.db or postgresql://user:password@host:port/database";

Result<SqlUri> ParseSqlite(std::string_view rest) {
  if (rest.find_first_of("?#") != std::string_view::npos)
    return Error::Unsupported("sql catalog uri: options are not taken for sqlite");
  const size_t name = rest.find_first_not_of('/');
  if (name == 0 || name == std::string_view::npos || rest.substr(name) == ":memory:") {
    return Error::Invalid(
        "sql catalog uri: sqlite needs the absolute path of a file: sqlite:///absolute/path.db");
  }
  if (rest.find('\0') != std::string_view::npos || rest.ends_with('/'))
    return Error::Invalid("sql catalog uri: the path of the sqlite file is not a file name");
  SqlUri parsed{SqlUri::Kind::kSqlite, "/" + std::string(rest.substr(name)), {}};
  parsed.display = "sqlite://" + parsed.target;
  return parsed;
}

// Whether each ":..." outside of brackets is a port: anything else may be part of a password.
bool HasOnlyPorts(std::string_view hosts) {
  bool in_brackets = false;
  bool in_port = false;
  for (const char c : hosts) {
    if (c == '[' || c == ']') in_brackets = c == '[';
    if (c == ',') in_port = false;
    if (in_port && (c < '0' || c > '9')) return false;
    if (c == ':' && !in_brackets) in_port = true;
  }
  return true;
}

// Only what follows the last '@', and nothing of the options.
std::string DisplayOf(std::string_view rest) {
  const size_t at = rest.rfind('@');
  std::string_view shown = at == std::string_view::npos ? rest : rest.substr(at + 1);
  shown = shown.substr(0, shown.find_first_of("?#"));
  if (!HasOnlyPorts(shown.substr(0, shown.find('/')))) shown = "";
  return fmt::format("postgresql://{}", shown);
}

}  // namespace

Result<SqlUri> ParseSqlUri(std::string_view uri) {
  const size_t separator = uri.find("://");
  if (separator == std::string_view::npos) return Error::Invalid("sql catalog uri: {}", kForms);
  const std::string_view rest = uri.substr(separator + 3);
  std::string_view scheme = uri.substr(0, separator);
  scheme = scheme.substr(0, scheme.find('+'));
  if (scheme == "sqlite") return ParseSqlite(rest);
  if (scheme != "postgresql" && scheme != "postgres") {
    return Error::Unsupported("sql catalog uri: this scheme is not served; {}", kForms);
  }
  if (rest.find('\0') != std::string_view::npos)
    return Error::Invalid("sql catalog uri: it contains a zero byte");
  return SqlUri{SqlUri::Kind::kPostgres, "postgresql://" + std::string(rest), DisplayOf(rest)};
}

}  // namespace kafka_iceberg::catalog
