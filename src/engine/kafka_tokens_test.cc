// SPDX-License-Identifier: Apache-2.0
#include "engine/kafka_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "net/msk_token.h"

namespace kafka_iceberg::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

config::Options Options(std::map<std::string, std::string> security) {
  config::Options options;
  options.kafka.bootstrap_servers = "localhost:9092";
  options.kafka.topic = "t";
  options.kafka.security = std::move(security);
  return options;
}

TEST(KafkaTokens, AreNotNeededForPasswords) {
  FakeClock clock;
  const auto tokens = OpenKafkaTokens(Options({{"username", "u"}, {"password", "p"}}), clock);
  ASSERT_THAT(tokens, IsOk());
  EXPECT_EQ(*tokens, nullptr);
}

TEST(KafkaTokens, OfMskAreSignedWithTheGivenKeysAndEndWithTheirLifetime) {
  FakeClock clock;
  const auto tokens = OpenKafkaTokens(Options({{"sasl_mechanism", "AWS_MSK_IAM"},
                                               {"aws_region", "eu-west-1"},
                                               {"aws_access_key", "AKID"},
                                               {"aws_secret_key", "planted-secret"}}),
                                      clock);
  ASSERT_THAT(tokens, IsOk());
  const auto token = (*tokens)->Token();
  ASSERT_THAT(token, IsOk());
  EXPECT_EQ(token->expires_at, clock.Now() + net::kMskTokenLifetime);
  const auto expected = net::MskToken(
      "eu-west-1", {.access_key_id = "AKID", .secret_access_key = "planted-secret"}, clock.Now());
  EXPECT_EQ(token->text, *expected);
}

TEST(KafkaTokens, OfMskFindTheRegionInTheBrokersName) {
  FakeClock clock;
  config::Options options = Options({{"sasl_mechanism", "AWS_MSK_IAM"},
                                     {"aws_access_key", "AKID"},
                                     {"aws_secret_key", "planted-secret"}});
  options.kafka.bootstrap_servers = "b-1.x.c2.kafka.ap-south-1.amazonaws.com:9098";
  const auto tokens = OpenKafkaTokens(options, clock);
  ASSERT_THAT(tokens, IsOk());
  const auto expected = net::MskToken(
      "ap-south-1", {.access_key_id = "AKID", .secret_access_key = "planted-secret"}, clock.Now());
  EXPECT_EQ((*tokens)->Token()->text, *expected);
}

TEST(KafkaTokens, OfAServerThatIsAwayAreAnErrorWithoutTheSecret) {
  SystemClock clock;
  const auto tokens = OpenKafkaTokens(Options({{"oauth_token_url", "http://127.0.0.1:1/token"},
                                               {"oauth_client_id", "app"},
                                               {"oauth_client_secret", "planted-secret"}}),
                                      clock);
  ASSERT_THAT(tokens, IsOk());
  const auto token = (*tokens)->Token();
  ASSERT_FALSE(token.ok());
  EXPECT_THAT(token.error().message(), HasSubstr("token endpoint"));
  EXPECT_THAT(token.error().message(), Not(HasSubstr("planted")));
}

}  // namespace
}  // namespace kafka_iceberg::engine
