// SPDX-License-Identifier: Apache-2.0
//
// The REST catalog against servers in this process that differ as real ones do.
#include "catalog/catalog_under_test.h"
#include "catalog/rest/fake_rest_world.h"

namespace kafka_iceberg::catalog {
namespace {

class FakeRestUnderTest final : public CatalogUnderTest {
 public:
  explicit FakeRestUnderTest(FakeRestTraits traits) : world_(std::move(traits)) {}
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override { return world_.Open(); }
  telemetry::Metrics& metrics() override { return world_.metrics(); }
  storage::ObjectStore& store() override { return world_.store(); }
  std::string scratch() override { return "memory://scratch"; }
  CatalogTraits traits() const override { return {.commits_per_writer = 12}; }

 private:
  FakeRestWorld world_;
  std::unique_ptr<Catalog> catalog_ = world_.Open();
};

CatalogMaker Maker(std::string name, FakeRestTraits traits) {
  return {std::move(name), [traits] { return std::make_unique<FakeRestUnderTest>(traits); }};
}

INSTANTIATE_TEST_SUITE_P(Rest, CatalogConformance,
                         testing::Values(Maker("FullServer", {.separator = "%2E",
                                                              .takes_idempotency_keys = true,
                                                              .vends_credentials = true,
                                                              .page_size = 1}),
                                         Maker("PlainServer", {.prefix = "main%7Cwarehouse",
                                                               .lists_endpoints = false,
                                                               .create_answers_existing = true,
                                                               .lists_missing_namespaces = true})),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
