// SPDX-License-Identifier: Apache-2.0
//
// What this program says and reads about tables, databases and locks of a Hive metastore, and the
// way to the protocol's own types. Values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kafka_iceberg::catalog {

namespace hms {
class Table;
}  // namespace hms

struct HiveColumn {
  std::string name;
  std::string type;
  std::string comment;

  friend bool operator==(const HiveColumn&, const HiveColumn&) = default;
};

struct HiveTable {
  std::string database;
  std::string name;
  std::string owner;
  int32_t created_at_s = 0;
  std::string location;
  std::vector<HiveColumn> columns;
  std::map<std::string, std::string> parameters;
  // As the server gave it; whatever is not said above goes back as it came. Null for a new table.
  std::shared_ptr<const hms::Table> origin;

  // Empty when there is none.
  std::string Parameter(const std::string& key) const;
  bool is_iceberg() const;
};

struct HiveDatabase {
  std::string name;
  std::string location;  // empty: the server decides
  std::string owner;
};

enum class HiveLockState : int32_t { kAcquired = 1, kWaiting = 2, kAborted = 3, kNotAcquired = 4 };

struct HiveLockAnswer {
  int64_t lock_id = 0;
  HiveLockState state = HiveLockState::kNotAcquired;
};

HiveTable FromThrift(const hms::Table& table);
// An external table; its storage descriptor is made anew, so that changes of the schema show.
hms::Table ToThrift(const HiveTable& table);

}  // namespace kafka_iceberg::catalog
