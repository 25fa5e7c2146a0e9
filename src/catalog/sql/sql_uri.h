// SPDX-License-Identifier: Apache-2.0
//
// The uri of a SQL catalog, taken apart as far as this program needs to, and what of it may be
// shown. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::catalog {

struct SqlUri {
  enum class Kind : uint8_t { kSqlite, kPostgres };
  Kind kind = Kind::kSqlite;
  // SQLite: the absolute path. PostgreSQL: the uri as libpq takes it, with the password.
  std::string target;
  // For messages: without user, password and options.
  std::string display;
};

// sqlite:///absolute/path.db (also with four slashes), postgresql:// and postgres://, with or
// without "+driver" as SQLAlchemy writes it. kInvalid and kUnsupported never repeat the text.
Result<SqlUri> ParseSqlUri(std::string_view uri);

}  // namespace kafka_iceberg::catalog
