// SPDX-License-Identifier: Apache-2.0
#include "catalog/file/file_catalog.h"

#include <algorithm>

#include "catalog/file/drop_hadoop_table.h"
#include "catalog/file/hadoop_layout.h"
#include "catalog/file/hadoop_pointer.h"
#include "catalog/metadata_file.h"
#include "catalog/name_rules.h"
#include "catalog/pointer_swap.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

// Stores have no empty folders; this makes a namespace exist before its first table. Readers skip
// hidden files.
constexpr std::string_view kNamespaceMarker = ".namespace";

}  // namespace

Result<std::unique_ptr<FileCatalog>> FileCatalog::Open(std::string_view warehouse,
                                                       const CatalogContext& context) {
  auto location = storage::NormalizeLocation(warehouse);
  if (!location.ok()) return location.error().WithContext("warehouse");
  return std::unique_ptr<FileCatalog>(new FileCatalog(std::move(location).value(), context));
}

Result<bool> FileCatalog::IsTable(const std::string& location) {
  const auto current = HadoopLayout(context_.store, location).FindCurrent(0);
  if (current.ok()) return true;
  if (current.error().code() == ErrorCode::kNotFound) return false;
  return current.error();
}

Result<bool> FileCatalog::IsFolder(const std::string& location) {
  const auto names = TRY(context_.store.ListFolders(storage::ParentLocation(location)));
  return std::binary_search(names.begin(), names.end(), storage::FileName(location));
}

// A table inside a table's folder would be deleted when the outer one is purged.
Status FileCatalog::CheckNoTableIn(const Namespace& name) {
  for (size_t levels = 1; levels <= name.size(); ++levels) {
    const Namespace outer(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(levels));
    const std::string location = NamespaceLocation(warehouse_, outer);
    if (TRY(IsTable(location))) return Error::Invalid("{} is a table, not a namespace", location);
  }
  return {};
}

Status FileCatalog::CreateNamespace(const Namespace& name) {
  return metrics_.Timed("create_namespace", [&] { return MakeNamespace(name); });
}

Status FileCatalog::MakeNamespace(const Namespace& name) {
  TRY(ValidateNamespace(name));
  TRY(CheckNoTableIn(name));
  const std::string location = NamespaceLocation(warehouse_, name);
  if (TRY(IsFolder(location))) return Error::AlreadyExists("namespace {} exists", location);
  return context_.store.WriteIfAbsent(storage::JoinLocation(location, kNamespaceMarker), "");
}

Status FileCatalog::CheckHealth() {
  return metrics_.Timed("check_health", [&]() -> Status {
    TRY(context_.store.ListFolders(warehouse_));
    return {};
  });
}

std::vector<Capability> FileCatalog::Capabilities() {
  return {
      {"nested namespaces", true, ""},
      {"rename a table", false, "the folder is the name; read it into a new table instead"},
      {"register a table", true, "copies the metadata as version 1"},
      {"commits by several processes", true, "create-if-absent of the next version"},
      {"commits by Spark at the same time", false,
       "on local disk its rename may overwrite; let it write only while nobody else does"},
      {"branches of the catalog", false, "only Nessie has them"},
      {"several tables in one commit", false, "each table commits on its own"},
  };
}

Result<std::vector<Namespace>> FileCatalog::ListNamespaces(const Namespace& parent) {
  return metrics_.Timed("list_namespaces", [&] { return FindNamespaces(parent); });
}

Result<std::vector<Namespace>> FileCatalog::FindNamespaces(const Namespace& parent) {
  std::string location = warehouse_;
  if (!parent.empty()) {
    TRY(ValidateNamespace(parent));
    location = NamespaceLocation(warehouse_, parent);
    if (!TRY(IsFolder(location))) return Error::NotFound("no namespace {}", location);
    TRY(CheckNoTableIn(parent));
  }
  std::vector<Namespace> namespaces;
  for (const std::string& folder : TRY(context_.store.ListFolders(location))) {
    Namespace name = parent;
    name.push_back(folder);
    if (!ValidateNamespace(name).ok()) continue;
    if (!TRY(IsTable(storage::JoinLocation(location, folder)))) {
      namespaces.push_back(std::move(name));
    }
  }
  return namespaces;
}

Status FileCatalog::DropNamespace(const Namespace& name) {
  return metrics_.Timed("drop_namespace", [&] { return RemoveNamespace(name); });
}

Status FileCatalog::RemoveNamespace(const Namespace& name) {
  TRY(ValidateNamespace(name));
  TRY(CheckNoTableIn(name));
  const std::string location = NamespaceLocation(warehouse_, name);
  if (!TRY(IsFolder(location))) return Error::NotFound("no namespace {}", location);
  const std::string marker = storage::JoinLocation(location, kNamespaceMarker);
  std::string found;
  TRY(context_.store.List(location, [&](const storage::ObjectInfo& object) {
    if (object.location != marker) found = object.location;
  }));
  if (!found.empty()) return Error::Invalid("namespace {} is not empty: {}", location, found);
  TRY(context_.store.Delete(marker));
  return context_.store.DeleteEmptyFolders(location);
}

Result<std::vector<TableIdentifier>> FileCatalog::ListTables(const Namespace& name) {
  return metrics_.Timed("list_tables", [&] { return FindTables(name); });
}

Result<std::vector<TableIdentifier>> FileCatalog::FindTables(const Namespace& name) {
  TRY(ValidateNamespace(name));
  const std::string location = NamespaceLocation(warehouse_, name);
  if (!TRY(IsFolder(location))) return Error::NotFound("no namespace {}", location);
  std::vector<TableIdentifier> tables;
  for (const std::string& folder : TRY(context_.store.ListFolders(location))) {
    if (TRY(IsTable(storage::JoinLocation(location, folder)))) tables.push_back({name, folder});
  }
  return tables;
}

Status FileCatalog::CheckNameIsFree(const TableIdentifier& identifier) {
  const std::string location = TableLocation(warehouse_, identifier);
  if (TRY(IsTable(location))) return Error::AlreadyExists("table {} exists", identifier.ToString());
  const auto marker = context_.store.Stat(storage::JoinLocation(location, kNamespaceMarker));
  if (marker.ok()) return Error::Invalid("{} is a namespace, not a table", location);
  return {};
}

Result<std::unique_ptr<TableOperations>> FileCatalog::CreateTable(const TableCreation& creation) {
  return metrics_.Timed("create_table", [&] { return Create(creation); });
}

Result<std::unique_ptr<TableOperations>> FileCatalog::Create(const TableCreation& creation) {
  TRY(ValidateIdentifier(creation.identifier));
  const std::string location = TableLocation(warehouse_, creation.identifier);
  if (creation.location && TRY(storage::NormalizeLocation(*creation.location)) != location) {
    return Error::Invalid("the file catalog places table {} at {}, not at {}",
                          creation.identifier.ToString(), location, *creation.location);
  }
  TRY(CheckNoTableIn(creation.identifier.name_space));
  TRY(CheckNameIsFree(creation.identifier));
  TableCreation pinned = creation;
  // Other writers may have another default; a version must have one name.
  pinned.properties.try_emplace("write.metadata.compression-codec", "none");
  const auto metadata = TRY(MakeMetadata(context_, pinned, location));
  TRY(HadoopPointer(context_, location).CreateFirst(metadata));
  return OpenTable(creation.identifier);
}

Result<std::unique_ptr<TableOperations>> FileCatalog::OpenTable(const TableIdentifier& identifier) {
  TRY(ValidateIdentifier(identifier));
  return PointerSwapTable::Open(
      identifier, context_, type(),
      std::make_unique<HadoopPointer>(context_, TableLocation(warehouse_, identifier)));
}

Result<std::unique_ptr<TableOperations>> FileCatalog::LoadTable(const TableIdentifier& identifier) {
  return metrics_.Timed("load_table", [&] { return OpenTable(identifier); });
}

Status FileCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  return metrics_.Timed("drop_table", [&]() -> Status {
    TRY(ValidateIdentifier(identifier));
    return DropHadoopTable(context_, TableLocation(warehouse_, identifier), purge);
  });
}

Status FileCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  return Error::Unsupported(
      "cannot rename {} to {}: in the file catalog the folder is the name, and the files inside "
      "are named by their "
      "full path",
      from.ToString(), to.ToString());
}

Status FileCatalog::RegisterTable(const TableIdentifier& identifier,
                                  std::string_view metadata_location) {
  return metrics_.Timed("register_table", [&] { return Register(identifier, metadata_location); });
}

Status FileCatalog::Register(const TableIdentifier& identifier,
                             std::string_view metadata_location) {
  TRY(ValidateIdentifier(identifier));
  TRY(CheckNoTableIn(identifier.name_space));
  TRY(CheckNameIsFree(identifier));
  const MetadataFile file =
      TRY(ReadMetadataFile(context_, TRY(storage::NormalizeLocation(metadata_location))));
  HadoopPointer pointer(context_, TableLocation(warehouse_, identifier));
  TRY(pointer.CreateFirst(*file.version.metadata));
  return {};
}

}  // namespace kafka_iceberg::catalog
