// SPDX-License-Identifier: Apache-2.0
//
// TableTemplate: the name of a route's table, which may have parts that come from the record. What
// a record says is hostile: it can only fill in a part of the table's own name, of characters that
// are legal in every catalog and mean nothing to a file system, and never chooses the namespace.
// A value; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::engine {

// Where a value comes from.
enum class ValueSource : uint8_t { kTopic, kHeader, kKey, kField, kRecordName };
struct ValueRef {
  ValueSource source = ValueSource::kTopic;
  std::string name;  // of the header or field
  friend auto operator<=>(const ValueRef&, const ValueRef&) = default;
};

class TableTemplate {
 public:
  // `text` as in a route; without a namespace the table is in `database`. With `allowed` (in the
  // same form) only these may come out. kInvalid: what is wrong with it.
  static Result<TableTemplate> Parse(std::string_view text, const std::string& database,
                                     const std::vector<std::string>& allowed);

  bool is_fixed() const { return values_.empty(); }
  const std::vector<ValueRef>& values() const { return values_; }
  // "raw" of "raw.{topic}"
  const std::string& database() const { return database_; }
  // The table for these values, in the order of values(). kInvalid: not a name that may be made.
  Result<std::string> Expand(const std::vector<std::string_view>& values) const;
  // Whether some values give this table.
  bool CouldBe(std::string_view table) const;

 private:
  std::string database_;
  std::vector<std::string> texts_;  // around the values: one more than there are
  std::vector<ValueRef> values_;
  std::vector<std::string> allowed_;  // full names
};

// "orders" as "raw.orders"; kInvalid.
Result<std::string> FullTableName(std::string_view text, const std::string& database);
// A topic's name as part of a table's: dots would be levels of the namespace.
std::string TopicAsName(std::string_view topic);

}  // namespace kafka_iceberg::engine
