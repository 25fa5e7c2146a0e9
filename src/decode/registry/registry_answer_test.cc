// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/registry_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "decode/registry/fake_registry.h"

namespace kafka_iceberg::decode {
namespace {

Result<RegistrySchema> Read(const std::string& body, const AskedFor& asked = {}) {
  return ReadRegistryAnswer(FakeAnswer(200, body), asked).schema;
}

TEST(RegistryAnswer, KnowsTheThreeTypes) {
  EXPECT_EQ(Read(R"({"schema":"x"})")->format, PayloadFormat::kAvro);
  EXPECT_EQ(Read(R"({"schema":"x","schemaType":null})")->format, PayloadFormat::kAvro);
  EXPECT_EQ(Read(FakeSchemaBody("x", "PROTOBUF"))->format, PayloadFormat::kProtobuf);
  EXPECT_EQ(Read(FakeSchemaBody("x", "JSON"))->format, PayloadFormat::kJsonSchema);
  EXPECT_THAT(Read(FakeSchemaBody("x", "XML")), IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(Read(R"({"schema":"x","schemaType":3})"), IsError(ErrorCode::kCorrupt));
}

TEST(RegistryAnswer, GarbageIsAnOutage) {
  for (const char* body : {"", "null", "[]", "\"x\"", "{}", R"({"schema":3})", R"({"schema":"x")",
                           "<html></html>", "{\"schema\":\"\xff\"}"}) {
    const auto answer = ReadRegistryAnswer(FakeAnswer(200, body), {});
    EXPECT_THAT(answer.schema, IsError(ErrorCode::kUnavailable)) << body;
    EXPECT_TRUE(answer.is_server_failing);
  }
  EXPECT_THAT(Read(std::string(100'000, '[')), IsError(ErrorCode::kUnavailable));
}

TEST(RegistryAnswer, FindsOutWhatWasNotAskedFor) {
  const AskedFor seven{.id = 7};
  EXPECT_THAT(Read(R"({"schema":"x","id":7})", seven), IsOk());
  EXPECT_THAT(Read(R"({"schema":"x","id":8})", seven), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(Read(R"({"schema":"x","id":"7"})", seven), IsError(ErrorCode::kCorrupt));
  const AskedFor guid{.guid = "0f"};
  EXPECT_THAT(Read(R"({"schema":"x","guid":"0F","id":8})", guid), IsOk());
  EXPECT_THAT(Read(R"({"schema":"x","guid":"1f"})", guid), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(Read(R"({"schema":"x","guid":15})", guid), IsError(ErrorCode::kCorrupt));
  const AskedFor version{.version = 2};
  EXPECT_THAT(Read(R"({"schema":"x","version":2,"id":8})", version), IsOk());
  EXPECT_THAT(Read(R"({"schema":"x","version":3})", version), IsError(ErrorCode::kCorrupt));
}

TEST(RegistryAnswer, LimitsTheText) {
  EXPECT_THAT(Read(FakeSchemaBody(std::string(kRegistrySchemaBytesMax, 'x'))), IsOk());
  EXPECT_THAT(Read(FakeSchemaBody(std::string(kRegistrySchemaBytesMax + 1, 'x'))),
              IsError(ErrorCode::kCorrupt));
}

TEST(RegistryAnswer, RefusesBrokenReferences) {
  for (const char* list :
       {"3", "{}", "[3]", "[{}]", R"([{"name":"a","subject":"s"}])",
        R"([{"name":"a","subject":"","version":1}])", R"([{"name":3,"subject":"s","version":1}])",
        R"([{"name":"a","subject":"s","version":0}])",
        R"([{"name":"a","subject":"s","version":-1}])",
        R"([{"name":"a","subject":"s","version":1.5}])",
        R"([{"name":"a","subject":"s","version":99999999999}])"}) {
    EXPECT_THAT(Read(FakeSchemaBody("x", "AVRO", list)), IsError(ErrorCode::kCorrupt)) << list;
  }
  EXPECT_THAT(Read(FakeSchemaBody("x", "AVRO", FakeReferences(std::vector<std::string>(257, "a")))),
              IsError(ErrorCode::kUnsupported));
}

TEST(RegistryAnswer, OnlyTheRegistryItselfSaysNotFound) {
  const auto code_of = [](const std::string& body) {
    return ReadRegistryAnswer(FakeAnswer(404, body), {}).schema.error().code();
  };
  for (const char* code : {"40401", "40402", "40403"})
    EXPECT_EQ(code_of(fmt::format(R"({{"error_code":{}}})", code)), ErrorCode::kNotFound);
  for (const char* body :
       {"", "not found", R"({"error_code":404})", R"({"error_code":"40403"})", R"([40403])"})
    EXPECT_EQ(code_of(body), ErrorCode::kUnavailable) << body;
}

}  // namespace
}  // namespace kafka_iceberg::decode
