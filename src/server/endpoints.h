// SPDX-License-Identifier: Apache-2.0
//
// What the engine answers over HTTP: /metrics, /livez, /readyz, /startupz, /api/v1/status. Pure
// functions of the status and the metrics registry.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "engine/status.h"
#include "server/http_server.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::server {

struct Check {
  std::string name;  // assignment, kafka, catalog, engine, tables, commit_age
  bool ok = true;
  std::string detail;
};

// What /readyz looks at. `commit_age_max`: records wait for a commit no longer than this.
std::vector<Check> ReadinessChecks(const engine::EngineStatus& status, Timestamp now,
                                   Duration commit_age_max);

std::string StatusToJson(const engine::EngineStatus& status, Timestamp now);

// `status` is called for every request that needs it; null while the engine is still opening.
HttpHandler MakeEndpoints(
    std::function<const engine::EngineStatus*(engine::EngineStatus& buffer)> status,
    telemetry::Metrics& metrics, const Clock& clock, Duration commit_age_max);

}  // namespace kafka_iceberg::server
