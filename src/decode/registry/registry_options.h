// SPDX-License-Identifier: Apache-2.0
//
// What a schema registry is reached by and what its client works with. Options are values;
// everything a context refers to outlives the client and is safe for concurrent use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/circuit_breaker.h"
#include "core/clock.h"
#include "core/random.h"
#include "net/http_client.h"
#include "net/http_retry.h"
#include "net/token_source.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::decode {

struct RegistryOptions {
  // Of one and the same registry, asked in this order; a path in front of the API is fine
  // ("https://host/apis/ccompat/v7").
  std::vector<std::string> urls;
  std::string user;  // basic authentication; empty: none
  std::string password;
  std::shared_ptr<net::TokenSource> token;  // instead of a user; null: none
  Duration request_timeout = std::chrono::seconds(10);
  Duration schema_timeout = std::chrono::seconds(30);  // one schema with all it refers to
  // Keeps what was ever found, so that a start does not need the registry; empty: nothing is kept.
  // To be emptied by hand when a registry was set up anew with other schemas under the same ids.
  std::string cache_directory;
  Duration negative_ttl = std::chrono::seconds(10);
  Duration subject_ttl = std::chrono::minutes(5);  // of what the latest version of a subject is
  // Rounds through all urls; one URL that fails is followed by the next without a wait.
  net::HttpRetryOptions retry = {.attempts = 2, .wait_max = std::chrono::seconds(2)};
  CircuitBreakerOptions breaker;  // one for each URL
};

struct RegistryContext {
  net::HttpClient& http;
  Clock& clock;
  Random& random;
  telemetry::Logger& logger;
  telemetry::Metrics& metrics;
};

}  // namespace kafka_iceberg::decode
