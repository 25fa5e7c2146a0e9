// SPDX-License-Identifier: Apache-2.0
#include "net/msk_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/hashing.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::net {
namespace {

constexpr Timestamp kNow = std::chrono::sys_days(std::chrono::year(2026) / 1 / 8);
const AwsCredentials kKeys{.access_key_id = "AKID", .secret_access_key = "planted-secret"};

std::string UrlOf(std::string token) {
  EXPECT_EQ(token.find_first_of("+/="), std::string::npos);
  std::ranges::replace(token, '-', '+');
  std::ranges::replace(token, '_', '/');
  token.append((4 - token.size() % 4) % 4, '=');
  const auto url = Base64Decode(token);
  return url.ok() ? *url : url.error().message();
}

TEST(MskToken, IsASignedRequestToConnect) {
  const auto token = MskToken("eu-west-1", kKeys, kNow);
  ASSERT_TRUE(token.ok());
  EXPECT_THAT(UrlOf(*token),
              testing::StartsWith("https://kafka.eu-west-1.amazonaws.com/"
                                  "?Action=kafka-cluster%3AConnect&X-Amz-Algorithm="
                                  "AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260108%2Feu-west-1"
                                  "%2Fkafka-cluster%2Faws4_request&X-Amz-Date=20260108T000000Z&"
                                  "X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature="));
}

TEST(MskToken, DoesNotHoldTheSecret) {
  const auto token = MskToken("eu-west-1", kKeys, kNow);
  ASSERT_TRUE(token.ok());
  EXPECT_THAT(UrlOf(*token), testing::Not(testing::HasSubstr("planted")));
}

TEST(MskToken, OfChinaGoesToItsOwnDomain) {
  const auto token = MskToken("cn-north-1", kKeys, kNow);
  ASSERT_TRUE(token.ok());
  EXPECT_THAT(UrlOf(*token), testing::HasSubstr("kafka.cn-north-1.amazonaws.com.cn/"));
}

TEST(MskToken, RefusesWhatIsNoRegion) {
  EXPECT_FALSE(MskToken("", kKeys, kNow).ok());
  EXPECT_FALSE(MskToken("evil.example/", kKeys, kNow).ok());
}

TEST(MskRegion, IsInTheBrokersNames) {
  EXPECT_EQ(MskRegion("b-1.orders.x1.c2.kafka.eu-west-1.amazonaws.com:9098,b-2.x:9098"),
            "eu-west-1");
  EXPECT_EQ(MskRegion("boot-x.c1.kafka-serverless.us-east-2.amazonaws.com:9098"), "us-east-2");
  EXPECT_EQ(MskRegion("localhost:9092"), "");
}

}  // namespace
}  // namespace kafka_iceberg::net
