// SPDX-License-Identifier: Apache-2.0
//
// The latest version of a subject: SchemaSource::FindLatest() of both kinds of registries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "decode/registry/confluent_registry.h"
#include "decode/registry/fake_registry.h"
#include "decode/registry/glue_registry.h"

namespace kafka_iceberg::decode {
namespace {

using testing::HasSubstr;

constexpr const char* kLatest = "/subjects/orders-value/versions/latest";

class SubjectLookup : public testing::Test {
 protected:
  std::shared_ptr<SchemaSource> Open(const std::string& cache = "") {
    RegistryOptions options = registry_.Options();
    options.cache_directory = cache;
    options.subject_ttl = std::chrono::seconds(60);
    auto source = OpenConfluentRegistry(options, registry_.Context());
    EXPECT_THAT(source, IsOk());
    return *source;
  }
  void Register(const std::string& text) { registry_.bodies[kLatest] = FakeSchemaBody(text); }
  void GoAway() {
    registry_.intercept = [](const net::SentRequest&) {
      return std::optional<Result<net::HttpResponse>>(Error::Unavailable("cannot connect"));
    };
  }

  FakeRegistry registry_;
};

TEST_F(SubjectLookup, AsksForTheLatestVersionWithItsReferences) {
  registry_.bodies["/subjects/a%2Fb%20c/versions/latest"] =
      FakeSchemaBody("x", "PROTOBUF", FakeReferences({"other"}));
  registry_.bodies[FakeSubjectPath("other")] = FakeSchemaBody("y", "PROTOBUF");
  const auto schema = Open()->FindLatest("a/b c");
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ((*schema)->text, "x");
  EXPECT_EQ((*schema)->format, PayloadFormat::kProtobuf);
  EXPECT_EQ((*schema)->references.size(), 1U);
}

TEST_F(SubjectLookup, IsTheSameUntilItsTimeIsOver) {
  Register("one");
  const auto source = Open();
  const auto first = source->FindLatest("orders-value");
  Register("two");
  registry_.clock.Advance(std::chrono::seconds(59));
  EXPECT_EQ(*source->FindLatest("orders-value"), *first);
  EXPECT_EQ(registry_.requests(), 1);
  registry_.clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ((*source->FindLatest("orders-value"))->text, "two");
  EXPECT_EQ(registry_.requests(), 2);
}

TEST_F(SubjectLookup, AVersionThatStaysIsTheSamePointer) {
  Register("one");
  const auto source = Open();
  const auto first = source->FindLatest("orders-value");
  registry_.clock.Advance(std::chrono::minutes(2));
  EXPECT_EQ(*source->FindLatest("orders-value"), *first);
  EXPECT_EQ(registry_.requests(), 2);
}

TEST_F(SubjectLookup, AnUnknownSubjectIsRememberedForAWhile) {
  const auto source = Open();
  EXPECT_THAT(source->FindLatest("orders-value"), IsError(ErrorCode::kNotFound));
  Register("one");
  const auto again = source->FindLatest("orders-value");
  ASSERT_THAT(again, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(again.error().message(), HasSubstr("subject orders-value"));
  EXPECT_EQ(registry_.requests(), 1);
  registry_.clock.Advance(std::chrono::seconds(11));
  EXPECT_THAT(source->FindLatest("orders-value"), IsOk());
}

TEST_F(SubjectLookup, AnOutageIsNobodysAnswer) {
  GoAway();
  const auto source = Open();
  EXPECT_THAT(source->FindLatest("orders-value"), IsError(ErrorCode::kUnavailable));
  registry_.intercept = nullptr;
  Register("one");
  registry_.clock.Advance(std::chrono::minutes(5));  // its circuit has closed
  EXPECT_THAT(source->FindLatest("orders-value"), IsOk());
}

TEST_F(SubjectLookup, WhatIsKnownGoesOnDuringAnOutageAndAfterADeletion) {
  Register("one");
  const auto source = Open();
  const auto first = source->FindLatest("orders-value");
  registry_.clock.Advance(std::chrono::minutes(2));
  GoAway();
  EXPECT_EQ(*source->FindLatest("orders-value"), *first);
  EXPECT_GT(registry_.logger.CountAtLeast(telemetry::LogLevel::kWarn), 0);
  const int asked = registry_.requests();
  EXPECT_EQ(*source->FindLatest("orders-value"), *first);
  EXPECT_EQ(registry_.requests(), asked);  // not again at once
  registry_.intercept = nullptr;
  registry_.bodies.clear();
  registry_.clock.Advance(std::chrono::minutes(5));
  EXPECT_EQ(*source->FindLatest("orders-value"), *first);
  Register("two");
  registry_.clock.Advance(std::chrono::seconds(11));
  EXPECT_EQ((*source->FindLatest("orders-value"))->text, "two");
}

TEST_F(SubjectLookup, ARestartSurvivesAnOutage) {
  const FakeTemporaryFolder folder;
  Register("one");
  EXPECT_THAT(Open(folder.path())->FindLatest("orders-value"), IsOk());
  Register("two");
  EXPECT_EQ((*Open(folder.path())->FindLatest("orders-value"))->text, "two");
  GoAway();
  EXPECT_EQ((*Open(folder.path())->FindLatest("orders-value"))->text, "two");
  EXPECT_THAT(Open(folder.path())->FindLatest("others"), IsError(ErrorCode::kUnavailable));
}

TEST_F(SubjectLookup, ADeletedSubjectIsNotReadFromDisk) {
  const FakeTemporaryFolder folder;
  Register("one");
  EXPECT_THAT(Open(folder.path())->FindLatest("orders-value"), IsOk());
  registry_.bodies.clear();
  EXPECT_THAT(Open(folder.path())->FindLatest("orders-value"), IsError(ErrorCode::kNotFound));
}

TEST_F(SubjectLookup, OneThreadAsksForAll) {
  Register("one");
  std::atomic<int> waiting = 0;
  registry_.intercept = [&](const net::SentRequest&) -> std::optional<Result<net::HttpResponse>> {
    while (waiting < 4) std::this_thread::yield();
    return std::nullopt;
  };
  const auto source = Open();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        ++waiting;
        EXPECT_THAT(source->FindLatest("orders-value"), IsOk());
      });
    }
  }
  EXPECT_EQ(registry_.requests(), 1);
}

TEST_F(SubjectLookup, GlueIsAskedByTheNameOfASchema) {
  registry_.intercept = [](const net::SentRequest&) {
    return std::optional<Result<net::HttpResponse>>(FakeAnswer(
        200, R"({"SchemaVersionId":"0f8fad5b-d9cb-469f-a165-70867728950e","Status":"AVAILABLE",)"
             R"("DataFormat":"AVRO","SchemaDefinition":"\"long\""})"));
  };
  const auto source = OpenGlueRegistry(
      {.region = "eu-central-1"}, registry_.Context(),
      net::StaticAwsCredentials({.access_key_id = "AKID", .secret_access_key = "secret"}));
  ASSERT_THAT(source, IsOk());
  const auto schema = (*source)->FindLatest("mine/orders");
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ((*schema)->text, "\"long\"");
  EXPECT_THAT((*source)->FindLatest("orders"), IsOk());
  const auto body = [&](size_t i) {
    return nlohmann::json::parse(registry_.http.sent()[i].body)["SchemaId"].dump();
  };
  EXPECT_EQ(body(0), R"({"RegistryName":"mine","SchemaName":"orders"})");
  EXPECT_EQ(body(1), R"({"SchemaName":"orders"})");
  EXPECT_THAT(registry_.http.sent()[0].body, HasSubstr(R"("LatestVersion":true)"));
}

}  // namespace
}  // namespace kafka_iceberg::decode
