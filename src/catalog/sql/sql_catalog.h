// SPDX-License-Identifier: Apache-2.0
//
// SqlCatalog: tables as rows of a SQLite file or a PostgreSQL database, in the layout that the Java
// JdbcCatalog and PyIceberg's SqlCatalog share; those may write to the same tables at the same
// time. The name of the catalog is part of every key. Safe for concurrent use; outlives its tables.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "catalog/catalog_context.h"
#include "catalog/sql/catalog_rows.h"
#include "catalog/sql/sql_pool.h"

namespace kafka_iceberg::catalog {

struct SqlCatalogOptions {
  std::string uri;           // sqlite:///path/to.db, postgresql://user:password@host:port/database
  std::string catalog_name;  // as the other programs call it
  std::string warehouse;     // where tables go whose namespace has no property "location"
  int connections = 4;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration statement_timeout = std::chrono::seconds(20);  // waiting for SQLite's lock included
};

class SqlCatalog final : public Catalog {
 public:
  // Checks the options; the database is asked, and its tables made if missing, at first use.
  static Result<std::unique_ptr<SqlCatalog>> Open(const SqlCatalogOptions& options,
                                                  const CatalogContext& context);
  // On connections of the caller's making.
  static Result<std::unique_ptr<SqlCatalog>> OpenWith(SqlConnector connect,
                                                      const SqlCatalogOptions& options,
                                                      const CatalogContext& context);

  std::string_view type() const override { return "sql"; }
  Status CheckHealth() override;
  std::vector<Capability> Capabilities() override;
  Status CreateNamespace(const Namespace& name) override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override;
  Status DropNamespace(const Namespace& name) override;
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override;
  // The namespace must exist.
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override;
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override;
  Status DropTable(const TableIdentifier& identifier, bool purge) override;
  // The files stay where they are.
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override;
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override;

 private:
  SqlCatalog(SqlConnector connect, const SqlCatalogOptions& options, std::string warehouse,
             const CatalogContext& context);

  Status AddNamespace(const Namespace& name);
  Result<std::vector<Namespace>> ChildrenOf(const Namespace& parent);
  Status RemoveNamespace(const Namespace& name);
  Result<std::vector<TableIdentifier>> TablesOf(const Namespace& name);
  Status RequireNamespace(const Namespace& name);
  Result<std::string> LocationOf(const TableCreation& creation);
  Status Insert(const TableIdentifier& identifier, const std::string& metadata_location);
  Result<std::unique_ptr<TableOperations>> Create(const TableCreation& creation);
  Result<std::unique_ptr<TableOperations>> OpenTable(const TableIdentifier& identifier);
  Status Forget(const TableIdentifier& identifier);
  Status Purge(const TableIdentifier& identifier);
  Status Rename(const TableIdentifier& from, const TableIdentifier& to);
  Status Register(const TableIdentifier& identifier, std::string_view metadata_location);

  const std::string warehouse_;
  const CatalogContext context_;
  CatalogMetrics metrics_;
  SqlPool pool_;
  CatalogRows rows_;
};

}  // namespace kafka_iceberg::catalog
