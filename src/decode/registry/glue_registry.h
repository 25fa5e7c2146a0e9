// SPDX-License-Identifier: Apache-2.0
//
// The Glue Schema Registry as a SchemaSource: a schema by the UUID that stands in front of its
// payloads; a subject is the name of a schema ("orders", "my-registry/orders"). Made once, safe for
// concurrent use.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "decode/framing/payload_schema.h"
#include "decode/registry/registry_options.h"
#include "net/aws_credentials.h"

namespace kafka_iceberg::decode {

struct GlueRegistryOptions {
  std::string endpoint;  // empty: AWS's own in the region
  std::string region;
  Duration request_timeout = std::chrono::seconds(10);
  std::string cache_directory;  // as in RegistryOptions
  Duration negative_ttl = std::chrono::seconds(10);
  Duration subject_ttl = std::chrono::minutes(5);
  int attempts = 3;  // while Glue cannot be reached, fails, or asks to slow down
};

// kInvalid: no region. Credentials that are refused leave the records waiting (kUnavailable), with
// what is missing in the message.
Result<std::shared_ptr<SchemaSource>> OpenGlueRegistry(
    GlueRegistryOptions options, RegistryContext context,
    std::shared_ptr<net::AwsCredentialsProvider> credentials);

}  // namespace kafka_iceberg::decode
