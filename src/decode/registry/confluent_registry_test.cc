// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/confluent_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "decode/registry/bounded_cache.h"
#include "decode/registry/fake_registry.h"

namespace kafka_iceberg::decode {
namespace {

using testing::HasSubstr;

constexpr const char* kGuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

class ConfluentRegistryTest : public testing::Test {
 protected:
  std::shared_ptr<SchemaSource> Open(const RegistryOptions& options) {
    auto source = OpenConfluentRegistry(options, registry_.Context());
    EXPECT_THAT(source, IsOk());
    return *source;
  }
  std::shared_ptr<SchemaSource> Open() { return Open(registry_.Options()); }

  void Intercept(std::function<Result<net::HttpResponse>(const net::SentRequest&)> answer) {
    registry_.intercept = [answer = std::move(answer)](const net::SentRequest& sent) {
      return std::optional<Result<net::HttpResponse>>(answer(sent));
    };
  }
  void GoAway() {
    Intercept([](const net::SentRequest&) { return Error::Unavailable("cannot connect"); });
  }

  FakeRegistry registry_;
};

TEST_F(ConfluentRegistryTest, FindsASchemaByNumber) {
  registry_.bodies["/schemas/ids/7"] = R"({"schema":"\"string\""})";
  const auto schema = Open()->Find(7);
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ((*schema)->format, PayloadFormat::kAvro);
  EXPECT_EQ((*schema)->text, "\"string\"");
  EXPECT_EQ(registry_.http.sent()[0].url, "https://registry.test/api/schemas/ids/7");
  EXPECT_EQ(registry_.Counted("ok"), 1);
}

TEST_F(ConfluentRegistryTest, FindsASchemaByGuid) {
  registry_.bodies[std::string("/schemas/guids/") + kGuid] = FakeSchemaBody("{}", "JSON");
  const auto schema = Open()->Find("0F8FAD5B-D9CB-469F-A165-70867728950E");
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ((*schema)->format, PayloadFormat::kJsonSchema);
}

TEST_F(ConfluentRegistryTest, NeverAsksForWhatCannotBeAnId) {
  auto source = Open();
  EXPECT_THAT(source->Find(-1), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(source->Find("../../subjects"), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(source->Find("0f8fad5b-d9cb-469f-a165-70867728950/"), IsError(ErrorCode::kNotFound));
  EXPECT_EQ(registry_.requests(), 0);
}

TEST_F(ConfluentRegistryTest, AsksOnceForEver) {
  registry_.bodies["/schemas/ids/7"] = FakeSchemaBody("x");
  auto source = Open();
  ASSERT_THAT(source->Find(7), IsOk());
  registry_.clock.Advance(std::chrono::hours(1000));
  GoAway();
  EXPECT_THAT(source->Find(7), IsOk());
  EXPECT_EQ(registry_.requests(), 1);
  EXPECT_EQ(registry_.Hits("memory"), 1);
}

TEST_F(ConfluentRegistryTest, RemembersAnUnknownIdForAWhile) {
  auto source = Open();
  EXPECT_THAT(source->Find(7), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(source->Find(7), IsError(ErrorCode::kNotFound));
  EXPECT_EQ(registry_.requests(), 1);
  registry_.bodies["/schemas/ids/7"] = FakeSchemaBody("x");
  registry_.clock.Advance(std::chrono::seconds(10));
  EXPECT_THAT(source->Find(7), IsOk());
}

TEST_F(ConfluentRegistryTest, DoesNotRememberAnOutage) {
  registry_.bodies["/schemas/ids/7"] = FakeSchemaBody("x");
  auto source = Open();
  GoAway();
  EXPECT_THAT(source->Find(7), IsError(ErrorCode::kUnavailable));
  registry_.intercept = nullptr;
  EXPECT_THAT(source->Find(7), IsOk());
}

TEST_F(ConfluentRegistryTest, AppendsReferencesBeforeTheirUsers) {
  registry_.bodies["/schemas/ids/7"] = FakeSchemaBody("root", "PROTOBUF", FakeReferences({"a"}));
  registry_.bodies[FakeSubjectPath("a")] = FakeSchemaBody("A", "PROTOBUF", FakeReferences({"b/c"}));
  registry_.bodies[FakeSubjectPath("b/c")] = FakeSchemaBody("C", "PROTOBUF");
  const auto schema = Open()->Find(7);
  ASSERT_THAT(schema, IsOk());
  ASSERT_EQ((*schema)->references.size(), 2U);
  EXPECT_EQ((*schema)->references[0].name, "b/c");
  EXPECT_EQ((*schema)->references[0].text, "C");
  EXPECT_EQ((*schema)->references[1].name, "a");
  EXPECT_THAT(registry_.http.sent()[2].url, HasSubstr("/subjects/b%2Fc/versions/1"));
}

TEST_F(ConfluentRegistryTest, AsksForASharedReferenceOnce) {
  registry_.bodies["/schemas/ids/1"] = FakeSchemaBody("x", "AVRO", FakeReferences({"a"}));
  registry_.bodies["/schemas/ids/2"] = FakeSchemaBody("y", "AVRO", FakeReferences({"a"}));
  registry_.bodies[FakeSubjectPath("a")] = FakeSchemaBody("A");
  auto source = Open();
  ASSERT_THAT(source->Find(1), IsOk());
  ASSERT_THAT(source->Find(2), IsOk());
  EXPECT_EQ(registry_.requests(), 3);
}

TEST_F(ConfluentRegistryTest, IsOutOfTimeWhenReferencesTakeTooLong) {
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) {
    names.push_back("r" + std::to_string(i));
    registry_.bodies[FakeSubjectPath(names.back())] = FakeSchemaBody(names.back());
  }
  registry_.bodies["/schemas/ids/7"] = FakeSchemaBody("x", "AVRO", FakeReferences(names));
  registry_.intercept = [&](const net::SentRequest&) {
    registry_.clock.Advance(std::chrono::seconds(4));
    return std::nullopt;
  };
  EXPECT_THAT(Open()->Find(7), IsError(ErrorCode::kTimeout));
  EXPECT_EQ(registry_.requests(), 8);
}

TEST_F(ConfluentRegistryTest, ThreadsShareOneRequest) {
  constexpr int kThreads = 8;
  std::atomic<int> started = 0;
  registry_.bodies["/schemas/ids/7"] = FakeSchemaBody("x");
  registry_.intercept = [&](const net::SentRequest&) {
    while (started < kThreads) std::this_thread::yield();
    return std::nullopt;
  };
  auto source = Open();
  std::atomic<int> found = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        ++started;
        if (source->Find(7).ok()) ++found;
      });
    }
  }
  EXPECT_EQ(found, kThreads);
  EXPECT_EQ(registry_.requests(), 1);
}

TEST_F(ConfluentRegistryTest, DifferentIdsDoNotWaitForEachOther) {
  std::atomic<int> inside = 0;
  registry_.bodies["/schemas/ids/1"] = FakeSchemaBody("x");
  registry_.bodies["/schemas/ids/2"] = FakeSchemaBody("y");
  registry_.intercept = [&](const net::SentRequest&) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
    return std::nullopt;
  };
  auto source = Open();
  const std::jthread other([&] { EXPECT_THAT(source->Find(1), IsOk()); });
  EXPECT_THAT(source->Find(2), IsOk());
}

class ConfluentRegistryOnDisk : public ConfluentRegistryTest {
 protected:
  RegistryOptions Options() const {
    RegistryOptions options = registry_.Options();
    options.cache_directory = folder_.path() + "/cache";
    return options;
  }
  std::vector<std::filesystem::path> Files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
      if (entry.is_regular_file()) files.push_back(entry.path());
    return files;
  }
  void FillDisk() {
    registry_.bodies["/schemas/ids/7"] =
        FakeSchemaBody("r\u00e9", "PROTOBUF", FakeReferences({"a"}));
    registry_.bodies[FakeSubjectPath("a")] = FakeSchemaBody("A", "PROTOBUF");
    ASSERT_THAT(Open(Options())->Find(7), IsOk());
    ASSERT_EQ(Files().size(), 1U);
  }

  FakeTemporaryFolder folder_;
};

TEST_F(ConfluentRegistryOnDisk, AStartNeedsNoRegistry) {
  ASSERT_NO_FATAL_FAILURE(FillDisk());
  GoAway();
  const auto schema = Open(Options())->Find(7);
  ASSERT_THAT(schema, IsOk());
  EXPECT_EQ((*schema)->format, PayloadFormat::kProtobuf);
  EXPECT_EQ((*schema)->text, "r\u00e9");
  ASSERT_EQ((*schema)->references.size(), 1U);
  EXPECT_EQ((*schema)->references[0].name, "a");
  EXPECT_EQ((*schema)->references[0].text, "A");
  EXPECT_EQ(registry_.Hits("disk"), 1);
  EXPECT_EQ(registry_.requests(), 2);
}

TEST_F(ConfluentRegistryOnDisk, AnotherRegistryHasItsOwnSchemas) {
  ASSERT_NO_FATAL_FAILURE(FillDisk());
  GoAway();
  RegistryOptions options = Options();
  options.urls = {"https://other.test/api"};
  EXPECT_THAT(Open(options)->Find(7), IsError(ErrorCode::kUnavailable));
}

TEST_F(ConfluentRegistryOnDisk, ASlashAtTheEndMakesNoOtherRegistry) {
  ASSERT_NO_FATAL_FAILURE(FillDisk());
  GoAway();
  RegistryOptions options = Options();
  options.urls = {std::string("HTTPS://Registry.test/api") + "/"};
  EXPECT_THAT(Open(options)->Find(7), IsOk());
}

TEST_F(ConfluentRegistryOnDisk, EveryDamageIsFoundAndRepaired) {
  ASSERT_NO_FATAL_FAILURE(FillDisk());
  const auto path = Files()[0];
  std::string good(std::filesystem::file_size(path), '\0');
  std::ifstream(path).read(good.data(), static_cast<std::streamsize>(good.size()));
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == 'x' ? 'y' : 'x';
    std::ofstream(path) << bad;
    const int before = registry_.requests();
    const auto schema = Open(Options())->Find(7);
    ASSERT_THAT(schema, IsOk());
    ASSERT_EQ((*schema)->text, "r\u00e9") << at;
    ASSERT_EQ(registry_.requests(), before + 2) << at;
  }
  std::ofstream(path) << good.substr(0, good.size() / 2);
  EXPECT_THAT(Open(Options())->Find(7), IsOk());
  EXPECT_EQ(registry_.Hits("disk"), 0);
  GoAway();
  EXPECT_THAT(Open(Options())->Find(7), IsOk());
  EXPECT_EQ(registry_.Hits("disk"), 1);
}

TEST_F(ConfluentRegistryOnDisk, ARenamedFileIsNoOtherSchema) {
  ASSERT_NO_FATAL_FAILURE(FillDisk());
  const auto path = Files()[0];
  std::filesystem::rename(path, path.parent_path() / "8.json");
  GoAway();
  EXPECT_THAT(Open(Options())->Find(8), IsError(ErrorCode::kUnavailable));
}

TEST_F(ConfluentRegistryOnDisk, RemovesWhatADeadProcessLeft) {
  ASSERT_NO_FATAL_FAILURE(FillDisk());
  const auto left = Files()[0].parent_path() / "9.abc.tmp";
  std::ofstream(left) << "half";
  Open(Options());
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(Files().size(), 1U);
}

TEST_F(ConfluentRegistryOnDisk, WorksWhenNothingCanBeWritten) {
  auto source = Open(Options());
  std::filesystem::remove_all(folder_.path() + "/cache");
  registry_.bodies["/schemas/ids/7"] = FakeSchemaBody("x");
  EXPECT_THAT(source->Find(7), IsOk());
  EXPECT_EQ(registry_.logger.CountAtLeast(telemetry::LogLevel::kWarn), 1);
}

TEST_F(ConfluentRegistryOnDisk, FailsToOpenWhereNoFolderCanBe) {
  RegistryOptions options = registry_.Options();
  options.cache_directory = folder_.path() + "/file";
  std::ofstream(options.cache_directory) << "x";
  EXPECT_THAT(OpenConfluentRegistry(options, registry_.Context()), IsError(ErrorCode::kIo));
}

TEST(BoundedCache, GivesUpWhatWasNotUsedForLongest) {
  BoundedCache<std::string> cache(3000);
  for (const char* key : {"a", "b"}) cache.Put(key, std::make_shared<const std::string>(key), 1000);
  EXPECT_NE(cache.Find("a"), nullptr);
  cache.Put("c", std::make_shared<const std::string>("c"), 1000);
  EXPECT_EQ(cache.Find("b"), nullptr);
  EXPECT_NE(cache.Find("a"), nullptr);
  cache.Put("large", std::make_shared<const std::string>("x"), 4000);
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace kafka_iceberg::decode
