// SPDX-License-Identifier: Apache-2.0
#include "engine/routing/plan_router.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace kafka_iceberg::engine {
namespace {

// The last header of that name, as Kafka's own clients have it.
std::optional<std::string> HeaderOf(const Record& record, const std::string& name) {
  for (const Header& header : record.headers.all() | std::views::reverse) {
    if (header.key == name && !header.value_is_null) return std::string(header.value);
  }
  return std::nullopt;
}

bool IsOneOf(const std::string& value, const config::RouteCondition& when) {
  return std::ranges::find(when.equals, value) != when.equals.end() ||
         std::ranges::any_of(when.prefixes,
                             [&](const std::string& prefix) { return value.starts_with(prefix); });
}

bool LooksAtPayload(const ValueRef& value) {
  return value.source == ValueSource::kField || value.source == ValueSource::kRecordName;
}

// Routes that read payloads in the same way share their probes.
std::string FormatKey(const config::KafkaOptions& kafka, const std::string& topic) {
  const bool is_of_topic = kafka.subject.find("{topic}") != std::string::npos;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", kafka.format, kafka.framing, kafka.schema_file,
                     kafka.message_type, kafka.subject, is_of_topic ? topic : "");
}

std::string Describe(const ValueRef& value) {
  switch (value.source) {
    case ValueSource::kTopic: return "topic";
    case ValueSource::kHeader: return fmt::format("header {}", value.name);
    case ValueSource::kKey: return "key";
    case ValueSource::kField: return fmt::format("field {}", value.name);
    case ValueSource::kRecordName: return "record name";
  }
  return "value";
}

}  // namespace

// A route with what it looks at.
struct PlanRouter::RouteLook {
  const PlannedRoute* route = nullptr;
  const Column* subject = nullptr;
  std::vector<const Column*> values;

  bool Takes(size_t place) const {
    if (subject == nullptr) return true;
    const auto& value = (*subject)[place];
    return value && IsOneOf(*value, route->options.when);
  }
};

// One call of Route().
struct PlanRouter::Look {
  const std::string& topic;
  std::span<const Record> records;
  RouteOutcome outcome;
  std::vector<RouteLook> routes;
  std::map<ProbeKey, Column> columns;
  std::map<size_t, ProbeFailure> unreadable;
  std::map<std::string, size_t> share_of;  // by table, into outcome.shares
};

const PlanRouter::TopicRoutes& PlanRouter::RoutesOf(const std::string& topic) const {
  const auto known = topics_.find(topic);
  if (known != topics_.end()) return known->second;
  TopicRoutes found;
  for (const PlannedRoute& route : plan_->routes()) {
    if (!route.TakesTopic(topic)) continue;
    found.routes.push_back(&route);
    for (const ValueRef& value : route.table.values()) {
      found.looks_at_payloads = found.looks_at_payloads || LooksAtPayload(value);
    }
    if (route.subject) {
      found.looks_at_payloads = found.looks_at_payloads || LooksAtPayload(*route.subject);
    }
    if (!route.table.is_fixed() || !route.is_unconditional()) {
      found.looks_at_records = true;
    }
    if (!route.table.is_fixed()) continue;
    const Result<std::string> table = route.table.Expand({});
    if (found.fed.insert(*table).second) found.tables.push_back(*table);
  }
  if (found.routes.empty()) found.looks_at_records = true;
  return topics_.emplace(topic, std::move(found)).first->second;
}

const std::vector<std::string>* PlanRouter::TablesOfTopic(const std::string& topic) {
  const TopicRoutes& routes = RoutesOf(topic);
  return routes.looks_at_records ? nullptr : &routes.tables;
}

bool PlanRouter::Feeds(const std::string& topic, const std::string& table) const {
  return RoutesOf(topic).fed.contains(table);
}

RouteOutcome PlanRouter::Route(const std::string& topic, std::span<const Record> records) {
  const TopicRoutes& routes = RoutesOf(topic);
  Look look{.topic = topic, .records = records, .outcome = {.routed = records.size()}};
  // Everything that routes ask for is looked up first: a schema that cannot be had now ends the
  // batch where it is needed.
  for (const PlannedRoute* route : routes.routes) {
    RouteLook& one = look.routes.emplace_back(RouteLook{.route = route});
    if (route->subject) one.subject = &ColumnFor(*route, *route->subject, look);
    for (const ValueRef& value : route->table.values()) {
      one.values.push_back(&ColumnFor(*route, value, look));
    }
  }
  for (size_t place = 0; place < look.outcome.routed; ++place) RouteRecord(place, routes, look);
  return std::move(look.outcome);
}

ProbeOutcome PlanRouter::Probe(const PlannedRoute& route, const ValueRef& value, const Look& look) {
  const ProbeKey key{FormatKey(route.kafka, look.topic), value};
  auto found = probes_.find(key);
  if (found == probes_.end()) {
    config::KafkaOptions kafka = route.kafka;
    kafka.topics = {look.topic};
    auto made = value.source == ValueSource::kField ? MakeFieldProbe(kafka, schemas_, value.name)
                                                    : MakeRecordNameProbe(kafka, schemas_);
    if (!made.ok()) {
      // Not a matter of this record: somebody must correct the configuration, and nothing is lost
      // until then.
      return {.stopped = Error::Unavailable("{}: {}", Describe(value), made.error().message())};
    }
    found = probes_.emplace(key, std::move(made).value()).first;
  }
  return found->second->Look(look.topic, look.records.first(look.outcome.routed));
}

const PlanRouter::Column& PlanRouter::ColumnFor(const PlannedRoute& route, const ValueRef& value,
                                                Look& look) {
  const ProbeKey key{LooksAtPayload(value) ? FormatKey(route.kafka, look.topic) : "", value};
  if (const auto known = look.columns.find(key); known != look.columns.end()) return known->second;
  Column column;
  if (LooksAtPayload(value)) {
    ProbeOutcome outcome = Probe(route, value, look);
    column = std::move(outcome.values);
    look.unreadable.merge(outcome.unreadable);
    if (outcome.stopped) {
      look.outcome.routed = column.size();
      look.outcome.stopped = outcome.stopped;
    }
  } else {
    for (const Record& record : look.records.first(look.outcome.routed)) {
      switch (value.source) {
        case ValueSource::kTopic: column.emplace_back(look.topic); break;
        case ValueSource::kHeader: column.push_back(HeaderOf(record, value.name)); break;
        default:
          column.push_back(record.key_is_null ? std::nullopt
                                              : std::optional(std::string(record.key)));
      }
    }
  }
  return look.columns.emplace(key, std::move(column)).first->second;
}

void PlanRouter::RouteRecord(size_t place, const TopicRoutes& routes, Look& look) {
  bool taken = false;
  for (const RouteLook& one : look.routes) {
    if (one.route->options.otherwise || !one.Takes(place)) continue;
    taken = Give(one, place, look) || taken;
  }
  for (const RouteLook& one : look.routes) {
    if (taken || !one.route->options.otherwise) continue;
    taken = Give(one, place, look);
  }
  if (!taken) Refuse(place, routes, look);
}

bool PlanRouter::Give(const RouteLook& route, size_t place, Look& look) {
  std::vector<std::string_view> values;
  for (const Column* column : route.values) {
    const auto& text = (*column)[place];
    if (!text) return false;
    values.push_back(*text);
  }
  Result<std::string> table = route.route->table.Expand(values);
  const auto record = static_cast<uint32_t>(place);
  if (table.ok() && *table == plan_->account_table()) {
    table = Error::Invalid("{} keeps account of other records", *table);
  }
  if (!table.ok()) {
    look.outcome.refusals.push_back({.record = record,
                                     .code = "table_refused",
                                     .field = {},
                                     .reason = table.error().message()});
    return true;
  }
  const auto [share, added] = look.share_of.try_emplace(*table, look.outcome.shares.size());
  if (added) look.outcome.shares.push_back({.table = *table, .records = {}});
  std::vector<uint32_t>& records = look.outcome.shares[share->second].records;
  if (records.empty() || records.back() != record) records.push_back(record);
  return true;
}

void PlanRouter::Refuse(size_t place, const TopicRoutes& routes, Look& look) {
  const auto record = static_cast<uint32_t>(place);
  if (const auto failure = look.unreadable.find(place); failure != look.unreadable.end()) {
    look.outcome.refusals.push_back({.record = record,
                                     .code = failure->second.code,
                                     .field = failure->second.field,
                                     .reason = failure->second.reason});
    return;
  }
  // A payload that is not there has nothing to be told by: it is no row anywhere.
  if (look.records[place].value_is_null && routes.looks_at_payloads) {
    metrics_.GetCounter("kafka_iceberg_tombstones_total").Add();
    return;
  }
  std::string reason =
      routes.routes.empty() ? "no route takes the topic" : "no route of the topic takes the record";
  if (routes.routes.size() == 1 && routes.routes.front()->subject) {
    reason += fmt::format(": by its {}", Describe(*routes.routes.front()->subject));
  }
  look.outcome.refusals.push_back(
      {.record = record, .code = "no_route", .field = {}, .reason = std::move(reason)});
}

}  // namespace kafka_iceberg::engine
