// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/sql_catalog.h"

#include <fmt/ranges.h>

#include <set>

#include "catalog/metadata_file.h"
#include "catalog/metadata_swap.h"
#include "catalog/name_rules.h"
#include "catalog/pointer_swap.h"
#include "catalog/purge_files.h"
#include "catalog/sql/postgres_connection.h"
#include "catalog/sql/sql_pointer.h"
#include "catalog/sql/sql_uri.h"
#include "catalog/sql/sqlite_connection.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

// The rows hold the levels joined by dots, so a dot inside of one would make two.
Status CheckNamespace(const Namespace& name) {
  TRY(ValidateNamespace(name));
  for (const std::string& level : name) {
    if (level.find('.') != std::string::npos)
      return Error::Invalid(
          "namespace name '{}' contains a dot, which separates levels in a sql "
          "catalog",
          level);
  }
  return {};
}

Status CheckIdentifier(const TableIdentifier& identifier) {
  TRY(ValidateIdentifier(identifier));
  return CheckNamespace(identifier.name_space);
}

}  // namespace

Result<std::unique_ptr<SqlCatalog>> SqlCatalog::Open(const SqlCatalogOptions& options,
                                                     const CatalogContext& context) {
  SqlUri uri = TRY(ParseSqlUri(options.uri));
  const PostgresTimeouts timeouts{options.connect_timeout, options.statement_timeout};
  SqlConnector connect = [uri = std::move(uri), timeouts, &clock = context.clock] {
    return uri.kind == SqlUri::Kind::kSqlite ? OpenSqliteConnection(uri.target, timeouts.statement)
                                             : OpenPostgresConnection(uri, timeouts, clock);
  };
  return OpenWith(std::move(connect), options, context);
}

Result<std::unique_ptr<SqlCatalog>> SqlCatalog::OpenWith(SqlConnector connect,
                                                         const SqlCatalogOptions& options,
                                                         const CatalogContext& context) {
  if (options.catalog_name.empty())
    return Error::Invalid("sql catalog: catalog_name is empty; it is part of every row's key");
  auto warehouse = storage::NormalizeLocation(options.warehouse);
  if (!warehouse.ok()) return warehouse.error().WithContext("warehouse");
  return std::unique_ptr<SqlCatalog>(
      new SqlCatalog(std::move(connect), options, std::move(warehouse).value(), context));
}

SqlCatalog::SqlCatalog(SqlConnector connect, const SqlCatalogOptions& options,
                       std::string warehouse, const CatalogContext& context)
    : warehouse_(std::move(warehouse)),
      context_(context),
      metrics_(context, "sql"),
      pool_(std::move(connect), options.connections),
      rows_(pool_, options.catalog_name) {}

Status SqlCatalog::CheckHealth() {
  return metrics_.Timed("check_health", [&] { return rows_.CheckHealth(); });
}

std::vector<Capability> SqlCatalog::Capabilities() {
  return {
      {"nested namespaces", true, "levels may not contain dots"},
      {"rename a table", true, "its files stay where they are"},
      {"register a table", true, ""},
      {"commits by several processes", true, "one UPDATE that names the version it replaces"},
      {"branches of the catalog", false, "only Nessie has them"},
      {"several tables in one commit", false, "each table commits on its own"},
  };
}

Status SqlCatalog::CreateNamespace(const Namespace& name) {
  return metrics_.Timed("create_namespace", [&] { return AddNamespace(name); });
}

Status SqlCatalog::AddNamespace(const Namespace& name) {
  TRY(CheckNamespace(name));
  if (TRY(rows_.HasNamespace(name)))
    return Error::AlreadyExists("namespace {} exists", fmt::join(name, "."));
  return rows_.InsertNamespace(name);
}

Result<std::vector<Namespace>> SqlCatalog::ListNamespaces(const Namespace& parent) {
  return metrics_.Timed("list_namespaces", [&] { return ChildrenOf(parent); });
}

Result<std::vector<Namespace>> SqlCatalog::ChildrenOf(const Namespace& parent) {
  if (!parent.empty()) TRY(RequireNamespace(parent));
  std::set<Namespace> children;
  for (const Namespace& name : TRY(rows_.NamespacesBelow(parent))) {
    if (name.size() <= parent.size()) continue;
    Namespace child(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(parent.size()) + 1);
    if (ValidateNamespace(child).ok()) children.insert(std::move(child));
  }
  return std::vector<Namespace>(children.begin(), children.end());
}

Status SqlCatalog::RequireNamespace(const Namespace& name) {
  TRY(CheckNamespace(name));
  if (TRY(rows_.HasNamespace(name))) return {};
  return Error::NotFound("no namespace {}", fmt::join(name, "."));
}

Status SqlCatalog::DropNamespace(const Namespace& name) {
  return metrics_.Timed("drop_namespace", [&] { return RemoveNamespace(name); });
}

Status SqlCatalog::RemoveNamespace(const Namespace& name) {
  TRY(RequireNamespace(name));
  const auto tables = TRY(rows_.TableNames(name));
  if (!tables.empty()) return Error::Invalid("the namespace is not empty: table {}", tables[0]);
  const auto below = TRY(rows_.NamespacesBelow(name));
  if (!below.empty())
    return Error::Invalid("the namespace is not empty: namespace {}", below[0].back());
  return rows_.DeleteNamespace(name);
}

Result<std::vector<TableIdentifier>> SqlCatalog::ListTables(const Namespace& name) {
  return metrics_.Timed("list_tables", [&] { return TablesOf(name); });
}

Result<std::vector<TableIdentifier>> SqlCatalog::TablesOf(const Namespace& name) {
  TRY(RequireNamespace(name));
  std::vector<TableIdentifier> tables;
  for (std::string& table : TRY(rows_.TableNames(name))) tables.push_back({name, std::move(table)});
  return tables;
}

// A table that was renamed keeps its folder, so a new one of the old name needs another.
Result<std::string> SqlCatalog::LocationOf(const TableCreation& creation) {
  if (creation.location) return storage::NormalizeLocation(*creation.location);
  const TableIdentifier& identifier = creation.identifier;
  const auto own = TRY(rows_.NamespaceProperty(identifier.name_space, "location"));
  std::string location =
      own ? storage::JoinLocation(TRY(storage::NormalizeLocation(*own)), identifier.name)
          : TableLocation(warehouse_, identifier);
  if (TRY(rows_.OtherTableBelow(location, identifier)))
    location += "-" + NewUuid(context_.random).substr(0, 8);
  return location;
}

Result<std::unique_ptr<TableOperations>> SqlCatalog::CreateTable(const TableCreation& creation) {
  return metrics_.Timed("create_table", [&] { return Create(creation); });
}

Result<std::unique_ptr<TableOperations>> SqlCatalog::Create(const TableCreation& creation) {
  const TableIdentifier& identifier = creation.identifier;
  TRY(CheckIdentifier(identifier));
  TRY(RequireNamespace(identifier.name_space));
  TRY(WriteAndCreate(
      context_, creation, TRY(LocationOf(creation)),
      [&](const std::string& metadata_location) { return Insert(identifier, metadata_location); }));
  return OpenTable(identifier);
}

// When the answer was lost, the row tells.
Status SqlCatalog::Insert(const TableIdentifier& identifier, const std::string& metadata_location) {
  const Status inserted = rows_.InsertTable(identifier, metadata_location);
  if (inserted.ok() || inserted.error().code() != ErrorCode::kCommitUnknown) return inserted;
  const auto current = rows_.MetadataLocation(identifier);
  if (!current.ok()) return inserted;
  if (*current == metadata_location) return {};
  return Error::AlreadyExists("table {} exists", identifier.ToString());
}

Result<std::unique_ptr<TableOperations>> SqlCatalog::OpenTable(const TableIdentifier& identifier) {
  TRY(CheckIdentifier(identifier));
  return PointerSwapTable::Open(identifier, context_, type(),
                                std::make_unique<SqlPointer>(rows_, context_, identifier));
}

Result<std::unique_ptr<TableOperations>> SqlCatalog::LoadTable(const TableIdentifier& identifier) {
  return metrics_.Timed("load_table", [&] { return OpenTable(identifier); });
}

Status SqlCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  return metrics_.Timed("drop_table",
                        [&] { return purge ? Purge(identifier) : Forget(identifier); });
}

Status SqlCatalog::Forget(const TableIdentifier& identifier) {
  TRY(CheckIdentifier(identifier));
  if (TRY(rows_.DeleteTable(identifier, std::nullopt))) return {};
  return Error::NotFound("no table {}", identifier.ToString());
}

Status SqlCatalog::Purge(const TableIdentifier& identifier) {
  const TableVersion dropped = TRY(OpenTable(identifier))->Current();
  TRY(CheckPurgeAllowed(identifier, *dropped.metadata));
  const auto other = TRY(rows_.OtherTableBelow(dropped.metadata->location, identifier));
  if (other) {
    return Error::Invalid("cannot purge {}: table {} has files below {}; drop it without purge",
                          identifier.ToString(), *other, dropped.metadata->location);
  }
  if (!TRY(rows_.DeleteTable(identifier, dropped.metadata_location))) {
    return Error::Conflict("cannot purge {}: somebody else changed it meanwhile; try again",
                           identifier.ToString());
  }
  return PurgeFiles(context_, dropped);
}

Status SqlCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  return metrics_.Timed("rename_table", [&] { return Rename(from, to); });
}

Status SqlCatalog::Rename(const TableIdentifier& from, const TableIdentifier& to) {
  TRY(CheckIdentifier(from));
  TRY(CheckIdentifier(to));
  TRY(RequireNamespace(to.name_space));
  const auto renamed = rows_.RenameTable(from, to);
  if (renamed.ok() && *renamed) return {};
  if (renamed.ok()) return Error::NotFound("no table {}", from.ToString());
  if (renamed.error().code() == ErrorCode::kAlreadyExists)
    return Error::AlreadyExists("{} exists, as a table or a view", to.ToString());
  return renamed.error();
}

Status SqlCatalog::RegisterTable(const TableIdentifier& identifier,
                                 std::string_view metadata_location) {
  return metrics_.Timed("register_table", [&] { return Register(identifier, metadata_location); });
}

Status SqlCatalog::Register(const TableIdentifier& identifier, std::string_view metadata_location) {
  TRY(CheckIdentifier(identifier));
  TRY(RequireNamespace(identifier.name_space));
  const MetadataFile file =
      TRY(ReadMetadataFile(context_, TRY(storage::NormalizeLocation(metadata_location))));
  return Insert(identifier, file.version.metadata_location);
}

}  // namespace kafka_iceberg::catalog
