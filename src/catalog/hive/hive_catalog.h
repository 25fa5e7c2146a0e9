// SPDX-License-Identifier: Apache-2.0
//
// HiveCatalog: tables as external tables of a Hive metastore (3.1 and 4), where Hive, Spark and
// Trino find them. One namespace level, the database; names are lower case. Safe for concurrent
// use; outlives its tables.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "catalog/catalog.h"
#include "catalog/catalog_context.h"
#include "catalog/hive/hive_client.h"
#include "catalog/hive/hive_pointer.h"
#include "core/mutex.h"

namespace kafka_iceberg::catalog {

struct HiveCatalogOptions {
  std::string uris;  // thrift://host:port[,thrift://...]: the first that works
  // Databases that this program creates go to <warehouse>/<database>.db; empty: the server decides.
  std::string warehouse;
  // "lock": as other writers do by default. "compare-and-set": no lock; only for Hive 4, and only
  // when every writer of the table does the same. "auto": compare-and-set where the server is seen
  // to compare.
  std::string commit_lock = "lock";
  Duration lock_timeout = std::chrono::minutes(3);
  Duration settle_time = std::chrono::seconds(15);
  std::string owner = "kafka-iceberg";  // of new databases and tables
  int connections = 4;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration call_timeout = std::chrono::seconds(30);
};

class HiveCatalog final : public Catalog {
 public:
  // Checks the options; the metastore is asked at first use.
  static Result<std::unique_ptr<HiveCatalog>> Open(const HiveCatalogOptions& options,
                                                   const CatalogContext& context);

  std::string_view type() const override { return "hive"; }
  Status CheckHealth() override;
  std::vector<Capability> Capabilities() override;
  Status CreateNamespace(const Namespace& name) override;
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override;
  Status DropNamespace(const Namespace& name) override;
  // Only Iceberg tables.
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& name) override;
  Result<std::unique_ptr<TableOperations>> CreateTable(const TableCreation& creation) override;
  Result<std::unique_ptr<TableOperations>> LoadTable(const TableIdentifier& identifier) override;
  Status DropTable(const TableIdentifier& identifier, bool purge) override;
  // The files stay where they are.
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override;
  Status RegisterTable(const TableIdentifier& identifier,
                       std::string_view metadata_location) override;

 private:
  HiveCatalog(const HiveCatalogOptions& options, std::vector<HiveAddress> addresses,
              std::string warehouse, const CatalogContext& context);

  Status AddDatabase(const Namespace& name);
  Result<std::vector<Namespace>> Databases(const Namespace& parent);
  Status RemoveDatabase(const Namespace& name);
  // Every Iceberg table of the database, as the server describes it.
  Result<std::vector<HiveTable>> TablesOf(const Namespace& name);
  Result<std::string> LocationOf(const TableCreation& creation);
  Result<std::unique_ptr<TableOperations>> Create(const TableCreation& creation);
  Result<std::unique_ptr<TableOperations>> OpenTable(const TableIdentifier& identifier);
  Status Insert(const TableIdentifier& identifier, const TableVersion& version);
  Status Drop(const TableIdentifier& identifier, bool purge);
  Status CheckNobodyBelow(const TableIdentifier& identifier, const std::string& location);
  Status Rename(const TableIdentifier& from, const TableIdentifier& to);
  Status Register(const TableIdentifier& identifier, std::string_view metadata_location);
  Result<HiveCommitOptions> CommitOptions(const std::string& database);

  const HiveCatalogOptions options_;
  const std::string warehouse_;  // may be empty
  const CatalogContext context_;
  CatalogMetrics metrics_;
  HiveClient client_;
  Mutex mutex_;
  std::optional<bool> takes_lock_ GUARDED_BY(mutex_);
};

}  // namespace kafka_iceberg::catalog
