// SPDX-License-Identifier: Apache-2.0
#include "catalog/lost_move.h"

#include <algorithm>

#include "catalog/metadata_file.h"

namespace kafka_iceberg::catalog {

LostMove JudgeLostMove(const CatalogContext& context, const MoveLocations& locations) {
  if (locations.current == locations.next) return LostMove::kLanded;
  if (locations.current == locations.base) return LostMove::kOpen;
  const auto file = ReadMetadataFile(context, locations.current);
  if (!file.ok()) return LostMove::kOpen;
  const auto& log = file->version.metadata->metadata_log;
  const auto has = [&](const std::string& location) {
    return std::any_of(log.begin(), log.end(), [&](const iceberg::MetadataLogEntry& entry) {
      return entry.metadata_file == location;
    });
  };
  if (has(locations.next)) return LostMove::kLanded;
  // The log is cut at its old end, so whatever followed the base would be there with it.
  return has(locations.base) ? LostMove::kOvertaken : LostMove::kOpen;
}

}  // namespace kafka_iceberg::catalog
