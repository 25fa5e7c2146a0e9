// SPDX-License-Identifier: Apache-2.0
#include "commit/sqlite_database.h"

#include <sqlite3.h>

#include <utility>

#include "core/check.h"

namespace kafka_iceberg::commit {
SqliteStatement::SqliteStatement(SqliteDatabase& database, sqlite3_stmt* statement)
    : database_(database), statement_(statement) {}

SqliteStatement::~SqliteStatement() { sqlite3_finalize(statement_); }

SqliteStatement::SqliteStatement(SqliteStatement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

// Binding fails only for a wrong parameter number or a text beyond SQLite's limit of 10^9 bytes:
// our own mistakes.
SqliteStatement& SqliteStatement::Bind(int parameter, int64_t value) {
  CHECK(sqlite3_bind_int64(statement_, parameter + 1, value) == SQLITE_OK);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int parameter, std::string_view value) {
  CHECK(sqlite3_bind_text64(statement_, parameter + 1, value.data(), value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int parameter, std::optional<int64_t> value) {
  if (value) return Bind(parameter, *value);
  CHECK(sqlite3_bind_null(statement_, parameter + 1) == SQLITE_OK);
  return *this;
}

Result<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.ToError(code);
}

Status SqliteStatement::Run() {
  TRY(Step());
  return {};
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int64_t SqliteStatement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string SqliteStatement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(size)};
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

SqliteDatabase::SqliteDatabase(std::string path, sqlite3* connection)
    : path_(std::move(path)), connection_(connection) {}

SqliteDatabase::~SqliteDatabase() { CHECK(sqlite3_close(connection_) == SQLITE_OK); }

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(const std::string& path) {
  sqlite3* connection = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &connection, kFlags, nullptr);
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path, connection));
  if (code != SQLITE_OK) return database->ToError(code);
  return database;
}

Status SqliteDatabase::Execute(const char* sql) {
  const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return ToError(code);
  return {};
}

Result<SqliteStatement> SqliteDatabase::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection_, sql, -1, &statement, nullptr);
  if (code != SQLITE_OK) return ToError(code);
  return SqliteStatement(*this, statement);
}

// The lower byte of a result code is its kind, the rest the detail.
Error SqliteDatabase::ToError(int code) {
  const int kind = code & 0xff;
  io_failed_ = io_failed_ || kind == SQLITE_IOERR;
  const std::string why = fmt::format("{} (SQLite {})", sqlite3_errstr(code), code);
  switch (kind) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error::Unavailable(
          "{}: another kafka-iceberg uses this state directory; stop it, or give each process its "
          "own "
          "state.directory",
          path_);
    case SQLITE_FULL: return Error::Io("{}: no space left on the disk; free some space", path_);
    // Our statements never change, so when one is refused the file is not what it should be.
    case SQLITE_ERROR:
    case SQLITE_FORMAT:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Error::Corrupt("{}: {}", path_, why);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Error::Denied("{}: {}; the state directory must be writable", path_, why);
    case SQLITE_CANTOPEN:
      return Error::Io("{}: {}; the state directory must exist and be writable", path_, why);
    default: return Error::Io("{}: {}", path_, why);
  }
}

int64_t SqliteDatabase::changes() const { return sqlite3_changes64(connection_); }

}  // namespace kafka_iceberg::commit
