// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_address.h"

#include <algorithm>

#include "net/http_client.h"
#include "net/http_text.h"
#include "storage/location.h"

namespace kafka_iceberg::storage {

namespace {

constexpr size_t kBucketBytesMax = 255;

bool IsBucketCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool IsBucketName(std::string_view name) {
  return !name.empty() && name.size() <= kBucketBytesMax && !name.starts_with('.') &&
         std::all_of(name.begin(), name.end(), IsBucketCharacter);
}

bool IsRegionName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return IsBucketCharacter(c) && c != '.';
  });
}

std::string AwsEndpoint(std::string_view region) {
  return fmt::format("https://s3.{}.amazonaws.com{}", region,
                     region.starts_with("cn-") ? ".cn" : "");
}

// The message never quotes the endpoint: somebody may have put a password in it.
Result<net::UrlParts> SplitEndpoint(std::string_view text) {
  auto parts = net::SplitUrl(text);
  if (!parts.ok()) {
    return Error::Invalid("{}: write the s3 endpoint as https://host or http://host:port",
                          parts.error().message());
  }
  if (!parts->query.empty()) return Error::Invalid("the s3 endpoint has a query: leave it out");
  return parts;
}

}  // namespace

std::string S3Address::LocationOf(std::string_view other_key) const {
  return fmt::format("{}://{}/{}", scheme, bucket, other_key);
}

bool IsS3Scheme(std::string_view scheme) {
  return scheme == "s3" || scheme == "s3a" || scheme == "s3n";
}

Result<S3Address> ParseS3Location(std::string_view location) {
  const LocationParts parts = TRY(SplitLocation(location));
  if (!IsS3Scheme(parts.scheme)) return Error::Unsupported("{} is not on S3", location);
  if (!IsBucketName(parts.authority)) {
    return Error::Invalid("location {}: '{}' is not the name of a bucket", location,
                          parts.authority);
  }
  std::string_view key = parts.path;
  if (key.starts_with('/')) key.remove_prefix(1);
  // Clients and proxies disagree about what such a key is called.
  if (fmt::format("/{}/", key).find("/./") != std::string::npos) {
    return Error::Invalid("location {} contains '.' as a folder: write it without", location);
  }
  return S3Address{std::string(parts.scheme), std::string(parts.authority), std::string(key)};
}

Result<S3Address> ParseS3Object(std::string_view location) {
  S3Address address = TRY(ParseS3Location(location));
  if (address.key.empty()) return Error::Invalid("location {} is a bucket, no object", location);
  return address;
}

Result<S3Endpoint> S3Endpoint::Make(std::string_view endpoint, std::string_view region,
                                    bool path_style) {
  if (!IsRegionName(region)) return Error::Invalid("'{}' is not the name of a region", region);
  const std::string text = endpoint.empty() ? AwsEndpoint(region) : std::string(endpoint);
  const net::UrlParts parts = TRY(SplitEndpoint(text));
  std::string prefix(parts.path);
  while (prefix.ends_with('/')) prefix.pop_back();
  const std::string scheme = net::ToLower(parts.scheme);
  const std::string host(parts.authority);
  return S3Endpoint(scheme, host, std::move(prefix), path_style);
}

std::string S3Endpoint::UrlOf(std::string_view bucket, std::string_view key) const {
  // A certificate for *.host does not cover a bucket with a dot.
  const bool in_path = path_style_ || bucket.find('.') != std::string_view::npos;
  const std::string path = net::PercentEncode(key, /*keep_slash=*/true);
  if (!in_path) return fmt::format("{}://{}.{}{}/{}", scheme_, bucket, host_, prefix_, path);
  return fmt::format("{}://{}{}/{}{}{}", scheme_, host_, prefix_, bucket, path.empty() ? "" : "/",
                     path);
}

}  // namespace kafka_iceberg::storage
