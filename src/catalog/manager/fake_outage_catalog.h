// SPDX-License-Identifier: Apache-2.0
//
// FakeOutageCatalog: a client of another Catalog that goes away and comes back by script. The
// script (Outage) is owned by the test and shared by all clients made with it. Tests only; safe for
// concurrent use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "catalog/catalog.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

class Outage {
 public:
  // Every call from now on fails with `error` (a commit: kUnknown), without being passed on.
  void Begin(Error error);
  void End();
  // Runs at the start of each call, outside all locks: the place to hang.
  void OnCall(std::function<void(std::string_view operation)> hook);

  int calls() const;    // of anything
  int clients() const;  // made so far

 private:
  friend class FakeOutageCatalog;
  friend class FakeOutageTable;
  std::optional<Error> Call(std::string_view operation);

  mutable Mutex mutex_;
  std::optional<Error> error_ GUARDED_BY(mutex_);
  std::function<void(std::string_view)> hook_ GUARDED_BY(mutex_);
  int calls_ GUARDED_BY(mutex_) = 0;
  int clients_ GUARDED_BY(mutex_) = 0;
};

class FakeOutageCatalog final : public Catalog {
 public:
  FakeOutageCatalog(Catalog& inner, Outage& outage);

  std::string_view type() const override { return inner_.type(); }
  Status CheckHealth() override;
  std::vector<Capability> Capabilities() override { return inner_.Capabilities(); }
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
  Catalog& inner_;
  Outage& outage_;
};

}  // namespace kafka_iceberg::catalog
