// SPDX-License-Identifier: Apache-2.0
//
// A thin RAII layer over one SQLite connection: errors become our codes, values are bound and read
// by type. Internal to the transaction log; used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace kafka_iceberg::commit {

class SqliteDatabase;

// One prepared statement. Columns and parameters count from 0.
class SqliteStatement {
 public:
  SqliteStatement(SqliteDatabase& database, sqlite3_stmt* statement);
  ~SqliteStatement();
  SqliteStatement(SqliteStatement&& other) noexcept;
  SqliteStatement& operator=(SqliteStatement&&) = delete;

  SqliteStatement& Bind(int parameter, int64_t value);
  SqliteStatement& Bind(int parameter, std::string_view value);
  SqliteStatement& Bind(int parameter, std::optional<int64_t> value);
  // True when there is a row to read.
  Result<bool> Step();
  // For statements that return nothing.
  Status Run();
  // Ready to be bound and run again.
  void Reset();

  int64_t Int(int column) const;
  std::string Text(int column) const;
  bool IsNull(int column) const;

 private:
  SqliteDatabase& database_;
  sqlite3_stmt* statement_;
};

class SqliteDatabase {
 public:
  // Opens or creates. No I/O on the content happens yet.
  static Result<std::unique_ptr<SqliteDatabase>> Open(const std::string& path);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  Status Execute(const char* sql);
  Result<SqliteStatement> Prepare(const char* sql);
  // Rows changed by the last statement.
  int64_t changes() const;
  // Whether the operating system ever failed a read, a write or a sync ("full" is not a failure).
  bool io_failed() const { return io_failed_; }
  const std::string& path() const { return path_; }
  // What the caller can do about a SQLite result code.
  Error ToError(int code);

 private:
  SqliteDatabase(std::string path, sqlite3* connection);

  const std::string path_;
  sqlite3* connection_;
  bool io_failed_ = false;
};

}  // namespace kafka_iceberg::commit
