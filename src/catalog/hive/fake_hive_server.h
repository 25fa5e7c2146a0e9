// SPDX-License-Identifier: Apache-2.0
//
// A Hive metastore in memory behind a real Thrift server on a loopback port, with the faults of one
// on request. Answers as version 3.1 (accepts a wrong expected value) or 4. Tests only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kafka_iceberg::catalog {

enum class HiveFault : uint8_t {
  kLoseBeforeApply,  // the connection ends instead
  kLoseAfterApply,
  kApplyLater,  // lost, and applied by the next call of any kind
  kFail,        // MetaException
};

class FakeHiveServer {
 public:
  explicit FakeHiveServer(int version);
  ~FakeHiveServer();
  FakeHiveServer(const FakeHiveServer&) = delete;
  FakeHiveServer& operator=(const FakeHiveServer&) = delete;

  std::string uri() const;
  int version() const;
  // The next call of `method` goes wrong.
  void Next(const std::string& method, HiveFault fault);
  // Runs before the next call of `method` is looked at.
  void Before(const std::string& method, std::function<void()> action);
  // How often `method` was called.
  int Calls(const std::string& method) const;
  // The locks that are held or waited for.
  int Locks() const;
  // A lock of somebody else, who never gives it back.
  void HoldLock(const std::string& database, const std::string& table);
  // As if the server's lock time-out had passed.
  void ExpireLocks();
  std::map<std::string, std::string> Parameters(const std::string& database,
                                                const std::string& table) const;
  void SetParameter(const std::string& database, const std::string& table, const std::string& key,
                    const std::string& value);
  std::vector<std::string> Tables(const std::string& database) const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace kafka_iceberg::catalog
