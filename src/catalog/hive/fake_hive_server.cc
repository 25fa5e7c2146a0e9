// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/fake_hive_server.h"

#include <HiveMetastore.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/server/TThreadedServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TServerSocket.h>

#include <semaphore>
#include <thread>
#include <utility>

#include "core/mutex.h"

namespace kafka_iceberg::catalog {

namespace {

using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::protocol::TProtocol;
using apache::thrift::transport::TMemoryBuffer;

template <typename E>
E Because(const std::string& message) {
  E exception;
  exception.message = message;
  return exception;
}

std::string KeyOf(const std::string& database, const std::string& table) {
  return database + "." + table;
}

// The state of the metastore; one call at a time.
class Metastore final : public hms::HiveMetastoreIf {
 public:
  explicit Metastore(int version) : version_(version) {}

  void getVersion(std::string& result) override { result = version_ == 3 ? "3.0" : "4.0.1"; }
  void get_all_databases(std::vector<std::string>& result) override {
    for (const auto& [name, database] : databases_) result.push_back(name);
  }
  void get_database(hms::Database& result, const std::string& name) override {
    if (!databases_.contains(name)) throw Because<hms::NoSuchObjectException>(name);
    result = databases_[name];
  }
  void create_database(const hms::Database& database) override {
    if (!databases_.try_emplace(database.name, database).second)
      throw Because<hms::AlreadyExistsException>(database.name);
  }
  void drop_database(const std::string& name, bool, bool) override {
    std::vector<std::string> names;
    get_all_tables(names, name);
    if (!names.empty()) throw Because<hms::InvalidOperationException>("not empty");
    if (databases_.erase(name) == 0) throw Because<hms::NoSuchObjectException>(name);
  }
  void get_all_tables(std::vector<std::string>& result, const std::string& database) override {
    for (const auto& [key, table] : tables_) {
      if (table.dbName == database) result.push_back(table.tableName);
    }
  }
  void get_table_req(hms::GetTableResult& result, const hms::GetTableRequest& request) override {
    const auto found = tables_.find(KeyOf(request.dbName, request.tblName));
    if (found == tables_.end()) throw Because<hms::NoSuchObjectException>("no table");
    result.__set_table(found->second);
  }
  void get_table_objects_by_name_req(hms::GetTablesResult& result,
                                     const hms::GetTablesRequest& request) override {
    result.__set_tables({});
    for (const std::string& name : request.tblNames)
      result.tables.push_back(tables_.at(KeyOf(request.dbName, name)));
  }
  void create_table(const hms::Table& table) override {
    if (!databases_.contains(table.dbName)) throw Because<hms::InvalidObjectException>("no db");
    if (!tables_.try_emplace(KeyOf(table.dbName, table.tableName), table).second)
      throw Because<hms::AlreadyExistsException>(table.tableName);
  }
  void drop_table(const std::string& database, const std::string& name, bool) override {
    if (tables_.erase(KeyOf(database, name)) == 0)
      throw Because<hms::NoSuchObjectException>("no table");
  }
  void alter_table_with_environment_context(const std::string& database, const std::string& name,
                                            const hms::Table& table,
                                            const hms::EnvironmentContext& context) override {
    const auto found = tables_.find(KeyOf(database, name));
    if (found == tables_.end()) throw Because<hms::InvalidOperationException>("no table");
    const auto expected = context.properties.find("expected_parameter_value");
    if (version_ >= 4 && expected != context.properties.end() &&
        found->second.parameters["metadata_location"] != expected->second) {
      throw Because<hms::MetaException>(
          "The table has been modified. The parameter value for key 'metadata_location' is other");
    }
    tables_.erase(found);
    tables_[KeyOf(table.dbName, table.tableName)] = table;
  }
  void lock(hms::LockResponse& result, const hms::LockRequest& request) override {
    const hms::LockComponent& component = request.component.at(0);
    HeldLock lock{KeyOf(component.dbname, component.tablename), request.agentInfo};
    locks_[++last_lock_] = lock;
    Answer(last_lock_, result);
  }
  void check_lock(hms::LockResponse& result, const hms::CheckLockRequest& request) override {
    if (!locks_.contains(request.lockid)) throw Because<hms::NoSuchLockException>("expired");
    Answer(request.lockid, result);
  }
  void unlock(const hms::UnlockRequest& request) override { locks_.erase(request.lockid); }
  void heartbeat(const hms::HeartbeatRequest& request) override {
    if (!locks_.contains(request.lockid)) throw Because<hms::NoSuchLockException>("expired");
  }
  void show_locks(hms::ShowLocksResponse& result, const hms::ShowLocksRequest&) override {
    result.__set_locks({});
    for (const auto& [id, lock] : locks_) {
      hms::LockResponse state;
      Answer(id, state);
      hms::ShowLocksResponseElement& element = result.locks.emplace_back();
      element.__set_lockid(id);
      element.__set_state(state.state);
      element.__set_agentInfo(lock.agent);
    }
  }

  std::map<std::string, hms::Table>& tables() { return tables_; }
  size_t lock_count() const { return locks_.size(); }
  void ClearLocks() { locks_.clear(); }

 private:
  struct HeldLock {
    std::string table;
    std::string agent;
  };

  // The oldest lock on a table has it; the others wait.
  void Answer(int64_t id, hms::LockResponse& result) const {
    result.__set_lockid(id);
    result.__set_state(1);
    for (const auto& [other, lock] : locks_) {
      if (other < id && lock.table == locks_.at(id).table) result.__set_state(2);
    }
  }

  const int version_;
  std::map<std::string, hms::Database> databases_;
  std::map<std::string, hms::Table> tables_;
  std::map<int64_t, HeldLock> locks_;
  int64_t last_lock_ = 0;
};

}  // namespace

struct FakeHiveServer::State {
  explicit State(int version_number)
      : version(version_number), metastore(std::make_shared<Metastore>(version_number)) {}

  const int version;
  mutable Mutex mutex;
  std::shared_ptr<Metastore> metastore;
  std::map<std::string, HiveFault> faults;
  std::map<std::string, std::function<void()>> actions;
  std::map<std::string, int> calls;
  std::function<void()> later;
  std::shared_ptr<apache::thrift::transport::TServerSocket> socket;
  std::unique_ptr<apache::thrift::server::TThreadedServer> server;
  std::jthread thread;
};

namespace {

// Knows when the port is chosen.
class Started final : public apache::thrift::server::TServerEventHandler {
 public:
  void preServe() override { listening.release(); }
  std::binary_semaphore listening{0};
};

// Lets each call happen as its fault wants it.
template <typename State>
class FaultyProcessor final : public hms::HiveMetastoreProcessor {
 public:
  explicit FaultyProcessor(State& state)
      : hms::HiveMetastoreProcessor(state.metastore), state_(state) {}

 protected:
  bool dispatchCall(TProtocol* in, TProtocol* out, const std::string& method, int32_t sequence,
                    void* context) override {
    if (auto action = TakeAction(method)) action();
    MutexLock lock(state_.mutex);
    ++state_.calls[method];
    if (auto later = std::exchange(state_.later, nullptr)) later();
    const auto found = state_.faults.find(method);
    if (found == state_.faults.end()) return Dispatch(in, out, method, sequence, context);
    const HiveFault fault = found->second;
    state_.faults.erase(found);
    return Misbehave(fault, in, out, method, sequence, context);
  }

 private:
  std::function<void()> TakeAction(const std::string& method) {
    MutexLock lock(state_.mutex);
    const auto found = state_.actions.find(method);
    if (found == state_.actions.end()) return nullptr;
    auto action = std::move(found->second);
    state_.actions.erase(found);
    return action;
  }
  bool Dispatch(TProtocol* in, TProtocol* out, const std::string& method, int32_t sequence,
                void* context) {
    return hms::HiveMetastoreProcessor::dispatchCall(in, out, method, sequence, context);
  }
  // False ends the connection.
  bool Misbehave(HiveFault fault, TProtocol* in, TProtocol* out, const std::string& method,
                 int32_t sequence, void* context) {
    TBinaryProtocol nowhere(std::make_shared<TMemoryBuffer>());
    switch (fault) {
      case HiveFault::kLoseBeforeApply: return false;
      case HiveFault::kLoseAfterApply: Dispatch(in, &nowhere, method, sequence, context); break;
      case HiveFault::kApplyLater: {
        const auto before = state_.metastore->tables();
        Dispatch(in, &nowhere, method, sequence, context);
        state_.later = [this, after = state_.metastore->tables()] {
          state_.metastore->tables() = after;
        };
        state_.metastore->tables() = before;
        break;
      }
      case HiveFault::kFail: {
        apache::thrift::TApplicationException failure(
            apache::thrift::TApplicationException::INTERNAL_ERROR,
            "Internal error processing " + method);
        in->skip(apache::thrift::protocol::T_STRUCT);
        in->readMessageEnd();
        in->getTransport()->readEnd();
        out->writeMessageBegin(method, apache::thrift::protocol::T_EXCEPTION, sequence);
        failure.write(out);
        out->writeMessageEnd();
        out->getTransport()->writeEnd();
        out->getTransport()->flush();
        return true;
      }
    }
    return false;
  }

  State& state_;
};

}  // namespace

FakeHiveServer::FakeHiveServer(int version) : state_(std::make_unique<State>(version)) {
  using apache::thrift::protocol::TBinaryProtocolFactory;
  using apache::thrift::transport::TBufferedTransportFactory;
  using apache::thrift::transport::TServerSocket;
  state_->socket = std::make_shared<TServerSocket>("127.0.0.1", 0);
  state_->server = std::make_unique<apache::thrift::server::TThreadedServer>(
      std::make_shared<FaultyProcessor<State>>(*state_), state_->socket,
      std::make_shared<TBufferedTransportFactory>(), std::make_shared<TBinaryProtocolFactory>());
  auto started = std::make_shared<Started>();
  state_->server->setServerEventHandler(started);
  state_->thread = std::jthread([server = state_->server.get()] { server->serve(); });
  started->listening.acquire();
}

FakeHiveServer::~FakeHiveServer() {
  state_->server->stop();
  state_->thread.join();
}

std::string FakeHiveServer::uri() const {
  return "thrift://127.0.0.1:" + std::to_string(state_->socket->getPort());
}

int FakeHiveServer::version() const { return state_->version; }

void FakeHiveServer::Next(const std::string& method, HiveFault fault) {
  MutexLock lock(state_->mutex);
  state_->faults[method] = fault;
}

void FakeHiveServer::Before(const std::string& method, std::function<void()> action) {
  MutexLock lock(state_->mutex);
  state_->actions[method] = std::move(action);
}

int FakeHiveServer::Calls(const std::string& method) const {
  MutexLock lock(state_->mutex);
  return state_->calls[method];
}

int FakeHiveServer::Locks() const {
  MutexLock lock(state_->mutex);
  return static_cast<int>(state_->metastore->lock_count());
}

void FakeHiveServer::HoldLock(const std::string& database, const std::string& table) {
  MutexLock lock(state_->mutex);
  hms::LockComponent component;
  component.__set_dbname(database);
  component.__set_tablename(table);
  hms::LockRequest request;
  request.__set_component({component});
  hms::LockResponse response;
  state_->metastore->lock(response, request);
}

void FakeHiveServer::ExpireLocks() {
  MutexLock lock(state_->mutex);
  state_->metastore->ClearLocks();
}

std::map<std::string, std::string> FakeHiveServer::Parameters(const std::string& database,
                                                              const std::string& table) const {
  MutexLock lock(state_->mutex);
  return state_->metastore->tables().at(KeyOf(database, table)).parameters;
}

void FakeHiveServer::SetParameter(const std::string& database, const std::string& table,
                                  const std::string& key, const std::string& value) {
  MutexLock lock(state_->mutex);
  state_->metastore->tables().at(KeyOf(database, table)).parameters[key] = value;
}

std::vector<std::string> FakeHiveServer::Tables(const std::string& database) const {
  MutexLock lock(state_->mutex);
  std::vector<std::string> names;
  state_->metastore->get_all_tables(names, database);
  return names;
}

}  // namespace kafka_iceberg::catalog
