// SPDX-License-Identifier: Apache-2.0
//
// The Glue catalog on a server that speaks Glue and checks VersionId:
// KAFKA_ICEBERG_TEST_GLUE_ENDPOINT=http://...
#include <cstdlib>

#include "catalog/catalog_under_test.h"
#include "catalog/fake_catalog_surroundings.h"
#include "catalog/glue/glue_catalog.h"
#include "core/clock.h"
#include "net/curl_client.h"

namespace kafka_iceberg::catalog {
namespace {

std::string Endpoint() {
  const char* const endpoint = std::getenv("KAFKA_ICEBERG_TEST_GLUE_ENDPOINT");
  return endpoint == nullptr ? "" : endpoint;
}

// Empties the server first: its databases are the account's, and so everybody's.
class GlueServerUnderTest final : public CatalogUnderTest {
 public:
  GlueServerUnderTest() : catalog_(Another()) {
    for (const Namespace& name : catalog_->ListNamespaces({}).value()) {
      for (const TableIdentifier& table : catalog_->ListTables(name).value())
        EXPECT_THAT(catalog_->DropTable(table, false), IsOk());
      EXPECT_THAT(catalog_->DropNamespace(name), IsOk());
    }
  }
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return GlueCatalog::Open({.endpoint = Endpoint(),
                              .region = "us-east-1",
                              .warehouse = surroundings_.folder() + "/warehouse"},
                             {.catalog = surroundings_.context(),
                              .http = *http_,
                              .credentials = net::StaticAwsCredentials(
                                  {.access_key_id = "test", .secret_access_key = "test"})})
        .value();
  }
  telemetry::Metrics& metrics() override { return surroundings_.metrics(); }
  storage::ObjectStore& store() override { return surroundings_.store(); }
  std::string scratch() override { return surroundings_.folder() + "/scratch"; }
  CatalogTraits traits() const override { return {.can_rename = false, .namespaces_nest = false}; }

 private:
  FakeCatalogSurroundings surroundings_;
  SystemClock clock_;
  std::unique_ptr<net::HttpClient> http_ = net::MakeCurlClient({.connections = 8}, clock_).value();
  std::unique_ptr<Catalog> catalog_;
};

std::vector<CatalogMaker> Makers() {
  if (Endpoint().empty()) return {};
  return {{"Glue", [] { return std::make_unique<GlueServerUnderTest>(); }}};
}

INSTANTIATE_TEST_SUITE_P(GlueServer, CatalogConformance, testing::ValuesIn(Makers()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
