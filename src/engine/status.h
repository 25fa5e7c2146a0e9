// SPDX-License-Identifier: Apache-2.0
//
// EngineStatus: what the engine is doing, as one consistent value; for /readyz, /api/v1/status, the
// status command and embedders. Copied under a lock by Engine::status().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/source_position.h"

namespace kafka_iceberg::engine {

enum class EngineState : uint8_t {
  kStarting,
  kWaitingForAssignment,
  kRunning,
  kPaused,
  kStopping,
  kStopped,
  kFailed
};
std::string_view ToString(EngineState state);

struct PartitionStatus {
  TopicPartition partition;
  int64_t position = 0;         // next offset to be consumed
  int64_t committed = -1;       // next offset the table wants; -1: nothing committed yet
  int64_t high_watermark = -1;  // -1: not known yet
  int64_t lag = -1;             // high watermark - committed
};

// One of several tables.
struct TableStatus {
  std::string table;
  std::string state;  // running | resetting | waiting (to try again) | behind
  std::string table_location;
  std::string metadata_location;
  std::optional<int64_t> snapshot_id;
  int64_t rows_committed = 0;
  int64_t dead_letters = 0;
  int64_t commits = 0;
  int64_t data_files = 0;
  int64_t hot_rows = 0;
  int64_t hot_bytes = 0;
  int64_t epochs_in_flight = 0;
  int64_t resets = 0;
  std::optional<Timestamp> last_commit_at;
  Duration last_commit_duration{0};
  std::string trouble;  // why its commits do not succeed just now; empty: fine
  std::string failure;  // why it is left alone, when it failed
};

// Numbers are those of all tables together, names and places those of the only one.
struct EngineStatus {
  EngineState state = EngineState::kStarting;
  std::string table;
  std::string table_location;
  std::string metadata_location;
  std::optional<int64_t> snapshot_id;
  int64_t records_consumed = 0;
  int64_t rows_committed = 0;
  int64_t dead_letters = 0;
  int64_t commits = 0;
  int64_t data_files = 0;
  int64_t hot_rows = 0;
  int64_t hot_bytes = 0;
  int64_t epochs_in_flight = 0;
  int64_t resets = 0;
  std::optional<Timestamp> last_commit_at;
  Duration last_commit_duration{0};
  Duration metadata_age{0};         // since the catalog confirmed what is said about the table here
  std::string kafka_trouble;        // empty: fine
  std::string catalog_trouble;      // empty: fine
  std::string dead_letter_trouble;  // empty: fine
  std::string catalog_circuit = "closed";  // closed | open | half_open
  int32_t catalog_failed_checks = 0;       // in a row
  std::string failure;                     // why the engine stopped, when it failed
  std::vector<PartitionStatus> partitions;
  std::vector<TableStatus> tables;
};

}  // namespace kafka_iceberg::engine
