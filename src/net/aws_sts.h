// SPDX-License-Identifier: Apache-2.0
//
// The two calls of AWS's Security Token Service that give temporary credentials for a role. One
// request each, no state.
#pragma once

#include <string>

#include "net/aws_credentials.h"

namespace kafka_iceberg::net {

// https://sts.<region>.amazonaws.com; kDenied without a region or with one that is none.
Result<std::string> StsEndpoint(const std::string& region);

// `options.sts_endpoint` must be set. kDenied: refused; kUnavailable, kTimeout: try again. Messages
// name the role and AWS's error code.
Result<AwsCredentials> AssumeRole(const AssumeRoleOptions& options, const AwsCredentials& as,
                                  HttpClient& http, Timestamp now);
// The same for a token that somebody else issued; not signed.
Result<AwsCredentials> AssumeRoleWithWebIdentity(const AssumeRoleOptions& options,
                                                 const std::string& token, HttpClient& http);

}  // namespace kafka_iceberg::net
