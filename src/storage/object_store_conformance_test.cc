// SPDX-License-Identifier: Apache-2.0
#include "storage/object_store_conformance.h"

#include "core/fake_clock.h"
#include "core/random.h"
#include "storage/fake_temporary_folder.h"
#include "storage/fault_store.h"
#include "storage/local_store.h"
#include "storage/memory_store.h"

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
                    Maker<FaultlessUnderTest<LocalUnderTest>>("FaultlessLocal"),
                    Maker<FaultlessUnderTest<MemoryUnderTest>>("FaultlessMemory")),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::storage
