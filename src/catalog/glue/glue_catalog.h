// SPDX-License-Identifier: Apache-2.0
//
// GlueCatalog: Iceberg tables in the AWS Glue Data Catalog, as Athena, EMR, Spark and PyIceberg use
// them; those may write to the same tables at the same time. Safe for concurrent use; outlives its
// tables. Opening asks nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/catalog_context.h"
#include "catalog/glue/glue_client.h"
#include "catalog/glue/glue_table.h"
#include "core/mutex.h"
#include "net/aws_credentials.h"
#include "net/http_client.h"

namespace kafka_iceberg::catalog {

struct GlueCatalogOptions {
  std::string endpoint;  // empty: the region's own
  std::string region;
  std::string catalog_id;    // an account; empty: that of the credentials
  std::string warehouse;     // where tables go whose database has no location; may be empty
  bool skip_archive = true;  // false: Glue keeps each commit as a table version, up to its quota
  Duration request_timeout = std::chrono::seconds(30);
};

// `http` outlives the catalog.
struct GlueCatalogContext {
  CatalogContext catalog;
  net::HttpClient& http;
  std::shared_ptr<net::AwsCredentialsProvider> credentials;
};

class GlueCatalog final : public Catalog {
 public:
  // kInvalid: the region or the endpoint.
  static Result<std::unique_ptr<GlueCatalog>> Open(const GlueCatalogOptions& options,
                                                   const GlueCatalogContext& context);

  std::string_view type() const override { return "glue"; }
  // Asks for the database used last, so that it needs no permission that ingest does not need.
  Status CheckHealth() override;
  std::vector<Capability> Capabilities() override;
  // One level, lower-case letters, digits and underscores.
  Status CreateNamespace(const Namespace& name) override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override;
  // Glue itself would drop a database with all its tables; a table that is created at the same
  // moment may go with it.
  Status DropNamespace(const Namespace& name) override;
  // Iceberg tables only.
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override;
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override;
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override;
  // kInvalid: not an Iceberg table.
  Status DropTable(const TableIdentifier& identifier, bool purge) override;
  // kUnsupported: Glue can only create and drop, and a commit in between would be lost.
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override;
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override;

 private:
  GlueCatalog(const GlueCatalogOptions& options, std::string endpoint,
              const GlueCatalogContext& context);

  Status AskForHealth();
  Status MakeDatabase(const Namespace& name);
  Result<std::vector<Namespace>> FindDatabases(const Namespace& parent);
  Status RemoveDatabase(const Namespace& name);
  Result<std::vector<GlueTable>> TablesOf(const std::string& database, size_t tables_max);
  Result<std::string> DatabaseLocation(const std::string& database);
  Result<std::string> LocationOf(const TableCreation& creation);
  Result<std::unique_ptr<TableOperations>> Create(const TableCreation& creation);
  Status Insert(const TableIdentifier& identifier, const TableVersion& version);
  Result<std::unique_ptr<TableOperations>> OpenTable(const TableIdentifier& identifier);
  Status Forget(const TableIdentifier& identifier);
  Status Purge(const TableIdentifier& identifier);
  Status CheckNothingBelow(const TableIdentifier& identifier, const std::string& location);
  Status Register(const TableIdentifier& identifier, std::string_view metadata_location);

  const GlueCatalogOptions options_;
  const CatalogContext context_;
  CatalogMetrics metrics_;
  GlueClient client_;
  Mutex mutex_;
  std::string last_database_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
