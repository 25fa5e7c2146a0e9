// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/confluent_registry.h"
#include "engine/connect.h"
#include "net/token_source.h"

namespace kafka_iceberg::engine {

Result<std::shared_ptr<const PayloadFormat>> OpenPayloadFormat(const config::Options& options,
                                                               const EngineContext& context,
                                                               net::HttpClient& http) {
  const config::SchemaRegistryOptions& registry = options.schema_registry;
  std::shared_ptr<decode::SchemaSource> schemas;
  if (!registry.urls.empty()) {
    schemas = TRY(decode::OpenConfluentRegistry(
        {.urls = registry.urls,
         .user = registry.username,
         .password = registry.password,
         .token = registry.bearer_token.empty() ? nullptr : net::FixedToken(registry.bearer_token),
         .request_timeout = std::chrono::seconds(registry.request_timeout_seconds),
         .cache_directory = options.state_directory + "/schemas"},
        {.http = http,
         .clock = context.clock,
         .random = context.random,
         .logger = context.logger,
         .metrics = context.metrics}));
  }
  return MakePayloadFormat(options.kafka, std::move(schemas));
}

}  // namespace kafka_iceberg::engine
