// SPDX-License-Identifier: Apache-2.0
//
// AWS Signature Version 4, in the Authorization header or in the query. Pure; checked against AWS's
// published vectors.
#pragma once

#include <string>
#include <string_view>

#include "net/aws_credentials.h"
#include "net/http_client.h"

namespace kafka_iceberg::net {

struct SigningScope {
  std::string region;
  std::string service;  // "s3", "glue", "sts", "execute-api", "s3tables"
  // S3 signs the path as it is sent; all other services encode each segment once more.
  bool encode_path_twice = true;
  // The lower-case hex SHA-256 of the body; empty: computed here. Sent as x-amz-content-sha256 when
  // `sign_body` (S3 demands it).
  std::string body_sha256;
  bool sign_body = false;
};

// Adds host, x-amz-date, x-amz-security-token (when there is one) and authorization; every header
// that is already there is signed, except those that a proxy may change. kInvalid: a URL that
// cannot be split.
Status SignV4(HttpRequest& request, const SigningScope& scope, const AwsCredentials& credentials,
              Timestamp now);

// `url` with the signature in its query, for a GET that only `host` is signed of: whoever holds it
// may send it until it has been `valid` for long enough. kInvalid as SignV4().
Result<std::string> PresignV4(std::string_view url, const SigningScope& scope,
                              const AwsCredentials& credentials, Timestamp now, Duration valid);

}  // namespace kafka_iceberg::net
