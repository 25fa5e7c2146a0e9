// SPDX-License-Identifier: Apache-2.0
//
// GlueClient: one signed request to AWS Glue, and what its answer means. The error's code says what
// is proven, so that a caller never has to guess whether something was applied. Owned by the
// catalog; safe for concurrent use.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "catalog/catalog_context.h"
#include "core/result.h"
#include "core/retry_policy.h"
#include "net/aws_credentials.h"
#include "net/http_client.h"

namespace kafka_iceberg::catalog {

struct GlueClientOptions {
  std::string endpoint;  // "https://glue.eu-west-1.amazonaws.com", without a slash at the end
  std::string region;
  std::string catalog_id;  // empty: the account of the credentials
  Duration request_timeout = std::chrono::seconds(30);
};

class GlueClient {
 public:
  GlueClient(GlueClientOptions options, const CatalogContext& context, net::HttpClient& http,
             std::shared_ptr<net::AwsCredentialsProvider> credentials);

  // `operation` as in the API ("GetTable"); `target` for messages ("table raw.events"). The catalog
  // id is added to `body`. Asked to slow down, it waits and asks again, a few times.
  // kNotFound, kAlreadyExists, kDenied (what is missing is named), kInvalid: as Glue says;
  // kUnavailable (throttled, 5xx, not reached, an answer that is none), kTimeout.
  Result<nlohmann::json> Read(std::string_view operation, std::string_view target,
                              nlohmann::json body);
  // The same for what changes something; sent once (and once more only when the credentials were
  // refused as expired). The answer may be null: an empty one. kCommitUnknown: it may have been
  // applied, or may still be. Every other error proves that it was not, kConflict (changed
  // meanwhile) and kUnavailable (throttled, not sent) among them.
  Result<nlohmann::json> Write(std::string_view operation, std::string_view target,
                               nlohmann::json body);

 private:
  enum class Kind : uint8_t { kRead, kWrite };
  struct Call {
    Kind kind;
    std::string_view operation;
    std::string_view target;
    std::string body;
  };
  struct Failure;  // an answer that is an error

  Result<nlohmann::json> Run(Kind kind, std::string_view operation, std::string_view target,
                             nlohmann::json body);
  Result<net::HttpResponse> SendOnce(const Call& call, const net::AwsCredentials& credentials);
  Result<net::HttpResponse> Send(const Call& call);
  Result<nlohmann::json> Interpret(const Call& call, const net::HttpResponse& response) const;
  Error ErrorOf(const Call& call, const Failure& failure) const;
  static Error Open(const Call& call, const std::string& detail);

  const GlueClientOptions options_;
  const CatalogContext context_;
  net::HttpClient& http_;
  const std::shared_ptr<net::AwsCredentialsProvider> credentials_;
  const RetryPolicy slow_down_;
};

}  // namespace kafka_iceberg::catalog
