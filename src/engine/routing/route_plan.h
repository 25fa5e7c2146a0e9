// SPDX-License-Identifier: Apache-2.0
//
// RoutePlan: [[routes]] as the engine works with them, and each table's own configuration: the
// whole one as if that table were the only one. So everything that works on one table needs to know
// nothing of routes. Immutable after Make(); safe for concurrent use.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "core/result.h"
#include "engine/routing/table_template.h"
#include "kafka/topic_pattern.h"

namespace kafka_iceberg::engine {

struct PlannedRoute {
  config::RouteOptions options;
  std::optional<kafka::TopicPattern> topic;  // absent: every one
  TableTemplate table;
  std::optional<ValueRef> subject;  // what the condition looks at
  config::KafkaOptions kafka;       // how payloads of this route are read

  bool TakesTopic(const std::string& name) const { return !topic || topic->Matches(name); }
  // Takes whatever the topic holds.
  bool is_unconditional() const { return !subject && !options.otherwise; }
};

class RoutePlan {
 public:
  // kInvalid names the route ("routes[2]: ...").
  static Result<std::shared_ptr<const RoutePlan>> Make(const config::Options& options);

  const std::vector<PlannedRoute>& routes() const { return routes_; }
  // Named by a route as they are, in the routes' order.
  const std::vector<std::string>& fixed_tables() const { return fixed_tables_; }
  const std::string& account_table() const { return account_table_; }
  // Whether a route may give records of the topic to this table, which it names as it is.
  bool Feeds(const std::string& topic, const std::string& table) const;
  // The configuration of one table. `topic` (may be empty) is where its records come from.
  config::Options OptionsFor(const std::string& table, const std::string& topic) const;

 private:
  explicit RoutePlan(const config::Options& options) : options_(options) {}
  Status AddRoute(const config::RouteOptions& route);
  Status CheckSameSettings() const;
  const PlannedRoute* RouteOf(const std::string& table, const std::string& topic) const;

  const config::Options options_;
  std::vector<PlannedRoute> routes_;
  std::vector<std::string> fixed_tables_;
  std::string account_table_;
};

// What a command works on: every table that routes name as they are, or the only one; `wanted`
// (may be empty) chooses one of them, or one that a template gives. Each as a configuration of its
// own. kInvalid, kNotFound.
Result<std::vector<config::Options>> TablesOf(const config::Options& options,
                                              const std::string& wanted);

}  // namespace kafka_iceberg::engine
