// SPDX-License-Identifier: Apache-2.0
//
// HiveLock: the exclusive lock on one table, as all Iceberg writers of a Hive metastore take it for
// a commit. Held by one thread; given back when destroyed. HiveTurn: the threads of
// this process queue up before they ask the server, which is slow at telling waiters no.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog_context.h"
#include "catalog/hive/hive_client.h"

namespace kafka_iceberg::catalog {

// One thread's turn with a table of this name, among all threads of the process.
class HiveTurn {
 public:
  // Null when it did not come within `timeout`.
  static std::unique_ptr<HiveTurn> Take(std::string table, Duration timeout);
  ~HiveTurn();
  HiveTurn(const HiveTurn&) = delete;
  HiveTurn& operator=(const HiveTurn&) = delete;

 private:
  explicit HiveTurn(std::string table) : table_(std::move(table)) {}

  const std::string table_;
};

class HiveLock {
 public:
  // Waits up to `timeout` for others. kTimeout, kUnavailable, kUnsupported; with any error no lock
  // is held as far as the server can be reached.
  static Result<std::unique_ptr<HiveLock>> Acquire(HiveClient& client,
                                                   const CatalogContext& context,
                                                   const std::string& database,
                                                   const std::string& table, Duration timeout);
  ~HiveLock();
  HiveLock(const HiveLock&) = delete;
  HiveLock& operator=(const HiveLock&) = delete;

  // Proves that it is still held, and that it will be for the server's lock time-out from now.
  Status Extend();

 private:
  HiveLock(HiveClient& client, Clock& clock, std::string database, std::string table,
           int64_t lock_id)
      : client_(client),
        clock_(clock),
        database_(std::move(database)),
        table_(std::move(table)),
        lock_id_(lock_id) {}

  HiveClient& client_;
  Clock& clock_;
  const std::string database_;
  const std::string table_;
  const int64_t lock_id_;
};

}  // namespace kafka_iceberg::catalog
