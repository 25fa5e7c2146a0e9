// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/sqlite_connection.h"

#include <sqlite3.h>

#include <utility>

namespace kafka_iceberg::catalog {

namespace {

constexpr int kValueBytesMax = 16 << 20;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// What a failed statement means when it is certain that SQLite has rolled it back; the lower byte
// of a result code is its kind, the rest the detail.
Error ToError(const std::string& path, int code) {
  const std::string why = fmt::format("{} (SQLite {})", sqlite3_errstr(code), code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error::Unavailable("{}: another program holds the lock of the database: {}", path,
                                why);
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE)
        return Error::AlreadyExists("{}: {}", path, why);
      return Error::Invalid("{}: {}", path, why);
    case SQLITE_FULL: return Error::Io("{}: no space left on the disk; free some space", path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Error::Denied("{}: {}; the file and its folder must be writable", path, why);
    case SQLITE_CANTOPEN:
      return Error::Io("{}: {}; the folder must exist and be writable", path, why);
    case SQLITE_TOOBIG: return Error::Invalid("{}: a value is too long: {}", path, why);
    // Our statements never change, so when one is refused the tables are not what they should be.
    case SQLITE_ERROR:
      return Error::Invalid("{}: {}: the tables of the catalog are missing or different", path,
                            why);
    case SQLITE_FORMAT:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Error::Corrupt("{}: {}", path, why);
    default: return Error::Io("{}: {}", path, why);
  }
}

// Whether a failed write has left no trace. A failed read or sync while committing may have been
// after the point of no return.
bool ProvesRolledBack(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CONSTRAINT:
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
    case SQLITE_TOOBIG:
    case SQLITE_ERROR:
    case SQLITE_NOTADB: return true;
    default: return false;
  }
}

std::optional<std::string> ColumnText(sqlite3_stmt* statement, int column) {
  if (sqlite3_column_type(statement, column) == SQLITE_NULL) return std::nullopt;
  const unsigned char* text = sqlite3_column_text(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  if (text == nullptr) return std::string();
  return std::string(reinterpret_cast<const char*>(text), static_cast<size_t>(size));
}

class SqliteConnection final : public SqlConnection {
 public:
  SqliteConnection(std::string path, Database database)
      : path_(std::move(path)), database_(std::move(database)) {}

  Result<SqlResult> Run(const SqlStatement& statement) override {
    sqlite3_stmt* prepared = nullptr;
    const int code =
        sqlite3_prepare_v2(database_.get(), statement.text.data(),
                           static_cast<int>(statement.text.size()), &prepared, nullptr);
    const Statement owned(prepared);
    if (code != SQLITE_OK) return ToError(path_, code);
    for (size_t i = 0; i < statement.parameters.size(); ++i) {
      const std::string& value = statement.parameters[i];
      const int bound = sqlite3_bind_text64(prepared, static_cast<int>(i) + 1, value.data(),
                                            value.size(), SQLITE_STATIC, SQLITE_UTF8);
      if (bound != SQLITE_OK) return ToError(path_, bound);
    }
    return Step(prepared);
  }

  Result<std::vector<std::string>> ColumnsOf(std::string_view table) override {
    const SqlResult found =
        TRY(Run({"SELECT name FROM pragma_table_info($1)", {std::string(table)}}));
    std::vector<std::string> columns;
    for (const SqlRow& row : found.rows) columns.push_back(row[0].value_or(""));
    return columns;
  }

  // A file that was replaced or deleted would take our commits with it.
  bool IsUsable() override {
    int has_moved = 0;
    const int code =
        sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    return is_sound_ && code == SQLITE_OK && has_moved == 0;
  }

  // Readers and writers do not wait for each other then. A matter of speed only, so a refusal
  // (somebody else is using the file) does no harm.
  void TuneNewDatabase() override { (void)Run({"PRAGMA journal_mode=WAL", {}}); }

 private:
  Result<SqlResult> Step(sqlite3_stmt* prepared) {
    SqlResult result;
    size_t bytes = 0;
    int code = sqlite3_step(prepared);
    for (; code == SQLITE_ROW; code = sqlite3_step(prepared)) {
      SqlRow row;
      for (int column = 0; column < sqlite3_column_count(prepared); ++column) {
        row.push_back(ColumnText(prepared, column));
        bytes += sizeof(row.back()) + row.back().value_or("").size();
      }
      if (bytes > kSqlResultBytesMax)
        return Error::Unsupported("{}: more than {} bytes of rows", path_, kSqlResultBytesMax);
      result.rows.push_back(std::move(row));
    }
    if (code == SQLITE_DONE) {
      result.affected_rows = sqlite3_changes64(database_.get());
      return result;
    }
    if (sqlite3_stmt_readonly(prepared) != 0 || ProvesRolledBack(code)) return ToError(path_, code);
    is_sound_ = false;
    return Error::CommitUnknown("{}", ToError(path_, code).message());
  }

  const std::string path_;
  const Database database_;
  bool is_sound_ = true;
};

}  // namespace

Result<std::unique_ptr<SqlConnection>> OpenSqliteConnection(const std::string& path,
                                                            Duration lock_timeout) {
  sqlite3* opened = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &opened, kFlags, nullptr);
  Database database(opened);
  if (code != SQLITE_OK) return ToError(path, code);
  using std::chrono::milliseconds;
  sqlite3_busy_timeout(opened,
                       static_cast<int>(std::chrono::ceil<milliseconds>(lock_timeout).count()));
  sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, kValueBytesMax);
  auto connection = std::make_unique<SqliteConnection>(path, std::move(database));
  // A commit that was reported must survive a loss of power, in every journal mode.
  auto synchronous = connection->Run({"PRAGMA synchronous=FULL", {}});
  if (!synchronous.ok()) return synchronous.error();
  return std::unique_ptr<SqlConnection>(std::move(connection));
}

}  // namespace kafka_iceberg::catalog
