// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_error.h"

#include <algorithm>
#include <array>

#include "net/http_retry.h"
#include "net/http_text.h"
#include "net/time_text.h"
#include "storage/s3/s3_xml.h"

namespace kafka_iceberg::storage {

namespace {

constexpr size_t kMessageBytesMax = 200;

template <size_t kSize>
bool Contains(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Error codes and region names are words; anything else is not taken from an answer.
std::string Word(std::string_view text) {
  const bool is_word = text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
                       });
  return std::string(is_word ? text : std::string_view());
}

void ReadErrorElement(std::string_view body, S3Failure& failure) {
  const auto document = net::ParseXml(body);
  if (!document.ok() || document->name != "Error") return;
  failure.code = Word(ChildText(*document, "Code"));
  failure.message = net::Printable(ChildText(*document, "Message"), kMessageBytesMax);
  failure.region = Word(ChildText(*document, "Region"));
  failure.server_time = net::ParseRfc3339(ChildText(*document, "ServerTime"));
}

std::string Reason(const S3Failure& failure) {
  std::string reason = std::to_string(failure.status);
  if (!failure.code.empty()) reason += " " + failure.code;
  return reason;
}

std::string ReasonWithMessage(const S3Failure& failure) {
  return failure.message.empty() ? Reason(failure) : Reason(failure) + ": " + failure.message;
}

Error DeniedError(const S3Failure& failure, const S3FailureContext& context) {
  if (failure.code == "RequestTimeTooSkewed") {
    if (!failure.server_time) {
      return Error::Denied("{}: the clock of this machine is wrong: set it", Reason(failure));
    }
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(context.now - *failure.server_time)
            .count();
    return Error::Denied("{}: the clock of this machine is {} s {} the server's: set it",
                         Reason(failure), seconds < 0 ? -seconds : seconds,
                         seconds < 0 ? "behind" : "ahead of");
  }
  if (failure.code == "SignatureDoesNotMatch") {
    return Error::Denied(
        "{}: the secret key does not belong to the access key (or a proxy changed "
        "the request)",
        Reason(failure));
  }
  if (failure.code == "InvalidAccessKeyId") {
    return Error::Denied("{}: the server does not know the access key", Reason(failure));
  }
  if (IsCredentialFailure(failure) && !failure.code.empty()) {
    return Error::Denied("{}: the session token is expired or invalid: renew the credentials",
                         Reason(failure));
  }
  const std::string resource = context.operation.permission == kListObjects.permission
                                   ? fmt::format("bucket {}", context.bucket)
                                   : fmt::format("{}/{}", context.bucket, context.key);
  return Error::Denied("{}: the credentials need {} on {}", Reason(failure),
                       context.operation.permission, resource);
}

bool IsRegionFailure(const S3Failure& failure) {
  constexpr std::array<std::string_view, 4> kCodes = {"PermanentRedirect", "TemporaryRedirect",
                                                      "AuthorizationHeaderMalformed",
                                                      "IllegalLocationConstraintException"};
  return (failure.status >= 300 && failure.status < 400) || Contains(kCodes, failure.code);
}

Error RegionError(const S3Failure& failure, const S3FailureContext& context) {
  if (failure.region.empty()) {
    return Error::Invalid(
        "{}: bucket {} is reached by another endpoint or region than {}: set s3_region or "
        "s3_endpoint (a redirect is never followed)",
        Reason(failure), context.bucket, context.region);
  }
  return Error::Invalid("{}: bucket {} is in region {}, not in {}: set s3_region to {}",
                        Reason(failure), context.bucket, failure.region, context.region,
                        failure.region);
}

Error Explain(const S3Failure& failure, const S3FailureContext& context) {
  // Tokens are refused with 400 by some servers and with 403 by others.
  if (failure.status == 401 || failure.status == 403 ||
      (IsCredentialFailure(failure) && !failure.code.empty())) {
    return DeniedError(failure, context);
  }
  if (IsRegionFailure(failure)) return RegionError(failure, context);
  if (IsTransient(failure)) return Error::Unavailable("{}", ReasonWithMessage(failure));
  if (failure.code == "NoSuchBucket") {
    return Error::NotFound("{}: there is no bucket {}", Reason(failure), context.bucket);
  }
  switch (failure.status) {
    case 404: return Error::NotFound("{}: it does not exist", Reason(failure));
    case 412: return Error::AlreadyExists("{}: it exists", Reason(failure));
    case 405:
    case 501:
      return Error::Unsupported("{}: the store does not offer {}", Reason(failure),
                                context.operation.name);
    default: break;
  }
  if (failure.status >= 500 || failure.status == 200) {
    return Error::Unavailable("{}", ReasonWithMessage(failure));
  }
  return Error::Invalid("{}", ReasonWithMessage(failure));
}

}  // namespace

std::optional<S3Failure> FailureOf(const net::HttpResponse& response, bool body_may_fail) {
  const bool is_success = response.status >= 200 && response.status < 300;
  if (is_success && !body_may_fail) return std::nullopt;
  S3Failure failure;
  failure.status = response.status;
  ReadErrorElement(response.body, failure);
  if (is_success && failure.code.empty()) return std::nullopt;
  if (failure.region.empty()) {
    failure.region = Word(response.Header("x-amz-bucket-region").value_or(""));
  }
  if (!failure.server_time) {
    failure.server_time = net::ParseHttpDate(response.Header("date").value_or(""));
  }
  return failure;
}

bool IsTransient(const S3Failure& failure) {
  // Damage on the way (BadDigest), a pause in the upload (RequestTimeout), somebody at the same
  // key at the same moment (409): the same bytes may pass next time.
  constexpr std::array<std::string_view, 9> kCodes = {
      "InternalError",      "SlowDown",
      "ServiceUnavailable", "RequestTimeout",
      "BadDigest",          "XAmzContentSHA256Mismatch",
      "OperationAborted",   "ConditionalRequestConflict",
      "IncompleteBody"};
  return net::IsRetryable(failure.status) || Contains(kCodes, failure.code);
}

bool IsCredentialFailure(const S3Failure& failure) {
  constexpr std::array<std::string_view, 5> kCodes = {"ExpiredToken", "InvalidToken",
                                                      "TokenRefreshRequired", "InvalidAccessKeyId",
                                                      "ExpiredTokenException"};
  if (failure.code.empty()) return failure.status == 400;
  return Contains(kCodes, failure.code);
}

std::string WhatFailed(const S3Operation& operation, std::string_view bucket,
                       std::string_view key) {
  return fmt::format("cannot {} s3://{}/{}", operation.verb, bucket, key);
}

Error ToError(const S3Failure& failure, const S3FailureContext& context) {
  return Explain(failure, context)
      .WithContext(WhatFailed(context.operation, context.bucket, context.key));
}

}  // namespace kafka_iceberg::storage
