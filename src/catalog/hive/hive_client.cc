// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_client.h"

#include <HiveMetastore.h>

#include <algorithm>
#include <utility>

#include "catalog/hive/hive_error.h"

namespace kafka_iceberg::catalog {

namespace {

// Values of the protocol's enumerations.
constexpr int32_t kExclusive = 3;
constexpr int32_t kTableLevel = 2;
constexpr int32_t kOwnerIsUser = 1;

// Whom the server's lists show; a lock is found again by its agent, not by these.
constexpr const char* kUser = "kafka-iceberg";
constexpr const char* kHost = "kafka-iceberg";

HiveLockAnswer ToAnswer(int64_t lock_id, int32_t state) {
  const bool is_known = state >= static_cast<int32_t>(HiveLockState::kAcquired) &&
                        state <= static_cast<int32_t>(HiveLockState::kNotAcquired);
  return {lock_id, is_known ? static_cast<HiveLockState>(state) : HiveLockState::kNotAcquired};
}

}  // namespace

HiveClient::HiveClient(HiveClientOptions options, Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

std::string HiveClient::metastore() const {
  std::string name;
  for (const HiveAddress& address : options_.addresses) {
    name += fmt::format("{}{}:{}", name.empty() ? "" : ",", address.host, address.port);
  }
  return name;
}

Result<std::unique_ptr<HiveSession>> HiveClient::Take() {
  std::unique_ptr<HiveSession> session;
  {
    const MutexLock lock(mutex_);
    while (in_use_ >= std::max(options_.connections, 1)) returned_.wait(mutex_);
    ++in_use_;
    if (!idle_.empty()) {
      session = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (session && session->IsUsable()) return session;
  session.reset();
  auto connected = Connect();
  if (!connected.ok()) Return(nullptr);
  return connected;
}

void HiveClient::Return(std::unique_ptr<HiveSession> session) {
  {
    MutexLock lock(mutex_);
    --in_use_;
    if (session) idle_.push_back(std::move(session));
  }
  returned_.notify_one();
}

// The address that worked last is tried first.
Result<std::unique_ptr<HiveSession>> HiveClient::Connect() {
  size_t first = 0;
  {
    MutexLock lock(mutex_);
    first = preferred_;
  }
  std::optional<Error> failure;
  for (size_t i = 0; i < options_.addresses.size(); ++i) {
    const size_t chosen = (first + i) % options_.addresses.size();
    auto session = HiveSession::Open(options_.addresses[chosen], options_.connect_timeout, clock_);
    if (session.ok()) {
      MutexLock lock(mutex_);
      preferred_ = chosen;
      return session;
    }
    failure = session.error();
  }
  if (failure) return *failure;
  return Error::Invalid("hive metastore: no address");
}

template <typename Function>
Status HiveClient::CallOnce(Access access, std::string_view what, const Function& function,
                            bool& lost_connection) {
  auto session = TRY(Take());
  HiveFailure failure;
  try {
    function(session->ClientFor(options_.call_timeout));
    Return(std::move(session));
    return {};
  } catch (const std::exception& exception) {
    failure = JudgeHiveFailure(exception);
  }
  lost_connection = failure.ends_connection;
  if (failure.ends_connection) session.reset();
  Return(std::move(session));
  const bool is_open = access == Access::kWrite && !failure.proves_nothing_happened;
  return Error(is_open ? ErrorCode::kCommitUnknown : failure.code,
               fmt::format("hive metastore: {}: {}", what, failure.message));
}

template <typename Function>
Status HiveClient::Call(Access access, std::string_view what, const Function& function) {
  bool lost_connection = false;
  Status done = CallOnce(access, what, function, lost_connection);
  const bool may_repeat = access == Access::kRead && lost_connection && !done.ok() &&
                          done.error().code() == ErrorCode::kUnavailable;
  return may_repeat ? CallOnce(access, what, function, lost_connection) : done;
}

Result<std::string> HiveClient::Version() {
  std::string version;
  TRY(Call(Access::kRead, "get version",
           [&](hms::HiveMetastoreIf& client) { client.getVersion(version); }));
  return version;
}

Result<std::vector<std::string>> HiveClient::Databases() {
  std::vector<std::string> names;
  TRY(Call(Access::kRead, "list databases",
           [&](hms::HiveMetastoreIf& client) { client.get_all_databases(names); }));
  return names;
}

Result<HiveDatabase> HiveClient::GetDatabase(const std::string& name) {
  hms::Database database;
  TRY(Call(Access::kRead, "get database " + name,
           [&](hms::HiveMetastoreIf& client) { client.get_database(database, name); }));
  return HiveDatabase{database.name, database.locationUri, database.ownerName};
}

Status HiveClient::CreateDatabase(const HiveDatabase& database) {
  hms::Database wanted;
  wanted.__set_name(database.name);
  if (!database.location.empty()) wanted.__set_locationUri(database.location);
  wanted.__set_parameters({});
  wanted.__set_ownerName(database.owner);
  wanted.__set_ownerType(kOwnerIsUser);
  return Call(Access::kWrite, "create database " + database.name,
              [&](hms::HiveMetastoreIf& client) { client.create_database(wanted); });
}

Status HiveClient::DropDatabase(const std::string& name) {
  return Call(Access::kWrite, "drop database " + name, [&](hms::HiveMetastoreIf& client) {
    client.drop_database(name, /*deleteData=*/false, /*cascade=*/false);
  });
}

Result<std::vector<std::string>> HiveClient::TableNames(const std::string& database) {
  std::vector<std::string> names;
  TRY(Call(Access::kRead, "list tables of " + database,
           [&](hms::HiveMetastoreIf& client) { client.get_all_tables(names, database); }));
  return names;
}

Result<HiveTable> HiveClient::GetTable(const std::string& database, const std::string& name) {
  hms::GetTableRequest request;
  request.__set_dbName(database);
  request.__set_tblName(name);
  hms::GetTableResult result;
  TRY(Call(Access::kRead, fmt::format("get table {}.{}", database, name),
           [&](hms::HiveMetastoreIf& client) { client.get_table_req(result, request); }));
  return FromThrift(result.table);
}

Result<std::vector<HiveTable>> HiveClient::GetTables(const std::string& database,
                                                     const std::vector<std::string>& names) {
  hms::GetTablesRequest request;
  request.__set_dbName(database);
  request.__set_tblNames(names);
  hms::GetTablesResult result;
  TRY(Call(Access::kRead, "get tables of " + database, [&](hms::HiveMetastoreIf& client) {
    client.get_table_objects_by_name_req(result, request);
  }));
  std::vector<HiveTable> tables;
  for (const hms::Table& table : result.tables) tables.push_back(FromThrift(table));
  return tables;
}

Status HiveClient::CreateTable(const HiveTable& table) {
  const hms::Table wanted = ToThrift(table);
  return Call(Access::kWrite, fmt::format("create table {}.{}", table.database, table.name),
              [&](hms::HiveMetastoreIf& client) { client.create_table(wanted); });
}

Status HiveClient::AlterTable(const std::string& database, const std::string& name,
                              const HiveTable& table, const std::optional<std::string>& expected) {
  const hms::Table wanted = ToThrift(table);
  std::map<std::string, std::string> properties = {{"DO_NOT_UPDATE_STATS", "true"}};
  if (expected) {
    properties["expected_parameter_key"] = "metadata_location";
    properties["expected_parameter_value"] = *expected;
  }
  hms::EnvironmentContext environment;
  environment.__set_properties(properties);
  return Call(Access::kWrite, fmt::format("alter table {}.{}", database, name),
              [&](hms::HiveMetastoreIf& client) {
                client.alter_table_with_environment_context(database, name, wanted, environment);
              });
}

Status HiveClient::DropTable(const std::string& database, const std::string& name) {
  return Call(Access::kWrite, fmt::format("drop table {}.{}", database, name),
              [&](hms::HiveMetastoreIf& client) {
                client.drop_table(database, name, /*deleteData=*/false);
              });
}

Result<HiveLockAnswer> HiveClient::Lock(const std::string& database, const std::string& table,
                                        const std::string& agent) {
  hms::LockComponent component;
  component.__set_type(kExclusive);
  component.__set_level(kTableLevel);
  component.__set_dbname(database);
  component.__set_tablename(table);
  hms::LockRequest request;
  request.__set_component({component});
  request.__set_user(kUser);
  request.__set_hostname(kHost);
  request.__set_agentInfo(agent);
  hms::LockResponse response;
  TRY(Call(Access::kWrite, fmt::format("lock table {}.{}", database, table),
           [&](hms::HiveMetastoreIf& client) { client.lock(response, request); }));
  return ToAnswer(response.lockid, response.state);
}

Result<HiveLockAnswer> HiveClient::CheckLock(int64_t lock_id) {
  hms::CheckLockRequest request;
  request.__set_lockid(lock_id);
  hms::LockResponse response;
  TRY(Call(Access::kRead, "check a lock",
           [&](hms::HiveMetastoreIf& client) { client.check_lock(response, request); }));
  return ToAnswer(lock_id, response.state);
}

// Heartbeat and unlock may be repeated without harm, which is what kRead says.
Status HiveClient::Heartbeat(int64_t lock_id) {
  hms::HeartbeatRequest request;
  request.__set_lockid(lock_id);
  return Call(Access::kRead, "heartbeat of a lock",
              [&](hms::HiveMetastoreIf& client) { client.heartbeat(request); });
}

Status HiveClient::Unlock(int64_t lock_id) {
  hms::UnlockRequest request;
  request.__set_lockid(lock_id);
  return Call(Access::kRead, "unlock",
              [&](hms::HiveMetastoreIf& client) { client.unlock(request); });
}

Result<HiveLockAnswer> HiveClient::FindLock(const std::string& database, const std::string& table,
                                            const std::string& agent) {
  hms::ShowLocksRequest request;
  request.__set_dbname(database);
  request.__set_tablename(table);
  hms::ShowLocksResponse response;
  TRY(Call(Access::kRead, "show locks",
           [&](hms::HiveMetastoreIf& client) { client.show_locks(response, request); }));
  for (const hms::ShowLocksResponseElement& lock : response.locks) {
    if (lock.agentInfo == agent) return ToAnswer(lock.lockid, lock.state);
  }
  return Error::NotFound("hive metastore: no such lock on {}.{}", database, table);
}

}  // namespace kafka_iceberg::catalog
