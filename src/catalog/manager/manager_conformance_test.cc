// SPDX-License-Identifier: Apache-2.0
//
// A managed catalog is a catalog like any other.
#include "catalog/catalog_under_test.h"
#include "catalog/fake_memory_catalog.h"
#include "catalog/manager/catalog_manager.h"
#include "catalog/manager/fake_outage_catalog.h"
#include "core/fake_clock.h"
#include "storage/memory_store.h"
#include "telemetry/fake_telemetry.h"

namespace kafka_iceberg::catalog {
namespace {

class ManagerUnderTest final : public CatalogUnderTest {
 public:
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return std::make_unique<CatalogManager>(
        CatalogManagerOptions{.catalog_type = "memory"},
        [this] { return std::make_unique<FakeOutageCatalog>(memory_, outage_); },
        CatalogManagerContext{clock_, random_, logger_, *metrics_});
  }
  telemetry::Metrics& metrics() override { return *metrics_; }
  storage::ObjectStore& store() override { return store_; }
  std::string scratch() override { return "memory://scratch"; }

 private:
  SeededRandom random_{1};
  FakeClock clock_;
  storage::MemoryStore store_{clock_};
  telemetry::FakeLogger logger_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  FakeMemoryCatalog memory_{"memory://warehouse", store_, clock_, random_, *metrics_};
  Outage outage_;
  std::unique_ptr<Catalog> catalog_ = Another();
};

INSTANTIATE_TEST_SUITE_P(Managed, CatalogConformance,
                         testing::Values(CatalogMaker{
                             "Memory", [] { return std::make_unique<ManagerUnderTest>(); }}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
