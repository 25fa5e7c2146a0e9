// SPDX-License-Identifier: Apache-2.0
#include "catalog/purge_files.h"

#include "storage/location.h"

namespace kafka_iceberg::catalog {

Status CheckPurgeAllowed(const TableIdentifier& identifier,
                         const iceberg::TableMetadata& metadata) {
  if (metadata.Property("gc.enabled", "true") == "true") return {};
  return Error::Invalid("cannot purge {}: its property gc.enabled is false; drop it without purge",
                        identifier.ToString());
}

Status PurgeFiles(const CatalogContext& context, const TableVersion& dropped) {
  const std::string location = TRY(storage::NormalizeLocation(dropped.metadata->location));
  // A bucket or a whole disk is no table's own folder.
  if (storage::ParentLocation(location) == location)
    return Error::Invalid("table dropped, but its location {} is not deleted", location);
  Status failure;
  const Status listed = context.store.List(location, [&](const storage::ObjectInfo& object) {
    if (failure.ok()) failure = context.store.Delete(object.location);
  });
  if (failure.ok()) failure = listed;
  if (failure.ok()) failure = context.store.Delete(dropped.metadata_location);
  if (failure.ok()) failure = context.store.DeleteEmptyFolders(location);
  if (failure.ok()) return {};
  return failure.error().WithContext(
      fmt::format("table dropped, but files stay below {}", location));
}

}  // namespace kafka_iceberg::catalog
