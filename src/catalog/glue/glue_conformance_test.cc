// SPDX-License-Identifier: Apache-2.0
//
// The Glue catalog on a server of our own that checks VersionId as the real one does.
#include "catalog/catalog_under_test.h"
#include "catalog/glue/fake_glue_server.h"
#include "catalog/glue/glue_catalog.h"
#include "core/fake_clock.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::catalog {
namespace {

class GlueUnderTest final : public CatalogUnderTest {
 public:
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return GlueCatalog::Open(
               {.region = "us-east-1", .warehouse = "memory://bucket/warehouse"},
               {.catalog = context_, .http = server_.http(), .credentials = credentials_})
        .value();
  }
  telemetry::Metrics& metrics() override { return *metrics_; }
  storage::ObjectStore& store() override { return store_; }
  std::string scratch() override { return "memory://bucket/scratch"; }
  CatalogTraits traits() const override { return {.can_rename = false, .namespaces_nest = false}; }

 private:
  SeededRandom random_{1};
  FakeClock clock_;
  storage::MemoryStore store_{clock_};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  CatalogContext context_{store_, clock_, random_, *metrics_};
  FakeGlueServer server_;
  std::shared_ptr<FakeAwsCredentials> credentials_ = std::make_shared<FakeAwsCredentials>();
  std::unique_ptr<Catalog> catalog_ = Another();
};

INSTANTIATE_TEST_SUITE_P(Glue, CatalogConformance,
                         testing::Values(CatalogMaker{
                             "FakeServer", [] { return std::make_unique<GlueUnderTest>(); }}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
