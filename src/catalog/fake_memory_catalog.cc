// SPDX-License-Identifier: Apache-2.0
#include "catalog/fake_memory_catalog.h"

#include "catalog/metadata_file.h"
#include "catalog/name_rules.h"
#include "catalog/pointer_swap.h"
#include "iceberg/table_metadata_json.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

// The pointer is an entry of the catalog's map; the swap compares and sets it under the catalog's
// mutex.
class FakeMemoryCatalog::Pointer final : public MetadataPointer {
 public:
  Pointer(FakeMemoryCatalog& catalog, Key key) : catalog_(catalog), key_(std::move(key)) {}

  Result<TableVersion> Load(const TableVersion& known) override {
    std::string location;
    {
      MutexLock lock(catalog_.mutex_);
      const auto found = catalog_.metadata_locations_.find(key_);
      if (found == catalog_.metadata_locations_.end()) return Error::NotFound("no such table");
      location = found->second;
    }
    if (known.metadata && known.metadata_location == location) return known;
    return TRY(ReadMetadataFile(catalog_.context(), location)).version;
  }

  Status CheckAllowed(const iceberg::TableMetadata&, const iceberg::TableMetadata&) override {
    return {};
  }

  SwapResult TrySwap(const Swap& swap) override {
    const std::string location = NextMetadataLocation(
        swap.next.MetadataLocation(), swap.base.metadata_location, catalog_.random_);
    const Status written = catalog_.store_.WriteIfAbsent(location, swap.bytes);
    if (!written.ok()) return {{CommitOutcome::kConflict, written.error().message()}, {}};
    MutexLock lock(catalog_.mutex_);
    const auto found = catalog_.metadata_locations_.find(key_);
    if (found == catalog_.metadata_locations_.end() ||
        found->second != swap.base.metadata_location) {
      return {{CommitOutcome::kConflict, "the table moved"}, {}};
    }
    found->second = location;
    return {{CommitOutcome::kCommitted, {}}, location};
  }

 private:
  FakeMemoryCatalog& catalog_;
  const Key key_;
};

FakeMemoryCatalog::FakeMemoryCatalog(std::string warehouse, storage::ObjectStore& store,
                                     Clock& clock, Random& random, telemetry::Metrics& metrics)
    : warehouse_(std::move(warehouse)),
      store_(store),
      clock_(clock),
      random_(random),
      metrics_(metrics) {}

FakeMemoryCatalog::~FakeMemoryCatalog() = default;

CatalogContext FakeMemoryCatalog::context() const { return {store_, clock_, random_, metrics_}; }

bool FakeMemoryCatalog::HasNamespace(const Namespace& name) const {
  const auto at = namespaces_.lower_bound(name);
  return at != namespaces_.end() && at->size() >= name.size() &&
         std::equal(name.begin(), name.end(), at->begin());
}

Status FakeMemoryCatalog::CheckHealth() { return {}; }

std::vector<Capability> FakeMemoryCatalog::Capabilities() { return {{"rename a table", true, ""}}; }

Result<std::vector<Namespace>> FakeMemoryCatalog::ListNamespaces(const Namespace& parent) {
  MutexLock lock(mutex_);
  if (!parent.empty() && !HasNamespace(parent)) return Error::NotFound("no such namespace");
  std::set<Namespace> found;
  for (const Namespace& name : namespaces_) {
    if (name.size() > parent.size() && std::equal(parent.begin(), parent.end(), name.begin())) {
      found.insert({name.begin(), name.begin() + static_cast<std::ptrdiff_t>(parent.size()) + 1});
    }
  }
  return std::vector<Namespace>(found.begin(), found.end());
}

Status FakeMemoryCatalog::DropNamespace(const Namespace& name) {
  TRY(ValidateNamespace(name));
  MutexLock lock(mutex_);
  if (!HasNamespace(name)) return Error::NotFound("no such namespace");
  for (const Namespace& other : namespaces_) {
    if (other.size() > name.size() && std::equal(name.begin(), name.end(), other.begin())) {
      return Error::Invalid("the namespace is not empty");
    }
  }
  for (const auto& [key, location] : metadata_locations_) {
    if (key.first == name) return Error::Invalid("the namespace is not empty");
  }
  namespaces_.erase(name);
  return {};
}

Status FakeMemoryCatalog::CreateNamespace(const Namespace& name) {
  TRY(ValidateNamespace(name));
  MutexLock lock(mutex_);
  if (!namespaces_.insert(name).second) return Error::AlreadyExists("the namespace exists");
  return {};
}

Result<std::vector<TableIdentifier>> FakeMemoryCatalog::ListTables(const Namespace& name) {
  TRY(ValidateNamespace(name));
  MutexLock lock(mutex_);
  if (!HasNamespace(name)) return Error::NotFound("no such namespace");
  std::vector<TableIdentifier> tables;
  for (const auto& [key, location] : metadata_locations_) {
    if (key.first == name) tables.push_back({key.first, key.second});
  }
  return tables;
}

Result<std::unique_ptr<TableOperations>> FakeMemoryCatalog::CreateTable(
    const TableCreation& creation) {
  const TableIdentifier& identifier = creation.identifier;
  TRY(ValidateIdentifier(identifier));
  const std::string location = creation.location.value_or(TableLocation(warehouse_, identifier));
  const auto metadata = TRY(MakeMetadata(context(), creation, location));
  const std::string metadata_location =
      NextMetadataLocation(metadata.MetadataLocation(), "", random_);
  TRY(store_.Write(metadata_location, iceberg::TableMetadataToJson(metadata)));
  TRY(Insert(identifier, metadata_location));
  return Open(identifier);
}

Status FakeMemoryCatalog::Insert(const TableIdentifier& identifier,
                                 const std::string& metadata_location) {
  MutexLock lock(mutex_);
  if (!HasNamespace(identifier.name_space))
    return Error::NotFound("no namespace of {}", identifier.ToString());
  if (!metadata_locations_.try_emplace({identifier.name_space, identifier.name}, metadata_location)
           .second) {
    return Error::AlreadyExists("table {} exists", identifier.ToString());
  }
  return {};
}

Result<std::unique_ptr<TableOperations>> FakeMemoryCatalog::Open(
    const TableIdentifier& identifier) {
  auto pointer = std::make_unique<Pointer>(*this, Key{identifier.name_space, identifier.name});
  return PointerSwapTable::Open(identifier, context(), type(), std::move(pointer));
}

Result<std::unique_ptr<TableOperations>> FakeMemoryCatalog::LoadTable(
    const TableIdentifier& identifier) {
  TRY(ValidateIdentifier(identifier));
  return Open(identifier);
}

Status FakeMemoryCatalog::DropTable(const TableIdentifier& identifier, bool purge) {
  TRY(ValidateIdentifier(identifier));
  const std::string location = TRY(Open(identifier))->Current().metadata->location;
  {
    MutexLock lock(mutex_);
    if (metadata_locations_.erase({identifier.name_space, identifier.name}) == 0) {
      return Error::NotFound("no table {}", identifier.ToString());
    }
  }
  if (!purge) return {};
  return store_.List(
      location, [&](const storage::ObjectInfo& object) { (void)store_.Delete(object.location); });
}

Status FakeMemoryCatalog::RenameTable(const TableIdentifier& from, const TableIdentifier& to) {
  TRY(ValidateIdentifier(from));
  TRY(ValidateIdentifier(to));
  MutexLock lock(mutex_);
  const auto found = metadata_locations_.find({from.name_space, from.name});
  if (found == metadata_locations_.end()) return Error::NotFound("no table {}", from.ToString());
  if (!HasNamespace(to.name_space)) return Error::NotFound("no namespace of {}", to.ToString());
  if (!metadata_locations_.try_emplace({to.name_space, to.name}, found->second).second) {
    return Error::AlreadyExists("table {} exists", to.ToString());
  }
  metadata_locations_.erase(found);
  return {};
}

Status FakeMemoryCatalog::RegisterTable(const TableIdentifier& identifier,
                                        std::string_view metadata_location) {
  TRY(ValidateIdentifier(identifier));
  const MetadataFile file = TRY(ReadMetadataFile(context(), std::string(metadata_location)));
  return Insert(identifier, file.version.metadata_location);
}

}  // namespace kafka_iceberg::catalog
