// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_catalog.h"

#include <algorithm>

#include "catalog/hive/compare_probe.h"
#include "catalog/hive/hive_lock.h"
#include "catalog/hive/hive_types.h"
#include "catalog/metadata_file.h"
#include "catalog/metadata_swap.h"
#include "catalog/name_rules.h"
#include "catalog/pointer_swap.h"
#include "catalog/purge_files.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

// How many tables are asked for at once.
constexpr size_t kBatch = 100;
constexpr size_t kNameBytesMax = 128;

Status CheckName(std::string_view name, std::string_view what) {
  if (name.size() > kNameBytesMax)
    return Error::Invalid("{} name of {} bytes is longer than {}", what, name.size(),
                          kNameBytesMax);
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z')
      return Error::Invalid("{} name '{}' has upper case letters, which hive does not keep", what,
                            name);
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
      return Error::Invalid("{} name '{}' contains '{}'; hive takes letters, digits and '_'", what,
                            name, c);
  }
  return {};
}

Status CheckNamespace(const Namespace& name) {
  TRY(ValidateNamespace(name));
  if (name.size() > 1)
    return Error::Unsupported("hive has one namespace level, the database, not {}", name.size());
  return CheckName(name[0], "database");
}

Status CheckIdentifier(const TableIdentifier& identifier) {
  TRY(ValidateIdentifier(identifier));
  TRY(CheckNamespace(identifier.name_space));
  return CheckName(identifier.name, "table");
}

bool IsCommitLock(std::string_view text) {
  return text == "lock" || text == "compare-and-set" || text == "auto";
}

}  // namespace

Result<std::unique_ptr<HiveCatalog>> HiveCatalog::Open(const HiveCatalogOptions& options,
                                                       const CatalogContext& context) {
  auto addresses = TRY(ParseHiveUris(options.uris));
  if (!IsCommitLock(options.commit_lock))
    return Error::Invalid("hive commit_lock is '{}': give lock, compare-and-set or auto",
                          options.commit_lock);
  std::string warehouse;
  if (!options.warehouse.empty()) {
    auto normalized = storage::NormalizeLocation(options.warehouse);
    if (!normalized.ok()) return normalized.error().WithContext("warehouse");
    warehouse = std::move(normalized).value();
  }
  return std::unique_ptr<HiveCatalog>(
      new HiveCatalog(options, std::move(addresses), std::move(warehouse), context));
}

HiveCatalog::HiveCatalog(const HiveCatalogOptions& options, std::vector<HiveAddress> addresses,
                         std::string warehouse, const CatalogContext& context)
    : options_(options),
      warehouse_(std::move(warehouse)),
      context_(context),
      metrics_(context, "hive"),
      client_({std::move(addresses), options.connections, options.connect_timeout,
               options.call_timeout},
              context.clock) {}

Status HiveCatalog::CheckHealth() {
  return metrics_.Timed("check_health", [&]() -> Status {
    TRY(client_.Databases());
    return {};
  });
}

std::vector<Capability> HiveCatalog::Capabilities() {
  return {
      {"nested namespaces", false, "a namespace is a database"},
      {"rename a table", true, "its files stay where they are"},
      {"register a table", true, ""},
      {"commits by several processes", true,
       options_.commit_lock == "lock"
           ? "under the table's lock, as other writers do by default"
           : "by compare-and-set where the server does it; every writer must do the same"},
      {"branches of the catalog", false, "only Nessie has them"},
      {"several tables in one commit", false, "each table commits on its own"},
  };
}

Status HiveCatalog::CreateNamespace(const Namespace& name) {
  return metrics_.Timed("create_namespace", [&] { return AddDatabase(name); });
}

Status HiveCatalog::AddDatabase(const Namespace& name) {
  TRY(CheckNamespace(name));
  std::string location;
  if (!warehouse_.empty()) location = storage::JoinLocation(warehouse_, name[0] + ".db");
  return client_.CreateDatabase({name[0], location, options_.owner});
}

Result<std::vector<Namespace>> HiveCatalog::ListNamespaces(const Namespace& parent) {
  return metrics_.Timed("list_namespaces", [&] { return Databases(parent); });
}

Result<std::vector<Namespace>> HiveCatalog::Databases(const Namespace& parent) {
  std::vector<Namespace> namespaces;
  if (!parent.empty()) {
    TRY(CheckNamespace(parent));
    TRY(client_.GetDatabase(parent[0]));
    return namespaces;
  }
  for (std::string& name : TRY(client_.Databases())) namespaces.push_back({std::move(name)});
  std::sort(namespaces.begin(), namespaces.end());
  return namespaces;
}

Status HiveCatalog::DropNamespace(const Namespace& name) {
  return metrics_.Timed("drop_namespace", [&] { return RemoveDatabase(name); });
}

Status HiveCatalog::RemoveDatabase(const Namespace& name) {
  TRY(CheckNamespace(name));
  // Version 3 stumbles over a database that is not there.
  TRY(client_.GetDatabase(name[0]));
  return client_.DropDatabase(name[0]);
}

Result<std::vector<TableIdentifier>> HiveCatalog::ListTables(const Namespace& name) {
  return metrics_.Timed("list_tables", [&]() -> Result<std::vector<TableIdentifier>> {
    TRY(CheckNamespace(name));
    std::vector<TableIdentifier> tables;
    for (const HiveTable& table : TRY(TablesOf(name))) tables.push_back({name, table.name});
    return tables;
  });
}

Result<std::vector<HiveTable>> HiveCatalog::TablesOf(const Namespace& name) {
  TRY(client_.GetDatabase(name[0]));
  const auto names = TRY(client_.TableNames(name[0]));
  std::vector<HiveTable> tables;
  for (size_t first = 0; first < names.size(); first += kBatch) {
    const size_t end = std::min(first + kBatch, names.size());
    const std::vector<std::string> batch(names.begin() + static_cast<std::ptrdiff_t>(first),
                                         names.begin() + static_cast<std::ptrdiff_t>(end));
    for (HiveTable& table : TRY(client_.GetTables(name[0], batch))) {
      if (!table.is_iceberg()) continue;
      table.origin.reset();
      tables.push_back(std::move(table));
    }
  }
  return tables;
}

Result<std::string> HiveCatalog::LocationOf(const TableCreation& creation) {
  const TableIdentifier& identifier = creation.identifier;
  const HiveDatabase database = TRY(client_.GetDatabase(identifier.name_space[0]));
  if (creation.location) return storage::NormalizeLocation(*creation.location);
  std::string folder = database.location;
  if (folder.empty() && !warehouse_.empty())
    folder = storage::JoinLocation(warehouse_, database.name + ".db");
  if (folder.empty()) {
    return Error::Invalid("database {} has no location, and the catalog no warehouse",
                          database.name);
  }
  std::string location =
      storage::JoinLocation(TRY(storage::NormalizeLocation(folder)), identifier.name);
  // A table that was renamed keeps its folder, so a new one of the old name needs another.
  const Status alone = CheckNobodyBelow(identifier, location);
  if (!alone.ok() && alone.error().code() != ErrorCode::kInvalid) return alone.error();
  if (!alone.ok()) location += "-" + NewUuid(context_.random).substr(0, 8);
  return location;
}

Status HiveCatalog::CheckNobodyBelow(const TableIdentifier& identifier,
                                     const std::string& location) {
  for (const HiveTable& table : TRY(TablesOf(identifier.name_space))) {
    const auto other = storage::NormalizeLocation(table.location);
    const bool shares = other.ok() && (*other == location || storage::IsBelow(*other, location));
    if (table.name != identifier.name && shares)
      return Error::Invalid("table {}.{} has files below {}", table.database, table.name, location);
  }
  return {};
}

Result<std::unique_ptr<TableOperations>> HiveCatalog::CreateTable(const TableCreation& creation) {
  return metrics_.Timed("create_table", [&] { return Create(creation); });
}

Result<std::unique_ptr<TableOperations>> HiveCatalog::Create(const TableCreation& creation) {
  const TableIdentifier& identifier = creation.identifier;
  TRY(CheckIdentifier(identifier));
  TRY(WriteAndCreate(context_, creation, TRY(LocationOf(creation)),
                     [&](const std::string& metadata_location) -> Status {
                       return Insert(identifier,
                                     TRY(ReadMetadataFile(context_, metadata_location)).version);
                     }));
  return OpenTable(identifier);
}

// When the answer was lost, the table itself tells.
Status HiveCatalog::Insert(const TableIdentifier& identifier, const TableVersion& version) {
  HiveTable table{.database = identifier.name_space[0],
                  .name = identifier.name,
                  .owner = options_.owner,
                  .created_at_s = static_cast<int32_t>(ToMillis(context_.clock.Now()) / 1000)};
  DescribeTable(nullptr, *version.metadata, table);
  PointTo(version.metadata_location, "", table);
  const Status created = client_.CreateTable(table);
  if (created.ok() || created.error().code() != ErrorCode::kCommitUnknown) return created;
  const auto found = client_.GetTable(table.database, table.name);
  if (!found.ok()) return created;
  if (found->Parameter("metadata_location") == version.metadata_location) return {};
  return Error::AlreadyExists("table {} exists", identifier.ToString());
}

Result<std::unique_ptr<TableOperations>> HiveCatalog::OpenTable(const TableIdentifier& identifier) {
  TRY(CheckIdentifier(identifier));
  const HiveCommitOptions options = TRY(CommitOptions(identifier.name_space[0]));
  return PointerSwapTable::Open(
      identifier, context_, type(),
      std::make_unique<HivePointer>(client_, context_, options, identifier));
}

Result<HiveCommitOptions> HiveCatalog::CommitOptions(const std::string& database) {
  HiveCommitOptions options{true, options_.lock_timeout, options_.settle_time};
  if (options_.commit_lock == "lock") return options;
  MutexLock lock(mutex_);
  if (!takes_lock_) {
    const HiveDatabase probed = TRY(client_.GetDatabase(database));
    const Result<bool> compares = ServerCompares(client_, context_, probed);
    if (options_.commit_lock == "compare-and-set") {
      // Without a lock on a server that ignores the expected value, writers overwrite each other.
      if (!TRY(Result<bool>(compares))) {
        return Error::Unsupported(
            "the Hive metastore takes the expected value of a change and ignores it; set "
            "commit_lock = \"lock\"");
      }
    }
    takes_lock_ = !(compares.ok() && *compares);
  }
  options.takes_lock = *takes_lock_;
  return options;
}

Result<std::unique_ptr<TableOperations>> HiveCatalog::LoadTable(const TableIdentifier& identifier) {
  return metrics_.Timed("load_table", [&] { return OpenTable(identifier); });
}

Status HiveCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  return metrics_.Timed("drop_table", [&] { return Drop(identifier, purge); });
}

Status HiveCatalog::Drop(const TableIdentifier& identifier, bool purge) {
  TRY(CheckIdentifier(identifier));
  const std::string& database = identifier.name_space[0];
  TRY(MetadataLocationOf(TRY(client_.GetTable(database, identifier.name))));
  if (!purge) return client_.DropTable(database, identifier.name);
  const TableVersion dropped = TRY(OpenTable(identifier))->Current();
  TRY(CheckPurgeAllowed(identifier, *dropped.metadata));
  const Status alone = CheckNobodyBelow(identifier, dropped.metadata->location);
  if (!alone.ok()) {
    return alone.error().WithContext(
        fmt::format("cannot purge {}, drop it without purge", identifier.ToString()));
  }
  TRY(client_.DropTable(database, identifier.name));
  return PurgeFiles(context_, dropped);
}

Status HiveCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  return metrics_.Timed("rename_table", [&] { return Rename(from, to); });
}

// Under the lock, as a commit between reading and writing the table would be lost.
Status HiveCatalog::Rename(const TableIdentifier& from, const TableIdentifier& to) {
  TRY(CheckIdentifier(from));
  TRY(CheckIdentifier(to));
  const std::string& database = from.name_space[0];
  TRY(client_.GetTable(database, from.name));
  TRY(client_.GetDatabase(to.name_space[0]));
  const auto taken = client_.GetTable(to.name_space[0], to.name);
  if (taken.ok()) return Error::AlreadyExists("table {} exists", to.ToString());
  if (taken.error().code() != ErrorCode::kNotFound) return taken.error();
  const HiveCommitOptions options = TRY(CommitOptions(database));
  std::unique_ptr<HiveLock> lock;
  if (options.takes_lock)
    lock = TRY(HiveLock::Acquire(client_, context_, database, from.name, options.lock_timeout));
  HiveTable table = TRY(client_.GetTable(database, from.name));
  const std::string location = TRY(MetadataLocationOf(table));
  table.database = to.name_space[0];
  table.name = to.name;
  return client_.AlterTable(database, from.name, table, location);
}

Status HiveCatalog::RegisterTable(const TableIdentifier& identifier,
                                  std::string_view metadata_location) {
  return metrics_.Timed("register_table", [&] { return Register(identifier, metadata_location); });
}

Status HiveCatalog::Register(const TableIdentifier& identifier,
                             std::string_view metadata_location) {
  TRY(CheckIdentifier(identifier));
  const MetadataFile file =
      TRY(ReadMetadataFile(context_, TRY(storage::NormalizeLocation(metadata_location))));
  return Insert(identifier, file.version);
}

}  // namespace kafka_iceberg::catalog
