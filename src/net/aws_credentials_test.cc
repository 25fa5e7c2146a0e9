// SPDX-License-Identifier: Apache-2.0
#include "net/aws_credentials.h"

#include <gtest/gtest.h>

#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "net/fake_aws_answers.h"

namespace kafka_iceberg::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

using AwsChain = AwsChainTest;

TEST_F(AwsChain, TakesTheEnvironmentFirst) {
  SetEnvironment({{"AWS_ACCESS_KEY_ID", "id"},
                  {"AWS_SECRET_ACCESS_KEY", "secret"},
                  {"AWS_SESSION_TOKEN", "token"},
                  {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}});
  const auto credentials = Chain()->Get();
  ASSERT_THAT(credentials, IsOk());
  EXPECT_EQ(credentials->access_key_id, "id");
  EXPECT_EQ(credentials->secret_access_key, "secret");
  EXPECT_EQ(credentials->session_token, "token");
  EXPECT_TRUE(http_.sent().empty());
}

TEST_F(AwsChain, RefusesHalfAnEnvironment) {
  SetEnvironment({{"AWS_SECRET_ACCESS_KEY", std::string(kPlanted)}});
  const auto credentials = Chain()->Get();
  EXPECT_THAT(credentials, IsError(ErrorCode::kDenied));
  EXPECT_THAT(credentials.error().message(), Not(HasSubstr(kPlanted)));
}

TEST_F(AwsChain, SaysWhereItLookedWhenThereIsNothing) {
  answer_ = Error::Unavailable("cannot connect to 169.254.169.254:80");
  const auto credentials = Chain()->Get();
  EXPECT_THAT(credentials, IsError(ErrorCode::kDenied));
  for (const char* source : {"environment", "web identity", "profile", "container",
                             "instance metadata", "cannot connect"})
    EXPECT_THAT(credentials.error().message(), HasSubstr(source));
}

TEST_F(AwsChain, AsksNobodyWhenInstanceMetadataIsTurnedOff) {
  SetEnvironment({{"AWS_EC2_METADATA_DISABLED", "TRUE"}});
  EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kDenied));
  EXPECT_TRUE(http_.sent().empty());
}

// Web identity.

TEST_F(AwsChain, TradesAWebIdentityTokenUnsigned) {
  SetEnvironment({{"AWS_WEB_IDENTITY_TOKEN_FILE", Write("token", "j.w.t+/\n")},
                  {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"},
                  {"AWS_ROLE_SESSION_NAME", "mine"},
                  {"AWS_REGION", "eu-west-1"}});
  answer_ = StsAnswer("AssumeRoleWithWebIdentity", "AKID1");
  const auto credentials = Chain()->Get();
  ASSERT_THAT(credentials, IsOk());
  EXPECT_EQ(credentials->access_key_id, "AKID1");
  EXPECT_EQ(credentials->secret_access_key, "secret&1");
  EXPECT_EQ(credentials->session_token, "session");
  const SentRequest request = http_.sent().at(0);
  EXPECT_EQ(request.url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(request.Header("authorization"), "");
  EXPECT_EQ(request.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3A"
            "role%2Fr&RoleSessionName=mine&DurationSeconds=3600&WebIdentityToken=j.w.t%2B%2F");
}

TEST_F(AwsChain, ReadsTheWebIdentityTokenAgainForEachRenewal) {
  SetEnvironment({{"AWS_WEB_IDENTITY_TOKEN_FILE", Write("token", "first")},
                  {"AWS_ROLE_ARN", "arn"},
                  {"AWS_ENDPOINT_URL_STS", "http://sts.example"}});
  answer_ = StsAnswer("AssumeRoleWithWebIdentity", "AKID1");
  const auto chain = Chain();
  ASSERT_THAT(chain->Get(), IsOk());
  Write("token", "second");
  clock_.Advance(56min);
  ASSERT_THAT(chain->Get(), IsOk());
  ASSERT_EQ(http_.sent().size(), 2);
  EXPECT_THAT(http_.sent()[1].body, HasSubstr("WebIdentityToken=second"));
  EXPECT_EQ(http_.sent()[1].url, "http://sts.example/");
}

TEST_F(AwsChain, ShowsAwsErrorCodeAndNeverTheToken) {
  SetEnvironment({{"AWS_WEB_IDENTITY_TOKEN_FILE", Write("token", kPlanted)},
                  {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"},
                  {"AWS_REGION", "eu-west-1"}});
  answer_ = HttpResponse{.status = 403, .body = StsError("AccessDenied", kPlanted)};
  const auto credentials = Chain()->Get();
  EXPECT_THAT(credentials, IsError(ErrorCode::kDenied));
  EXPECT_THAT(credentials.error().message(), HasSubstr("AccessDenied"));
  EXPECT_THAT(credentials.error().message(), HasSubstr("arn:aws:iam::1:role/r"));
  EXPECT_THAT(credentials.error().message(), Not(HasSubstr(kPlanted)));
}

TEST_F(AwsChain, ReadsTheOlderFormOfErrors) {
  SetEnvironment({{"AWS_WEB_IDENTITY_TOKEN_FILE", Write("token", "t")},
                  {"AWS_ROLE_ARN", "arn"},
                  {"AWS_REGION", "eu-west-1"}});
  answer_ =
      HttpResponse{.status = 403,
                   .body =
                       "<Response><Errors><Error><Code>InvalidClientTokenId</Code></Error></Errors>"
                       "</Response>"};
  EXPECT_THAT(Chain()->Get().error().message(), HasSubstr("InvalidClientTokenId"));
}

TEST_F(AwsChain, CallsThrottlingUnavailable) {
  SetEnvironment({{"AWS_WEB_IDENTITY_TOKEN_FILE", Write("token", "t")},
                  {"AWS_ROLE_ARN", "arn"},
                  {"AWS_REGION", "eu-west-1"}});
  for (const char* code : {"Throttling", "IDPCommunicationError"}) {
    answer_ = HttpResponse{.status = 400, .body = StsError(code, "")};
    EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kUnavailable)) << code;
  }
  answer_ = HttpResponse{.status = 503, .body = "planted"};
  EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kUnavailable));
}

TEST_F(AwsChain, RefusesUnusableAnswersOfSts) {
  SetEnvironment({{"AWS_WEB_IDENTITY_TOKEN_FILE", Write("token", "t")},
                  {"AWS_ROLE_ARN", "arn"},
                  {"AWS_REGION", "eu-west-1"}});
  for (const char* body : {"", "{}", "<a/>", "<AssumeRoleWithWebIdentityResponse/>",
                           "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>"
                           "<Credentials><AccessKeyId>a</AccessKeyId></Credentials>"
                           "</AssumeRoleWithWebIdentityResult>"
                           "</AssumeRoleWithWebIdentityResponse>"}) {
    answer_ = HttpResponse{.status = 200, .body = body};
    EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kUnavailable)) << body;
  }
}

TEST_F(AwsChain, NeedsARegionForSts) {
  SetEnvironment({{"AWS_WEB_IDENTITY_TOKEN_FILE", Write("token", "t")}, {"AWS_ROLE_ARN", "arn"}});
  EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kDenied));
  options_.region = "x.evil.example/";
  EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kDenied));
  EXPECT_TRUE(http_.sent().empty());
}

// Containers.

TEST_F(AwsChain, AsksTheContainerAgent) {
  SetEnvironment({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1"},
                  {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "auth"}});
  answer_ = MetadataAnswer("AKID2");
  EXPECT_EQ(Chain()->Get()->access_key_id, "AKID2");
  EXPECT_EQ(http_.sent().at(0).url, "http://169.254.170.2/v2/credentials/1");
  EXPECT_EQ(http_.sent()[0].Header("authorization"), "auth");
}

TEST_F(AwsChain, PrefersTheTokenFileOfTheContainer) {
  SetEnvironment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                  {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "old"},
                  {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Write("pod", "from-file\n")}});
  answer_ = MetadataAnswer("AKID2");
  ASSERT_THAT(Chain()->Get(), IsOk());
  EXPECT_EQ(http_.sent().at(0).Header("authorization"), "from-file");
}

TEST_F(AwsChain, SendsContainerTokensOnlyToTrustedHosts) {
  answer_ = MetadataAnswer("AKID2");
  for (const char* url : {"http://127.0.0.1:8080/c", "http://localhost/c", "http://[::1]/c",
                          "https://agent.example/c", "http://169.254.170.2/c"}) {
    SetEnvironment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}});
    EXPECT_THAT(Chain()->Get(), IsOk()) << url;
  }
  const size_t sent = http_.sent().size();
  for (const char* url : {"http://agent.example/c", "http://127.evil.example/c",
                          "http://169.254.169.254/c", "http://localhost@evil.example/c", "x"}) {
    SetEnvironment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}});
    EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kDenied)) << url;
  }
  SetEnvironment({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/"}});
  EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kDenied));
  EXPECT_EQ(http_.sent().size(), sent);
}

TEST_F(AwsChain, DoesNotGoOnWhenAConfiguredSourceFails) {
  SetEnvironment({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c"}});
  answer_ = Error::Unavailable("cannot connect");
  EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(http_.sent().size(), 1);
}

// Instance metadata.

class InstanceMetadata : public AwsChainTest {
 protected:
  InstanceMetadata() {
    handler_ = [this](const SentRequest& request) -> Result<HttpResponse> {
      if (request.method == "PUT") return HttpResponse{.status = token_status_, .body = "tok"};
      if (request.Header("x-aws-ec2-metadata-token") != "tok") return HttpResponse{.status = 401};
      if (request.url.ends_with("/security-credentials/"))
        return HttpResponse{.status = roles_status_, .body = "my role\n"};
      return document_;
    };
    document_ = MetadataAnswer("AKID3");
  }

  int token_status_ = 200;
  int roles_status_ = 200;
  Result<HttpResponse> document_ = HttpResponse{};
};

TEST_F(InstanceMetadata, UsesVersionTwo) {
  EXPECT_EQ(Chain()->Get()->access_key_id, "AKID3");
  ASSERT_EQ(http_.sent().size(), 3);
  EXPECT_EQ(http_.sent()[0].url, "http://169.254.169.254/latest/api/token");
  EXPECT_EQ(http_.sent()[0].Header("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(http_.sent()[2].url,
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/my%20role");
}

TEST_F(InstanceMetadata, NeverFallsBackToVersionOne) {
  for (const int status : {403, 404, 405}) {
    token_status_ = status;
    EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kDenied)) << status;
  }
  EXPECT_EQ(http_.sent().size(), 3);
}

TEST_F(InstanceMetadata, SaysDeniedWithoutARole) {
  roles_status_ = 404;
  const auto credentials = Chain()->Get();
  EXPECT_THAT(credentials, IsError(ErrorCode::kDenied));
  EXPECT_THAT(credentials.error().message(), HasSubstr("no role"));
}

TEST_F(InstanceMetadata, TakesTheEndpointFromOptionsOrEnvironment) {
  SetEnvironment({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://env.example/"}});
  ASSERT_THAT(Chain()->Get(), IsOk());
  EXPECT_EQ(http_.sent()[0].url, "http://env.example/latest/api/token");
  options_.metadata_endpoint = "http://option.example";
  ASSERT_THAT(Chain()->Get(), IsOk());
  EXPECT_EQ(http_.sent()[3].url, "http://option.example/latest/api/token");
}

TEST_F(InstanceMetadata, ServesUnexpiredCredentialsWhileTheServiceIsAway) {
  const auto chain = Chain();
  ASSERT_THAT(chain->Get(), IsOk());
  document_ = Error::Timeout("away");
  clock_.Advance(58min);
  EXPECT_EQ(chain->Get()->access_key_id, "AKID3");
  clock_.Advance(3min);
  EXPECT_THAT(chain->Get(), IsError(ErrorCode::kTimeout));
}

TEST_F(InstanceMetadata, AsksAgainAfterARejection) {
  const auto chain = Chain();
  const auto first = chain->Get();
  ASSERT_THAT(first, IsOk());
  document_ = MetadataAnswer("AKID4");
  chain->Reject(*first);
  EXPECT_EQ(chain->Get()->access_key_id, "AKID4");
}

TEST_F(InstanceMetadata, RefusesADocumentWithoutKeys) {
  for (const char* body : {"", "[]", "{}", R"({"AccessKeyId":5})", R"({"Code":"Failed"})"}) {
    document_ = HttpResponse{.status = 200, .body = body};
    EXPECT_FALSE(Chain()->Get().ok()) << body;
  }
}

// Assumed roles.

class AssumedRole : public AwsChainTest {
 protected:
  std::shared_ptr<AwsCredentialsProvider> Role(std::shared_ptr<AwsCredentialsProvider> source) {
    return AssumedRoleCredentials(
        {.role_arn = "arn:aws:iam::1:role/r", .external_id = "ext", .region = "eu-central-1"},
        std::move(source), http_, clock_);
  }
};

TEST_F(AssumedRole, SignsTheCallWithTheSourcesKeys) {
  answer_ = StsAnswer("AssumeRole", "AKID5");
  const auto role = Role(StaticAwsCredentials(
      {.access_key_id = "SOURCE", .secret_access_key = std::string(kPlanted)}));
  EXPECT_EQ(role->Get()->access_key_id, "AKID5");
  const SentRequest request = http_.sent().at(0);
  EXPECT_EQ(request.url, "https://sts.eu-central-1.amazonaws.com/");
  EXPECT_THAT(request.Header("authorization"), HasSubstr("Credential=SOURCE/20260108/eu-central-1/"
                                                         "sts/aws4_request"));
  EXPECT_THAT(request.body, HasSubstr("&ExternalId=ext"));
  EXPECT_THAT(request.body, Not(HasSubstr(kPlanted)));
}

TEST_F(AssumedRole, RenewsFiveMinutesBeforeTheEnd) {
  answer_ = StsAnswer("AssumeRole", "AKID5");
  const auto role = Role(StaticAwsCredentials({"id", "secret", "", {}}));
  ASSERT_THAT(role->Get(), IsOk());
  clock_.Advance(55min - 1s);
  ASSERT_THAT(role->Get(), IsOk());
  EXPECT_EQ(http_.sent().size(), 1);
  clock_.Advance(1s);
  ASSERT_THAT(role->Get(), IsOk());
  EXPECT_EQ(http_.sent().size(), 2);
}

// Gives other credentials after each rejection.
class RotatingProvider final : public AwsCredentialsProvider {
 public:
  Result<AwsCredentials> Get() override {
    return AwsCredentials{fmt::format("id{}", rejections), "secret", "", {}};
  }
  void Reject(const AwsCredentials& /*credentials*/) override { ++rejections; }
  int rejections = 0;
};

TEST_F(AssumedRole, AsksTheSourceAgainOnceWhenStsRefusesIt) {
  const auto source = std::make_shared<RotatingProvider>();
  handler_ = [](const SentRequest& request) -> Result<HttpResponse> {
    if (request.Header("authorization").find("Credential=id1/") != std::string::npos)
      return StsAnswer("AssumeRole", "AKID6");
    return HttpResponse{.status = 403, .body = StsError("ExpiredTokenException", "")};
  };
  EXPECT_EQ(Role(source)->Get()->access_key_id, "AKID6");
  EXPECT_EQ(source->rejections, 1);
}

TEST_F(AssumedRole, SaysDeniedWhenTheSourceHasNoOthers) {
  answer_ = HttpResponse{.status = 403, .body = StsError("AccessDenied", kPlanted)};
  const auto credentials = Role(StaticAwsCredentials({"id", "secret", "", {}}))->Get();
  EXPECT_THAT(credentials, IsError(ErrorCode::kDenied));
  EXPECT_THAT(credentials.error().message(), HasSubstr("AccessDenied"));
  EXPECT_EQ(http_.sent().size(), 1);
}

TEST(StaticAwsCredentials, AreReturned) {
  EXPECT_EQ(StaticAwsCredentials({"id", "secret", "", {}})->Get()->access_key_id, "id");
}

TEST(StaticAwsCredentials, AreDeniedWhenEmpty) {
  EXPECT_THAT(StaticAwsCredentials({"", "secret", "", {}})->Get(), IsError(ErrorCode::kDenied));
}

}  // namespace
}  // namespace kafka_iceberg::net
