// SPDX-License-Identifier: Apache-2.0
//
// HiveClient: the calls to a Hive metastore that versions 3.1 and 4 both answer, over a few
// connections to the first of its addresses that works. Owned by its catalog; safe for concurrent
// use. A thread that finds all connections in use waits for one; as each call ends within its
// time-out, so does the wait.
//
// Errors: a call that only reads never gives kCommitUnknown, and is made once more when the
// connection was lost. A call that writes gives kCommitUnknown unless it is proven that nothing
// happened.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/hive/hive_session.h"
#include "catalog/hive/hive_table.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

struct HiveClientOptions {
  std::vector<HiveAddress> addresses;
  int connections = 4;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration call_timeout = std::chrono::seconds(30);
};

class HiveClient {
 public:
  HiveClient(HiveClientOptions options, Clock& clock);
  HiveClient(const HiveClient&) = delete;
  HiveClient& operator=(const HiveClient&) = delete;

  // Which metastore this is: its addresses.
  std::string metastore() const;
  Result<std::string> Version();
  Result<std::vector<std::string>> Databases();
  Result<HiveDatabase> GetDatabase(const std::string& name);
  Status CreateDatabase(const HiveDatabase& database);
  // kInvalid: not empty.
  Status DropDatabase(const std::string& name);

  // Of every kind, views included.
  Result<std::vector<std::string>> TableNames(const std::string& database);
  Result<HiveTable> GetTable(const std::string& database, const std::string& name);
  Result<std::vector<HiveTable>> GetTables(const std::string& database,
                                           const std::vector<std::string>& names);
  Status CreateTable(const HiveTable& table);
  // With `expected`, a server of version 4 refuses (kConflict) when that is not the table's
  // metadata_location; one of version 3 does not look.
  Status AlterTable(const std::string& database, const std::string& name, const HiveTable& table,
                    const std::optional<std::string>& expected);
  // The files stay.
  Status DropTable(const std::string& database, const std::string& name);

  Result<HiveLockAnswer> Lock(const std::string& database, const std::string& table,
                              const std::string& agent);
  Result<HiveLockAnswer> CheckLock(int64_t lock_id);
  Status Heartbeat(int64_t lock_id);
  Status Unlock(int64_t lock_id);
  // The lock that `agent` asked for; kNotFound.
  Result<HiveLockAnswer> FindLock(const std::string& database, const std::string& table,
                                  const std::string& agent);

 private:
  enum class Access : uint8_t { kRead, kWrite };

  Result<std::unique_ptr<HiveSession>> Take();
  void Return(std::unique_ptr<HiveSession> session);
  Result<std::unique_ptr<HiveSession>> Connect();
  template <typename Function>
  Status Call(Access access, std::string_view what, const Function& function);
  template <typename Function>
  Status CallOnce(Access access, std::string_view what, const Function& function,
                  bool& lost_connection);

  const HiveClientOptions options_;
  Clock& clock_;
  Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<HiveSession>> idle_ GUARDED_BY(mutex_);
  int in_use_ GUARDED_BY(mutex_) = 0;
  size_t preferred_ GUARDED_BY(mutex_) = 0;
};

}  // namespace kafka_iceberg::catalog
