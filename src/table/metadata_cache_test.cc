// SPDX-License-Identifier: Apache-2.0
#include "table/metadata_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/fake_fault_catalog.h"
#include "catalog/fake_memory_catalog.h"
#include "core/fake_clock.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::table {
namespace {

class MetadataCacheTest : public ::testing::Test {
 protected:
  MetadataCacheTest()
      : store_(clock_),
        memory_("memory://w", store_, clock_, random_, *metrics_),
        catalog_(memory_, faults_) {}

  void SetUp() override {
    ASSERT_TRUE(memory_.CreateNamespace({"raw"}).ok());
    catalog::TableCreation creation{.identifier = {.name_space = {"raw"}, .name = "t"}};
    creation.schema.fields = {
        {.id = 1, .name = "id", .type = iceberg::Type::Primitive(iceberg::TypeId::kLong)}};
    auto created = catalog_.CreateTable(creation);
    ASSERT_TRUE(created.ok()) << created.error().message();
    table_ = std::move(created).value();
  }

  FakeClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  storage::MemoryStore store_;
  catalog::FakeMemoryCatalog memory_;
  catalog::CommitFaults faults_;
  catalog::FakeFaultCatalog catalog_;
  std::unique_ptr<catalog::TableOperations> table_;
};

TEST_F(MetadataCacheTest, AsksOnlyWhenTheAnswerIsTooOld) {
  MetadataCache cache(*table_, clock_, *metrics_);
  cache.Get();
  cache.Get();
  EXPECT_EQ(faults_.refreshes_seen(), 0);
  clock_.Advance(std::chrono::seconds(2));
  cache.Get();
  cache.Get();
  EXPECT_EQ(faults_.refreshes_seen(), 1);
  EXPECT_EQ(metrics_->GetGauge("iceberg_metadata_cache_hit_rate", {{"key", "snapshot_id"}}).value(),
            0.75);
}

TEST_F(MetadataCacheTest, AsksAfterACommit) {
  MetadataCache cache(*table_, clock_, *metrics_);
  cache.Invalidate();
  cache.Get();
  EXPECT_EQ(faults_.refreshes_seen(), 1);
}

TEST_F(MetadataCacheTest, GivesTheLastAnswerAndItsAgeWhileTheCatalogIsAway) {
  MetadataCache cache(*table_, clock_, *metrics_);
  clock_.Advance(std::chrono::seconds(30));
  faults_.NextRefresh(Error::Unavailable("away"));
  const CachedVersion cached = cache.Get();
  EXPECT_NE(cached.version.metadata, nullptr);
  EXPECT_EQ(cached.age, std::chrono::seconds(30));
  EXPECT_EQ(cache.Get().age, std::chrono::seconds(0));
}

}  // namespace
}  // namespace kafka_iceberg::table
