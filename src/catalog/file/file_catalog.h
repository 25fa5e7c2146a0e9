// SPDX-License-Identifier: Apache-2.0
//
// FileCatalog: tables as folders <warehouse>/<namespace...>/<table>, in the layout of the Hadoop
// catalog, so that Spark (type=hadoop), DuckDB and PyIceberg open the same folder. Needs nothing
// but an ObjectStore with create-if-absent. Safe for concurrent use by threads and by processes of
// this program; outlives its tables. Spark's own commits to a local folder are a look followed by a
// rename and may overwrite one of ours made in between: let it write only while nobody else does.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "catalog/catalog_context.h"

namespace kafka_iceberg::catalog {

class FileCatalog final : public Catalog {
 public:
  // `warehouse` is a folder or a location (storage/location.h); it need not exist yet.
  static Result<std::unique_ptr<FileCatalog>> Open(std::string_view warehouse,
                                                   const CatalogContext& context);

  std::string_view type() const override { return "file"; }
  // The normalised location.
  const std::string& warehouse() const { return warehouse_; }

  Status CheckHealth() override;
  std::vector<Capability> Capabilities() override;
  // A namespace is a folder; creating tables creates it too. Parents need not exist.
  Status CreateNamespace(const Namespace& name) override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override;
  Status DropNamespace(const Namespace& name) override;
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override;
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override;
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override;
  // Without `purge` the last metadata stays in the folder as metadata/dropped-*.json, for
  // RegisterTable.
  Status DropTable(const TableIdentifier& identifier, bool purge) override;
  // kUnsupported: the folder is the name, and files cannot move.
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override;
  // Copies the metadata as version 1 of a table of this warehouse. Data and manifests stay where
  // they are and new ones go there too; whatever pointed to the old metadata file must not be
  // written through any more.
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override;

 private:
  FileCatalog(std::string warehouse, const CatalogContext& context)
      : warehouse_(std::move(warehouse)), context_(context), metrics_(context, "file") {}

  Result<std::unique_ptr<TableOperations>> OpenTable(const TableIdentifier& identifier);
  Result<std::vector<Namespace>> FindNamespaces(const Namespace& parent);
  Status RemoveNamespace(const Namespace& name);
  Result<std::vector<TableIdentifier>> FindTables(const Namespace& name);
  Result<std::unique_ptr<TableOperations>> Create(const TableCreation& creation);
  Status Register(const TableIdentifier& identifier, std::string_view metadata_location);
  Status MakeNamespace(const Namespace& name);
  Result<bool> IsTable(const std::string& location);
  Result<bool> IsFolder(const std::string& location);
  Status CheckNoTableIn(const Namespace& name);
  Status CheckNameIsFree(const TableIdentifier& identifier);

  const std::string warehouse_;
  const CatalogContext context_;
  CatalogMetrics metrics_;
};

}  // namespace kafka_iceberg::catalog
