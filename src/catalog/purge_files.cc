// SPDX-License-Identifier: Apache-2.0
#include "catalog/purge_files.h"

#include <vector>

#include "storage/location.h"

namespace kafka_iceberg::catalog {
namespace {

// As many as S3 takes in one request.
constexpr size_t kDeletedAtOnce = 1000;

}  // namespace

Status CheckPurgeAllowed(const TableIdentifier& identifier,
                         const iceberg::TableMetadata& metadata) {
  if (metadata.Property("gc.enabled", "true") == "true") return {};
  return Error::Invalid("cannot purge {}: its property gc.enabled is false; drop it without purge",
                        identifier.ToString());
}

Status DeleteFilesBelow(storage::ObjectStore& store, const std::string& location,
                        std::string_view kept) {
  Status failure;
  std::vector<std::string> batch;
  const auto flush = [&] {
    if (failure.ok() && !batch.empty()) failure = store.DeleteMany(batch);
    batch.clear();
  };
  const Status listed = store.List(location, [&](const storage::ObjectInfo& object) {
    if (!failure.ok() || object.location == kept) return;
    batch.push_back(object.location);
    if (batch.size() == kDeletedAtOnce) flush();
  });
  flush();
  return failure.ok() ? listed : failure;
}

Status PurgeFiles(const CatalogContext& context, const TableVersion& dropped) {
  const std::string location = TRY(storage::NormalizeLocation(dropped.metadata->location));
  // A bucket or a whole disk is no table's own folder.
  if (storage::ParentLocation(location) == location)
    return Error::Invalid("table dropped, but its location {} is not deleted", location);
  Status failure = DeleteFilesBelow(context.store, location, "");
  if (failure.ok()) failure = context.store.Delete(dropped.metadata_location);
  if (failure.ok()) failure = context.store.DeleteEmptyFolders(location);
  if (failure.ok()) return {};
  return failure.error().WithContext(
      fmt::format("table dropped, but files stay below {}", location));
}

}  // namespace kafka_iceberg::catalog
