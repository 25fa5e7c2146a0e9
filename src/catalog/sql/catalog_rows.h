// SPDX-License-Identifier: Apache-2.0
//
// CatalogRows: the two tables of a SQL catalog, as the Java (JdbcCatalog, schema versions V0 and
// V1) and the Python catalog keep them. Each call is one statement. Owned by its catalog; safe for
// concurrent use.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/sql/sql_pool.h"
#include "core/mutex.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

class CatalogRows {
 public:
  CatalogRows(SqlPool& pool, std::string catalog_name)
      : pool_(pool), catalog_name_(std::move(catalog_name)) {}

  // Makes the tables if they are missing and finds out their version; once. Every call below does
  // it by itself.
  Status Prepare();
  Status CheckHealth();

  // Whether it has properties, a table, or a namespace below it.
  Result<bool> HasNamespace(const Namespace& name);
  // Every namespace with properties or tables below `parent`, at any depth.
  Result<std::vector<Namespace>> NamespacesBelow(const Namespace& parent);
  Status InsertNamespace(const Namespace& name);
  Status DeleteNamespace(const Namespace& name);
  Result<std::optional<std::string>> NamespaceProperty(const Namespace& name,
                                                       const std::string& key);

  Result<std::vector<std::string>> TableNames(const Namespace& name);
  // kNotFound
  Result<std::string> MetadataLocation(const TableIdentifier& identifier);
  // kAlreadyExists; kCommitUnknown as below.
  Status InsertTable(const TableIdentifier& identifier, const std::string& metadata_location);
  // Whether the row still pointed to `base` and was moved. kCommitUnknown: it may have been, or
  // may still be; other errors prove that it was not. The same holds for the two below.
  Result<bool> MoveTable(const TableIdentifier& identifier, const std::string& base,
                         const std::string& next);
  // With `metadata_location`, only while the row points to it.
  Result<bool> DeleteTable(const TableIdentifier& identifier,
                           const std::optional<std::string>& metadata_location);
  Result<bool> RenameTable(const TableIdentifier& from, const TableIdentifier& to);
  // Another table of this database whose metadata lies below `location`.
  Result<std::optional<std::string>> OtherTableBelow(const std::string& location,
                                                     const TableIdentifier& except);

 private:
  Result<SqlResult> Query(const SqlStatement& statement);
  Result<SqlResult> Execute(const SqlStatement& statement);
  // " AND (iceberg_type = 'TABLE' ...)" where the column is there.
  std::string OnlyTables();
  std::vector<std::string> KeyOf(const TableIdentifier& identifier) const;

  SqlPool& pool_;
  const std::string catalog_name_;
  Mutex mutex_;
  bool is_prepared_ GUARDED_BY(mutex_) = false;
  bool has_type_column_ GUARDED_BY(mutex_) = false;
};

}  // namespace kafka_iceberg::catalog
