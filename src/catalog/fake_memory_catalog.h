// SPDX-License-Identifier: Apache-2.0
//
// FakeMemoryCatalog: a complete Catalog for tests. Names and pointers live in a map, metadata files
// in the store it is given (usually a MemoryStore). Passes catalog_conformance.h. Safe for
// concurrent use; outlives its tables.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/catalog_context.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "core/random.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::catalog {

class FakeMemoryCatalog final : public Catalog {
 public:
  // Tables live below `warehouse`, e.g. "memory://warehouse".
  FakeMemoryCatalog(std::string warehouse, storage::ObjectStore& store, Clock& clock,
                    Random& random, telemetry::Metrics& metrics);
  ~FakeMemoryCatalog() override;

  std::string_view type() const override { return "memory"; }
  Status CheckHealth() override;
  std::vector<Capability> Capabilities() override;
  Status CreateNamespace(const Namespace& name) override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override;
  Status DropNamespace(const Namespace& name) override;
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override;
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override;
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override;
  Status DropTable(const TableIdentifier& identifier, bool purge) override;
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override;
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override;

 private:
  class Pointer;
  using Key = std::pair<Namespace, std::string>;

  Result<std::unique_ptr<TableOperations>> Open(const TableIdentifier& identifier);
  Status Insert(const TableIdentifier& identifier, const std::string& metadata_location);
  CatalogContext context() const;
  // A namespace exists when it was created, or one below it was.
  bool HasNamespace(const Namespace& name) const REQUIRES(mutex_);

  const std::string warehouse_;
  storage::ObjectStore& store_;
  Clock& clock_;
  Random& random_;
  telemetry::Metrics& metrics_;
  mutable Mutex mutex_;
  std::set<Namespace> namespaces_ GUARDED_BY(mutex_);
  std::map<Key, std::string> metadata_locations_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
