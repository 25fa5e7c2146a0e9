// SPDX-License-Identifier: Apache-2.0
//
// RescueScan: what a table's rescue column holds of one field, from its newest data files, within
// bounds. For `schema promote`; one thread.
#pragma once

#include <cstdint>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "core/result.h"

namespace kafka_iceberg::engine {

struct RescueScanOptions {
  std::string column;  // the rescue column
  std::string path;    // the field, as the column names it
  int64_t files_max = 100;
  int64_t values_max = 10'000;
  int64_t value_bytes_max = 64LL << 20;
};

struct RescueScan {
  int64_t files = 0;                // with data, of the table
  int64_t files_read = 0;           // of those that may hold rescued fields
  int64_t rows = 0;                 // in these
  int64_t rescued_rows = 0;         // of them
  bool is_complete = true;          // nothing was left out because of the bounds
  std::vector<std::string> values;  // of the field, JSON, newest files first
  std::set<std::string> nearby;     // fields below or above it, some of them
};

// Errors of the store; kNotFound: the table has no such column; kCancelled.
Result<RescueScan> ScanRescued(catalog::TableOperations& table, const RescueScanOptions& options,
                               const std::stop_token& stop);

}  // namespace kafka_iceberg::engine
