// SPDX-License-Identifier: Apache-2.0
//
// S3Store against a real server, named by the environment; without one the run fails. Not part of
// ctest: whoever starts the server runs it.
#include <cstdlib>
#include <iostream>

#include "core/random.h"
#include "net/curl_client.h"
#include "storage/conditional_write_probe.h"
#include "storage/object_store_conformance.h"
#include "storage/s3/s3_store.h"

namespace kafka_iceberg::storage {
namespace {

struct Server {
  std::string endpoint;
  std::string bucket;
  std::string access_key;
  std::string secret_key;
};

// False when something is missing.
bool ReadEnvironment(Server& server) {
  const std::pair<const char*, std::string*> variables[] = {
      {"KAFKA_ICEBERG_TEST_S3_ENDPOINT", &server.endpoint},
      {"KAFKA_ICEBERG_TEST_S3_BUCKET", &server.bucket},
      {"KAFKA_ICEBERG_TEST_S3_ACCESS_KEY", &server.access_key},
      {"KAFKA_ICEBERG_TEST_S3_SECRET_KEY", &server.secret_key}};
  for (const auto& [name, value] : variables) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') {
      std::cerr << "set " << name << " to reach the server under test\n";
      return false;
    }
    *value = text;
  }
  return true;
}

Server& TheServer() {
  static Server server;
  return server;
}

// A folder of its own in the server's bucket; what was written there is removed at the end.
class S3UnderTest final : public ObjectStoreUnderTest {
 public:
  explicit S3UnderTest(std::string secret_key = TheServer().secret_key)
      : folder_("s3://" + TheServer().bucket + "/test-" + NewUuid(random_)),
        http_(net::MakeCurlClient({.connections = 32}, clock_).value()),
        store_(MakeS3Store(
            {.endpoint = TheServer().endpoint, .part_bytes = 5 << 20},
            net::StaticAwsCredentials({TheServer().access_key, std::move(secret_key), "", {}}),
            {*http_, clock_, random_, *metrics_})) {}
  ~S3UnderTest() override {
    std::vector<std::string> locations;
    (void)store_->List(folder_,
                       [&](const ObjectInfo& object) { locations.push_back(object.location); });
    (void)store_->DeleteMany(locations);
  }

  ObjectStore& store() override { return *store_; }
  std::string folder() override { return folder_; }
  Random& random() { return random_; }

 private:
  SystemClock clock_;
  SystemRandom random_;
  const std::string folder_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<ObjectStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Server, ObjectStoreConformance,
                         testing::Values(ObjectStoreMaker{
                             "S3", [] { return std::make_unique<S3UnderTest>(); }}),
                         [](const auto& instance) { return instance.param.name; });

std::string RandomBytes(size_t size, uint64_t seed) {
  SeededRandom random(seed);
  std::string bytes(size, '\0');
  for (size_t i = 0; i + 8 <= size; i += 8) {
    const uint64_t word = random.Next();
    std::copy_n(reinterpret_cast<const char*>(&word), 8, bytes.data() + i);
  }
  return bytes;
}

class S3Server : public testing::Test {
 protected:
  ObjectStore& store() { return under_test_.store(); }
  std::string At(const std::string& name) { return under_test_.folder() + "/" + name; }

  S3UnderTest under_test_;
};

TEST_F(S3Server, OfSixteenCreatorsOneWins) {
  for (int round = 0; round < 10; ++round) {
    const std::string location = At("race/" + std::to_string(round));
    std::atomic<int> winners = 0;
    std::atomic<int> losers = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&, i] {
        const auto status = store().WriteIfAbsent(location, "writer " + std::to_string(i));
        if (status.ok()) ++winners;
        if (!status.ok() && status.error().code() == ErrorCode::kAlreadyExists) ++losers;
      });
    }
    threads.clear();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(losers, 15);
  }
}

TEST_F(S3Server, ReadsBackWhatWasUploadedInParts) {
  const std::string bytes = RandomBytes(40 << 20, 1);
  auto writer = store().OpenWriter(At("large.bin")).value();
  for (size_t at = 0; at < bytes.size(); at += 700'000) {
    ASSERT_THAT(writer->Append(std::string_view(bytes).substr(at, 700'000)), IsOk());
  }
  const auto written = writer->Finish();
  ASSERT_THAT(written, IsOk());
  EXPECT_EQ(written->sha256, Sha256Hex(bytes));
  EXPECT_EQ(written->size_bytes, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(store().Stat(At("large.bin")).value().size_bytes, written->size_bytes);
  EXPECT_TRUE(store().Read(At("large.bin")).value() == bytes);
  EXPECT_TRUE(store().ReadRange(At("large.bin"), 17'000'000, 9'000'000).value() ==
              bytes.substr(17'000'000, 9'000'000));
}

TEST_F(S3Server, AnAbandonedUploadIsInvisible) {
  {
    auto writer = store().OpenWriter(At("abandoned")).value();
    ASSERT_THAT(writer->Append(RandomBytes(12 << 20, 2)), IsOk());
  }
  EXPECT_THAT(store().Stat(At("abandoned")), IsError(ErrorCode::kNotFound));
}

TEST_F(S3Server, TakesUnusualKeys) {
  std::vector<std::string> locations;
  for (const char* name :
       {"a b", "a+b", "a%20b", "a=b&c", "\xc3\xbc/\xe6\x97\xa5\xe6\x9c\xac", "!*'()", "a;b,c:d@e",
        "[x]{y}", "q?x=1#f", "~tilde_-.", "\"quoted\"", "<a>&amp;", "^`|$"}) {
    ASSERT_THAT(store().Write(At(name), name), IsOk()) << name;
    EXPECT_EQ(store().Read(At(name)).value(), name);
    EXPECT_EQ(store().Stat(At(name)).value().location, At(name));
    locations.push_back(At(name));
  }
  std::vector<std::string> listed;
  ASSERT_THAT(store().List(under_test_.folder(),
                           [&](const ObjectInfo& object) { listed.push_back(object.location); }),
              IsOk());
  EXPECT_THAT(listed, testing::UnorderedElementsAreArray(locations));
  EXPECT_THAT(store().DeleteMany(locations), IsOk());
  for (const std::string& location : locations) {
    EXPECT_THAT(store().Stat(location), IsError(ErrorCode::kNotFound)) << location;
  }
}

TEST_F(S3Server, ListsMoreThanOnePage) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 140; ++i) {
        EXPECT_THAT(store().Write(At(fmt::format("many/{}/{}", thread, i)), "1"), IsOk());
      }
    });
  }
  threads.clear();
  std::vector<std::string> locations;
  ASSERT_THAT(store().List(At("many"),
                           [&](const ObjectInfo& object) { locations.push_back(object.location); }),
              IsOk());
  std::sort(locations.begin(), locations.end());
  EXPECT_EQ(std::unique(locations.begin(), locations.end()) - locations.begin(), 8 * 140);
  EXPECT_EQ(store().ListFolders(At("many")).value().size(), 8U);
  EXPECT_THAT(store().DeleteMany(locations), IsOk());
  int left = 0;
  ASSERT_THAT(store().List(At("many"), [&](const ObjectInfo&) { ++left; }), IsOk());
  EXPECT_EQ(left, 0);
}

TEST_F(S3Server, ManyThreadsReadAndWriteAtOnce) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 12; ++thread) {
    threads.emplace_back([&, thread] {
      const std::string bytes = RandomBytes(300'000, static_cast<uint64_t>(thread));
      for (int i = 0; i < 5; ++i) {
        const std::string location = At(fmt::format("busy/{}-{}", thread, i));
        EXPECT_THAT(store().Write(location, bytes), IsOk());
        EXPECT_TRUE(store().Read(location).value() == bytes);
      }
    });
  }
}

TEST_F(S3Server, HonoursConditions) {
  EXPECT_THAT(ProbeConditionalWrites(store(), under_test_.folder(), under_test_.random()), IsOk());
}

TEST_F(S3Server, AWrongSecretIsDeniedAndNotTold) {
  S3UnderTest wrong("planted-wrong-secret");
  const std::string location = wrong.folder() + "/x";
  for (const Status& status :
       {Status(wrong.store().Write(location, "1")), wrong.store().WriteIfAbsent(location, "1"),
        wrong.store().Delete(location), wrong.store().List(wrong.folder(), [](const auto&) {})}) {
    ASSERT_THAT(status, IsError(ErrorCode::kDenied));
    EXPECT_THAT(status.error().message(), testing::Not(testing::HasSubstr("planted")));
    EXPECT_THAT(status.error().message(), testing::HasSubstr("SignatureDoesNotMatch"));
  }
  EXPECT_THAT(wrong.store().Stat(location), IsError(ErrorCode::kDenied));
  EXPECT_THAT(wrong.store().Read(location), IsError(ErrorCode::kDenied));
}

TEST_F(S3Server, AMissingBucketIsNamed) {
  const std::string location = "s3://no-such-bucket-" + NewUuid(under_test_.random()) + "/x";
  const auto status = store().Write(location, "1");
  ASSERT_THAT(status, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(status.error().message(), testing::HasSubstr("there is no bucket no-such-bucket-"));
  EXPECT_THAT(store().List(location, [](const auto&) {}), IsError(ErrorCode::kNotFound));
}

}  // namespace
}  // namespace kafka_iceberg::storage

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (!kafka_iceberg::storage::ReadEnvironment(kafka_iceberg::storage::TheServer())) return 1;
  return RUN_ALL_TESTS();
}
