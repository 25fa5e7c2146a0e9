// SPDX-License-Identifier: Apache-2.0
//
// RoutedWorld: a broker, a catalog and a store in memory with an engine over them, for tests of
// routes. One test at a time; the engine's threads are real.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "catalog/fake_fault_catalog.h"
#include "catalog/fake_memory_catalog.h"
#include "commit/ledger.h"
#include "core/fake_temporary_folder.h"
#include "engine/engine.h"
#include "kafka/fake_record_source.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"
#include "telemetry/fake_telemetry.h"

namespace kafka_iceberg::engine {

class RoutedWorld : public ::testing::Test {
 protected:
  RoutedWorld();

  // A route in its shortest form; more is set on the result.
  config::RouteOptions& AddRoute(const std::string& topic, const std::string& table);
  void Produce(const std::string& topic, int count, const std::string& type = "");
  void ProduceValue(const std::string& topic, const std::string& value,
                    const std::optional<std::string>& key = std::nullopt);
  Result<std::unique_ptr<Engine>> Open(const RunOptions& run = {.stop_at_end = true});
  // Opens an engine and runs it to the end.
  Status RunOnce();
  // Until it holds, while `engine` runs on a thread of its own; then the engine is aborted, as if
  // it had been killed, or stopped.
  enum class End : uint8_t { kStop, kAbort };
  Status RunUntil(Engine& engine, const std::function<bool()>& holds, End end);

  // Rows of a table, by what its own rows say; fails the test when one is there twice.
  int64_t Rows(const std::string& table);
  bool Exists(const std::string& table);
  int64_t Snapshots(const std::string& table);
  commit::Ledger LedgerOf(const std::string& table);
  // Offset -> code, of one table's dead letters.
  std::map<std::pair<TopicPartition, int64_t>, std::string> Letters(const std::string& table);
  // Of the table that keeps account.
  std::map<std::pair<TopicPartition, int64_t>, std::string> Unrouted() {
    return Letters("raw.unrouted_records");
  }

  SystemClock clock_;
  SeededRandom random_{7};
  telemetry::FakeLogger logger_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  storage::MemoryStore store_;
  storage::FaultStore faulty_store_{store_};
  catalog::FakeMemoryCatalog memory_;
  catalog::CommitFaults faults_;
  kafka::FakeBroker broker_;
  std::set<TopicPartition> partitions_;
  kafka::FakeRecordSource* source_ = nullptr;
  FakeTemporaryFolder folder_;
  config::Options options_;
  int produced_ = 0;
};

}  // namespace kafka_iceberg::engine
