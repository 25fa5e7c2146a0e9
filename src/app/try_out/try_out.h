// SPDX-License-Identifier: Apache-2.0
//
// What demo and bench share: a configuration made in code, one measured run of the engine, and the
// numbers of it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/runtime.h"
#include "config/options.h"
#include "core/result.h"
#include "engine/status.h"
#include "kafka/produce/generator.h"

namespace kafka_iceberg::app {

struct TryOutRequest {
  std::string bootstrap_servers;
  std::string topic;
  std::string directory;  // warehouse and state go below
  std::string table_name;
  std::vector<kafka::ProfileField> columns;  // empty: infer
  std::string format = "json";
  std::string schema_file;  // of payloads that are not JSON
  int32_t hot_buffer_mb = 256;
  int32_t interval_seconds = 10;
};
config::Options TryOutOptions(const TryOutRequest& request, Random& random);

struct CatalogOperationStats {
  int64_t count = 0;
  double mean_ms = 0;
  int64_t over_100_ms = 0;
};

struct RunFigures {
  std::string table;
  std::string table_location;
  std::string metadata_location;
  int64_t records = 0;
  int64_t rows = 0;  // of the table
  double seconds = 0;
  double cpu_seconds = 0;
  int64_t peak_memory_bytes = 0;
  int64_t snapshots = 0;
  int64_t data_files = 0;
  int64_t data_bytes = 0;
  int64_t dead_letters = 0;
  int64_t lag = 0;
  std::map<std::string, CatalogOperationStats> catalog;  // by operation
};

// Runs an engine until it reached the end of the topic. `watch` is called about every 200 ms with
// its status.
Result<RunFigures> RunToEnd(const config::Options& options, Runtime& runtime,
                            const std::function<void(const engine::EngineStatus&)>& watch);

// Peak resident memory of this process, in bytes.
int64_t PeakMemoryBytes();

}  // namespace kafka_iceberg::app
