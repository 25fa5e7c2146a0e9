// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/registry_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/hashing.h"
#include "core/result_matchers.h"
#include "decode/registry/fake_registry.h"

namespace kafka_iceberg::decode {
namespace {

using testing::HasSubstr;
using testing::Not;

const RegistryCall kCall{"/schemas/ids/7", {.id = 7}};

class RegistryClientTest : public testing::Test {
 protected:
  RegistryClientTest() { registry_.bodies[kCall.path] = FakeSchemaBody("x"); }

  Result<RegistrySchema> Get(const RegistryOptions& options) {
    if (client_ == nullptr) {
      auto client = RegistryClient::Open(options, registry_.Context());
      EXPECT_THAT(client, IsOk());
      client_ = std::move(client).value();
    }
    return client_->Get(kCall, registry_.clock.Steady() + std::chrono::seconds(30));
  }
  // The first URL fails as given, the second is registry_'s own.
  RegistryOptions FirstFails(Result<net::HttpResponse> failure) {
    registry_.intercept = [failure](const net::SentRequest& sent) {
      return sent.url.starts_with("https://first.test/") ? std::optional(failure) : std::nullopt;
    };
    RegistryOptions options = registry_.Options();
    options.urls.insert(options.urls.begin(), "https://first.test");
    return options;
  }
  void AnswerAll(Result<net::HttpResponse> answer) {
    registry_.intercept = [answer](const net::SentRequest&) { return std::optional(answer); };
  }

  FakeRegistry registry_;
  std::unique_ptr<RegistryClient> client_;
};

TEST_F(RegistryClientTest, FailsOverFromEveryKindOfTrouble) {
  for (const Result<net::HttpResponse>& failure : std::vector<Result<net::HttpResponse>>{
           Error::Unavailable("cannot connect"), Error::Timeout("cut short"),
           Error::Denied("bad certificate"), FakeAnswer(500), FakeAnswer(503), FakeAnswer(401),
           FakeAnswer(302), FakeAnswer(404, "<html>no such page</html>"),
           FakeAnswer(200, "<html>log in</html>"), FakeAnswer(200, R"({"schema":)")}) {
    client_ = nullptr;
    const int before = registry_.requests();
    EXPECT_THAT(Get(FirstFails(failure)), IsOk());
    EXPECT_EQ(registry_.requests(), before + 2);
  }
  EXPECT_EQ(registry_.clock.Steady(), Duration::zero());  // without a wait
  EXPECT_GT(registry_.logger.CountAtLeast(telemetry::LogLevel::kWarn), 0);
}

TEST_F(RegistryClientTest, BelievesTheFirstThatKnowsNoSuchSchema) {
  const auto options = FirstFails(FakeAnswer(404, R"({"error_code":40403})"));
  EXPECT_THAT(Get(options), IsError(ErrorCode::kNotFound));
  EXPECT_EQ(registry_.requests(), 1);
  EXPECT_EQ(registry_.Counted("not_found"), 1);
}

TEST_F(RegistryClientTest, TriesAgainAfterAWait) {
  int calls = 0;
  registry_.intercept = [&](const net::SentRequest&) {
    return ++calls == 1 ? std::optional<Result<net::HttpResponse>>(FakeAnswer(503)) : std::nullopt;
  };
  EXPECT_THAT(Get(registry_.Options()), IsOk());
  EXPECT_EQ(calls, 2);
  EXPECT_GE(registry_.clock.Steady(), std::chrono::milliseconds(100));
  EXPECT_EQ(registry_.Counted("unavailable"), 1);
}

TEST_F(RegistryClientTest, WaitsAsLongAsTheServerAsksButNotForEver) {
  net::HttpResponse busy = FakeAnswer(429);
  busy.headers = {{"retry-after", "3600"}};
  AnswerAll(busy);
  EXPECT_THAT(Get(registry_.Options()), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(registry_.clock.Steady(), std::chrono::seconds(2));
}

TEST_F(RegistryClientTest, TimeOutsStayTimeOuts) {
  AnswerAll(Error::Timeout("no answer"));
  EXPECT_THAT(Get(registry_.Options()), IsError(ErrorCode::kTimeout));
  EXPECT_EQ(registry_.requests(), 2);
}

TEST_F(RegistryClientTest, DoesNotSleepBeyondTheDeadline) {
  AnswerAll(FakeAnswer(503));
  auto client = RegistryClient::Open(registry_.Options(), registry_.Context());
  ASSERT_THAT(client, IsOk());
  EXPECT_THAT((*client)->Get(kCall, std::chrono::milliseconds(50)),
              IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(registry_.requests(), 1);
  EXPECT_EQ(registry_.clock.Steady(), Duration::zero());
}

TEST_F(RegistryClientTest, RefusedCredentialsAreAnOutageThatNamesThem) {
  for (const int status : {401, 403}) {
    AnswerAll(FakeAnswer(status));
    const auto schema = Get(registry_.Options());
    ASSERT_THAT(schema, IsError(ErrorCode::kUnavailable));
    EXPECT_THAT(schema.error().message(), HasSubstr("credentials"));
  }
  EXPECT_EQ(registry_.requests(), 2);  // asking again would not help
  EXPECT_EQ(registry_.Counted("denied"), 2);
}

TEST_F(RegistryClientTest, AsksNothingWhileTheCircuitIsOpen) {
  AnswerAll(FakeAnswer(500));
  RegistryOptions options = registry_.Options();
  options.breaker = {.failures_max = 1, .cool_down = std::chrono::seconds(60)};
  EXPECT_THAT(Get(options), IsError(ErrorCode::kUnavailable));
  const int before = registry_.requests();
  const SteadyTime now = registry_.clock.Steady();
  const auto refused = Get(options);
  ASSERT_THAT(refused, IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(refused.error().message(), HasSubstr("asked again in"));
  EXPECT_EQ(registry_.requests(), before);
  EXPECT_EQ(registry_.clock.Steady(), now);
  registry_.clock.Advance(std::chrono::seconds(60));
  registry_.intercept = nullptr;
  EXPECT_THAT(Get(options), IsOk());
}

TEST_F(RegistryClientTest, LeavesOutTheAddressWhoseCircuitIsOpen) {
  RegistryOptions options = FirstFails(FakeAnswer(500));
  options.breaker.failures_max = 1;
  for (int i = 0; i < 10; ++i) EXPECT_THAT(Get(options), IsOk());
  EXPECT_EQ(registry_.requests(), 12);
}

TEST_F(RegistryClientTest, RefusalsDoNotOpenTheCircuit) {
  AnswerAll(FakeAnswer(404, R"({"error_code":40403})"));
  for (int i = 0; i < 20; ++i) EXPECT_THAT(Get(registry_.Options()), IsError(ErrorCode::kNotFound));
  AnswerAll(FakeAnswer(403));
  for (int i = 0; i < 20; ++i) Get(registry_.Options()).ok();
  registry_.intercept = nullptr;
  EXPECT_THAT(Get(registry_.Options()), IsOk());
}

TEST_F(RegistryClientTest, SendsUserAndPassword) {
  RegistryOptions options = registry_.Options();
  options.user = "reader";
  options.password = "pa:ss";
  EXPECT_THAT(Get(options), IsOk());
  EXPECT_EQ(registry_.http.sent()[0].Header("authorization"),
            "Basic " + Base64Encode("reader:pa:ss"));
}

TEST_F(RegistryClientTest, SendsNoCredentialsWhenThereAreNone) {
  EXPECT_THAT(Get(registry_.Options()), IsOk());
  EXPECT_EQ(registry_.http.sent()[0].Header("authorization"), "");
}

// Hands out "one" until it is rejected, then "two".
class TwoTokens final : public net::TokenSource {
 public:
  Result<std::string> Token() override { return token_; }
  bool Reject(std::string_view token) override {
    if (token != "token-one") return false;
    token_ = "token-two";
    return true;
  }

 private:
  std::string token_ = "token-one";
};

TEST_F(RegistryClientTest, TakesAnotherTokenWhenOneIsRefused) {
  registry_.intercept = [](const net::SentRequest& sent) {
    return sent.Header("authorization") == "Bearer token-two"
               ? std::nullopt
               : std::optional<Result<net::HttpResponse>>(FakeAnswer(401));
  };
  RegistryOptions options = registry_.Options();
  options.token = std::make_shared<TwoTokens>();
  EXPECT_THAT(Get(options), IsOk());
  EXPECT_EQ(registry_.requests(), 2);
}

class NoToken final : public net::TokenSource {
 public:
  Result<std::string> Token() override { return Error::Denied("the token server says no"); }
  bool Reject(std::string_view) override { return false; }
};

TEST_F(RegistryClientTest, WithoutATokenTheRegistryIsAway) {
  RegistryOptions options = registry_.Options();
  options.token = std::make_shared<NoToken>();
  const auto schema = Get(options);
  ASSERT_THAT(schema, IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(schema.error().message(), HasSubstr("cannot log in"));
  EXPECT_EQ(registry_.requests(), 0);
}

TEST_F(RegistryClientTest, TellsNoSecretsEvenIfTheServerDoes) {
  RegistryOptions options = registry_.Options();
  options.user = "planted-user";
  options.password = "planted-password";
  options.urls = {kFakeRegistryUrl, "https://second.test"};
  std::string told;
  for (const int status : {200, 302, 400, 401, 403, 404, 500}) {
    registry_.intercept = [status](const net::SentRequest& sent) {
      return std::optional<Result<net::HttpResponse>>(
          FakeAnswer(status, R"({"message":"you sent )" + sent.Header("authorization") +
                                 R"( = planted-password","error_code":40403})"));
    };
    client_ = nullptr;
    const auto schema = Get(options);
    ASSERT_FALSE(schema.ok());
    told += schema.error().message();
  }
  for (const auto& line : registry_.logger.lines()) {
    told += line.message;
    for (const auto& field : line.fields) told += std::get<std::string>(field.value);
  }
  told += registry_.metrics->Render();
  EXPECT_THAT(told, Not(HasSubstr("planted")));
  EXPECT_THAT(told, Not(HasSubstr(Base64Encode("planted-user:planted-password"))));
}

TEST_F(RegistryClientTest, RefusesUnusableOptions) {
  const auto open = [&](RegistryOptions options) {
    return RegistryClient::Open(std::move(options), registry_.Context());
  };
  EXPECT_THAT(open({}), IsError(ErrorCode::kInvalid));
  for (const char* url : {"registry.test", "ftp://registry.test", "https://registry.test/?x=1",
                          "https://user:planted@registry.test"}) {
    RegistryOptions options;
    options.urls = {url};
    const auto client = open(options);
    ASSERT_THAT(client, IsError(ErrorCode::kInvalid));
    EXPECT_THAT(client.error().message(), Not(HasSubstr("planted")));
  }
  RegistryOptions both = registry_.Options();
  both.user = "u";
  both.token = net::FixedToken("t");
  EXPECT_THAT(open(both), IsError(ErrorCode::kInvalid));
  RegistryOptions colon = registry_.Options();
  colon.user = "u:v";
  EXPECT_THAT(open(colon), IsError(ErrorCode::kInvalid));
}

}  // namespace
}  // namespace kafka_iceberg::decode
