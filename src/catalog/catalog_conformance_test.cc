// SPDX-License-Identifier: Apache-2.0
#include "catalog/catalog_conformance.h"

#include "catalog/fake_memory_catalog.h"
#include "catalog/file/file_catalog.h"
#include "core/clock.h"
#include "core/fake_clock.h"
#include "core/fake_temporary_folder.h"
#include "storage/local_store.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::catalog {
namespace {

// The file catalog on the local disk, with the system's clock.
class LocalFileUnderTest final : public CatalogUnderTest {
 public:
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return FileCatalog::Open(warehouse(), context_).value();
  }
  telemetry::Metrics& metrics() override { return *metrics_; }
  storage::ObjectStore& store() override { return store_; }
  std::string scratch() override { return folder_.location() + "/scratch"; }
  CatalogTraits traits() const override { return {.can_rename = false}; }

 private:
  std::string warehouse() const { return folder_.location() + "/warehouse"; }

  FakeTemporaryFolder folder_;
  SystemRandom random_;
  SystemClock clock_;
  storage::LocalStore store_{random_};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  CatalogContext context_{store_, clock_, random_, *metrics_};
  std::unique_ptr<Catalog> catalog_ = Another();
};

// The file catalog on a store without folders, where time stands still: nothing may depend on it
// moving.
class MemoryFileUnderTest final : public CatalogUnderTest {
 public:
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return FileCatalog::Open("memory://bucket/wh", context_).value();
  }
  telemetry::Metrics& metrics() override { return *metrics_; }
  storage::ObjectStore& store() override { return store_; }
  std::string scratch() override { return "memory://bucket/scratch"; }
  CatalogTraits traits() const override { return {.can_rename = false}; }

 private:
  SeededRandom random_{1};
  FakeClock clock_;
  storage::MemoryStore store_{clock_};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  CatalogContext context_{store_, clock_, random_, *metrics_};
  std::unique_ptr<Catalog> catalog_ = Another();
};

// Lets several owners share one catalog object.
class Client final : public Catalog {
 public:
  explicit Client(Catalog& catalog) : catalog_(catalog) {}
  std::string_view type() const override { return catalog_.type(); }
  Status CheckHealth() override { return catalog_.CheckHealth(); }
  std::vector<Capability> Capabilities() override { return catalog_.Capabilities(); }
  Status CreateNamespace(const Namespace& name) override { return catalog_.CreateNamespace(name); }
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override {
    return catalog_.ListNamespaces(parent);
  }
  Status DropNamespace(const Namespace& name) override { return catalog_.DropNamespace(name); }
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override {
    return catalog_.ListTables(name);
  }
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override {
    return catalog_.CreateTable(creation);
  }
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override {
    return catalog_.LoadTable(identifier);
  }
  Status DropTable(const TableIdentifier& identifier, bool purge) override {
    return catalog_.DropTable(identifier, purge);
  }
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override {
    return catalog_.RenameTable(from, to);
  }
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override {
    return catalog_.RegisterTable(identifier, metadata_location);
  }

 private:
  Catalog& catalog_;
};

class MemoryUnderTest : public CatalogUnderTest {
 public:
  Catalog& catalog() override { return catalog_; }
  std::unique_ptr<Catalog> Another() override { return std::make_unique<Client>(catalog_); }
  telemetry::Metrics& metrics() override { return *metrics_; }
  storage::ObjectStore& store() override { return store_; }
  std::string scratch() override { return "memory://scratch"; }

 private:
  SeededRandom random_{1};
  FakeClock clock_;
  storage::MemoryStore store_{clock_};
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  FakeMemoryCatalog catalog_{"memory://warehouse", store_, clock_, random_, *metrics_};
};

// The fault-injecting wrapper without faults.
class FaultlessUnderTest final : public MemoryUnderTest {
 public:
  Catalog& catalog() override { return faultless_; }
  std::unique_ptr<Catalog> Another() override { return std::make_unique<Client>(faultless_); }

 private:
  CommitFaults faults_;
  FakeFaultCatalog faultless_{MemoryUnderTest::catalog(), faults_};
};

template <typename UnderTest>
CatalogMaker Maker(std::string name) {
  return {std::move(name), [] { return std::make_unique<UnderTest>(); }};
}

INSTANTIATE_TEST_SUITE_P(Catalogs, CatalogConformance,
                         testing::Values(Maker<LocalFileUnderTest>("LocalFile"),
                                         Maker<MemoryFileUnderTest>("MemoryFile"),
                                         Maker<MemoryUnderTest>("Memory"),
                                         Maker<FaultlessUnderTest>("Faultless")),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace kafka_iceberg::catalog
