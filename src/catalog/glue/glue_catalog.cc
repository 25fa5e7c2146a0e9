// SPDX-License-Identifier: Apache-2.0
#include "catalog/glue/glue_catalog.h"

#include <nlohmann/json.hpp>

#include "catalog/glue/glue_names.h"
#include "catalog/glue/glue_pointer.h"
#include "catalog/metadata_file.h"
#include "catalog/metadata_swap.h"
#include "catalog/pointer_swap.h"
#include "catalog/purge_files.h"
#include "iceberg/json/json_reader.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {
namespace {

using Json = nlohmann::json;

// A server that pages for ever is not followed for ever.
constexpr int kPagesMax = 10'000;
constexpr size_t kAllTables = SIZE_MAX;

std::string OfDatabase(const std::string& name) { return "database " + name; }

// https://docs.aws.amazon.com/general/latest/gr/glue.html
std::string DefaultEndpoint(const std::string& region) {
  const bool is_china = region.starts_with("cn-");
  return fmt::format("https://glue.{}.amazonaws.com{}", region, is_china ? ".cn" : "");
}

// Calls `visit` with each element of the array `list` of each page, until it returns false.
Status ForEachOnPages(GlueClient& client, std::string_view operation, std::string_view target,
                      const Json& body, const char* list,
                      const std::function<Result<bool>(const Json&)>& visit) {
  Json request = body;
  for (int page = 0; page < kPagesMax; ++page) {
    const Json answer = TRY(client.Read(operation, target, request));
    const Json* elements = TRY(iceberg::ReadOptionalArray(answer, list));
    if (elements != nullptr) {
      for (const Json& element : *elements) {
        if (!TRY(visit(element))) return {};
      }
    }
    const auto next = TRY(iceberg::ReadOptionalString(answer, "NextToken"));
    if (!next || next->empty()) return {};
    request["NextToken"] = *next;
  }
  return Error::Corrupt("glue:{} on {} has more than {} pages", operation, target, kPagesMax);
}

}  // namespace

Result<std::unique_ptr<GlueCatalog>> GlueCatalog::Open(const GlueCatalogOptions& options,
                                                       const GlueCatalogContext& context) {
  if (options.region.empty()) return Error::Invalid("the Glue catalog has no AWS region");
  std::string endpoint =
      options.endpoint.empty() ? DefaultEndpoint(options.region) : options.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (const auto origin = net::OriginOf(endpoint); !origin.ok())
    return origin.error().WithContext("Glue endpoint");
  return std::unique_ptr<GlueCatalog>(new GlueCatalog(options, std::move(endpoint), context));
}

GlueCatalog::GlueCatalog(const GlueCatalogOptions& options, std::string endpoint,
                         const GlueCatalogContext& context)
    : options_(options),
      context_(context.catalog),
      metrics_(context.catalog, "glue"),
      client_({.endpoint = std::move(endpoint),
               .region = options.region,
               .catalog_id = options.catalog_id,
               .request_timeout = options.request_timeout},
              context.catalog, context.http, context.credentials) {}

Status GlueCatalog::CheckHealth() {
  return metrics_.Timed("check_health", [&] { return AskForHealth(); });
}

Status GlueCatalog::AskForHealth() {
  std::string database;
  {
    MutexLock lock(mutex_);
    database = last_database_;
  }
  if (database.empty()) {
    TRY(client_.Read("GetDatabases", "the catalog", {{"MaxResults", 1}}));
    return {};
  }
  const auto answer = client_.Read("GetDatabase", OfDatabase(database), {{"Name", database}});
  if (answer.ok() || answer.error().code() == ErrorCode::kNotFound) return {};
  return answer.error();
}

std::vector<Capability> GlueCatalog::Capabilities() {
  return {
      {"nested namespaces", false, "a Glue database has one level"},
      {"rename a table", false,
       "Glue can only create and drop, and a commit in between would be lost: stop the writers, "
       "register the table under its new name, then drop the old one without purge"},
      {"register a table", true, ""},
      {"commits by several processes", true, "UpdateTable with the table's VersionId"},
      {"branches of the catalog", false, "only Nessie has them"},
      {"several tables in one commit", false, "each table commits on its own"},
  };
}

Status GlueCatalog::CreateNamespace(const Namespace& name) {
  return metrics_.Timed("create_namespace", [&] { return MakeDatabase(name); });
}

Status GlueCatalog::MakeDatabase(const Namespace& name) {
  TRY(CheckGlueNamespace(name));
  const std::string& database = name.front();
  TRY(CheckNewGlueName(database, "database"));
  const auto made = client_.Write("CreateDatabase", OfDatabase(database),
                                  {{"DatabaseInput", {{"Name", database}}}});
  return made.ok() ? Status() : Status(made.error());
}

Result<std::vector<Namespace>> GlueCatalog::ListNamespaces(const Namespace& parent) {
  return metrics_.Timed("list_namespaces", [&] { return FindDatabases(parent); });
}

Result<std::vector<Namespace>> GlueCatalog::FindDatabases(const Namespace& parent) {
  std::vector<Namespace> databases;
  if (!parent.empty()) {
    TRY(CheckGlueNamespace(parent));
    TRY(DatabaseLocation(parent.front()));
    return databases;
  }
  TRY(ForEachOnPages(client_, "GetDatabases", "the catalog", Json::object(), "DatabaseList",
                     [&](const Json& database) -> Result<bool> {
                       databases.push_back({TRY(iceberg::ReadString(database, "Name"))});
                       return true;
                     }));
  std::sort(databases.begin(), databases.end());
  return databases;
}

Status GlueCatalog::DropNamespace(const Namespace& name) {
  return metrics_.Timed("drop_namespace", [&] { return RemoveDatabase(name); });
}

Status GlueCatalog::RemoveDatabase(const Namespace& name) {
  TRY(CheckGlueNamespace(name));
  const std::string& database = name.front();
  TRY(DatabaseLocation(database));
  const std::vector<GlueTable> tables = TRY(TablesOf(database, 1));
  if (!tables.empty()) {
    return Error::Invalid("database {} is not empty: it has table {}", database,
                          tables.front().name);
  }
  const auto dropped = client_.Write("DeleteDatabase", OfDatabase(database), {{"Name", database}});
  return dropped.ok() ? Status() : Status(dropped.error());
}

// All kinds of tables.
Result<std::vector<GlueTable>> GlueCatalog::TablesOf(const std::string& database,
                                                     size_t tables_max) {
  std::vector<GlueTable> tables;
  TRY(ForEachOnPages(client_, "GetTables", OfDatabase(database), {{"DatabaseName", database}},
                     "TableList", [&](const Json& table) -> Result<bool> {
                       tables.push_back(TRY(ReadGlueTable(table)));
                       return tables.size() < tables_max;
                     }));
  return tables;
}

Result<std::vector<TableIdentifier>> GlueCatalog::ListTables(const Namespace& name) {
  return metrics_.Timed("list_tables", [&]() -> Result<std::vector<TableIdentifier>> {
    TRY(CheckGlueNamespace(name));
    std::vector<TableIdentifier> found;
    for (const GlueTable& table : TRY(TablesOf(name.front(), kAllTables))) {
      if (table.is_iceberg) found.push_back({name, table.name});
    }
    return found;
  });
}

// Empty when it has none; kNotFound: no such database.
Result<std::string> GlueCatalog::DatabaseLocation(const std::string& database) {
  const Json answer = TRY(client_.Read("GetDatabase", OfDatabase(database), {{"Name", database}}));
  const Json* found = iceberg::FindMember(answer, "Database");
  if (found == nullptr) return Error::Corrupt("glue:GetDatabase answered without a database");
  return TRY(iceberg::ReadOptionalString(*found, "LocationUri")).value_or("");
}

Result<std::string> GlueCatalog::LocationOf(const TableCreation& creation) {
  const std::string& database = creation.identifier.name_space.front();
  const std::string of_database = TRY(DatabaseLocation(database));
  if (creation.location) return storage::NormalizeLocation(*creation.location);
  if (!of_database.empty()) {
    return storage::JoinLocation(TRY(storage::NormalizeLocation(of_database)),
                                 creation.identifier.name);
  }
  if (options_.warehouse.empty()) {
    return Error::Invalid(
        "nobody says where table {} goes: set warehouse_path, or give database "
        "{} a location",
        creation.identifier.ToString(), database);
  }
  return storage::JoinLocation(options_.warehouse,
                               fmt::format("{}.db/{}", database, creation.identifier.name));
}

Result<std::unique_ptr<TableOperations>> GlueCatalog::CreateTable(const TableCreation& creation) {
  return metrics_.Timed("create_table", [&] { return Create(creation); });
}

Result<std::unique_ptr<TableOperations>> GlueCatalog::Create(const TableCreation& creation) {
  TRY(CheckGlueIdentifier(creation.identifier));
  TRY(CheckNewGlueName(creation.identifier.name, "table"));
  const std::string location = TRY(LocationOf(creation));
  TRY(WriteAndCreate(context_, creation, location, [&](const std::string& file) -> Status {
    return Insert(creation.identifier, TRY(ReadMetadataFile(context_, file)).version);
  }));
  return OpenTable(creation.identifier);
}

Status GlueCatalog::Insert(const TableIdentifier& identifier, const TableVersion& version) {
  const auto made = client_.Write(
      "CreateTable", "table " + identifier.ToString(),
      {{"DatabaseName", identifier.name_space.front()},
       {"TableInput",
        MakeTableInput(identifier.name, *version.metadata, version.metadata_location, nullptr)}});
  if (made.ok()) return {};
  // "Exists already" may be our own request, sent twice on the way.
  const bool may_be_ours = made.error().code() == ErrorCode::kCommitUnknown ||
                           made.error().code() == ErrorCode::kAlreadyExists;
  if (!may_be_ours) return made.error();
  const auto found = GetIcebergTable(client_, identifier);
  if (found.ok() && found->metadata_location == version.metadata_location) return {};
  return made.error();
}

Result<std::unique_ptr<TableOperations>> GlueCatalog::LoadTable(const TableIdentifier& identifier) {
  return metrics_.Timed("load_table", [&] { return OpenTable(identifier); });
}

Result<std::unique_ptr<TableOperations>> GlueCatalog::OpenTable(const TableIdentifier& identifier) {
  TRY(CheckGlueIdentifier(identifier));
  auto table = TRY(PointerSwapTable::Open(
      identifier, context_, type(),
      std::make_unique<GluePointer>(client_, context_, identifier, options_.skip_archive)));
  MutexLock lock(mutex_);
  last_database_ = identifier.name_space.front();
  return table;
}

Status GlueCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  return metrics_.Timed("drop_table", [&]() -> Status {
    TRY(CheckGlueIdentifier(identifier));
    return purge ? Purge(identifier) : Forget(identifier);
  });
}

Status GlueCatalog::Forget(const TableIdentifier& identifier) {
  TRY(GetIcebergTable(client_, identifier));
  const auto dropped =
      client_.Write("DeleteTable", "table " + identifier.ToString(),
                    {{"DatabaseName", identifier.name_space.front()}, {"Name", identifier.name}});
  if (dropped.ok()) return {};
  if (dropped.error().code() != ErrorCode::kCommitUnknown) return dropped.error();
  const auto found = GetIcebergTable(client_, identifier);
  const bool is_gone = !found.ok() && found.error().code() == ErrorCode::kNotFound;
  return is_gone ? Status() : Status(dropped.error());
}

Status GlueCatalog::Purge(const TableIdentifier& identifier) {
  const GlueTable table = TRY(GetIcebergTable(client_, identifier));
  const TableVersion dropped = TRY(ReadMetadataFile(context_, table.metadata_location)).version;
  TRY(CheckPurgeAllowed(identifier, *dropped.metadata));
  TRY(CheckNothingBelow(identifier, dropped.metadata->location));
  TRY(Forget(identifier));
  return PurgeFiles(context_, dropped);
}

Status GlueCatalog::CheckNothingBelow(const TableIdentifier& identifier,
                                      const std::string& location) {
  for (const GlueTable& other : TRY(TablesOf(identifier.name_space.front(), kAllTables))) {
    if (other.name == identifier.name) continue;
    const bool is_inside = other.location == location ||
                           storage::IsBelow(other.location, location) ||
                           storage::IsBelow(other.metadata_location, location);
    if (is_inside) {
      return Error::Invalid("cannot purge {}: table {} has files below {}; drop it without purge",
                            identifier.ToString(), other.name, location);
    }
  }
  return {};
}

Status GlueCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  return Error::Unsupported(
      "cannot rename {} to {}: Glue can only create and drop, and a commit in between would be "
      "lost; stop the writers, register the table as {}, then drop {} without purge",
      from.ToString(), to.ToString(), to.ToString(), from.ToString());
}

Status GlueCatalog::RegisterTable(const TableIdentifier& identifier,
                                  std::string_view metadata_location) {
  return metrics_.Timed("register_table", [&] { return Register(identifier, metadata_location); });
}

Status GlueCatalog::Register(const TableIdentifier& identifier,
                             std::string_view metadata_location) {
  TRY(CheckGlueIdentifier(identifier));
  TRY(CheckNewGlueName(identifier.name, "table"));
  const MetadataFile file =
      TRY(ReadMetadataFile(context_, TRY(storage::NormalizeLocation(metadata_location))));
  return Insert(identifier, file.version);
}

}  // namespace kafka_iceberg::catalog
