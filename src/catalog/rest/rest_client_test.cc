// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/rest/rest_reply.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "net/fake_http_client.h"

namespace kafka_iceberg::catalog {
namespace {

using testing::HasSubstr;
using testing::Not;

// Gives "token-1", and after each rejection the next, as far as there are.
class FakeTokens final : public net::TokenSource {
 public:
  explicit FakeTokens(int count) : count_(count) {}
  Result<std::string> Token() override {
    if (error_) return *error_;
    return "secret-token-" + std::to_string(number_);
  }
  bool Reject(std::string_view token) override {
    EXPECT_EQ(token, "secret-token-" + std::to_string(number_));
    return number_ < count_ && (++number_, true);
  }
  void FailWith(Error error) { error_ = std::move(error); }

 private:
  const int count_;
  int number_ = 1;
  std::optional<Error> error_;
};

class FakeKeys final : public net::AwsCredentialsProvider {
 public:
  Result<net::AwsCredentials> Get() override {
    return net::AwsCredentials{"AKID" + std::to_string(number_), "planted-secret-key",
                               "planted-session-token", std::nullopt};
  }
  void Reject(const net::AwsCredentials&) override { number_ = renews_ ? number_ + 1 : number_; }
  bool renews_ = true;

 private:
  int number_ = 1;
};

class RestClientTest : public testing::Test {
 protected:
  RestClient Client() { return RestClient(options_, context_); }
  void Answer(std::vector<int> statuses) { statuses_ = std::move(statuses); }

  FakeClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  std::vector<int> statuses_;
  std::string body_ = "{}";
  net::FakeHttpClient http_{[this](const net::SentRequest&) -> Result<net::HttpResponse> {
    const size_t number = http_.sent().size();
    const int status = statuses_.at(std::min(number, statuses_.size()) - 1);
    if (status == 0) return Error::Unavailable("no connection to rest.test");
    return net::HttpResponse{status, {}, body_};
  }};
  RestCatalogOptions options_{.uri = "https://rest.test", .headers = {}, .reads = {}};
  RestCatalogContext context_{.http = http_,
                              .clock = clock_,
                              .random = random_,
                              .metrics = *metrics_,
                              .make_store = {},
                              .token = nullptr,
                              .signing = std::nullopt};
  const RestCall commit_{.method = "POST", .url = "https://rest.test/t", .body = "{}"};
};

TEST_F(RestClientTest, SendsHeadersAndToken) {
  Answer({200});
  options_.headers = {{"Polaris-Realm", "mine"}};
  context_.token = std::make_shared<FakeTokens>(1);
  ASSERT_THAT(Client().Send({.url = "https://rest.test/t", .wants_credentials = true}), IsOk());
  const net::SentRequest sent = http_.sent()[0];
  EXPECT_EQ(sent.Header("Authorization"), "Bearer secret-token-1");
  EXPECT_EQ(sent.Header("Polaris-Realm"), "mine");
  EXPECT_EQ(sent.Header("X-Iceberg-Access-Delegation"), "vended-credentials");
  EXPECT_EQ(sent.Header("Content-Type"), "");
}

TEST_F(RestClientTest, AsksForNoCredentialsWhenTheUserHasKeys) {
  Answer({200});
  options_.vended_credentials = false;
  ASSERT_THAT(Client().Send({.url = "https://rest.test/t", .wants_credentials = true}), IsOk());
  EXPECT_EQ(http_.sent()[0].Header("X-Iceberg-Access-Delegation"), "");
}

TEST_F(RestClientTest, ARefusedTokenIsRenewedOnceAlsoForACommit) {
  for (const int refusal : {401, 419}) {
    const size_t before = http_.sent().size();
    context_.token = std::make_shared<FakeTokens>(2);
    statuses_.assign(before, 0);
    statuses_.insert(statuses_.end(), {refusal, 200});
    EXPECT_EQ(Client().Send(commit_)->status, 200);
    EXPECT_EQ(http_.sent()[before].Header("Authorization"), "Bearer secret-token-1");
    EXPECT_EQ(http_.sent()[before + 1].Header("Authorization"), "Bearer secret-token-2");
    EXPECT_EQ(http_.sent()[before + 1].body, commit_.body);
  }
}

TEST_F(RestClientTest, ATokenThatIsRefusedAgainIsTheAnswer) {
  Answer({401});
  context_.token = std::make_shared<FakeTokens>(9);
  EXPECT_EQ(Client().Send(commit_)->status, 401);
  EXPECT_EQ(http_.sent().size(), 2U);
  EXPECT_EQ(OutcomeOfCommit(net::HttpResponse{401, {}, ""}).outcome, CommitOutcome::kRejected);
}

TEST_F(RestClientTest, AFixedTokenIsNotTriedAgain) {
  Answer({401});
  context_.token = std::make_shared<FakeTokens>(1);
  EXPECT_EQ(Client().Send(commit_)->status, 401);
  EXPECT_EQ(http_.sent().size(), 1U);
}

TEST_F(RestClientTest, A403IsNoReasonToLogInAgain) {
  Answer({403});
  context_.token = std::make_shared<FakeTokens>(2);
  EXPECT_EQ(Client().Send(commit_)->status, 403);
  EXPECT_EQ(http_.sent().size(), 1U);
}

TEST_F(RestClientTest, WithoutATokenNothingIsSentAndThatIsProof) {
  Answer({200});
  auto tokens = std::make_shared<FakeTokens>(1);
  context_.token = tokens;
  tokens->FailWith(Error::Timeout("token server"));
  EXPECT_THAT(Client().Send(commit_), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(OutcomeOfCommit(Client().Send(commit_)).outcome, CommitOutcome::kConflict);
  tokens->FailWith(Error::Denied("wrong secret"));
  EXPECT_EQ(OutcomeOfCommit(Client().Send(commit_)).outcome, CommitOutcome::kRejected);
  EXPECT_EQ(http_.sent().size(), 0U);
}

TEST_F(RestClientTest, ReadsAreTriedAgain) {
  Answer({503, 0, 200});
  EXPECT_EQ(Client().Read({.url = "https://rest.test/t"})->status, 200);
  EXPECT_EQ(http_.sent().size(), 3U);
}

TEST_F(RestClientTest, SignsInsteadOfSendingAToken) {
  Answer({200});
  context_.signing = RestSigning{std::make_shared<FakeKeys>(), "eu-west-1", "glue"};
  ASSERT_THAT(Client().Send(commit_), IsOk());
  const net::SentRequest sent = http_.sent()[0];
  EXPECT_THAT(sent.Header("Authorization"),
              testing::AllOf(testing::StartsWith("AWS4-HMAC-SHA256 Credential=AKID1/"),
                             HasSubstr("/eu-west-1/glue/aws4_request")));
  EXPECT_EQ(sent.Header("x-amz-security-token"), "planted-session-token");
  EXPECT_EQ(sent.Header("x-amz-content-sha256").size(), 64U);
}

TEST_F(RestClientTest, AnExpiredKeyIsRenewedOnce) {
  Answer({403, 200});
  context_.signing = RestSigning{std::make_shared<FakeKeys>(), "eu-west-1", "s3tables"};
  EXPECT_EQ(Client().Send(commit_)->status, 200);
  EXPECT_THAT(http_.sent()[1].Header("Authorization"), HasSubstr("AKID2"));
}

TEST_F(RestClientTest, AKeyWithoutPermissionIsNotTriedAgain) {
  Answer({403});
  auto keys = std::make_shared<FakeKeys>();
  keys->renews_ = false;
  context_.signing = RestSigning{keys, "eu-west-1", "s3tables"};
  EXPECT_EQ(Client().Send(commit_)->status, 403);
  EXPECT_EQ(http_.sent().size(), 1U);
}

TEST_F(RestClientTest, AServerThatEchoesSecretsDoesNotBringThemIntoErrors) {
  Answer({400});
  options_.headers = {{"X-Api-Key", "planted-api-key"}};
  body_ =
      R"({"error":{"message":"bad: Bearer secret-token-1, planted-api-key planted-secret-key"}})";
  context_.token = std::make_shared<FakeTokens>(1);
  auto reply = Client().Send(commit_);
  const CommitReply outcome = OutcomeOfCommit(reply);
  EXPECT_THAT(outcome.detail, HasSubstr("bad: Bearer ***, ***"));
  context_.signing = RestSigning{std::make_shared<FakeKeys>(), "r", "s3tables"};
  body_ = R"({"message":"planted-secret-key and planted-session-token"})";
  EXPECT_EQ(DescribeReply(Client().Send(commit_).value()), "400: *** and ***");
}

TEST(RestReply, ReadsWhateverAServerCallsAnError) {
  EXPECT_EQ(DescribeReply({500, {}, R"({"error":{"message":"m","type":"","stack":["x"]}})"}),
            "500: m");
  EXPECT_EQ(DescribeReply({500, {}, R"({"message":"native"})"}), "500: native");
  EXPECT_EQ(DescribeReply({400, {}, R"({"error":"x","error_description":"why"})"}), "400: why");
  EXPECT_EQ(DescribeReply({500, {}, ""}), "500: no explanation");
  EXPECT_EQ(DescribeReply({502, {}, "<html>Bad Gateway</html>"}), "502: no explanation");
  EXPECT_EQ(DescribeReply({500, {}, R"({"error":{"message":["a"]}})"}), "500: no explanation");
  EXPECT_THAT(DescribeReply({500, {}, R"({"error":{"message":"a\nb\u001b[2J"}})"}),
              Not(testing::AnyOf(HasSubstr("\n"), HasSubstr("\x1b"))));
  const std::string long_message(5000, 'x');
  EXPECT_LT(DescribeReply({500, {}, R"({"error":{"message":")" + long_message + "\"}}"}).size(),
            500U);
  EXPECT_THAT(DescribeReply({302, {}, ""}), HasSubstr("set uri"));
}

TEST(RestReply, MapsStatusByRoute) {
  const auto code = [](int status, RestRoute route) {
    return CheckReply({status, {}, ""}, route).error().code();
  };
  EXPECT_THAT(CheckReply({204, {}, ""}, RestRoute::kRead), IsOk());
  EXPECT_EQ(code(409, RestRoute::kCreate), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code(409, RestRoute::kDropNamespace), ErrorCode::kInvalid);
  EXPECT_EQ(code(409, RestRoute::kUpdate), ErrorCode::kConflict);
  EXPECT_EQ(code(400, RestRoute::kRead), ErrorCode::kInvalid);
  EXPECT_EQ(code(401, RestRoute::kRead), ErrorCode::kDenied);
  EXPECT_EQ(code(403, RestRoute::kRead), ErrorCode::kDenied);
  EXPECT_EQ(code(404, RestRoute::kRead), ErrorCode::kNotFound);
  EXPECT_EQ(code(405, RestRoute::kRead), ErrorCode::kUnsupported);
  EXPECT_EQ(code(406, RestRoute::kRead), ErrorCode::kUnsupported);
  EXPECT_EQ(code(408, RestRoute::kRead), ErrorCode::kUnavailable);
  EXPECT_EQ(code(419, RestRoute::kRead), ErrorCode::kDenied);
  EXPECT_EQ(code(422, RestRoute::kRead), ErrorCode::kInvalid);
  EXPECT_EQ(code(429, RestRoute::kRead), ErrorCode::kUnavailable);
  EXPECT_EQ(code(500, RestRoute::kRead), ErrorCode::kUnavailable);
  EXPECT_EQ(code(501, RestRoute::kRead), ErrorCode::kUnsupported);
  EXPECT_EQ(code(503, RestRoute::kRead), ErrorCode::kUnavailable);
  EXPECT_EQ(code(307, RestRoute::kRead), ErrorCode::kInvalid);
}

}  // namespace
}  // namespace kafka_iceberg::catalog
