// SPDX-License-Identifier: Apache-2.0
//
// kafka-iceberg as a library: tables being fed from Kafka, inside your process.
//
//   auto engine = kafka_iceberg::Engine::Open({.config_file = "config.toml"});
//   if (!engine.ok()) { ... engine.error().message() ... }
//   kafka_iceberg::Status status = (*engine)->RunFor(std::chrono::minutes(1));
//
// Link the CMake target kafka_iceberg::kafka_iceberg. Rows come back as Arrow tables; Arrow's
// headers are needed only by code that looks inside them. Everything here is safe from any thread,
// except that Run() or RunFor() may be called once. An error's code says what to do next
// (core/result.h): kInvalid - fix the configuration or the data; kUnavailable, kTimeout - try
// again; kDenied, kIo, kCorrupt - somebody must act; kCommitUnknown - open again, the table
// decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.h"

namespace arrow {
class Table;
}  // namespace arrow

namespace kafka_iceberg {

struct OpenOptions {
  // The configuration (docs/CONFIGURATION.md): a file, or its TOML text. Exactly one of the two.
  std::string config_file;
  std::string config_text;
  // Replaces single keys after the file was read, as {"kafka.topic", "orders"}.
  std::map<std::string, std::string> overrides;
  // Receives log lines (JSON, without line break); empty: standard error. Called by one thread at a
  // time.
  std::function<void(const std::string&)> log;
  // End once everything that was in Kafka at the start is committed.
  bool stop_at_end = false;
};

// column <op> literal, the literal as text: {"user_id", "=", "42"}. Operators: = != < <= > >=, "is
// null", "is not null".
struct Condition {
  std::string column;
  std::string op;
  std::string literal;
};

struct PartitionStatistics {
  std::string topic;
  int32_t partition = 0;
  int64_t next_offset = 0;        // the next record to be consumed
  int64_t committed_offset = -1;  // everything below is in the table; -1: nothing committed yet
  int64_t lag = -1;  // records in Kafka that the table does not have; -1: not known yet
};

// One of several tables (with [[routes]]).
struct TableStatistics {
  std::string table;
  std::string state;    // running, resetting, waiting (to try again), behind
  std::string trouble;  // why it does not get on; empty: it does
  int64_t rows_committed = 0;
  int64_t commits = 0;
  int64_t hot_rows = 0;
  std::optional<int64_t> snapshot_id;
};

// Without [[routes]] `table` and `snapshot_id` are those of the only table; with them they are in
// `tables`.
struct Statistics {
  std::string
      state;  // starting, waiting_for_assignment, running, paused, stopping, stopped, failed
  std::string table;
  int64_t records_consumed = 0;
  int64_t commits = 0;
  int64_t hot_rows = 0;  // readable, not committed yet
  int64_t hot_bytes = 0;
  std::optional<int64_t> snapshot_id;  // of the last commit
  std::vector<PartitionStatistics> partitions;
  std::vector<TableStatistics> tables;  // empty without [[routes]]
};

struct TableInfo {
  std::string name;
  std::string location;
  std::string metadata_location;  // open this with any Iceberg reader
  std::optional<int64_t> snapshot_id;
  int64_t total_records = 0;  // of the current snapshot
  std::string schema_json;    // as in the table's metadata
};

class Engine {
 public:
  // Opens catalog and table (creating it when allowed), and finishes what an earlier run left
  // uploaded. kInvalid lists every problem of the configuration, one a line.
  static Result<std::unique_ptr<Engine>> Open(const OpenOptions& options);
  virtual ~Engine() = default;

  // Ingests until `stop` is requested; then flushes, commits and leaves the group before it
  // returns.
  virtual Status Run(const std::stop_token& stop) = 0;
  virtual Status RunFor(std::chrono::milliseconds duration) = 0;

  // Rows that are not committed yet and satisfy all conditions; `columns` empty: all; `limit` < 0:
  // no limit. Columns are the table's, nullable unless required there. Together with the table at
  // statistics().snapshot_id no row is seen twice.
  virtual Result<std::shared_ptr<arrow::Table>> QueryHotBuffer(
      const std::vector<Condition>& where, const std::vector<std::string>& columns,
      int64_t limit) const = 0;
  // Of the table of that name ("raw.orders"); kNotFound: it is not open (yet).
  virtual Result<std::shared_ptr<arrow::Table>> QueryHotBuffer(
      const std::string& table, const std::vector<Condition>& where,
      const std::vector<std::string>& columns, int64_t limit) const = 0;
  // Asks the catalog.
  virtual Result<TableInfo> LoadTable() = 0;
  virtual Result<TableInfo> LoadTable(const std::string& table) = 0;
  virtual Statistics statistics() const = 0;
  // Prometheus text format.
  virtual std::string metrics() const = 0;
};

}  // namespace kafka_iceberg
