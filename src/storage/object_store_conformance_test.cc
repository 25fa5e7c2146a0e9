// SPDX-License-Identifier: Apache-2.0
#include "storage/object_store_conformance.h"

#include "core/fake_clock.h"
#include "core/fake_temporary_folder.h"
#include "core/random.h"
#include "storage/fault_store.h"
#include "storage/local_store.h"
#include "storage/memory_store.h"
#include "storage/s3/fake_s3.h"
#include "storage/s3/s3_store.h"

namespace kafka_iceberg::storage {
namespace {

class LocalUnderTest final : public ObjectStoreUnderTest {
 public:
  ObjectStore& store() override { return store_; }
  std::string folder() override { return folder_.location(); }

 private:
  FakeTemporaryFolder folder_;
  SystemRandom random_;
  LocalStore store_{random_};
};

class MemoryUnderTest final : public ObjectStoreUnderTest {
 public:
  ObjectStore& store() override { return store_; }
  std::string folder() override { return "memory://warehouse/base"; }

 private:
  FakeClock clock_;
  MemoryStore store_{clock_};
};

class S3UnderTest final : public ObjectStoreUnderTest {
 public:
  // Small parts and pages, so that both are met.
  S3UnderTest() { server_.set_page_objects(3); }
  ObjectStore& store() override { return *store_; }
  std::string folder() override { return "s3://bucket/base"; }

 private:
  FakeClock clock_;
  FakeS3 server_{clock_};
  net::FakeHttpClient http_{
      [this](const net::SentRequest& request) { return server_.Handle(request); }};
  SeededRandom random_{1};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  std::unique_ptr<ObjectStore> store_ = MakeS3Store(
      {.endpoint = "http://s3.test:9000", .part_bytes = 100'000},
      net::StaticAwsCredentials({"key", "secret", "", {}}), {http_, clock_, random_, *metrics_});
};

// A FaultStore without faults around another store.
template <typename Inner>
class FaultlessUnderTest final : public ObjectStoreUnderTest {
 public:
  ObjectStore& store() override { return store_; }
  std::string folder() override { return inner_.folder(); }

 private:
  Inner inner_;
  FaultStore store_{inner_.store()};
};

template <typename UnderTest>
ObjectStoreMaker Maker(std::string name) {
  return {std::move(name), [] { return std::make_unique<UnderTest>(); }};
}

INSTANTIATE_TEST_SUITE_P(
    Stores, ObjectStoreConformance,
    testing::Values(Maker<LocalUnderTest>("Local"), Maker<MemoryUnderTest>("Memory"),
                    Maker<S3UnderTest>("S3"),
                    Maker<FaultlessUnderTest<LocalUnderTest>>("FaultlessLocal"),
                    Maker<FaultlessUnderTest<MemoryUnderTest>>("FaultlessMemory")),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::storage
