// SPDX-License-Identifier: Apache-2.0
//
// Uploads in parts, listings and batch deletes when the server fails or lies.
#include "storage/s3/fake_s3_fixture.h"
#include "storage/s3/s3_listing.h"

namespace kafka_iceberg::storage {
namespace {

using testing::HasSubstr;

class S3WriterTest : public S3Fixture {
 protected:
  // 2500 bytes: three parts of up to 1000.
  Result<WrittenObject> WriteLarge() {
    auto writer = TRY(store().OpenWriter(kX));
    for (int i = 0; i < 25; ++i) TRY(writer->Append(std::string(100, static_cast<char>('a' + i))));
    return writer->Finish();
  }
  std::string Large() {
    std::string bytes;
    for (int i = 0; i < 25; ++i) bytes += std::string(100, static_cast<char>('a' + i));
    return bytes;
  }
};

TEST_F(S3WriterTest, WhatFitsInOnePartIsOneRequest) {
  auto writer = store().OpenWriter(kX).value();
  ASSERT_THAT(writer->Append(std::string(1000, 'x')), IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  EXPECT_EQ(http_.sent().size(), 1U);
}

TEST_F(S3WriterTest, PartsGoUpWhileDataIsAppended) {
  Reopen({.server_side_encryption = "AES256", .part_bytes = 1000});
  auto writer = store().OpenWriter(kX).value();
  ASSERT_THAT(writer->Append(std::string(3500, 'x')), IsOk());
  EXPECT_EQ(Sent("PUT", "partNumber=3"), 1);
  ASSERT_THAT(writer->Finish(), IsOk());
  EXPECT_EQ(Sent("PUT", "partNumber="), 4);
  EXPECT_EQ(http_.sent().front().Header("x-amz-server-side-encryption"), "AES256");
  EXPECT_EQ(http_.sent().front().Header("x-amz-checksum-algorithm"), "SHA256");
  EXPECT_EQ(store().Read(kX).value(), std::string(3500, 'x'));
}

TEST_F(S3WriterTest, APartIsRepeatedWithTheSameBytes) {
  Lose("PUT", "partNumber=2", false);
  server_.Inject({.method = "PUT",
                  .url_contains = "partNumber=1",
                  .answer = S3ErrorResponse(503, "SlowDown")});
  ASSERT_THAT(WriteLarge(), IsOk());
  EXPECT_EQ(store().Read(kX).value(), Large());
  EXPECT_EQ(Sent("PUT", "partNumber=2"), 2);
}

TEST_F(S3WriterTest, AFailedPartEndsAndAborts) {
  server_.Inject({.method = "PUT",
                  .url_contains = "partNumber=2",
                  .answer = S3ErrorResponse(403, "AccessDenied")});
  {
    auto writer = store().OpenWriter(kX).value();
    ASSERT_THAT(writer->Append(std::string(1500, 'x')), IsOk());
    EXPECT_THAT(writer->Append(std::string(1000, 'x')), IsError(ErrorCode::kDenied));
    EXPECT_FALSE(writer->Append("x").ok());
    EXPECT_FALSE(writer->Finish().ok());
    EXPECT_EQ(server_.open_uploads(), 1U);
  }
  EXPECT_EQ(server_.open_uploads(), 0U);
  EXPECT_EQ(server_.object_count(), 0U);
}

TEST_F(S3WriterTest, ALostCompletionIsLookedUp) {
  Lose("POST", "uploadId", /*is_applied=*/true, 4);
  ASSERT_THAT(WriteLarge(), IsOk());
  EXPECT_EQ(Sent("HEAD"), 1);
  EXPECT_EQ(store().Read(kX).value(), Large());
}

TEST_F(S3WriterTest, TheEchoOfItsOwnCompletionIsLookedUp) {
  Lose("POST", "uploadId", /*is_applied=*/true);  // the second try meets NoSuchUpload
  ASSERT_THAT(WriteLarge(), IsOk());
  EXPECT_EQ(Sent("POST", "uploadId"), 2);
  EXPECT_EQ(Sent("HEAD"), 1);
}

TEST_F(S3WriterTest, ALostCompletionThatDidNotHappenIsRepeated) {
  Lose("POST", "uploadId", /*is_applied=*/false);
  ASSERT_THAT(WriteLarge(), IsOk());
  EXPECT_EQ(Sent("HEAD"), 0);
}

TEST_F(S3WriterTest, ACompletionThatNeverComesIsAnError) {
  Lose("POST", "uploadId", /*is_applied=*/false, 4);
  EXPECT_THAT(WriteLarge(), IsError(ErrorCode::kTimeout));
  // It may happen yet: nothing is taken back.
  EXPECT_EQ(Sent("DELETE"), 0);
}

TEST_F(S3WriterTest, AnObjectOfAnotherSizeIsNotOurs) {
  ASSERT_THAT(store().Write(kX, "other"), IsOk());
  Lose("POST", "uploadId", /*is_applied=*/false, 4);
  EXPECT_THAT(WriteLarge(), IsError(ErrorCode::kTimeout));
}

TEST_F(S3WriterTest, AnErrorInsideASuccessIsAnError) {
  server_.Inject({.method = "POST",
                  .url_contains = "uploadId",
                  .answer = S3ErrorResponse(200, "InternalError"),
                  .times = 4});
  EXPECT_THAT(WriteLarge(), IsError(ErrorCode::kUnavailable));
  server_.Inject({.method = "POST",
                  .url_contains = "uploadId",
                  .answer = S3ErrorResponse(200, "InternalError")});
  EXPECT_THAT(WriteLarge(), IsOk());
}

TEST_F(S3WriterTest, AnUnreadableSuccessIsNone) {
  for (const char* body : {"", "<html/>", "<CompleteMultipartUploadResult>"}) {
    server_.Inject({.method = "POST",
                    .url_contains = "uploadId",
                    .answer = net::HttpResponse{200, {}, body},
                    .times = 4});
    EXPECT_THAT(WriteLarge(), IsError(ErrorCode::kTimeout)) << body;
  }
}

TEST_F(S3WriterTest, ARefusedCompletionIsAborted) {
  server_.Inject({.method = "POST",
                  .url_contains = "uploadId",
                  .answer = S3ErrorResponse(400, "InvalidPart")});
  EXPECT_THAT(WriteLarge(), IsError(ErrorCode::kInvalid));
  EXPECT_EQ(server_.open_uploads(), 0U);
}

using S3ListTest = S3Fixture;

TEST_F(S3ListTest, RefusesLies) {
  const auto entry = [](const std::string& key, const std::string& size, const std::string& time) {
    return "<Contents><Key>" + key + "</Key><Size>" + size + "</Size><LastModified>" + time +
           "</LastModified></Contents>";
  };
  const std::string time = "2026-01-08T14:30:00.000Z";
  const auto parse = [](const std::string& inner) {
    return ParseListPage("<ListBucketResult>" + inner + "</ListBucketResult>", "t/");
  };
  EXPECT_THAT(parse(entry("t/x", "1", time)), IsOk());
  EXPECT_THAT(parse(entry("other", "1", time)), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(parse(entry("t/x", "-1", time)), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(parse(entry("t/x", "", time)), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(parse(entry("t/x", "1", "yesterday")), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(parse("<IsTruncated>true</IsTruncated>"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(parse("<EncodingType>url</EncodingType>" + entry("t/%", "1", time)),
              IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(ParseListPage("<html/>", ""), IsError(ErrorCode::kCorrupt));
  EXPECT_EQ(parse(entry("t/a+b%20", "1", time)).value().objects.front().key, "t/a+b%20");
}

TEST_F(S3ListTest, EndsWhenAPageRepeats) {
  server_.Inject(
      {.method = "GET",
       .answer =
           net::HttpResponse{200,
                             {},
                             "<ListBucketResult><IsTruncated>true</IsTruncated>"
                             "<NextContinuationToken>t</NextContinuationToken></ListBucketResult>"},
       .times = 1000});
  EXPECT_THAT(store().List("s3://bucket/t", [](const ObjectInfo&) {}),
              IsError(ErrorCode::kCorrupt));
  EXPECT_EQ(Sent("GET"), 2);
}

TEST_F(S3ListTest, AFolderMarkerIsNotBelowItself) {
  ASSERT_THAT(store().Write("s3://bucket/t/", ""), IsOk());
  ASSERT_THAT(store().Write("s3://bucket/t/empty/", ""), IsOk());
  ASSERT_THAT(store().Write("s3://bucket/t/x", "1"), IsOk());
  std::vector<std::string> listed;
  ASSERT_THAT(store().List("s3://bucket/t",
                           [&](const ObjectInfo& object) { listed.push_back(object.location); }),
              IsOk());
  EXPECT_THAT(listed, testing::ElementsAre("s3://bucket/t/empty/", "s3://bucket/t/x"));
  ASSERT_THAT(store().DeleteEmptyFolders("s3://bucket/t"), IsOk());
  EXPECT_EQ(store().Read("s3://bucket/t/").value(), "");  // it holds x
  EXPECT_THAT(store().Stat("s3://bucket/t/empty/"), IsError(ErrorCode::kNotFound));
  EXPECT_EQ(store().Read("s3://bucket/t/x").value(), "1");
}

class S3DeleteTest : public S3Fixture {
 protected:
  std::vector<std::string> Make(int count) {
    std::vector<std::string> locations;
    for (int i = 0; i < count; ++i) {
      locations.push_back("s3://bucket/t/" + std::to_string(i));
      EXPECT_THAT(store().Write(locations.back(), "1"), IsOk());
    }
    return locations;
  }
};

TEST_F(S3DeleteTest, TakesAThousandAtATime) {
  ASSERT_THAT(store().DeleteMany(Make(2001)), IsOk());
  EXPECT_EQ(server_.object_count(), 0U);
  EXPECT_EQ(Sent("POST"), 2);
  EXPECT_EQ(Sent("DELETE"), 1);
}

TEST_F(S3DeleteTest, AsksOneByOneWhereThereIsNoBatch) {
  Answer("POST", S3ErrorResponse(501, "NotImplemented"));
  ASSERT_THAT(store().DeleteMany(Make(3)), IsOk());
  EXPECT_EQ(server_.object_count(), 0U);
}

TEST_F(S3DeleteTest, NamesTheKeyThatWasRefused) {
  const auto locations = Make(3);
  Answer("POST",
         {200,
          {},
          "<DeleteResult><Error><Key>t/1</Key><Code>AccessDenied</Code></Error></DeleteResult>"});
  Answer("DELETE", S3ErrorResponse(403, "AccessDenied"));
  const Status status = store().DeleteMany(locations);
  ASSERT_THAT(status, IsError(ErrorCode::kDenied));
  EXPECT_THAT(status.error().message(), HasSubstr("s3:DeleteObject on bucket/t/1"));
}

TEST_F(S3DeleteTest, DeletesNothingThatWasNotAskedFor) {
  const auto locations = Make(3);
  ASSERT_THAT(store().Write(kX, "kept"), IsOk());
  Answer("POST", {200, {}, "<DeleteResult><Error><Key>x</Key></Error></DeleteResult>"});
  EXPECT_THAT(store().DeleteMany(locations), IsError(ErrorCode::kCorrupt));
  EXPECT_EQ(store().Read(kX).value(), "kept");
}

}  // namespace
}  // namespace kafka_iceberg::storage
