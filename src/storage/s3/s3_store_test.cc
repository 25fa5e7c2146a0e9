// SPDX-License-Identifier: Apache-2.0
#include "storage/s3/s3_store.h"

#include "storage/conditional_write_probe.h"
#include "storage/s3/fake_s3_fixture.h"

namespace kafka_iceberg::storage {
namespace {

using S3StoreTest = S3Fixture;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST_F(S3StoreTest, SignsAndChecksumsWhatItUploads) {
  ASSERT_THAT(store().Write(kX, ""), IsOk());
  const net::SentRequest sent = http_.sent().front();
  EXPECT_EQ(sent.url, "http://s3.test:9000/bucket/x");
  EXPECT_EQ(sent.Header("x-amz-content-sha256"), kEmptySha256);
  EXPECT_EQ(sent.Header("x-amz-checksum-sha256"), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  EXPECT_THAT(sent.Header("authorization"), HasSubstr("/us-east-1/s3/aws4_request"));
  EXPECT_THAT(sent.Header("authorization"), HasSubstr("x-amz-checksum-sha256"));
}

TEST_F(S3StoreTest, AsksForEncryption) {
  Reopen({.server_side_encryption = "aws:kms", .kms_key_id = "key/1"});
  ASSERT_THAT(store().Write(kX, "1"), IsOk());
  const net::SentRequest sent = http_.sent().front();
  EXPECT_EQ(sent.Header("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(sent.Header("x-amz-server-side-encryption-aws-kms-key-id"), "key/1");
}

TEST_F(S3StoreTest, KeepsTheSchemeItWasAskedFor) {
  ASSERT_THAT(store().Write("s3a://bucket/t/x", "1"), IsOk());
  std::string listed;
  ASSERT_THAT(
      store().List("s3n://bucket/t", [&](const ObjectInfo& object) { listed = object.location; }),
      IsOk());
  EXPECT_EQ(listed, "s3n://bucket/t/x");
}

TEST_F(S3StoreTest, WaitsAsLongAsTheServerAsks) {
  net::HttpResponse slow = S3ErrorResponse(503, "SlowDown");
  slow.headers.push_back({"retry-after", "7"});
  Answer("PUT", slow);
  ASSERT_THAT(store().Write(kX, "1"), IsOk());
  EXPECT_EQ(clock_.Steady(), std::chrono::seconds(7));
  EXPECT_EQ(Retries(), 1);
  EXPECT_THAT(
      metrics_->Render(),
      HasSubstr("kafka_iceberg_s3_requests_total{operation=\"PutObject\",status=\"503\"} 1"));
}

TEST_F(S3StoreTest, NeverWaitsForHours) {
  net::HttpResponse slow = S3ErrorResponse(503, "SlowDown");
  slow.headers.push_back({"retry-after", "86400"});
  Answer("PUT", slow);
  ASSERT_THAT(store().Write(kX, "1"), IsOk());
  EXPECT_LE(clock_.Steady(), std::chrono::seconds(30));
}

TEST_F(S3StoreTest, GivesUpAfterAFewTries) {
  Answer("GET", S3ErrorResponse(503, "SlowDown"), 100);
  EXPECT_THAT(store().Read(kX), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(Sent("GET"), 4);
}

TEST_F(S3StoreTest, RetriesWhatIsHarmlessToRepeat) {
  ASSERT_THAT(store().Write(kX, "1"), IsOk());
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE"}) Lose(method, "", true);
  EXPECT_THAT(store().Write(kX, "2"), IsOk());
  EXPECT_EQ(store().Read(kX).value(), "2");
  EXPECT_THAT(store().Stat(kX), IsOk());
  EXPECT_THAT(store().Delete(kX), IsOk());
  EXPECT_EQ(Retries(), 4);
}

TEST_F(S3StoreTest, ALostConditionalPutIsNotRepeated) {
  Lose("PUT", "", /*is_applied=*/true);
  EXPECT_THAT(store().WriteIfAbsent(kX, "1"), IsError(ErrorCode::kTimeout));
  EXPECT_EQ(Sent("PUT"), 1);
  EXPECT_EQ(store().Read(kX).value(), "1");
}

TEST_F(S3StoreTest, AConditionalConflictIsTriedAgain) {
  Answer("PUT", S3ErrorResponse(409, "ConditionalRequestConflict"), 2);
  EXPECT_THAT(store().WriteIfAbsent(kX, "1"), IsOk());
  EXPECT_EQ(Sent("PUT"), 3);
}

TEST_F(S3StoreTest, AConditionalConflictEndsInAnOpenOutcome) {
  Answer("PUT", S3ErrorResponse(409, "ConditionalRequestConflict"), 100);
  EXPECT_THAT(store().WriteIfAbsent(kX, "1"), IsError(ErrorCode::kCommitUnknown));
  EXPECT_EQ(Sent("PUT"), 4);
}

TEST_F(S3StoreTest, ItsOwnEarlierSuccessIsNotSomebodyElses) {
  server_.Inject(
      {.method = "PUT", .is_applied = true, .answer = S3ErrorResponse(500, "InternalError")});
  EXPECT_THAT(store().WriteIfAbsent(kX, "1"), IsError(ErrorCode::kCommitUnknown));
}

TEST_F(S3StoreTest, ARefusalAfterDoubtProvesNothing) {
  server_.Inject(
      {.method = "PUT", .is_applied = true, .answer = S3ErrorResponse(500, "InternalError")});
  Answer("PUT", S3ErrorResponse(400, "InvalidRequest"));
  EXPECT_THAT(store().WriteIfAbsent(kX, "1"), IsError(ErrorCode::kCommitUnknown));
  EXPECT_EQ(store().Read(kX).value(), "1");
}

TEST_F(S3StoreTest, OtherBytesAreSomebodyElses) {
  ASSERT_THAT(store().Write(kX, "theirs"), IsOk());
  Answer("PUT", S3ErrorResponse(500, "InternalError"));
  EXPECT_THAT(store().WriteIfAbsent(kX, "ours"), IsError(ErrorCode::kAlreadyExists));
}

TEST_F(S3StoreTest, ACutAnswerIsNeverShortData) {
  Answer("GET", {200, {{"content-length", "10"}}, "12345"}, 100);
  EXPECT_THAT(store().Read(kX), IsError(ErrorCode::kTimeout));
  EXPECT_EQ(Sent("GET"), 4);
}

TEST_F(S3StoreTest, AnAnswerWithoutALengthIsNotBelieved) {
  Answer("GET", {200, {}, "12345"}, 4);
  EXPECT_THAT(store().Read(kX), IsError(ErrorCode::kTimeout));
  Answer("GET", {200, {{"transfer-encoding", "chunked"}}, "12345"});
  EXPECT_EQ(store().Read(kX).value(), "12345");
}

TEST_F(S3StoreTest, AnotherRangeIsAnError) {
  const auto answer = [](const char* range, const char* body) {
    return net::HttpResponse{
        206, {{"content-range", range}, {"content-length", std::to_string(strlen(body))}}, body};
  };
  for (const auto& [range, body] :
       std::initializer_list<std::pair<const char*, const char*>>{{"bytes 3-5/100", "abc"},
                                                                  {"bytes 2-4/*", "abc"},
                                                                  {"bytes 2-4/100", "abcd"},
                                                                  {"bytes 2-3/100", "ab"},
                                                                  {"", "abc"},
                                                                  {"bytes 4-2/100", "abc"},
                                                                  {"2-4", "abc"}}) {
    Answer("GET", answer(range, body), 4);
    EXPECT_THAT(store().ReadRange(kX, 2, 3), IsError(ErrorCode::kTimeout)) << range;
  }
  Answer("GET", answer("bytes 2-4/100", "abc"));
  EXPECT_EQ(store().ReadRange(kX, 2, 3).value(), "abc");
  Answer("GET", answer("bytes 2-3/4", "cd"));
  EXPECT_EQ(store().ReadRange(kX, 2, 3).value(), "cd");
}

TEST_F(S3StoreTest, AServerWithoutRangesIsCut) {
  Answer("GET", {200, {{"content-length", "5"}}, "abcde"});
  EXPECT_EQ(store().ReadRange(kX, 2, 2).value(), "cd");
}

TEST_F(S3StoreTest, DamageOnTheWayIsTriedAgain) {
  Answer("PUT", S3ErrorResponse(400, "BadDigest"));
  EXPECT_THAT(store().Write(kX, "1"), IsOk());
  Answer("PUT", S3ErrorResponse(400, "BadDigest"), 4);
  EXPECT_THAT(store().Write(kX, "1"), IsError(ErrorCode::kUnavailable));
}

TEST_F(S3StoreTest, NeverFollowsARedirect) {
  for (const int status : {301, 302, 307, 308}) {
    net::HttpResponse redirect = S3ErrorResponse(status, "PermanentRedirect");
    redirect.headers.push_back({"location", "http://elsewhere.test/bucket/x"});
    redirect.headers.push_back({"x-amz-bucket-region", "eu-west-1"});
    Answer("GET", redirect);
    const auto read = store().Read(kX);
    ASSERT_THAT(read, IsError(ErrorCode::kInvalid));
    EXPECT_THAT(read.error().message(),
                HasSubstr("bucket bucket is in region eu-west-1, not in us-east-1: set s3_region"));
  }
  EXPECT_EQ(Sent("GET"), 4);
  EXPECT_EQ(Sent("GET", "elsewhere"), 0);
}

TEST_F(S3StoreTest, NamesTheRightRegion) {
  Answer("PUT",
         S3ErrorResponse(400, "AuthorizationHeaderMalformed", "<Region>ap-south-1</Region>"));
  const Status status = store().Write(kX, "1");
  ASSERT_THAT(status, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(status.error().message(), HasSubstr("set s3_region to ap-south-1"));
}

TEST_F(S3StoreTest, NamesTheDifferenceOfTheClocks) {
  Answer("PUT", S3ErrorResponse(403, "RequestTimeTooSkewed",
                                "<ServerTime>2026-01-08T14:50:00Z</ServerTime>"));
  const Status status = store().Write(kX, "1");
  ASSERT_THAT(status, IsError(ErrorCode::kDenied));
  EXPECT_THAT(status.error().message(), HasSubstr("1200 s behind the server's"));
}

TEST_F(S3StoreTest, AnExpiredTokenIsRenewedOnce) {
  Answer("PUT", S3ErrorResponse(400, "ExpiredToken"));
  EXPECT_THAT(store().Write(kX, "1"), IsOk());
  EXPECT_EQ(credentials_->rejections(), 1);
  Answer("HEAD", {400, {}, ""});  // it has no body to say so
  EXPECT_THAT(store().Stat(kX), IsOk());
  EXPECT_EQ(credentials_->rejections(), 2);
  Answer("PUT", S3ErrorResponse(400, "ExpiredToken"), 100);
  EXPECT_THAT(store().Write(kX, "1"), IsError(ErrorCode::kDenied));
  EXPECT_EQ(credentials_->rejections(), 3);
}

TEST_F(S3StoreTest, SaysWhichPermissionIsMissing) {
  Answer("PUT", S3ErrorResponse(403, "AccessDenied"));
  const Status write = store().Write(kX, "1");
  ASSERT_THAT(write, IsError(ErrorCode::kDenied));
  EXPECT_EQ(write.error().message(),
            "cannot write s3://bucket/x: 403 AccessDenied: the credentials need s3:PutObject on "
            "bucket/x");
  Answer("GET", S3ErrorResponse(403, "AccessDenied"));
  const Status list = store().List("s3://bucket/t", [](const ObjectInfo&) {});
  EXPECT_THAT(list.error().message(), HasSubstr("s3:ListBucket on bucket bucket"));
  EXPECT_EQ(credentials_->rejections(), 0);
}

TEST_F(S3StoreTest, KeepsSecretsOutOfErrors) {
  for (const char* echoed : {kPlantedSecret, kPlantedToken, "Credential=key1, Signature=planted"}) {
    for (const int status : {400, 403, 500}) {
      const std::string body = "<Error><Code>" + std::string(echoed) + "</Code><Message>You sent " +
                               echoed + "</Message><StringToSign>" + echoed +
                               "</StringToSign><Region>" + echoed + "</Region></Error>";
      Answer("PUT", {status, {{"x-amz-bucket-region", echoed}}, body}, 8);
      for (int i = 0; i < 8; ++i) {
        const Status failed = store().Write(kX, "1");
        if (!failed.ok()) {
          EXPECT_THAT(failed.error().message(), Not(HasSubstr("planted")));
        }
      }
    }
  }
  EXPECT_THAT(metrics_->Render(), Not(HasSubstr("planted")));
}

TEST_F(S3StoreTest, TellsAMissingBucket) {
  const Status status = store().Write("s3://other/x", "1");
  ASSERT_THAT(status, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(status.error().message(), HasSubstr("there is no bucket other"));
}

TEST_F(S3StoreTest, AStoreWithoutConditionsSaysSo) {
  Answer("PUT", S3ErrorResponse(501, "NotImplemented"));
  EXPECT_THAT(store().WriteIfAbsent(kX, "1"), IsError(ErrorCode::kUnsupported));
}

TEST_F(S3StoreTest, NeverMakesUpATime) {
  Answer("HEAD", {200, {{"content-length", "1"}}, ""}, 4);
  EXPECT_THAT(store().Stat(kX), IsError(ErrorCode::kTimeout));
}

TEST_F(S3StoreTest, ReadsHugeRanges) {
  ASSERT_THAT(store().Write(kX, "0123456789"), IsOk());
  EXPECT_EQ(store().ReadRange(kX, INT64_MAX, INT64_MAX).value(), "");
  EXPECT_EQ(store().ReadRange(kX, 8, INT64_MAX).value(), "89");
}

TEST_F(S3StoreTest, ABadEndpointIsReportedOnUse) {
  const auto bad = MakeS3Store({.endpoint = "http://user:planted@host"}, credentials_,
                               {http_, clock_, random_, *metrics_});
  const auto read = bad->Read(kX);
  ASSERT_THAT(read, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(read.error().message(), Not(HasSubstr("planted")));
}

TEST_F(S3StoreTest, TheProbeTellsStoresApart) {
  EXPECT_THAT(ProbeConditionalWrites(store(), "s3://bucket/w", random_), IsOk());
  EXPECT_EQ(server_.object_count(), 0U);
  server_.set_ignores_conditions(true);
  const Status status = ProbeConditionalWrites(store(), "s3://bucket/w", random_);
  ASSERT_THAT(status, IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(status.error().message(), HasSubstr("s3://bucket/w"));
  EXPECT_EQ(server_.object_count(), 0U);
  Answer("PUT", S3ErrorResponse(403, "AccessDenied"));
  EXPECT_THAT(ProbeConditionalWrites(store(), "s3://bucket/w", random_),
              IsError(ErrorCode::kDenied));
}

}  // namespace
}  // namespace kafka_iceberg::storage
