// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/catalog_rows.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace kafka_iceberg::catalog {

namespace {

constexpr std::string_view kTables = "iceberg_tables";
constexpr std::string_view kProperties = "iceberg_namespace_properties";
constexpr int kRowsMax = 100'000;

const char* const kCreateTables =
    "CREATE TABLE IF NOT EXISTS iceberg_tables (catalog_name VARCHAR(255) NOT NULL, "
    "table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, "
    "metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), "
    "iceberg_type VARCHAR(5), PRIMARY KEY (catalog_name, table_namespace, table_name))";
const char* const kCreateProperties =
    "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (catalog_name VARCHAR(255) NOT NULL, "
    "namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL, "
    "property_value VARCHAR(1000), PRIMARY KEY (catalog_name, namespace, property_key))";

// Namespaces below $2, which ends with a dot or is empty. Not LIKE: SQLite's knows no case, and
// '%' and '_' are legal in names.
constexpr std::string_view kBelow = "substr({}, 1, length(CAST($2 AS TEXT))) = CAST($2 AS TEXT)";

std::string Joined(const Namespace& name) { return fmt::format("{}", fmt::join(name, ".")); }

Namespace Split(std::string_view joined) {
  Namespace name;
  for (size_t dot = joined.find('.'); dot != std::string_view::npos; dot = joined.find('.')) {
    name.emplace_back(joined.substr(0, dot));
    joined.remove_prefix(dot + 1);
  }
  name.emplace_back(joined);
  return name;
}

Result<bool> OneRow(const Result<SqlResult>& result) {
  if (!result.ok()) return result.error();
  return result->affected_rows > 0;
}

Status CheckComplete(const SqlResult& result, std::string_view what) {
  if (result.rows.size() <= kRowsMax) return {};
  return Error::Unsupported("more than {} {}", kRowsMax, what);
}

// Two programs may start at the same time, so a failure counts only while the table is missing.
Status CreateIfMissing(SqlPool& pool, std::string_view table, const char* statement) {
  if (!TRY(pool.ColumnsOf(table)).empty()) return {};
  const auto created = pool.Execute({statement, {}});
  if (created.ok()) return {};
  if (!TRY(pool.ColumnsOf(table)).empty()) return {};
  const Error& error = created.error();
  const ErrorCode code =
      error.code() == ErrorCode::kCommitUnknown ? ErrorCode::kUnavailable : error.code();
  return Error(code, fmt::format("cannot create table {}: {}", table, error.message()));
}

}  // namespace

Status CatalogRows::Prepare() {
  {
    MutexLock lock(mutex_);
    if (is_prepared_) return {};
  }
  const bool is_new = TRY(pool_.ColumnsOf(kTables)).empty();
  TRY(CreateIfMissing(pool_, kTables, kCreateTables));
  TRY(CreateIfMissing(pool_, kProperties, kCreateProperties));
  if (is_new) pool_.TuneNewDatabase();
  const auto columns = TRY(pool_.ColumnsOf(kTables));
  MutexLock lock(mutex_);
  has_type_column_ = std::find(columns.begin(), columns.end(), "iceberg_type") != columns.end();
  is_prepared_ = true;
  return {};
}

Result<SqlResult> CatalogRows::Query(const SqlStatement& statement) {
  return pool_.Query(statement);
}

Result<SqlResult> CatalogRows::Execute(const SqlStatement& statement) {
  return pool_.Execute(statement);
}

std::string CatalogRows::OnlyTables() {
  MutexLock lock(mutex_);
  return has_type_column_ ? " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)" : "";
}

std::vector<std::string> CatalogRows::KeyOf(const TableIdentifier& identifier) const {
  return {catalog_name_, Joined(identifier.name_space), identifier.name};
}

Status CatalogRows::CheckHealth() {
  TRY(Prepare());
  TRY(Query(
      {"SELECT table_name FROM iceberg_tables WHERE catalog_name = $1 LIMIT 1", {catalog_name_}}));
  return {};
}

Result<bool> CatalogRows::HasNamespace(const Namespace& name) {
  TRY(Prepare());
  // $3 is the namespace itself, $2 the beginning of those below it.
  const std::string text = fmt::format(
      "SELECT 1 FROM iceberg_tables WHERE catalog_name = $1 AND ({} OR table_namespace = $3) "
      "UNION SELECT 1 FROM iceberg_namespace_properties "
      "WHERE catalog_name = $1 AND ({} OR namespace = $3)",
      fmt::format(kBelow, "table_namespace"), fmt::format(kBelow, "namespace"));
  const std::string joined = Joined(name);
  const SqlResult found = TRY(Query({text, {catalog_name_, joined + ".", joined}}));
  return !found.rows.empty();
}

Result<std::vector<Namespace>> CatalogRows::NamespacesBelow(const Namespace& parent) {
  TRY(Prepare());
  const std::string text = fmt::format(
      "SELECT table_namespace FROM iceberg_tables WHERE catalog_name = $1 AND {} "
      "UNION SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = $1 AND {} "
      "LIMIT {}",
      fmt::format(kBelow, "table_namespace"), fmt::format(kBelow, "namespace"), kRowsMax + 1);
  const std::string prefix = parent.empty() ? "" : Joined(parent) + ".";
  const SqlResult found = TRY(Query({text, {catalog_name_, prefix}}));
  TRY(CheckComplete(found, "namespaces"));
  std::vector<Namespace> names;
  for (const SqlRow& row : found.rows) names.push_back(Split(row[0].value_or("")));
  return names;
}

Status CatalogRows::InsertNamespace(const Namespace& name) {
  TRY(Prepare());
  TRY(
      Execute({"INSERT INTO iceberg_namespace_properties (catalog_name, namespace, property_key, "
               "property_value) VALUES ($1, $2, 'exists', 'true')",
               {catalog_name_, Joined(name)}}));
  return {};
}

Status CatalogRows::DeleteNamespace(const Namespace& name) {
  TRY(Prepare());
  TRY(Execute(
      {"DELETE FROM iceberg_namespace_properties WHERE catalog_name = $1 AND namespace = $2",
       {catalog_name_, Joined(name)}}));
  return {};
}

Result<std::optional<std::string>> CatalogRows::NamespaceProperty(const Namespace& name,
                                                                  const std::string& key) {
  TRY(Prepare());
  const SqlResult found =
      TRY(Query({"SELECT property_value FROM iceberg_namespace_properties "
                 "WHERE catalog_name = $1 AND namespace = $2 AND property_key = $3",
                 {catalog_name_, Joined(name), key}}));
  if (found.rows.empty()) return std::optional<std::string>();
  return found.rows[0][0];
}

Result<std::vector<std::string>> CatalogRows::TableNames(const Namespace& name) {
  TRY(Prepare());
  const SqlResult found =
      TRY(Query({fmt::format("SELECT table_name FROM iceberg_tables WHERE catalog_name = $1 AND "
                             "table_namespace = $2{} ORDER BY table_name LIMIT {}",
                             OnlyTables(), kRowsMax + 1),
                 {catalog_name_, Joined(name)}}));
  TRY(CheckComplete(found, "tables"));
  std::vector<std::string> names;
  for (const SqlRow& row : found.rows) names.push_back(row[0].value_or(""));
  return names;
}

Result<std::string> CatalogRows::MetadataLocation(const TableIdentifier& identifier) {
  TRY(Prepare());
  const SqlResult found =
      TRY(Query({"SELECT metadata_location FROM iceberg_tables WHERE catalog_name = $1 AND "
                 "table_namespace = $2 AND table_name = $3" +
                     OnlyTables(),
                 KeyOf(identifier)}));
  if (found.rows.empty()) return Error::NotFound("no table {}", identifier.ToString());
  if (!found.rows[0][0]) {
    return Error::Corrupt("table {} has no metadata_location in the SQL catalog",
                          identifier.ToString());
  }
  return *found.rows[0][0];
}

Status CatalogRows::InsertTable(const TableIdentifier& identifier,
                                const std::string& metadata_location) {
  TRY(Prepare());
  const bool has_type = !OnlyTables().empty();
  SqlStatement statement{
      fmt::format(
          "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, "
          "metadata_location, previous_metadata_location{}) VALUES ($1, $2, $3, $4, NULL{})",
          has_type ? ", iceberg_type" : "", has_type ? ", 'TABLE'" : ""),
      KeyOf(identifier)};
  statement.parameters.push_back(metadata_location);
  const auto inserted = Execute(std::move(statement));
  if (inserted.ok()) return {};
  if (inserted.error().code() == ErrorCode::kAlreadyExists) {
    return Error::AlreadyExists("{} exists, as a table or a view", identifier.ToString());
  }
  return inserted.error();
}

Result<bool> CatalogRows::MoveTable(const TableIdentifier& identifier, const std::string& base,
                                    const std::string& next) {
  TRY(Prepare());
  return OneRow(
      Execute({"UPDATE iceberg_tables SET metadata_location = $1, previous_metadata_location = $2 "
               "WHERE catalog_name = $3 AND table_namespace = $4 AND table_name = $5 AND "
               "metadata_location = $2" +
                   OnlyTables(),
               {next, base, catalog_name_, Joined(identifier.name_space), identifier.name}}));
}

Result<bool> CatalogRows::DeleteTable(const TableIdentifier& identifier,
                                      const std::optional<std::string>& metadata_location) {
  TRY(Prepare());
  SqlStatement statement{
      "DELETE FROM iceberg_tables WHERE catalog_name = $1 AND table_namespace = $2 AND "
      "table_name = $3",
      KeyOf(identifier)};
  if (metadata_location) {
    statement.text += " AND metadata_location = $4";
    statement.parameters.push_back(*metadata_location);
  }
  statement.text += OnlyTables();
  return OneRow(Execute(std::move(statement)));
}

Result<bool> CatalogRows::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  TRY(Prepare());
  return OneRow(Execute(
      {"UPDATE iceberg_tables SET table_namespace = $1, table_name = $2 WHERE "
       "catalog_name = $3 AND table_namespace = $4 AND table_name = $5" +
           OnlyTables(),
       {Joined(to.name_space), to.name, catalog_name_, Joined(from.name_space), from.name}}));
}

Result<std::optional<std::string>> CatalogRows::OtherTableBelow(const std::string& location,
                                                                const TableIdentifier& except) {
  TRY(Prepare());
  const SqlResult found =
      TRY(Query({"SELECT table_namespace, table_name FROM iceberg_tables WHERE "
                 "substr(metadata_location, 1, length(CAST($1 AS TEXT))) = CAST($1 AS TEXT) AND "
                 "NOT (catalog_name = $2 AND table_namespace = $3 AND table_name = $4) LIMIT 1",
                 {location + "/", catalog_name_, Joined(except.name_space), except.name}}));
  if (found.rows.empty()) return std::optional<std::string>();
  return std::optional<std::string>(found.rows[0][0].value_or("") + "." +
                                    found.rows[0][1].value_or(""));
}

}  // namespace kafka_iceberg::catalog
