// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/sql_pool.h"

#include <algorithm>
#include <utility>

namespace kafka_iceberg::catalog {

// One connection for the time of a statement.
class SqlPool::Lease {
 public:
  static Result<Lease> Of(SqlPool& pool) { return Lease(pool, TRY(pool.Take())); }
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (connection_) pool_->Return(std::move(connection_));
  }
  SqlConnection& operator*() const { return *connection_; }
  SqlConnection* operator->() const { return connection_.get(); }

 private:
  Lease(SqlPool& pool, std::unique_ptr<SqlConnection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}

  SqlPool* pool_;
  std::unique_ptr<SqlConnection> connection_;
};

SqlPool::SqlPool(SqlConnector connect, int connections_max)
    : connect_(std::move(connect)), connections_max_(std::max(connections_max, 1)) {}

Result<std::unique_ptr<SqlConnection>> SqlPool::Take() {
  std::unique_ptr<SqlConnection> connection;
  {
    const MutexLock lock(mutex_);
    while (in_use_ == connections_max_) returned_.wait(mutex_);
    ++in_use_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (connection && connection->IsUsable()) return connection;
  connection.reset();
  auto opened = connect_();
  if (!opened.ok()) Return(nullptr);
  return opened;
}

void SqlPool::Return(std::unique_ptr<SqlConnection> connection) {
  if (connection && !connection->IsUsable()) connection.reset();
  {
    MutexLock lock(mutex_);
    --in_use_;
    if (connection) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

Result<SqlResult> SqlPool::Execute(const SqlStatement& statement) {
  const Lease connection = TRY(Lease::Of(*this));
  return connection->Run(statement);
}

Result<SqlResult> SqlPool::Query(const SqlStatement& statement) {
  auto result = Execute(statement);
  if (!result.ok() && result.error().code() == ErrorCode::kCommitUnknown)
    result = Execute(statement);
  if (!result.ok() && result.error().code() == ErrorCode::kCommitUnknown)
    return Error::Unavailable("{}", result.error().message());
  return result;
}

Result<std::vector<std::string>> SqlPool::ColumnsOf(std::string_view table) {
  const Lease connection = TRY(Lease::Of(*this));
  auto columns = connection->ColumnsOf(table);
  if (!columns.ok() && columns.error().code() == ErrorCode::kCommitUnknown)
    return Error::Unavailable("{}", columns.error().message());
  return columns;
}

void SqlPool::TuneNewDatabase() {
  const auto connection = Lease::Of(*this);
  if (connection.ok()) connection.value()->TuneNewDatabase();
}

}  // namespace kafka_iceberg::catalog
