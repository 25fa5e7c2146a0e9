// SPDX-License-Identifier: Apache-2.0
//
// From "s3://bucket/key" to the URL it is reached by. Nothing in a location is decoded; every byte
// of a key but the unreserved ones and '/' is percent-encoded in the URL, as S3 signs it. Values.
// Internal to storage/s3.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::storage {

struct S3Address {
  std::string scheme;  // as written: s3, s3a, s3n
  std::string bucket;
  std::string key;  // empty for the bucket itself

  std::string LocationOf(std::string_view other_key) const;
};

bool IsS3Scheme(std::string_view scheme);
// kInvalid: no S3 location, or a bucket name that could lead to another host.
Result<S3Address> ParseS3Location(std::string_view location);
// As above, and it must name an object.
Result<S3Address> ParseS3Object(std::string_view location);

class S3Endpoint {
 public:
  // An empty `endpoint` is AWS's in `region`. kInvalid: not "http(s)://host[:port][/prefix]".
  static Result<S3Endpoint> Make(std::string_view endpoint, std::string_view region,
                                 bool path_style);

  // Without a query; an empty `key` is the bucket.
  std::string UrlOf(std::string_view bucket, std::string_view key) const;
  // "https://host", for messages.
  std::string Origin() const { return scheme_ + "://" + host_; }

 private:
  S3Endpoint(std::string scheme, std::string host, std::string prefix, bool path_style)
      : scheme_(std::move(scheme)),
        host_(std::move(host)),
        prefix_(std::move(prefix)),
        path_style_(path_style) {}

  std::string scheme_;
  std::string host_;    // with a port, when one is given
  std::string prefix_;  // "" or "/a/b"
  bool path_style_;
};

}  // namespace kafka_iceberg::storage
