// SPDX-License-Identifier: Apache-2.0
//
// The SQL catalog on a real PostgreSQL: KAFKA_ICEBERG_TEST_POSTGRES=postgresql://...
#include <cstdlib>

#include "catalog/catalog_under_test.h"
#include "catalog/fake_catalog_surroundings.h"
#include "catalog/sql/sql_catalog.h"

namespace kafka_iceberg::catalog {
namespace {

std::string ServerUri() {
  const char* const uri = std::getenv("KAFKA_ICEBERG_TEST_POSTGRES");
  return uri == nullptr ? "" : uri;
}

// Shares the server's tables with others under a catalog name of its own.
class PostgresUnderTest final : public CatalogUnderTest {
 public:
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return SqlCatalog::Open({.uri = ServerUri(),
                             .catalog_name = catalog_name_,
                             .warehouse = surroundings_.folder() + "/warehouse"},
                            surroundings_.context())
        .value();
  }
  telemetry::Metrics& metrics() override { return surroundings_.metrics(); }
  storage::ObjectStore& store() override { return surroundings_.store(); }
  std::string scratch() override { return surroundings_.folder() + "/scratch"; }

 private:
  FakeCatalogSurroundings surroundings_;
  const std::string catalog_name_ = "test-" + NewUuid(surroundings_.random());
  std::unique_ptr<Catalog> catalog_ = Another();
};

std::vector<CatalogMaker> Makers() {
  if (ServerUri().empty()) return {};
  return {{"Postgres", [] { return std::make_unique<PostgresUnderTest>(); }}};
}

INSTANTIATE_TEST_SUITE_P(Servers, CatalogConformance, testing::ValuesIn(Makers()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
