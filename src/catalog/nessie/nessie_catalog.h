// SPDX-License-Identifier: Apache-2.0
//
// NessieCatalog: one branch (or, for reading, one tag) of a Nessie server, by its Iceberg REST
// endpoint; commits land on that branch only. Branches are made and merged by branches(), never
// silently. Safe for concurrent use; its tables may outlive it.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "catalog/nessie/nessie_branches.h"
#include "catalog/nessie/nessie_table.h"
#include "catalog/rest/rest_catalog.h"

namespace kafka_iceberg::catalog {

struct NessieCatalogOptions {
  // `uri` is the server's address, with or without /iceberg; the branch is not part of it.
  RestCatalogOptions rest;
  std::string ref = "main";
};

// For commands on branches, which need no branch to be there.
Result<std::unique_ptr<BranchOperations>> OpenNessieBranches(const NessieCatalogOptions& options,
                                                             const RestCatalogContext& context);

class NessieCatalog final : public Catalog {
 public:
  // kNotFound: no such branch or tag, with those that exist.
  static Result<std::unique_ptr<NessieCatalog>> Open(const NessieCatalogOptions& options,
                                                     const RestCatalogContext& context);

  std::string_view type() const override { return rest_->type(); }
  Status CheckHealth() override { return rest_->CheckHealth(); }
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
  BranchOperations* branches() override { return &branches_; }

 private:
  NessieCatalog(std::unique_ptr<RestCatalog> rest, std::shared_ptr<NessieApi> api,
                NessieReference reference)
      : rest_(std::move(rest)),
        ref_{rest_->session(), api, std::move(reference)},
        branches_(std::move(api)) {}

  const std::unique_ptr<RestCatalog> rest_;
  const NessieRef ref_;
  NessieBranches branches_;
};

}  // namespace kafka_iceberg::catalog
