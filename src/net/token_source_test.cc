// SPDX-License-Identifier: Apache-2.0
#include "net/token_source.h"

#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/hashing.h"
#include "core/result_matchers.h"
#include "net/fake_http_client.h"

namespace kafka_iceberg::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr const char* kSecret = "planted-secret-value&=";

class OAuth2 : public testing::Test {
 protected:
  std::shared_ptr<TokenSource> Source() { return OAuth2ClientCredentials(options_, http_, clock_); }

  FakeClock clock_;
  Result<HttpResponse> answer_ =
      HttpResponse{.status = 200, .body = R"({"access_token":"t1","expires_in":3600})"};
  FakeHttpClient http_{[this](const SentRequest&) { return answer_; }};
  OAuth2Options options_{.token_uri = "https://auth.example/oauth/tokens",
                         .client_id = "me",
                         .client_secret = kSecret,
                         .scope = "PRINCIPAL_ROLE:ALL",
                         .extra_fields = {{"audience", "a b"}}};
};

TEST_F(OAuth2, SendsClientCredentialsAsAForm) {
  EXPECT_EQ(*Source()->Token(), "t1");
  const SentRequest request = http_.sent().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://auth.example/oauth/tokens");
  EXPECT_EQ(request.Header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.body,
            "grant_type=client_credentials&client_id=me&client_secret=planted-secret-value%26%3D"
            "&scope=PRINCIPAL_ROLE%3AALL&audience=a%20b");
}

TEST_F(OAuth2, LeavesOutWhatIsEmpty) {
  options_ = {.token_uri = "https://auth.example/", .client_secret = "s"};
  ASSERT_THAT(Source()->Token(), IsOk());
  EXPECT_EQ(http_.sent()[0].body, "grant_type=client_credentials&client_secret=s");
}

TEST_F(OAuth2, RenewsATenthOfTheLifetimeEarly) {
  answer_->body = R"({"access_token":"t1","expires_in":"600","token_type":"Bearer"})";
  const auto source = Source();
  ASSERT_THAT(source->Token(), IsOk());
  clock_.Advance(539s);
  EXPECT_EQ(*source->Token(), "t1");
  EXPECT_EQ(http_.sent().size(), 1);
  answer_->body = R"({"access_token":"t2","expires_in":600})";
  clock_.Advance(1s);
  EXPECT_EQ(*source->Token(), "t2");
}

TEST_F(OAuth2, RenewsAtMostFiveMinutesEarly) {
  answer_->body = R"({"access_token":"t1","expires_in":86400})";
  const auto source = Source();
  ASSERT_THAT(source->Token(), IsOk());
  clock_.Advance(24h - 301s);
  ASSERT_THAT(source->Token(), IsOk());
  EXPECT_EQ(http_.sent().size(), 1);
  clock_.Advance(1s);
  ASSERT_THAT(source->Token(), IsOk());
  EXPECT_EQ(http_.sent().size(), 2);
}

TEST_F(OAuth2, TakesTheExpiryFromTheTokenWhenTheAnswerNamesNone) {
  const int64_t exp = ToMillis(clock_.Now()) / 1000 + 100;
  std::string payload = Base64Encode(fmt::format(R"({{"exp":{},"x":"???>>>"}})", exp));
  std::ranges::replace(payload, '+', '-');
  std::ranges::replace(payload, '/', '_');
  std::erase(payload, '=');
  answer_->body = fmt::format(R"({{"access_token":"head.{}.sign"}})", payload);
  const auto source = Source();
  ASSERT_THAT(source->Token(), IsOk());
  clock_.Advance(89s);
  ASSERT_THAT(source->Token(), IsOk());
  EXPECT_EQ(http_.sent().size(), 1);
  clock_.Advance(1s);
  answer_ = Error::Unavailable("away");
  EXPECT_THAT(source->Token(), IsOk());
  EXPECT_EQ(http_.sent().size(), 2);
  clock_.Advance(10s);
  EXPECT_THAT(source->Token(), IsError(ErrorCode::kUnavailable));
}

TEST_F(OAuth2, AssumesTheDefaultLifetimeForAnOpaqueToken) {
  answer_->body = R"({"access_token":"opaque"})";
  const auto source = Source();
  ASSERT_THAT(source->Token(), IsOk());
  clock_.Advance(55min - 1s);
  ASSERT_THAT(source->Token(), IsOk());
  EXPECT_EQ(http_.sent().size(), 1);
  clock_.Advance(1s);
  ASSERT_THAT(source->Token(), IsOk());
  EXPECT_EQ(http_.sent().size(), 2);
}

TEST_F(OAuth2, AsksForAnotherTokenAfterARejection) {
  const auto source = Source();
  ASSERT_EQ(*source->Token(), "t1");
  answer_->body = R"({"access_token":"t2","expires_in":3600})";
  EXPECT_TRUE(source->Reject("t1"));
  EXPECT_EQ(*source->Token(), "t2");
}

TEST_F(OAuth2, SaysThatThereIsNoOtherWhenTheServerGivesTheSameAgain) {
  const auto source = Source();
  ASSERT_EQ(*source->Token(), "t1");
  EXPECT_TRUE(source->Reject("t1"));
  ASSERT_EQ(*source->Token(), "t1");
  EXPECT_FALSE(source->Reject("t1"));
  ASSERT_EQ(*source->Token(), "t1");
  EXPECT_EQ(http_.sent().size(), 2);
}

TEST_F(OAuth2, KeepsTheNewTokenWhenTheOldOneIsRejectedLate) {
  const auto source = Source();
  ASSERT_EQ(*source->Token(), "t1");
  answer_->body = R"({"access_token":"t2","expires_in":3600})";
  EXPECT_TRUE(source->Reject("t1"));
  ASSERT_EQ(*source->Token(), "t2");
  EXPECT_TRUE(source->Reject("t1"));
  EXPECT_EQ(*source->Token(), "t2");
  EXPECT_EQ(http_.sent().size(), 2);
}

TEST_F(OAuth2, SaysDeniedWithTheServersCode) {
  for (const int status : {400, 401, 403}) {
    answer_ = HttpResponse{.status = status,
                           .body = R"({"error":"invalid_client",)"
                                   R"("error_description":"planted-secret-value is wrong"})"};
    const auto token = Source()->Token();
    EXPECT_THAT(token, IsError(ErrorCode::kDenied));
    EXPECT_THAT(token.error().message(), HasSubstr("invalid_client"));
    EXPECT_THAT(token.error().message(), HasSubstr("auth.example"));
    EXPECT_THAT(token.error().message(), Not(HasSubstr("planted-secret")));
  }
}

TEST_F(OAuth2, NeverShowsAnEchoOfTheSecret) {
  for (const char* body : {R"({"error":"planted-secret-value&="})", "planted-secret-value",
                           R"({"error":{"x":"planted-secret-value"}})", ""}) {
    for (const int status : {200, 302, 401, 404, 500}) {
      answer_ = HttpResponse{.status = status, .body = body};
      const auto token = Source()->Token();
      ASSERT_FALSE(token.ok());
      EXPECT_THAT(token.error().message(), Not(HasSubstr("planted-secret-value&")));
    }
  }
}

TEST_F(OAuth2, SaysUnavailableWhenTheServerIsInTrouble) {
  for (const int status : {408, 429, 500, 503}) {
    answer_ = HttpResponse{.status = status};
    EXPECT_THAT(Source()->Token(), IsError(ErrorCode::kUnavailable)) << status;
  }
}

TEST_F(OAuth2, SaysDeniedWhenTheAddressIsWrong) {
  for (const int status : {301, 404, 405, 501}) {
    answer_ = HttpResponse{.status = status};
    EXPECT_THAT(Source()->Token(), IsError(ErrorCode::kDenied)) << status;
  }
}

TEST_F(OAuth2, PassesTheTransportsErrorsOn) {
  answer_ = Error::Timeout("no whole answer");
  EXPECT_THAT(Source()->Token(), IsError(ErrorCode::kTimeout));
}

TEST_F(OAuth2, RefusesAnswersThatAreNoTokens) {
  for (const char* body :
       {"", "[]", "{}", R"({"access_token":5})", R"({"access_token":""})",
        R"({"access_token":"a\r\nX: b"})", R"({"access_token":"a","token_type":"mac"})"}) {
    answer_ = HttpResponse{.status = 200, .body = body};
    EXPECT_FALSE(Source()->Token().ok()) << body;
  }
}

TEST_F(OAuth2, SurvivesAbsurdLifetimes) {
  for (const char* lifetime : {"-1", "0", "1e300", "\"x\"", "null", "99999999999999999999"}) {
    answer_ = HttpResponse{
        .status = 200, .body = fmt::format(R"({{"access_token":"t1","expires_in":{}}})", lifetime)};
    EXPECT_THAT(Source()->Token(), IsOk()) << lifetime;
  }
}

TEST(FixedToken, IsReturnedAndHasNoOther) {
  const auto source = FixedToken("abc");
  EXPECT_EQ(*source->Token(), "abc");
  EXPECT_FALSE(source->Reject("abc"));
}

TEST(FixedToken, IsDeniedWhenEmpty) {
  EXPECT_THAT(FixedToken("")->Token(), IsError(ErrorCode::kDenied));
}

}  // namespace
}  // namespace kafka_iceberg::net
