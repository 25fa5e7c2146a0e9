// SPDX-License-Identifier: Apache-2.0
//
// Engine: tables being fed from Kafka, usually one. Owns the threads and queues between the stages
// and is the only place that wires modules together:
//
//   poll thread (SourceStage) -> writer threads (WriterPool) -> a committer thread for each table
//   (TableUnit) -> table
//
// Open() does everything that can fail before the first record: catalog, table, schema, transaction
// log, adoption of what an earlier run left uploaded. Run() blocks one caller; all other functions
// are safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "buffer/hot_buffer.h"
#include "catalog/catalog.h"
#include "catalog/manager/catalog_manager.h"
#include "config/options.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "engine/catalog_checks.h"
#include "engine/payload_format.h"
#include "engine/record_sample.h"
#include "engine/status.h"
#include "kafka/record_source.h"
#include "net/http_client.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::engine {

// Outlives the engine.
struct EngineContext {
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
  // Called with the name of each step of a flush as it is reached; tests stop there. Usually empty.
  std::function<void(std::string_view)> step_hook;
};

// A catalog with what it works on, in the order in which each needs what stands before it.
struct OpenedCatalog {
  std::shared_ptr<net::HttpClient> http;
  std::shared_ptr<storage::ObjectStore> store;
  std::shared_ptr<CatalogChecks> checks;
  std::unique_ptr<catalog::Catalog> catalog;
  catalog::CatalogManager* manager = nullptr;  // `catalog`, unless a test brought its own
};

// How the engine reaches the outside world; tests pass fakes. See connect.h for the real ones.
struct EngineConnections {
  OpenedCatalog catalog;
  std::unique_ptr<kafka::RecordSource> source;
  // Null: by the configuration, without a schema registry.
  std::shared_ptr<const PayloadFormat> format;
  // Where schema ids are looked up, for tables with formats of their own; null: nowhere.
  std::shared_ptr<decode::SchemaSource> schemas;
  // Up to `count` records of the configured topics, oldest first; blocks until there is at least
  // one.
  std::function<Result<RecordSample>(int32_t count, const std::stop_token& stop)> sample_records;
};

struct RunOptions {
  bool stop_at_end = false;  // stop once everything that was in Kafka at the start is committed
  bool accept_offset_gap = false;  // go on although Kafka removed records that were not ingested
  bool accept_new_topic = false;   // append a recreated topic to the table
  std::string ledger_lane;         // of a backfill (commit/backfill/ledger_view.h); empty: none
};

class Engine {
 public:
  // kInvalid: the configuration and the table or topic contradict each other; the message says what
  // to do.
  static Result<std::unique_ptr<Engine>> Open(const config::Options& options, const RunOptions& run,
                                              const EngineContext& context,
                                              EngineConnections connections,
                                              const std::stop_token& stop);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Until `stop` (flushes, commits and leaves the group first), the end of the topics
  // (stop_at_end), or a failure. May be called once.
  Status Run(const std::stop_token& stop);
  // Stops without flushing; what is not committed will be read again.
  void Abort();

  EngineStatus status() const;
  // Of the only table, or the first. REQUIRES: there is one, as always without routes.
  const buffer::HotBuffer& hot_buffer() const;
  catalog::TableOperations& table();
  // By its full name ("raw.events"), as long as the engine lives; null: not open here (yet).
  const buffer::HotBuffer* FindHotBuffer(const std::string& table) const;
  catalog::TableOperations* FindTable(const std::string& table) const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kafka_iceberg::engine
