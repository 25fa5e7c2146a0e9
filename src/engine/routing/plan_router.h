// SPDX-License-Identifier: Apache-2.0
//
// PlanRouter: the RecordRouter of a RoutePlan. A record goes to every route of its topic whose
// condition it meets, and when there is none, to those for the rest; when there is none of these
// either it is refused. Used by the poll thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "decode/framing/payload_schema.h"
#include "engine/routing/payload_probe.h"
#include "engine/routing/record_router.h"
#include "engine/routing/route_plan.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::engine {

class PlanRouter final : public RecordRouter {
 public:
  // `metrics` outlives the router.
  PlanRouter(std::shared_ptr<const RoutePlan> plan, std::shared_ptr<decode::SchemaSource> schemas,
             telemetry::Metrics& metrics)
      : plan_(std::move(plan)), schemas_(std::move(schemas)), metrics_(metrics) {}

  const std::vector<std::string>* TablesOfTopic(const std::string& topic) override;
  RouteOutcome Route(const std::string& topic, std::span<const Record> records) override;
  bool Feeds(const std::string& topic, const std::string& table) const override;

 private:
  // A value that routes look at, of every record of the batch at hand.
  using Column = std::vector<std::optional<std::string>>;
  struct TopicRoutes {
    std::vector<const PlannedRoute*> routes;
    std::vector<std::string> tables;  // when no record need be looked at
    bool looks_at_records = false;
    bool looks_at_payloads = false;
    std::set<std::string> fed;
  };
  // How the payloads of a route are read, with what is looked at in them.
  using ProbeKey = std::pair<std::string, ValueRef>;
  struct RouteLook;
  struct Look;

  const TopicRoutes& RoutesOf(const std::string& topic) const;
  const Column& ColumnFor(const PlannedRoute& route, const ValueRef& value, Look& look);
  void RouteRecord(size_t place, const TopicRoutes& routes, Look& look);
  // False: the record has not what the template asks for.
  bool Give(const RouteLook& route, size_t place, Look& look);
  void Refuse(size_t place, const TopicRoutes& routes, Look& look);
  ProbeOutcome Probe(const PlannedRoute& route, const ValueRef& value, const Look& look);

  const std::shared_ptr<const RoutePlan> plan_;
  const std::shared_ptr<decode::SchemaSource> schemas_;
  telemetry::Metrics& metrics_;
  mutable std::map<std::string, TopicRoutes> topics_;
  std::map<ProbeKey, std::unique_ptr<PayloadProbe>> probes_;
};

}  // namespace kafka_iceberg::engine
