// SPDX-License-Identifier: Apache-2.0
//
// The Hive catalog on a real metastore: KAFKA_ICEBERG_TEST_HIVE=thrift://..., and how it commits:
// KAFKA_ICEBERG_TEST_HIVE_COMMIT_LOCK (lock).
#include <cstdlib>

#include "catalog/catalog_under_test.h"
#include "catalog/fake_catalog_surroundings.h"
#include "catalog/hive/hive_catalog.h"

namespace kafka_iceberg::catalog {
namespace {

std::string FromEnvironment(const char* name, const char* fallback) {
  const char* const value = std::getenv(name);
  return value == nullptr ? fallback : value;
}

std::string ServerUri() { return FromEnvironment("KAFKA_ICEBERG_TEST_HIVE", ""); }

// A server has one set of databases, so what an earlier test left is dropped first.
class HiveUnderTest final : public CatalogUnderTest {
 public:
  HiveUnderTest() {
    for (const char* database : {"raw", "other"}) {
      const auto tables = catalog_->ListTables({database});
      if (!tables.ok()) continue;
      for (const TableIdentifier& table : *tables)
        EXPECT_THAT(catalog_->DropTable(table, false), IsOk());
      EXPECT_THAT(catalog_->DropNamespace({database}), IsOk());
    }
  }

  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return HiveCatalog::Open(
               {.uris = ServerUri(),
                .warehouse = surroundings_.folder() + "/warehouse",
                .commit_lock = FromEnvironment("KAFKA_ICEBERG_TEST_HIVE_COMMIT_LOCK", "lock")},
               surroundings_.context())
        .value();
  }
  telemetry::Metrics& metrics() override { return surroundings_.metrics(); }
  storage::ObjectStore& store() override { return surroundings_.store(); }
  std::string scratch() override { return surroundings_.folder() + "/scratch"; }
  CatalogTraits traits() const override { return {.namespaces_nest = false}; }

 private:
  FakeCatalogSurroundings surroundings_;
  std::unique_ptr<Catalog> catalog_ = Another();
};

std::vector<CatalogMaker> Makers() {
  if (ServerUri().empty()) return {};
  return {{"Hive", [] { return std::make_unique<HiveUnderTest>(); }}};
}

INSTANTIATE_TEST_SUITE_P(HiveServers, CatalogConformance, testing::ValuesIn(Makers()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
