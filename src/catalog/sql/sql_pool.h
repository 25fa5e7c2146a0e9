// SPDX-License-Identifier: Apache-2.0
//
// SqlPool: a few connections to one database, opened when needed and replaced when lost. Owned by
// its catalog; safe for concurrent use. A thread that finds all connections in use waits for one;
// as each statement ends within its time-out, so does the wait.
#pragma once

#include <memory>
#include <vector>

#include "catalog/sql/sql_connection.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

class SqlPool {
 public:
  SqlPool(SqlConnector connect, int connections_max);
  SqlPool(const SqlPool&) = delete;
  SqlPool& operator=(const SqlPool&) = delete;

  // A statement that only reads: once more on a new connection when the first was lost; never
  // kCommitUnknown.
  Result<SqlResult> Query(const SqlStatement& statement);
  // A statement that writes: run once. Errors as SqlConnection::Run.
  Result<SqlResult> Execute(const SqlStatement& statement);
  Result<std::vector<std::string>> ColumnsOf(std::string_view table);
  void TuneNewDatabase();

 private:
  class Lease;

  Result<std::unique_ptr<SqlConnection>> Take();
  void Return(std::unique_ptr<SqlConnection> connection);

  const SqlConnector connect_;
  const int connections_max_;
  Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<SqlConnection>> idle_ GUARDED_BY(mutex_);
  int in_use_ GUARDED_BY(mutex_) = 0;
};

}  // namespace kafka_iceberg::catalog
