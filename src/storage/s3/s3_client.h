// SPDX-License-Identifier: Apache-2.0
//
// S3Client: one call of S3's API at a time, signed, counted, and repeated as far as that is safe.
// An answer that says no is a value (S3Reply), because some callers expect it. Safe for concurrent
// use. Internal to storage/s3.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/s3/s3_address.h"
#include "storage/s3/s3_error.h"
#include "storage/s3/s3_store.h"

namespace kafka_iceberg::storage {

struct S3Request {
  S3Request(const S3Operation& of, std::string_view http_method, const S3Address& address)
      : operation(of), method(http_method), bucket(address.bucket), key(address.key) {}

  // The bytes to upload, which must live until the call returns, and their checksum.
  void SetBody(std::string_view bytes);

  const S3Operation& operation;
  std::string method;
  std::string bucket;
  std::string key;
  std::vector<net::HttpHeader> query = {};
  std::vector<net::HttpHeader> headers = {};
  std::string_view body = {};
  std::string body_sha256 = {};  // lower-case hex
  int64_t response_bytes_max = 1 << 20;
  int64_t response_bytes_expected = 0;  // gives it more time
  // False: once an answer is lost, nothing more is sent.
  bool repeats_when_lost = true;
  // A success that fails this counts as lost: cut, or not from S3.
  std::function<Status(const net::HttpResponse&)> check = {};
};

struct S3Reply {
  net::HttpResponse response;
  std::optional<S3Failure> failure;
  // An earlier try of this call was answered with an error, or not at all, and may have been
  // applied.
  bool has_doubtful_past = false;
};

class S3Client {
 public:
  S3Client(S3Options options, std::shared_ptr<net::AwsCredentialsProvider> credentials,
           const S3Context& context);

  // Any answer of S3. Errors: as HttpClient, and those of the credentials.
  Result<S3Reply> Send(const S3Request& request);
  // Successes only.
  Result<net::HttpResponse> Call(const S3Request& request);
  Error ErrorOf(const S3Failure& failure, const S3Request& request) const;

  // The headers that every new object needs (encryption).
  void AddObjectHeaders(S3Request& request) const;

  const S3Options& options() const { return options_; }

 private:
  Result<S3Reply> SendOnce(const S3Request& request, const net::AwsCredentials& credentials);
  Result<net::HttpRequest> Sign(const S3Request& request, const net::AwsCredentials& credentials);
  Result<net::HttpResponse> Measure(const S3Request& request, const net::HttpRequest& signed_one);
  // Other credentials than those refused; absent when the source has none.
  std::optional<net::AwsCredentials> Renew(const net::AwsCredentials& refused);
  Duration WaitBefore(const Result<S3Reply>& last, int attempt);

  const S3Options options_;
  const std::shared_ptr<net::AwsCredentialsProvider> credentials_;
  const S3Context context_;
  const Result<S3Endpoint> endpoint_;
};

}  // namespace kafka_iceberg::storage
