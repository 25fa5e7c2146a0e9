// SPDX-License-Identifier: Apache-2.0
#include "engine/routing/route_plan.h"

#include <algorithm>
#include <utility>

namespace kafka_iceberg::engine {
namespace {

template <typename T>
void Override(T& setting, const std::optional<T>& value) {
  if (value) setting = *value;
}

std::optional<ValueRef> SubjectOf(const config::RouteCondition& when) {
  if (!when.header.empty()) return ValueRef{ValueSource::kHeader, when.header};
  if (when.key) return ValueRef{ValueSource::kKey, {}};
  if (!when.field.empty()) return ValueRef{ValueSource::kField, when.field};
  if (when.record_name) return ValueRef{ValueSource::kRecordName, {}};
  return std::nullopt;
}

void ApplyFormat(const config::RouteOptions& route, config::KafkaOptions& kafka) {
  // A schema of another format is none of this route's.
  if (route.format && *route.format != kafka.format) {
    kafka.schema_file.clear();
    kafka.subject.clear();
  }
  if (route.key_format && *route.key_format != kafka.key.format) {
    kafka.key.schema_file.clear();
    kafka.key.subject.clear();
  }
  if (route.subject) kafka.schema_file.clear();
  if (route.schema_file) kafka.subject.clear();
  if (route.key_subject) kafka.key.schema_file.clear();
  if (route.key_schema_file) kafka.key.subject.clear();
  Override(kafka.format, route.format);
  Override(kafka.framing, route.framing);
  Override(kafka.schema_file, route.schema_file);
  Override(kafka.message_type, route.message_type);
  Override(kafka.value_column, route.value_column);
  Override(kafka.subject, route.subject);
  Override(kafka.key.format, route.key_format);
  Override(kafka.key.framing, route.key_framing);
  Override(kafka.key.schema_file, route.key_schema_file);
  Override(kafka.key.message_type, route.key_message_type);
  Override(kafka.key.subject, route.key_subject);
  Override(kafka.key.column, route.key_column);
}

void ApplyTable(const config::RouteOptions& route, config::Options& options) {
  config::TableManagementOptions& management = options.iceberg.table_management;
  Override(management.schema_mismatch_action, route.schema_mismatch_action);
  Override(management.auto_create_if_missing, route.auto_create_if_missing);
  Override(management.identifier_fields, route.identifier_fields);
  Override(management.sort_by, route.sort_by);
  if (route.partition_by) management.partition_by = route.partition_by;
  if (!route.fields.empty()) options.schema.fields = route.fields;
}

bool SameSettings(const config::RouteOptions& a, const config::RouteOptions& b) {
  const auto settings = [](const config::RouteOptions& route) {
    return std::tie(route.format, route.framing, route.schema_file, route.message_type,
                    route.value_column, route.subject, route.key_format, route.key_framing,
                    route.key_schema_file, route.key_message_type, route.key_subject,
                    route.key_column, route.schema_mismatch_action, route.partition_by,
                    route.identifier_fields, route.sort_by, route.auto_create_if_missing,
                    route.fields);
  };
  return settings(a) == settings(b);
}

void SetTopics(std::vector<std::string> topics, config::KafkaOptions& kafka) {
  kafka.topic.clear();
  kafka.topics.clear();
  kafka.topic_pattern.clear();
  const bool plain =
      std::ranges::none_of(topics, [](const std::string& topic) { return topic.starts_with('^'); });
  if (plain) {
    kafka.topics = std::move(topics);
  } else {
    kafka.topic_pattern = topics.size() == 1 ? topics.front() : kafka::CombinedPattern(topics);
  }
}

void SetTable(const std::string& table, config::Options& options) {
  const size_t dot = table.rfind('.');
  options.iceberg.database_name = table.substr(0, dot);
  options.iceberg.table_name = table.substr(dot + 1);
  options.routing.routes.clear();
}

// A folder of the table's own; every name gives another one, and none leaves its place.
std::string FolderName(const std::string& table) {
  std::string name;
  for (const char c : table) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !name.empty());
    if (plain) {
      name += c;
    } else {
      name += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return name;
}

}  // namespace

Result<std::shared_ptr<const RoutePlan>> RoutePlan::Make(const config::Options& options) {
  std::shared_ptr<RoutePlan> plan(new RoutePlan(options));
  for (size_t i = 0; i < options.routing.routes.size(); ++i) {
    const Status added = plan->AddRoute(options.routing.routes[i]);
    if (!added.ok()) return added.error().WithContext(fmt::format("routes[{}]", i));
  }
  TRY(plan->CheckSameSettings());
  plan->account_table_ =
      TRY(FullTableName(options.routing.account_table, options.iceberg.database_name));
  if (std::ranges::find(plan->fixed_tables_, plan->account_table_) != plan->fixed_tables_.end()) {
    return Error::Invalid("routing.account_table: {} is the table of a route",
                          plan->account_table_);
  }
  return std::shared_ptr<const RoutePlan>(std::move(plan));
}

Status RoutePlan::AddRoute(const config::RouteOptions& route) {
  auto names =
      TRY(TableTemplate::Parse(route.table, options_.iceberg.database_name, route.allowed_tables));
  PlannedRoute planned{.options = route,
                       .table = std::move(names),
                       .subject = SubjectOf(route.when),
                       .kafka = options_.kafka};
  const std::string& topic = route.topic.empty() ? route.topic_pattern : route.topic;
  if (!topic.empty()) planned.topic = TRY(kafka::TopicPattern::Make(topic));
  ApplyFormat(route, planned.kafka);
  const bool has_records = planned.kafka.format == "avro" || planned.kafka.format == "protobuf";
  std::vector<ValueRef> values = planned.table.values();
  if (planned.subject) values.push_back(*planned.subject);
  for (const ValueRef& value : values) {
    if (value.source == ValueSource::kRecordName && !has_records) {
      return Error::Invalid("payloads of format \"{}\" have no record name", planned.kafka.format);
    }
    if (value.source == ValueSource::kField && planned.kafka.format == "binary") {
      return Error::Invalid("payloads of format \"binary\" have no fields");
    }
  }
  if (planned.table.is_fixed()) {
    const std::string table = TRY(planned.table.Expand({}));
    if (std::ranges::find(fixed_tables_, table) == fixed_tables_.end()) {
      fixed_tables_.push_back(table);
    }
  }
  routes_.push_back(std::move(planned));
  return {};
}

// A table is read in one way, whatever routes lead to it.
Status RoutePlan::CheckSameSettings() const {
  for (size_t i = 0; i < routes_.size(); ++i) {
    if (!routes_[i].table.is_fixed()) continue;
    const std::string table = TRY(routes_[i].table.Expand({}));
    for (size_t j = 0; j < i; ++j) {
      if (!routes_[j].table.is_fixed() || TRY(routes_[j].table.Expand({})) != table) continue;
      if (SameSettings(routes_[i].options, routes_[j].options)) continue;
      return Error::Invalid(
          "routes[{}]: routes[{}] leads to table {} as well, with other settings; give both the "
          "same ones",
          i, j, table);
    }
  }
  return {};
}

bool RoutePlan::Feeds(const std::string& topic, const std::string& table) const {
  return std::ranges::any_of(routes_, [&](const PlannedRoute& route) {
    return route.table.is_fixed() && route.table.CouldBe(table) && route.TakesTopic(topic);
  });
}

const PlannedRoute* RoutePlan::RouteOf(const std::string& table, const std::string& topic) const {
  for (const bool fixed : {true, false}) {
    for (const PlannedRoute& route : routes_) {
      if (route.table.is_fixed() == fixed && route.table.CouldBe(table) &&
          (fixed || topic.empty() || route.TakesTopic(topic))) {
        return &route;
      }
    }
  }
  return nullptr;
}

config::Options RoutePlan::OptionsFor(const std::string& table, const std::string& topic) const {
  config::Options options = options_;
  SetTable(table, options);
  options.state_directory =
      fmt::format("{}/tables/{}", options_.state_directory, FolderName(table));
  const PlannedRoute* route = RouteOf(table, topic);
  if (route == nullptr) {
    // The account table: no row ever goes there.
    options.kafka.format = "binary";
    options.kafka.schema_file.clear();
    options.kafka.subject.clear();
    options.kafka.key = {};
    options.schema.fields = {{.name = "value", .type = "binary", .required = false, .doc = {}}};
    options.kafka.value_column = "value";
    options.schema.rescue_column.clear();
    options.schema.breaking_change = "dead_letter";
    options.iceberg.table_management.partition_by = std::vector<std::string>();
    options.iceberg.table_management.identifier_fields.clear();
    options.iceberg.table_management.sort_by.clear();
    options.iceberg.table_management.auto_create_if_missing = true;
    return options;
  }
  options.kafka = route->kafka;
  ApplyTable(route->options, options);
  std::vector<std::string> topics;
  for (const PlannedRoute& other : routes_) {
    if (!other.table.CouldBe(table)) continue;
    if (!other.topic) return options;  // every topic
    topics.push_back(other.options.topic.empty() ? other.options.topic_pattern
                                                 : other.options.topic);
  }
  if (!topic.empty() && !route->table.is_fixed()) topics = {topic};
  std::ranges::sort(topics);
  topics.erase(std::ranges::unique(topics).begin(), topics.end());
  SetTopics(std::move(topics), options.kafka);
  return options;
}

Result<std::vector<config::Options>> TablesOf(const config::Options& options,
                                              const std::string& wanted) {
  if (options.routing.routes.empty()) {
    const std::string only =
        fmt::format("{}.{}", options.iceberg.database_name, options.iceberg.table_name);
    if (wanted.empty() || wanted == only || wanted == options.iceberg.table_name) {
      return std::vector{options};
    }
    return Error::NotFound("the configuration has no table {}, only {}", wanted, only);
  }
  const std::shared_ptr<const RoutePlan> plan = TRY(RoutePlan::Make(options));
  std::vector<config::Options> tables;
  if (wanted.empty()) {
    for (const std::string& table : plan->fixed_tables()) {
      tables.push_back(plan->OptionsFor(table, {}));
    }
    if (tables.empty()) {
      return Error::Invalid("the routes name tables by records; say which one with --table");
    }
    return tables;
  }
  const std::string table = TRY(FullTableName(wanted, options.iceberg.database_name));
  const bool known = table == plan->account_table() ||
                     std::ranges::any_of(plan->routes(), [&](const PlannedRoute& route) {
                       return route.table.CouldBe(table);
                     });
  if (!known) return Error::NotFound("no route leads to a table {}", table);
  tables.push_back(plan->OptionsFor(table, {}));
  return tables;
}

}  // namespace kafka_iceberg::engine
