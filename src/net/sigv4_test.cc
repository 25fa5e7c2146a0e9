// SPDX-License-Identifier: Apache-2.0
#include "net/sigv4.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/result_matchers.h"

namespace kafka_iceberg::net {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Timestamp kS3Time = std::chrono::sys_days(std::chrono::year(2013) / 5 / 24);
constexpr Timestamp kSuiteTime =
    std::chrono::sys_days(std::chrono::year(2015) / 8 / 30) + std::chrono::minutes(12 * 60 + 36);
const SigningScope kS3{
    .region = "us-east-1", .service = "s3", .encode_path_twice = false, .sign_body = true};
const SigningScope kSuite{.region = "us-east-1", .service = "service", .encode_path_twice = false};

// The keys of the examples in AWS's documentation.
AwsCredentials S3Credentials() {
  return {.access_key_id = "AKIAIOSFODNN7EXAMPLE",
          .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
}
AwsCredentials SuiteCredentials() {
  return {.access_key_id = "AKIDEXAMPLE",
          .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
}

std::string HeaderOf(const HttpRequest& request, std::string_view name) {
  const auto found = std::ranges::find(request.headers, name, &HttpHeader::name);
  return found == request.headers.end() ? "" : found->value;
}

std::string Part(const HttpRequest& request, std::string_view key) {
  const std::string header = HeaderOf(request, "authorization");
  const size_t begin = header.find(key);
  if (begin == std::string::npos) return "";
  const size_t end = header.find(',', begin);
  return header.substr(begin + key.size(),
                       end == std::string::npos ? end : end - begin - key.size());
}

std::string Signature(HttpRequest request, const SigningScope& scope,
                      const AwsCredentials& credentials, Timestamp now) {
  const Status status = SignV4(request, scope, credentials, now);
  return status.ok() ? Part(request, "Signature=") : status.error().message();
}

std::string S3Signature(const HttpRequest& request) {
  return Signature(request, kS3, S3Credentials(), kS3Time);
}

std::string SuiteSignature(const std::string& method, const std::string& target,
                           std::vector<HttpHeader> headers = {}, std::string_view body = {}) {
  return Signature({.method = method,
                    .url = "https://example.amazonaws.com" + target,
                    .headers = std::move(headers),
                    .body = body},
                   kSuite, SuiteCredentials(), kSuiteTime);
}

TEST(SigV4, PresignsTheS3Example) {
  SigningScope scope = kS3;
  scope.body_sha256 = "UNSIGNED-PAYLOAD";
  const auto url = PresignV4("https://examplebucket.s3.amazonaws.com/test.txt", scope,
                             S3Credentials(), kS3Time, std::chrono::hours(24));
  ASSERT_TRUE(url.ok());
  EXPECT_THAT(*url, HasSubstr("X-Amz-Expires=86400&"));
  EXPECT_THAT(
      *url, testing::EndsWith("X-Amz-Signature="
                              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
}

TEST(SigV4, PresignsTheSessionToken) {
  AwsCredentials credentials = S3Credentials();
  const auto without = PresignV4("https://h/", kSuite, credentials, kS3Time, std::chrono::hours(1));
  credentials.session_token = "a+b/c=";
  const auto with = PresignV4("https://h/", kSuite, credentials, kS3Time, std::chrono::hours(1));
  ASSERT_TRUE(without.ok());
  ASSERT_TRUE(with.ok());
  EXPECT_THAT(*with, HasSubstr("X-Amz-Security-Token=a%2Bb%2Fc%3D&"));
  EXPECT_NE(with->substr(with->size() - 64), without->substr(without->size() - 64));
}

TEST(SigV4, SignsTheS3ExampleGetObject) {
  EXPECT_EQ(S3Signature({.url = "https://examplebucket.s3.amazonaws.com/test.txt",
                         .headers = {{"Range", "bytes=0-9"}}}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, SignsTheS3ExamplePutObjectWhosePathIsNotEncoded) {
  EXPECT_EQ(S3Signature({.method = "PUT",
                         .url = "https://examplebucket.s3.amazonaws.com/test$file.text",
                         .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         .body = "Welcome to Amazon S3."}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, SignsTheS3ExampleLifecycleWhoseParameterHasNoValue) {
  EXPECT_EQ(S3Signature({.url = "https://examplebucket.s3.amazonaws.com/?lifecycle"}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, SignsTheS3ExampleListObjects) {
  EXPECT_EQ(S3Signature({.url = "https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2"}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, SignsTheIamExampleListUsers) {
  const HttpRequest request{
      .url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
      .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}};
  EXPECT_EQ(
      Signature(request, {.region = "us-east-1", .service = "iam"}, SuiteCredentials(), kSuiteTime),
      "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(SigV4, SignsTheSuiteGetVanilla) {
  EXPECT_EQ(SuiteSignature("GET", "/"),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, SignsTheSuitePostVanilla) {
  EXPECT_EQ(SuiteSignature("POST", "/"),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(SigV4, SortsTheQueryByName) {
  EXPECT_EQ(SuiteSignature("GET", "/?Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(SigV4, LeavesUnreservedCharactersOfTheQueryAlone) {
  const std::string all = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  EXPECT_EQ(SuiteSignature("GET", "/?" + all + "=" + all),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197");
}

TEST(SigV4, SignsTheSuiteUtf8Path) {
  EXPECT_EQ(SuiteSignature("GET", "/%E1%88%B4"),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

TEST(SigV4, SignsTheSuitePathWithASpace) {
  EXPECT_EQ(SuiteSignature("GET", "/example%20space/"),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
}

TEST(SigV4, SignsTheSuiteForm) {
  EXPECT_EQ(SuiteSignature("POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}},
                           "Param1=value1"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(SigV4, JoinsDuplicateHeadersInTheirOrder) {
  EXPECT_EQ(SuiteSignature(
                "GET", "/",
                {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}),
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
}

TEST(SigV4, TrimsAndCollapsesHeaderValues) {
  EXPECT_EQ(
      SuiteSignature("GET", "/", {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}),
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

TEST(SigV4, LowersHeaderNamesAndSortsThem) {
  EXPECT_EQ(SuiteSignature("POST", "/", {{"My-Header1", "value1"}}),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c");
}

TEST(SigV4, KeepsTheCaseOfHeaderValues) {
  EXPECT_EQ(SuiteSignature("POST", "/", {{"My-Header1", "VALUE1"}}),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
}

TEST(SigV4, SignsAnEncodedPathOfS3Once) {
  // The two spellings of one object are one signature.
  EXPECT_EQ(S3Signature({.url = "https://b.s3.amazonaws.com/a%28b%2fc+d"}),
            S3Signature({.url = "https://b.s3.amazonaws.com/a(b%2Fc%2Bd"}));
  EXPECT_NE(S3Signature({.url = "https://b.s3.amazonaws.com/a/../b"}),
            S3Signature({.url = "https://b.s3.amazonaws.com/b"}));
}

std::string GlueSignature(const std::string& target) {
  return Signature({.url = "https://glue.us-east-1.amazonaws.com" + target},
                   {.region = "us-east-1", .service = "glue"}, SuiteCredentials(), kSuiteTime);
}

// The path as it is sent, and what a service other than S3 makes of it.
TEST(SigV4, EncodesThePathOfOtherServicesTwice) {
  const SigningScope once{.region = "us-east-1", .service = "glue", .encode_path_twice = false};
  const auto signed_once = [&](const std::string& target) {
    return Signature({.url = "https://glue.us-east-1.amazonaws.com" + target}, once,
                     SuiteCredentials(), kSuiteTime);
  };
  EXPECT_EQ(GlueSignature("/v1/namespaces/a%1Fb/tables/t"),
            signed_once("/v1/namespaces/a%251Fb/tables/t"));
  EXPECT_NE(GlueSignature("/v1/namespaces/a%1Fb"), signed_once("/v1/namespaces/a%1Fb"));
}

TEST(SigV4, TidiesThePathOfOtherServices) {
  EXPECT_EQ(GlueSignature("/a/./b/../c"), GlueSignature("/a/c"));
  EXPECT_EQ(GlueSignature("//a//c"), GlueSignature("/a/c"));
  EXPECT_EQ(GlueSignature("/a/c/"), GlueSignature("/a/c/."));
  EXPECT_NE(GlueSignature("/a/c/"), GlueSignature("/a/c"));
  EXPECT_EQ(GlueSignature("/../.."), GlueSignature(""));
}

TEST(SigV4, CanonicalizesTheQuery) {
  EXPECT_EQ(SuiteSignature("GET", "/?b=2&a=%2f&a=%2B&c&&a="),
            SuiteSignature("GET", "/?a=&a=%2B&a=%2F&b=2&c="));
  EXPECT_NE(SuiteSignature("GET", "/?a=1&b=2"), SuiteSignature("GET", "/?a=2&b=1"));
}

TEST(SigV4, SendsAndSignsTheSessionToken) {
  AwsCredentials credentials = S3Credentials();
  credentials.session_token = "session";
  HttpRequest request{.url = "https://b.s3.amazonaws.com/a"};
  ASSERT_THAT(SignV4(request, kS3, credentials, kS3Time), IsOk());
  EXPECT_EQ(HeaderOf(request, "x-amz-security-token"), "session");
  EXPECT_EQ(Part(request, "SignedHeaders="),
            "host;x-amz-content-sha256;x-amz-date;x-amz-security-token");
}

TEST(SigV4, SignsTheHostThatIsSent) {
  HttpRequest request{.url = "http://127.0.0.1:9000/a"};
  ASSERT_THAT(SignV4(request, kS3, S3Credentials(), kS3Time), IsOk());
  EXPECT_EQ(HeaderOf(request, "host"), "127.0.0.1:9000");
  request = {.url = "https://[::1]:443/a"};
  ASSERT_THAT(SignV4(request, kS3, S3Credentials(), kS3Time), IsOk());
  EXPECT_EQ(HeaderOf(request, "host"), "[::1]");
}

TEST(SigV4, ReplacesAnEarlierSignature) {
  AwsCredentials session = S3Credentials();
  session.session_token = "session";
  HttpRequest request{.url = "https://b.s3.amazonaws.com/a"};
  ASSERT_THAT(SignV4(request, kS3, session, kS3Time - std::chrono::hours(1)), IsOk());
  ASSERT_THAT(SignV4(request, kS3, S3Credentials(), kS3Time), IsOk());
  HttpRequest fresh{.url = "https://b.s3.amazonaws.com/a"};
  ASSERT_THAT(SignV4(fresh, kS3, S3Credentials(), kS3Time), IsOk());
  EXPECT_EQ(request.headers, fresh.headers);
}

TEST(SigV4, DoesNotSignWhatAProxyMayChange) {
  HttpRequest request{.url = "https://b.s3.amazonaws.com/a",
                      .headers = {{"User-Agent", "x"}, {"Connection", "y"}, {"Expect", "z"}}};
  ASSERT_THAT(SignV4(request, kS3, S3Credentials(), kS3Time), IsOk());
  EXPECT_EQ(Part(request, "SignedHeaders="), "host;x-amz-content-sha256;x-amz-date");
}

TEST(SigV4, TakesAGivenDigestOfTheBody) {
  const HttpRequest request{.method = "PUT", .url = "https://b.s3.amazonaws.com/a", .body = "x"};
  SigningScope unsigned_body = kS3;
  unsigned_body.body_sha256 = "UNSIGNED-PAYLOAD";
  HttpRequest sent = request;
  ASSERT_THAT(SignV4(sent, unsigned_body, S3Credentials(), kS3Time), IsOk());
  EXPECT_EQ(HeaderOf(sent, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_NE(Part(sent, "Signature="), S3Signature(request));
}

TEST(SigV4, RefusesUrlsThatCannotBeSplitWithoutQuotingThem) {
  for (const char* url : {"b/planted", "https://b/planted%zz", "https://b/?planted=%"}) {
    HttpRequest request{.url = url};
    const Status status = SignV4(request, kS3, S3Credentials(), kS3Time);
    EXPECT_THAT(status, IsError(ErrorCode::kInvalid)) << url;
    EXPECT_THAT(status.error().message(), Not(HasSubstr("planted")));
  }
}

TEST(SigV4, NeverPutsTheSecretIntoTheRequest) {
  HttpRequest request{.url = "https://b.s3.amazonaws.com/a"};
  ASSERT_THAT(SignV4(request, kS3, S3Credentials(), kS3Time), IsOk());
  for (const HttpHeader& header : request.headers)
    EXPECT_THAT(header.value, Not(HasSubstr(S3Credentials().secret_access_key)));
}

}  // namespace
}  // namespace kafka_iceberg::net
