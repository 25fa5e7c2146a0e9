// SPDX-License-Identifier: Apache-2.0
//
// SqlConnection: one connection to the database of a SQL catalog. Owned by a SqlPool and used by
// one thread at a time; every call ends within the time-outs it was made with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::catalog {

// Parameters are $1, $2, ... and appear in this order for the first time, which is how both
// databases number them.
struct SqlStatement {
  std::string text;
  std::vector<std::string> parameters;
};

using SqlRow = std::vector<std::optional<std::string>>;

struct SqlResult {
  std::vector<SqlRow> rows;
  int64_t affected_rows = 0;
};

// A result larger than this is refused.
inline constexpr size_t kSqlResultBytesMax = size_t{64} << 20;

class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  // Runs one statement in a transaction of its own. kCommitUnknown: it may have been applied, or
  // may still be. Any other error proves that nothing was: kAlreadyExists (a key that is taken),
  // kUnavailable and kTimeout (trying again may help), kDenied, kInvalid, kIo, kCorrupt,
  // kUnsupported. Messages never hold a password.
  virtual Result<SqlResult> Run(const SqlStatement& statement) = 0;
  // The names of a table's columns; empty when there is no such table.
  virtual Result<std::vector<std::string>> ColumnsOf(std::string_view table) = 0;
  // Whether the next statement has a chance; no waiting.
  virtual bool IsUsable() = 0;
  // Called once, when the catalog's tables were just made in what may be a new database.
  virtual void TuneNewDatabase() {}
};

using SqlConnector = std::function<Result<std::unique_ptr<SqlConnection>>()>;

}  // namespace kafka_iceberg::catalog
