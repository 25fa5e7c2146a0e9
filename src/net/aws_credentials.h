// SPDX-License-Identifier: Apache-2.0
//
// AWS credentials and where they come from: given keys, the environment, the shared files, web
// identity, container and instance metadata, an assumed role. Each provider is safe for concurrent
// use, asks once for all callers, and renews five minutes before expiry. Errors say which sources
// were looked at, never what they hold.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_client.h"

namespace kafka_iceberg::net {

struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty for long-lived keys
  std::optional<Timestamp> expires_at;

  friend bool operator==(const AwsCredentials&, const AwsCredentials&) = default;
};

class AwsCredentialsProvider {
 public:
  virtual ~AwsCredentialsProvider() = default;
  // kDenied: there are none, or they were refused; kUnavailable, kTimeout: the source is away and
  // what is known has expired.
  virtual Result<AwsCredentials> Get() = 0;
  // After a server called them expired or invalid: the next Get() asks the source again.
  virtual void Reject(const AwsCredentials& credentials) = 0;
};

std::shared_ptr<AwsCredentialsProvider> StaticAwsCredentials(AwsCredentials credentials);

struct AwsChainOptions {
  std::map<std::string, std::string> environment;  // the process's
  // Given, it goes before the environment's keys. Empty: AWS_PROFILE, then "default".
  std::string profile;
  std::string region;        // for STS; empty: AWS_REGION, the profile's
  std::string sts_endpoint;  // empty: AWS_ENDPOINT_URL_STS, then https://sts.<region>.amazonaws.com
  std::string metadata_endpoint;  // empty: the environment's, then http://169.254.169.254
};
// The default chain, in AWS's order: environment, web identity, profile (static keys; role_arn with
// source_profile, credential_source or web_identity_token_file), container, instance metadata
// version 2. The first that is configured decides, also when it fails. `http` and `clock` outlive
// it.
std::shared_ptr<AwsCredentialsProvider> DefaultAwsCredentials(AwsChainOptions options,
                                                              HttpClient& http, Clock& clock);

struct AssumeRoleOptions {
  std::string role_arn;
  std::string session_name = "kafka-iceberg";
  std::string external_id;
  std::string region;        // for STS and its signature; empty: "us-east-1"
  std::string sts_endpoint;  // empty: https://sts.<region>.amazonaws.com
  Duration duration = std::chrono::hours(1);
};
std::shared_ptr<AwsCredentialsProvider> AssumedRoleCredentials(
    AssumeRoleOptions options, std::shared_ptr<AwsCredentialsProvider> source, HttpClient& http,
    Clock& clock);

// The region of the chain: the given one, AWS_REGION, AWS_DEFAULT_REGION, the profile; empty when
// none says.
std::string DefaultAwsRegion(const AwsChainOptions& options);

}  // namespace kafka_iceberg::net
