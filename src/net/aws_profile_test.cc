// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "net/aws_shared_files.h"
#include "net/fake_aws_answers.h"

namespace kafka_iceberg::net {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(AwsSharedFiles, ReadsProfilesOfTheConfigFile) {
  const auto profiles = ParseAwsFile(
      "# comment\n[default]\nRegion = eu-west-1 ; why\r\n\n[profile a b]\nkey=x#y\ns3 =\n"
      "  nested = 1\n[sso-session z]\nregion = no\n[profile]\nregion = no\n",
      true);
  ASSERT_THAT(profiles, IsOk());
  EXPECT_EQ(profiles->size(), 2);
  EXPECT_EQ(profiles->at("default").at("region"), "eu-west-1");
  EXPECT_EQ(profiles->at("a b").at("key"), "x#y");
  EXPECT_FALSE(profiles->at("a b").contains("nested"));
}

TEST(AwsSharedFiles, ReadsProfilesOfTheCredentialsFile) {
  const auto profiles = ParseAwsFile("[one]\na=1\n[profile two]\na=2\n[one]\nb=3", false);
  ASSERT_THAT(profiles, IsOk());
  EXPECT_EQ(profiles->at("one").at("a"), "1");
  EXPECT_EQ(profiles->at("one").at("b"), "3");
  EXPECT_EQ(profiles->at("profile two").at("a"), "2");
}

TEST(AwsSharedFiles, NamesTheBrokenLineWithoutQuotingIt) {
  const auto profiles = ParseAwsFile("[one]\na=1\nplanted-secret-value\n", false);
  EXPECT_THAT(profiles, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(profiles.error().message(), HasSubstr("line 3"));
  EXPECT_THAT(profiles.error().message(), Not(HasSubstr("planted")));
}

TEST(AwsSharedFiles, RefusesATitleThatDoesNotEnd) {
  EXPECT_THAT(ParseAwsFile("[one\n", false), IsError(ErrorCode::kInvalid));
}

using AwsProfileChain = AwsChainTest;

TEST_F(AwsProfileChain, TakesTheKeysOfTheDefaultProfile) {
  Write(".aws/credentials",
        "[default]\naws_access_key_id=a\naws_secret_access_key=b\n"
        "aws_session_token=c\n");
  const auto credentials = Chain()->Get();
  ASSERT_THAT(credentials, IsOk());
  EXPECT_EQ(*credentials, (AwsCredentials{"a", "b", "c", {}}));
}

TEST_F(AwsProfileChain, LetsTheCredentialsFileWin) {
  Write(".aws/config", "[profile p]\naws_access_key_id=x\naws_secret_access_key=b\n");
  Write(".aws/credentials", "[p]\naws_access_key_id=a\n");
  options_.profile = "p";
  EXPECT_EQ(Chain()->Get()->access_key_id, "a");
}

TEST_F(AwsProfileChain, TakesFilesAndProfileFromTheEnvironment) {
  SetEnvironment({{"AWS_SHARED_CREDENTIALS_FILE",
                   Write("keys", "[q]\naws_access_key_id=a\naws_secret_access_key=b\n")},
                  {"AWS_PROFILE", "q"}});
  EXPECT_EQ(Chain()->Get()->access_key_id, "a");
}

TEST_F(AwsProfileChain, PutsAGivenProfileBeforeTheEnvironmentsKeys) {
  SetEnvironment({{"AWS_ACCESS_KEY_ID", "env"}, {"AWS_SECRET_ACCESS_KEY", "env"}});
  Write(".aws/credentials", "[p]\naws_access_key_id=a\naws_secret_access_key=b\n");
  options_.profile = "p";
  EXPECT_EQ(Chain()->Get()->access_key_id, "a");
}

TEST_F(AwsProfileChain, SaysDeniedWhenTheGivenProfileDoesNotExist) {
  options_.profile = "nobody";
  const auto credentials = Chain()->Get();
  EXPECT_THAT(credentials, IsError(ErrorCode::kDenied));
  EXPECT_THAT(credentials.error().message(), HasSubstr("nobody"));
}

TEST_F(AwsProfileChain, AssumesTheRoleWithTheSourceProfile) {
  Write(".aws/config",
        "[profile p]\nrole_arn=arn:x\nsource_profile=base\nrole_session_name=me\n"
        "external_id=e\nduration_seconds=900\nregion=eu-north-1\n");
  Write(".aws/credentials", "[base]\naws_access_key_id=BASE\naws_secret_access_key=b\n");
  options_.profile = "p";
  answer_ = StsAnswer("AssumeRole", "AKID");
  EXPECT_EQ(Chain()->Get()->access_key_id, "AKID");
  const SentRequest request = http_.sent().at(0);
  EXPECT_EQ(request.url, "https://sts.eu-north-1.amazonaws.com/");
  EXPECT_THAT(request.Header("authorization"), HasSubstr("Credential=BASE/"));
  EXPECT_EQ(request.body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ax&RoleSessionName=me&"
            "DurationSeconds=900&ExternalId=e");
}

TEST_F(AwsProfileChain, AssumesARoleFromARole) {
  Write(".aws/config",
        "[profile p]\nrole_arn=arn:2\nsource_profile=m\nregion=eu-north-1\n"
        "[profile m]\nrole_arn=arn:1\nsource_profile=m\naws_access_key_id=BASE\n"
        "aws_secret_access_key=b\n");
  options_.profile = "p";
  answer_ = StsAnswer("AssumeRole", "AKID");
  ASSERT_THAT(Chain()->Get(), IsOk());
  ASSERT_EQ(http_.sent().size(), 2);
  EXPECT_THAT(http_.sent()[0].Header("authorization"), HasSubstr("Credential=BASE/"));
  EXPECT_THAT(http_.sent()[1].Header("authorization"), HasSubstr("Credential=AKID/"));
}

TEST_F(AwsProfileChain, EndsACircleOfProfiles) {
  Write(".aws/config",
        "[profile a]\nrole_arn=arn:1\nsource_profile=b\nregion=r\n"
        "[profile b]\nrole_arn=arn:2\nsource_profile=a\nregion=r\n");
  options_.profile = "a";
  EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kDenied));
  EXPECT_TRUE(http_.sent().empty());
}

TEST_F(AwsProfileChain, AssumesTheRoleWithTheEnvironmentsKeys) {
  SetEnvironment({{"AWS_ACCESS_KEY_ID", "ENVKEY"}, {"AWS_SECRET_ACCESS_KEY", "s"}});
  Write(".aws/config", "[profile p]\nrole_arn=arn:1\ncredential_source=Environment\nregion=r1\n");
  options_.profile = "p";
  answer_ = StsAnswer("AssumeRole", "AKID");
  ASSERT_THAT(Chain()->Get(), IsOk());
  EXPECT_THAT(http_.sent().at(0).Header("authorization"), HasSubstr("Credential=ENVKEY/"));
}

TEST_F(AwsProfileChain, TradesTheWebIdentityTokenOfAProfile) {
  Write(".aws/config", fmt::format("[default]\nrole_arn=arn:1\nregion=r1\n"
                                   "web_identity_token_file={}\n",
                                   Write("token", "jwt")));
  answer_ = StsAnswer("AssumeRoleWithWebIdentity", "AKID");
  ASSERT_THAT(Chain()->Get(), IsOk());
  EXPECT_THAT(http_.sent().at(0).body, HasSubstr("WebIdentityToken=jwt"));
}

TEST_F(AwsProfileChain, SaysWhatItDoesNotSupport) {
  for (const char* setting :
       {"credential_process=x", "sso_session=x", "role_arn=a\nmfa_serial=x", "role_arn=a\nregion=r",
        "role_arn=a\nregion=r\ncredential_source=Nowhere",
        "role_arn=a\nregion=r\nsource_profile=x\ncredential_source=Environment",
        "role_arn=a\nregion=r\nsource_profile=default\nduration_seconds=5",
        "aws_access_key_id=a"}) {
    Write(".aws/config", fmt::format("[default]\n{}\n", setting));
    EXPECT_THAT(Chain()->Get(), IsError(ErrorCode::kDenied)) << setting;
  }
}

TEST_F(AwsProfileChain, SeesKeysThatWereReplacedAfterARejection) {
  Write(".aws/credentials", "[default]\naws_access_key_id=a\naws_secret_access_key=b\n");
  const auto chain = Chain();
  const auto first = chain->Get();
  ASSERT_THAT(first, IsOk());
  Write(".aws/credentials", "[default]\naws_access_key_id=c\naws_secret_access_key=d\n");
  EXPECT_EQ(chain->Get()->access_key_id, "a");
  chain->Reject(*first);
  EXPECT_EQ(chain->Get()->access_key_id, "c");
}

TEST_F(AwsProfileChain, FindsTheRegion) {
  EXPECT_EQ(DefaultAwsRegion(options_), "");
  Write(".aws/config", "[default]\nregion = eu-west-3\n");
  EXPECT_EQ(DefaultAwsRegion(options_), "eu-west-3");
  SetEnvironment({{"AWS_DEFAULT_REGION", "eu-west-2"}});
  EXPECT_EQ(DefaultAwsRegion(options_), "eu-west-2");
  SetEnvironment({{"AWS_DEFAULT_REGION", "eu-west-2"}, {"AWS_REGION", "eu-west-1"}});
  EXPECT_EQ(DefaultAwsRegion(options_), "eu-west-1");
}

}  // namespace
}  // namespace kafka_iceberg::net
