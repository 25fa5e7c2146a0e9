// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_address.h"

#include <gtest/gtest.h>

#include "core/result_matchers.h"

namespace kafka_iceberg::storage {
namespace {

std::string Url(const char* endpoint, bool path_style, std::string_view bucket,
                std::string_view key) {
  return S3Endpoint::Make(endpoint, "eu-west-1", path_style).value().UrlOf(bucket, key);
}

TEST(S3Address, SplitsALocation) {
  const S3Address address = ParseS3Object("s3a://bucket/a/b c%20").value();
  EXPECT_EQ(address.bucket, "bucket");
  EXPECT_EQ(address.key, "a/b c%20");
  EXPECT_EQ(address.LocationOf("x/y"), "s3a://bucket/x/y");
  EXPECT_EQ(ParseS3Location("s3://bucket").value().key, "");
  EXPECT_EQ(ParseS3Location("s3n://bucket/").value().key, "");
}

TEST(S3Address, RefusesOtherPlaces) {
  EXPECT_THAT(ParseS3Object("s3://bucket"), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(ParseS3Object("s3://bucket/a/../b"), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(ParseS3Object("s3://bucket/./b"), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(ParseS3Object("s3://bucket/b/."), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(ParseS3Location("file:///x"), IsError(ErrorCode::kUnsupported));
  // Would be another host, a user or a port, in a virtual-host URL.
  for (const char* location : {"s3:///key", "s3://evil.com:80/x", "s3://user@host/x", "s3://a?b/x",
                               "s3://a#b/x", "s3://a%2f/x", "s3://.a/x", "s3://b c/x"}) {
    EXPECT_THAT(ParseS3Location(location), IsError(ErrorCode::kInvalid)) << location;
  }
}

TEST(S3Endpoint, PathStyle) {
  EXPECT_EQ(Url("http://127.0.0.1:9000", true, "b", "k/l"), "http://127.0.0.1:9000/b/k/l");
  EXPECT_EQ(Url("http://127.0.0.1:9000/", true, "b", ""), "http://127.0.0.1:9000/b");
  EXPECT_EQ(Url("https://host/s3/v1/", true, "b", "k"), "https://host/s3/v1/b/k");
  EXPECT_EQ(Url("http://[::1]:9000", true, "b", "k"), "http://[::1]:9000/b/k");
}

TEST(S3Endpoint, VirtualHostStyle) {
  EXPECT_EQ(Url("https://host:99/p", false, "b", "k"), "https://b.host:99/p/k");
  EXPECT_EQ(Url("https://host", false, "b", ""), "https://b.host/");
  EXPECT_EQ(Url("https://host", false, "with.dot", "k"), "https://host/with.dot/k");
}

TEST(S3Endpoint, AwsByRegion) {
  EXPECT_EQ(Url("", false, "b", "k"), "https://b.s3.eu-west-1.amazonaws.com/k");
  EXPECT_EQ(S3Endpoint::Make("", "cn-north-1", true).value().UrlOf("b", "k"),
            "https://s3.cn-north-1.amazonaws.com.cn/b/k");
}

TEST(S3Endpoint, EncodesEveryKey) {
  EXPECT_EQ(Url("http://h", true, "b", "day=1/a b+c%2F\xc3\xbc?#&~*'"),
            "http://h/b/day%3D1/a%20b%2Bc%252F%C3%BC%3F%23%26~%2A%27");
}

TEST(S3Endpoint, RefusesWhatIsNoEndpoint) {
  for (const char* endpoint : {"host:9000", "ftp://host", "http://", "http://u:planted@host",
                               "http://host?planted", "http://host#planted", "http://ho st"}) {
    const auto made = S3Endpoint::Make(endpoint, "us-east-1", true);
    EXPECT_THAT(made, IsError(ErrorCode::kInvalid)) << endpoint;
    EXPECT_EQ(made.error().message().find("planted"), std::string::npos);
  }
  EXPECT_THAT(S3Endpoint::Make("", "evil.com/", true), IsError(ErrorCode::kInvalid));
}

}  // namespace
}  // namespace kafka_iceberg::storage
