// SPDX-License-Identifier: Apache-2.0
//
// What S3 refuses, and what that means for the caller: the code in the answer becomes one of our
// errors, with the permission, region or clock difference that explains it. Only chosen, shortened
// parts of an answer get into a message; bodies of S3 errors quote signatures and tokens. Pure.
// Internal to storage/s3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_client.h"

namespace kafka_iceberg::storage {

// One call of S3's API.
struct S3Operation {
  std::string_view name;        // "PutObject", in metrics
  std::string_view verb;        // "write", in messages
  std::string_view permission;  // what an IAM policy must allow
};

inline constexpr S3Operation kGetObject = {"GetObject", "read", "s3:GetObject"};
inline constexpr S3Operation kHeadObject = {"HeadObject", "look up", "s3:GetObject"};
inline constexpr S3Operation kPutObject = {"PutObject", "write", "s3:PutObject"};
inline constexpr S3Operation kListObjects = {"ListObjectsV2", "list", "s3:ListBucket"};
inline constexpr S3Operation kDeleteObject = {"DeleteObject", "delete", "s3:DeleteObject"};
inline constexpr S3Operation kDeleteObjects = {"DeleteObjects", "delete", "s3:DeleteObject"};
inline constexpr S3Operation kCreateMultipartUpload = {"CreateMultipartUpload", "write",
                                                       "s3:PutObject"};
inline constexpr S3Operation kUploadPart = {"UploadPart", "write", "s3:PutObject"};
inline constexpr S3Operation kCompleteMultipartUpload = {"CompleteMultipartUpload", "write",
                                                         "s3:PutObject"};
inline constexpr S3Operation kAbortMultipartUpload = {"AbortMultipartUpload", "write",
                                                      "s3:AbortMultipartUpload"};

// An answer that says no.
struct S3Failure {
  int status = 0;
  std::string code;     // "SlowDown"; empty when the answer has none (HEAD)
  std::string message;  // for people, shortened
  std::string region;   // where the bucket is, when the server says so
  std::optional<Timestamp> server_time;
};

// Absent for a success. `body_may_fail`: a 200 may carry an error in its body (POST).
std::optional<S3Failure> FailureOf(const net::HttpResponse& response, bool body_may_fail);

// Worth sending again as it is.
bool IsTransient(const S3Failure& failure);
// The credentials were good once, or were never known: other ones may do. HEAD has no body to say
// so; it answers 400.
bool IsCredentialFailure(const S3Failure& failure);

// Where and when it happened.
struct S3FailureContext {
  const S3Operation& operation;
  std::string_view bucket;
  std::string_view key;
  std::string_view region;  // the one that was signed for
  Timestamp now;
};
// kAlreadyExists only for 412; kDenied for 401 and 403; kUnavailable for what may pass.
Error ToError(const S3Failure& failure, const S3FailureContext& context);

// "cannot write s3://bucket/key"
std::string WhatFailed(const S3Operation& operation, std::string_view bucket, std::string_view key);

}  // namespace kafka_iceberg::storage
