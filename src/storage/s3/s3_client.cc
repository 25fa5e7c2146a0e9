// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_client.h"

#include <algorithm>

#include "core/hashing.h"
#include "net/sigv4.h"

namespace kafka_iceberg::storage {

namespace {

// The slowest line that counts as alive; a body gets this much longer than a call without one.
constexpr int64_t kBytesPerSecondMin = 512 << 10;

std::string FromHex(std::string_view hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(value(hex[i]) << 4 | value(hex[i + 1])));
  }
  return bytes;
}

// Whether the server may have worked on it: everything but "nothing was sent".
bool MayHaveArrived(const Result<S3Reply>& reply) {
  return reply.ok() || reply.error().code() == ErrorCode::kTimeout;
}

bool MayRepeat(const Result<S3Reply>& reply, const S3Request& request) {
  if (reply.ok()) return reply->failure && IsTransient(*reply->failure);
  if (reply.error().code() == ErrorCode::kTimeout) return request.repeats_when_lost;
  return reply.error().code() == ErrorCode::kUnavailable;
}

// "Nothing was sent" is no longer true when an earlier try was.
Error LastError(const Error& error, bool has_doubtful_past) {
  if (!has_doubtful_past) return error;
  return Error::Timeout("{}, after a try without a good answer", error.message());
}

std::string StatusLabel(const Result<net::HttpResponse>& response) {
  return response.ok() ? std::to_string(response->status)
                       : std::string(ToString(response.error().code()));
}

// A server, or a proxy before it, may quote what it was sent.
void Redact(const net::AwsCredentials& credentials, S3Failure& failure) {
  for (const std::string* secret : {&credentials.secret_access_key, &credentials.session_token}) {
    for (std::string* text : {&failure.message, &failure.code, &failure.region}) {
      // The first part is enough to know it: texts are shortened.
      const std::string_view start = std::string_view(*secret).substr(0, 16);
      if (!start.empty() && text->find(start) != std::string::npos) text->clear();
    }
  }
  if (failure.message.find("Signature=") != std::string::npos) failure.message.clear();
}

}  // namespace

void S3Request::SetBody(std::string_view bytes) {
  body = bytes;
  body_sha256 = Sha256Hex(bytes);
  headers.push_back({"x-amz-checksum-sha256", Base64Encode(FromHex(body_sha256))});
}

S3Client::S3Client(S3Options options, std::shared_ptr<net::AwsCredentialsProvider> credentials,
                   const S3Context& context)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      context_(context),
      endpoint_(S3Endpoint::Make(options_.endpoint, options_.region, options_.path_style)) {}

Error S3Client::ErrorOf(const S3Failure& failure, const S3Request& request) const {
  return ToError(failure, {request.operation, request.bucket, request.key, options_.region,
                           context_.clock.Now()});
}

void S3Client::AddObjectHeaders(S3Request& request) const {
  if (options_.server_side_encryption.empty()) return;
  request.headers.push_back({"x-amz-server-side-encryption", options_.server_side_encryption});
  if (!options_.kms_key_id.empty()) {
    request.headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", options_.kms_key_id});
  }
}

Result<net::HttpResponse> S3Client::Call(const S3Request& request) {
  S3Reply reply = TRY(Send(request));
  if (reply.failure) return ErrorOf(*reply.failure, request);
  return std::move(reply.response);
}

Result<S3Reply> S3Client::Send(const S3Request& request) {
  const std::string what = WhatFailed(request.operation, request.bucket, request.key);
  auto credentials = credentials_->Get();
  bool has_renewed = false;
  bool has_doubtful_past = false;
  for (int attempt = 1;; ++attempt) {
    if (!credentials.ok()) return credentials.error().WithContext(what);
    auto reply = SendOnce(request, *credentials);
    if (reply.ok()) reply->has_doubtful_past = has_doubtful_past;
    if (reply.ok() && reply->failure && IsCredentialFailure(*reply->failure) && !has_renewed) {
      has_renewed = true;
      auto renewed = Renew(*credentials);
      if (!renewed) return reply;
      credentials = *std::move(renewed);
    } else {
      if (!MayRepeat(reply, request) || attempt >= options_.retry.attempts) {
        if (!reply.ok()) return LastError(reply.error(), has_doubtful_past).WithContext(what);
        return reply;
      }
      has_doubtful_past |= MayHaveArrived(reply);
      context_.clock.SleepFor(WaitBefore(reply, attempt), {});
      credentials = credentials_->Get();
    }
    context_.metrics.GetCounter("kafka_iceberg_s3_retries_total").Add();
  }
}

std::optional<net::AwsCredentials> S3Client::Renew(const net::AwsCredentials& refused) {
  credentials_->Reject(refused);
  auto renewed = credentials_->Get();
  if (!renewed.ok() || (renewed->access_key_id == refused.access_key_id &&
                        renewed->session_token == refused.session_token)) {
    return std::nullopt;
  }
  return *std::move(renewed);
}

Duration S3Client::WaitBefore(const Result<S3Reply>& last, int attempt) {
  if (last.ok()) {
    const auto asked = net::RetryAfter(last->response, context_.clock.Now());
    if (asked) return std::clamp(*asked, Duration(0), options_.retry.wait_max);
  }
  return options_.retry.policy.DelayAfter(attempt, context_.random);
}

Result<S3Reply> S3Client::SendOnce(const S3Request& request,
                                   const net::AwsCredentials& credentials) {
  const net::HttpRequest signed_request = TRY(Sign(request, credentials));
  S3Reply reply;
  reply.response = TRY(Measure(request, signed_request));
  reply.failure = FailureOf(reply.response, request.method == "POST");
  if (reply.failure) {
    Redact(credentials, *reply.failure);
    return reply;
  }
  if (request.check) {
    auto checked = request.check(reply.response);
    if (!checked.ok()) return Error::Timeout("{}", checked.error().message());
  }
  return reply;
}

Result<net::HttpRequest> S3Client::Sign(const S3Request& request,
                                        const net::AwsCredentials& credentials) {
  const S3Endpoint endpoint = TRY(endpoint_);
  net::HttpRequest http;
  http.method = request.method;
  http.url = endpoint.UrlOf(request.bucket, request.key);
  if (!request.query.empty()) http.url += "?" + net::FormEncode(request.query);
  http.headers = request.headers;
  http.body = request.body;
  http.response_bytes_max = request.response_bytes_max;
  const int64_t moved_bytes =
      static_cast<int64_t>(request.body.size()) + request.response_bytes_expected;
  http.timeout = options_.request_timeout + std::chrono::seconds(moved_bytes / kBytesPerSecondMin);
  TRY(net::SignV4(http,
                  {.region = options_.region,
                   .service = "s3",
                   .encode_path_twice = false,
                   .body_sha256 = request.body_sha256,
                   .sign_body = true},
                  credentials, context_.clock.Now()));
  return http;
}

Result<net::HttpResponse> S3Client::Measure(const S3Request& request,
                                            const net::HttpRequest& signed_one) {
  const std::string operation(request.operation.name);
  const SteadyTime begin = context_.clock.Steady();
  auto response = context_.http.Send(signed_one);
  const auto seconds = std::chrono::duration<double>(context_.clock.Steady() - begin).count();
  context_.metrics
      .GetCounter("kafka_iceberg_s3_requests_total",
                  {{"operation", operation}, {"status", StatusLabel(response)}})
      .Add();
  context_.metrics
      .GetHistogram("kafka_iceberg_s3_request_duration_seconds", {{"operation", operation}})
      .Observe(seconds);
  return response;
}

}  // namespace kafka_iceberg::storage
