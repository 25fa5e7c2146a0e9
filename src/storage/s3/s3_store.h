// SPDX-License-Identifier: Apache-2.0
//
// S3Store: an ObjectStore on S3 and what speaks its protocol ("s3://bucket/key"; s3a:// and s3n://
// are read as s3://). Every upload carries a SHA-256 checksum; WriteIfAbsent is a conditional put.
// Reads, lists and deletes are retried; an upload whose answer was lost is looked up, never
// guessed. Each open writer holds one part in memory. Safe for concurrent use.
#pragma once

#include <memory>
#include <string>

#include "core/random.h"
#include "net/aws_credentials.h"
#include "net/http_client.h"
#include "net/http_retry.h"
#include "storage/object_store.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::storage {

struct S3Options {
  std::string endpoint;  // empty: https://s3.<region>.amazonaws.com
  std::string region = "us-east-1";
  bool path_style = true;              // false: https://bucket.host/key
  std::string server_side_encryption;  // "" | "AES256" | "aws:kms"
  std::string kms_key_id;
  // Files above it are uploaded in parts of this size, at most 10 000; S3 wants 5 MiB at least.
  int64_t part_bytes = 16 << 20;
  Duration request_timeout = std::chrono::seconds(60);
  net::HttpRetryOptions retry;
};

// Everything outlives the store.
struct S3Context {
  net::HttpClient& http;
  Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

std::unique_ptr<ObjectStore> MakeS3Store(S3Options options,
                                         std::shared_ptr<net::AwsCredentialsProvider> credentials,
                                         const S3Context& context);

}  // namespace kafka_iceberg::storage
