// SPDX-License-Identifier: Apache-2.0
#include "catalog/file/drop_hadoop_table.h"

#include <algorithm>
#include <vector>

#include "catalog/file/hadoop_layout.h"
#include "catalog/file/hadoop_pointer.h"
#include "catalog/metadata_file.h"
#include "catalog/purge_files.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

constexpr int kClaimAttemptsMax = 16;

// A table that cannot be read may be dropped too, but its files stay: nobody can tell whose they
// are.
Status CheckPurge(const CatalogContext& context, const std::string& location) {
  const MetadataFile file = TRY(ReadMetadataFile(context, location));
  if (file.version.metadata->Property("gc.enabled", "true") == "true") return {};
  return Error::Invalid("cannot purge {}: its property gc.enabled is false; drop it without purge",
                        location);
}

// Where the last metadata is kept; made before the claim, so that a drop cut short never loses it.
Result<std::string> KeepCopy(const CatalogContext& context, const HadoopLayout& layout,
                             int64_t number, const std::string& bytes) {
  const std::string name = fmt::format("dropped-{}-{}.json", number, NewUuid(context.random));
  std::string location = storage::JoinLocation(layout.metadata_folder(), name);
  TRY(context.store.Write(location, bytes));
  return location;
}

// Makes the drop certain: once the version after the current one is taken nobody can commit. Gives
// that version, also when an earlier drop got that far already.
Result<MetadataVersion> ClaimNextVersion(const CatalogContext& context, const HadoopLayout& layout,
                                         bool purge) {
  for (int attempt = 0; attempt < kClaimAttemptsMax; ++attempt) {
    const MetadataVersion current = TRY(layout.FindCurrent(0));
    const auto bytes = ReadMetadataBytes(context, current.location);
    if (!bytes.ok() && bytes.error().code() == ErrorCode::kNotFound) continue;
    if (!bytes.ok()) return bytes.error();
    if (*bytes == kDroppedMarker) return current;
    if (purge) TRY(CheckPurge(context, current.location));
    const std::string copy =
        purge ? std::string() : TRY(KeepCopy(context, layout, current.number, *bytes));
    const MetadataVersion claim{current.number + 1, layout.VersionLocation(current.number + 1)};
    const Status claimed = context.store.WriteIfAbsent(claim.location, kDroppedMarker);
    if (claimed.ok()) return claim;
    if (claimed.error().code() != ErrorCode::kAlreadyExists) return claimed.error();
    if (!copy.empty()) TRY(context.store.Delete(copy));
  }
  return Error::Conflict("cannot drop {}: others keep committing to it", layout.metadata_folder());
}

Status DeleteVersionsBefore(const CatalogContext& context, const HadoopLayout& layout,
                            const MetadataVersion& claim) {
  std::vector<MetadataVersion> versions;
  TRY(context.store.List(layout.metadata_folder(), [&](const storage::ObjectInfo& object) {
    const auto number = ParseVersionFileName(storage::FileName(object.location));
    const bool is_version =
        number && storage::ParentLocation(object.location) == layout.metadata_folder();
    if (is_version && object.location != claim.location)
      versions.push_back({*number, object.location});
  }));
  std::sort(versions.begin(), versions.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  for (const MetadataVersion& version : versions) TRY(context.store.Delete(version.location));
  return {};
}

}  // namespace

Status DropHadoopTable(const CatalogContext& context, const std::string& table_location,
                       bool purge) {
  const HadoopLayout layout(context.store, table_location);
  const MetadataVersion claim = TRY(ClaimNextVersion(context, layout, purge));
  TRY(layout.DeleteHint());
  TRY(DeleteVersionsBefore(context, layout, claim));
  if (purge) TRY(DeleteFilesBelow(context.store, table_location, claim.location));
  return context.store.Delete(claim.location);
}

}  // namespace kafka_iceberg::catalog
