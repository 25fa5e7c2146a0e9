// SPDX-License-Identifier: Apache-2.0
//
// The links of the credential chain. Each asks its source once; absent means "not configured",
// an error means "configured, and failed". No state; what is passed in outlives the call.
#pragma once

#include <optional>
#include <string>

#include "net/aws_credentials.h"
#include "net/aws_shared_files.h"

namespace kafka_iceberg::net {

using FoundCredentials = Result<std::optional<AwsCredentials>>;

struct AwsSourceContext {
  const AwsChainOptions& options;
  HttpClient& http;
  Clock& clock;
};

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION.
FoundCredentials FromEnvironment(const AwsSourceContext& context);
// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME.
FoundCredentials FromWebIdentity(const AwsSourceContext& context);
// The chosen profile of the shared files.
FoundCredentials FromProfile(const AwsSourceContext& context);
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI.
FoundCredentials FromContainer(const AwsSourceContext& context);
// Version 2 of the instance metadata service only; absent when AWS_EC2_METADATA_DISABLED.
FoundCredentials FromInstanceMetadata(const AwsSourceContext& context);

// The role of `role_arn` for the token in `token_file`, both from the environment or a profile.
FoundCredentials FromWebIdentityToken(const AwsSourceContext& context,
                                      const std::string& token_file, AssumeRoleOptions role);

// The name of the profile to use, and whether somebody chose it.
std::string ChosenProfile(const AwsChainOptions& options);
bool IsProfileChosen(const AwsChainOptions& options);
// `options.sts_endpoint`, AWS_ENDPOINT_URL_STS, or the region's.
Result<std::string> StsEndpointOf(const AwsChainOptions& options, const std::string& region);

}  // namespace kafka_iceberg::net
