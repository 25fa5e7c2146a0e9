// SPDX-License-Identifier: Apache-2.0
//
// A SqlConnection whose next writes go wrong as asked for. Tests only; the faults are shared by all
// connections and safe for concurrent use.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "catalog/sql/sql_connection.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

enum class SqlFault : uint8_t {
  kLostBeforeApply,
  kLostAfterApply,
  kBusy,  // refused: proven not applied
  kDenied,
  kAllBecomesLost,  // from now on no answer comes, to reads neither
};

class SqlFaults {
 public:
  void NextWrite(SqlFault fault);
  void Heal();
  // Runs before the next write that has a fault, as another program would.
  void Before(std::function<void()> action);

  Result<SqlResult> Run(SqlConnection& connection, const SqlStatement& statement);

 private:
  std::optional<SqlFault> Take(const SqlStatement& statement);

  Mutex mutex_;
  std::deque<SqlFault> next_ GUARDED_BY(mutex_);
  std::function<void()> before_ GUARDED_BY(mutex_);
  bool all_lost_ GUARDED_BY(mutex_) = false;
};

// Wraps every connection that `connect` makes.
SqlConnector Flaky(SqlConnector connect, SqlFaults& faults);

}  // namespace kafka_iceberg::catalog
