// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/fake_flaky_connection.h"

#include <utility>

namespace kafka_iceberg::catalog {

namespace {

class FlakyConnection final : public SqlConnection {
 public:
  FlakyConnection(std::unique_ptr<SqlConnection> connection, SqlFaults& faults)
      : connection_(std::move(connection)), faults_(faults) {}

  Result<SqlResult> Run(const SqlStatement& statement) override {
    return faults_.Run(*connection_, statement);
  }
  Result<std::vector<std::string>> ColumnsOf(std::string_view table) override {
    return connection_->ColumnsOf(table);
  }
  bool IsUsable() override { return connection_->IsUsable(); }

 private:
  const std::unique_ptr<SqlConnection> connection_;
  SqlFaults& faults_;
};

}  // namespace

void SqlFaults::NextWrite(SqlFault fault) {
  MutexLock lock(mutex_);
  next_.push_back(fault);
}

void SqlFaults::Heal() {
  MutexLock lock(mutex_);
  all_lost_ = false;
}

void SqlFaults::Before(std::function<void()> action) {
  MutexLock lock(mutex_);
  before_ = std::move(action);
}

std::optional<SqlFault> SqlFaults::Take(const SqlStatement& statement) {
  std::function<void()> before;
  std::optional<SqlFault> fault;
  {
    MutexLock lock(mutex_);
    if (all_lost_) return SqlFault::kAllBecomesLost;
    if (next_.empty() || statement.text.starts_with("SELECT")) return std::nullopt;
    fault = next_.front();
    next_.pop_front();
    all_lost_ = fault == SqlFault::kAllBecomesLost;
    before = std::exchange(before_, nullptr);
  }
  if (before) before();
  return fault;
}

Result<SqlResult> SqlFaults::Run(SqlConnection& connection, const SqlStatement& statement) {
  const auto fault = Take(statement);
  if (!fault) return connection.Run(statement);
  switch (*fault) {
    case SqlFault::kBusy: return Error::Unavailable("the database is busy");
    case SqlFault::kDenied: return Error::Denied("not your table");
    case SqlFault::kLostAfterApply: (void)connection.Run(statement); break;
    case SqlFault::kLostBeforeApply:
    case SqlFault::kAllBecomesLost: break;
  }
  return Error::CommitUnknown("connection lost");
}

SqlConnector Flaky(SqlConnector connect, SqlFaults& faults) {
  return [connect = std::move(connect), &faults]() -> Result<std::unique_ptr<SqlConnection>> {
    return std::unique_ptr<SqlConnection>(
        std::make_unique<FlakyConnection>(TRY(connect()), faults));
  };
}

}  // namespace kafka_iceberg::catalog
