// SPDX-License-Identifier: Apache-2.0
//
// RecordRouter: which tables a record goes to. TableOpener: makes a table that records name, when
// they name it. What the poll thread knows of routes; both are used by it alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/record.h"
#include "core/result.h"
#include "core/source_position.h"
#include "engine/epoch.h"

namespace kafka_iceberg::engine {

// Records of a batch that go to one table, by their place in the batch, in order.
struct RouteShare {
  std::string table;
  std::vector<uint32_t> records;
};
// A record that no table takes.
struct RouteRefusal {
  uint32_t record = 0;
  std::string code;  // of the dead letter
  std::string field;
  std::string reason;
};
struct RouteOutcome {
  std::vector<RouteShare> shares;
  std::vector<RouteRefusal> refusals;
  // Records from here on were not looked at, because of `stopped` (kUnavailable, kTimeout: what
  // tells where the next one goes cannot be had now).
  size_t routed = 0;
  std::optional<Error> stopped;
};

class RecordRouter {
 public:
  virtual ~RecordRouter() = default;
  // The tables that take every record of the topic; null when each record must be looked at.
  virtual const std::vector<std::string>* TablesOfTopic(const std::string& topic) = 0;
  virtual RouteOutcome Route(const std::string& topic, std::span<const Record> records) = 0;
  // Whether the table, named by a route as it is, may be given records of the topic.
  virtual bool Feeds(const std::string& topic, const std::string& table) const = 0;
};

// A table with what its ledger says.
struct FedTable {
  std::string table;
  std::map<TopicPartition, int64_t> next_offsets;
};

class TableOpener {
 public:
  virtual ~TableOpener() = default;
  // Loads or creates the table; `records` are the first ones it will be given (to infer columns
  // from). kUnavailable, kTimeout, kCommitUnknown: try again; anything else: it may not be had.
  virtual Result<TableUnit*> Open(FlowId id, const std::string& table, const std::string& topic,
                                  std::span<const Record> records) = 0;
  // Tables that are not named by a route as they are, and have taken records of these topics.
  virtual Result<std::vector<FedTable>> FindFed(const std::set<std::string>& topics) = 0;
  // The table that keeps account of the records no table takes.
  virtual const std::string& account_table() const = 0;
};

}  // namespace kafka_iceberg::engine
