// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/glue_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "decode/registry/fake_registry.h"

namespace kafka_iceberg::decode {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kId = "0f8fad5b-d9cb-469f-a165-70867728950e";
constexpr const char* kSecret = "planted-secret-key";

std::string VersionBody(const std::string& format = "AVRO", const std::string& status = "AVAILABLE",
                        const std::string& id = kId) {
  return fmt::format(
      R"({{"SchemaVersionId":"{}","SchemaDefinition":"\"string\"","DataFormat":"{}","Status":"{}"}})",
      id, format, status);
}

std::string ErrorBody(const std::string& type) {
  return fmt::format(R"({{"__type":"com.amazonaws.glue#{}","Message":"{}"}})", type, kSecret);
}

class GlueRegistryTest : public testing::Test {
 protected:
  std::shared_ptr<SchemaSource> Open(const std::string& cache_directory = "") {
    auto source = OpenGlueRegistry(
        {.region = "eu-west-1", .cache_directory = cache_directory}, registry_.Context(),
        net::StaticAwsCredentials({.access_key_id = "AKID", .secret_access_key = kSecret}));
    EXPECT_THAT(source, IsOk());
    return *source;
  }
  void Answer(int status, const std::string& body) {
    registry_.intercept = [=](const net::SentRequest&) {
      return std::optional<Result<net::HttpResponse>>(FakeAnswer(status, body));
    };
  }

  FakeRegistry registry_;
};

TEST_F(GlueRegistryTest, AsksForASchemaByItsUuid) {
  Answer(200, VersionBody());
  const auto schema = Open()->Find("0F8FAD5B-D9CB-469F-A165-70867728950E");
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ((*schema)->format, PayloadFormat::kAvro);
  EXPECT_EQ((*schema)->text, "\"string\"");
  ASSERT_EQ(registry_.requests(), 1);
  const net::SentRequest sent = registry_.http.sent()[0];
  EXPECT_EQ(sent.url, "https://glue.eu-west-1.amazonaws.com/");
  EXPECT_EQ(sent.body, fmt::format(R"({{"SchemaVersionId":"{}"}})", kId));
}

TEST_F(GlueRegistryTest, ReadsEveryFormat) {
  for (const auto& [name, format] : {std::pair("PROTOBUF", PayloadFormat::kProtobuf),
                                     std::pair("JSON", PayloadFormat::kJsonSchema)}) {
    Answer(200, VersionBody(name));
    const auto schema = Open()->Find(kId);
    ASSERT_THAT(schema, IsOk());
    EXPECT_EQ((*schema)->format, format);
  }
}

TEST_F(GlueRegistryTest, AsksOnce) {
  Answer(200, VersionBody());
  const auto source = Open();
  EXPECT_THAT(source->Find(kId), IsOk());
  EXPECT_THAT(source->Find(kId), IsOk());
  EXPECT_EQ(registry_.requests(), 1);
  EXPECT_EQ(registry_.Hits("memory"), 1);
}

TEST_F(GlueRegistryTest, KnowsAfterARestartWhatItKnew) {
  const FakeTemporaryFolder folder;
  Answer(200, VersionBody());
  EXPECT_THAT(Open(folder.path())->Find(kId), IsOk());
  Answer(503, "");
  EXPECT_THAT(Open(folder.path())->Find(kId), IsOk());
  EXPECT_EQ(registry_.requests(), 1);
}

TEST_F(GlueRegistryTest, AnUnknownSchemaIsAVerdictForAWhile) {
  Answer(400, ErrorBody("EntityNotFoundException"));
  const auto source = Open();
  EXPECT_THAT(source->Find(kId), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(source->Find(kId), IsError(ErrorCode::kNotFound));
  EXPECT_EQ(registry_.requests(), 1);
  registry_.clock.Advance(std::chrono::seconds(11));
  Answer(200, VersionBody());
  EXPECT_THAT(source->Find(kId), IsOk());
}

TEST_F(GlueRegistryTest, IsNotAskedForNumbersAndGarbage) {
  EXPECT_THAT(Open()->Find(7), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(Open()->Find("not a uuid"), IsError(ErrorCode::kNotFound));
  EXPECT_EQ(registry_.requests(), 0);
}

TEST_F(GlueRegistryTest, RecordsWaitWhileItCannotAnswer) {
  for (const auto& [status, body] :
       {std::pair(500, std::string("oops")), std::pair(503, std::string()),
        std::pair(400, ErrorBody("ThrottlingException")), std::pair(200, std::string("<html>")),
        std::pair(403, ErrorBody("AccessDeniedException")), std::pair(404, std::string("page")),
        std::pair(400, ErrorBody("ExpiredTokenException")),
        std::pair(200, VersionBody("AVRO", "PENDING"))}) {
    Answer(status, body);
    EXPECT_THAT(Open()->Find(kId), IsError(ErrorCode::kUnavailable)) << status << body;
  }
}

TEST_F(GlueRegistryTest, TriesAgainWhileItFails) {
  int requests = 0;
  registry_.intercept = [&](const net::SentRequest&) {
    return std::optional<Result<net::HttpResponse>>(
        ++requests < 3 ? FakeAnswer(503) : FakeAnswer(200, VersionBody()));
  };
  EXPECT_THAT(Open()->Find(kId), IsOk());
}

TEST_F(GlueRegistryTest, AnUnfitSchemaIsAVerdict) {
  Answer(200, VersionBody("AVRO", "FAILURE"));
  EXPECT_THAT(Open()->Find(kId), IsError(ErrorCode::kUnsupported));
  Answer(200, VersionBody("THRIFT"));
  EXPECT_THAT(Open()->Find(kId), IsError(ErrorCode::kUnsupported));
  Answer(200, VersionBody("AVRO", "AVAILABLE", "00000000-0000-0000-0000-000000000000"));
  EXPECT_THAT(Open()->Find(kId), IsError(ErrorCode::kCorrupt));
}

TEST_F(GlueRegistryTest, SaysWhichPermissionIsMissingAndNoSecret) {
  Answer(403, ErrorBody("AccessDeniedException"));
  const auto schema = Open()->Find(kId);
  ASSERT_FALSE(schema.ok());
  EXPECT_THAT(schema.error().message(), HasSubstr("glue:GetSchemaVersion"));
  EXPECT_THAT(schema.error().message(), Not(HasSubstr(kSecret)));
}

}  // namespace
}  // namespace kafka_iceberg::decode
