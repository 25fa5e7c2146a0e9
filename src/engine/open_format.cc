// SPDX-License-Identifier: Apache-2.0
#include "config/config_file.h"
#include "decode/registry/confluent_registry.h"
#include "decode/registry/glue_registry.h"
#include "engine/connect.h"
#include "engine/module_options.h"
#include "net/aws_sts.h"
#include "net/token_source.h"

namespace kafka_iceberg::engine {
namespace {

Result<std::shared_ptr<decode::SchemaSource>> OpenGlue(const config::Options& options,
                                                       const decode::RegistryContext& context) {
  const config::SchemaRegistryOptions& registry = options.schema_registry;
  const net::AwsChainOptions chain{.environment = config::ProcessEnvironment()};
  const std::string region =
      registry.region.empty() ? net::DefaultAwsRegion(chain) : registry.region;
  std::shared_ptr<net::AwsCredentialsProvider> credentials =
      registry.access_key.empty()
          ? net::DefaultAwsCredentials(chain, context.http, context.clock)
          : net::StaticAwsCredentials(
                {.access_key_id = registry.access_key, .secret_access_key = registry.secret_key});
  if (!registry.role_arn.empty()) {
    credentials = net::AssumedRoleCredentials(
        {.role_arn = registry.role_arn, .region = region, .sts_endpoint = chain.sts_endpoint},
        std::move(credentials), context.http, context.clock);
  }
  return decode::OpenGlueRegistry(
      {.endpoint = registry.endpoint,
       .region = region,
       .request_timeout = std::chrono::seconds(registry.request_timeout_seconds),
       .cache_directory = options.state_directory + "/schemas",
       .subject_ttl = std::chrono::seconds(registry.subject_ttl_seconds)},
      context, std::move(credentials));
}

Result<std::shared_ptr<decode::SchemaSource>> OpenConfluent(
    const config::Options& options, const decode::RegistryContext& context) {
  const config::SchemaRegistryOptions& registry = options.schema_registry;
  return decode::OpenConfluentRegistry(
      {.urls = registry.urls,
       .user = registry.username,
       .password = registry.password,
       .token = registry.bearer_token.empty() ? nullptr : net::FixedToken(registry.bearer_token),
       .request_timeout = std::chrono::seconds(registry.request_timeout_seconds),
       .cache_directory = options.state_directory + "/schemas",
       .subject_ttl = std::chrono::seconds(registry.subject_ttl_seconds)},
      context);
}

}  // namespace

Result<std::shared_ptr<decode::SchemaSource>> OpenSchemaSource(const config::Options& options,
                                                               const EngineContext& context,
                                                               net::HttpClient& http) {
  if (!options.schema_registry.is_set()) return std::shared_ptr<decode::SchemaSource>();
  const decode::RegistryContext registry{.http = http,
                                         .clock = context.clock,
                                         .random = context.random,
                                         .logger = context.logger,
                                         .metrics = context.metrics};
  std::shared_ptr<decode::SchemaSource> schemas =
      TRY(options.schema_registry.type == "glue" ? OpenGlue(options, registry)
                                                 : OpenConfluent(options, registry));
  return schemas;
}

Result<std::shared_ptr<const PayloadFormat>> OpenPayloadFormat(const config::Options& options,
                                                               const EngineContext& context,
                                                               net::HttpClient& http) {
  return MakePayloadFormat(options.kafka, TRY(OpenSchemaSource(options, context, http)),
                           RescueOptionsFor(options.schema));
}

}  // namespace kafka_iceberg::engine
