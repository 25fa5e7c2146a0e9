// SPDX-License-Identifier: Apache-2.0
//
// RestCatalog: the Iceberg REST protocol (Polaris, Lakekeeper, Unity, S3 Tables, Gravitino, Glue,
// and Nessie below NessieCatalog). Asks for the server's configuration once, when it is opened.
// Safe for concurrent use; its tables may outlive it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/rest/rest_options.h"
#include "catalog/rest/rest_session.h"

namespace kafka_iceberg::catalog {

// One table's part of a commit over several.
struct TableChange {
  TableIdentifier identifier;
  TableVersion base;
  std::vector<iceberg::MetadataUpdate> updates;
  std::vector<iceberg::TableRequirement> requirements;
};

class RestCatalog final : public Catalog {
 public:
  static Result<std::unique_ptr<RestCatalog>> Open(const RestCatalogOptions& options,
                                                   const RestCatalogContext& context);

  std::string_view type() const override { return session_->options().catalog_type; }
  Status CheckHealth() override;
  std::vector<Capability> Capabilities() override;
  Status CreateNamespace(const Namespace& name) override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override;
  Status DropNamespace(const Namespace& name) override;
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override;
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override;
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override;
  // With `purge` the server is asked to delete the files; when, and which, is its own decision.
  Status DropTable(const TableIdentifier& identifier, bool purge) override;
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override;
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override;

  // All changes or none. kRejected where the server cannot. The answer holds no metadata, so the
  // tables are to be refreshed; after kUnknown each table has to be reconciled.
  CommitReply CommitTables(std::span<const TableChange> changes);

  const std::shared_ptr<RestSession>& session() const { return session_; }

 private:
  explicit RestCatalog(std::shared_ptr<RestSession> session) : session_(std::move(session)) {}

  Status CheckNamespaceExists(const Namespace& name);
  Result<std::vector<Namespace>> FindNamespaces(const Namespace& parent);
  Result<std::vector<TableIdentifier>> FindTables(const Namespace& name);
  Result<std::unique_ptr<TableOperations>> OpenTable(const TableIdentifier& identifier);
  Status Register(const TableIdentifier& identifier, std::string_view metadata_location);
  CommitReply CommitTablesNow(std::span<const TableChange> changes);

  const std::shared_ptr<RestSession> session_;
};

}  // namespace kafka_iceberg::catalog
