// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/compare_probe.h"

#include <charconv>

#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

bool IsFourOrLater(std::string_view version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major >= 4;
}

}  // namespace

Result<bool> ServerCompares(HiveClient& client, const CatalogContext& context,
                            const HiveDatabase& database) {
  if (!IsFourOrLater(TRY(client.Version()))) return false;
  HiveTable scratch{.database = database.name,
                    .name = "kafka_iceberg_probe_" + NewUuid(context.random).substr(0, 8),
                    .owner = database.owner,
                    .created_at_s = static_cast<int32_t>(ToMillis(context.clock.Now()) / 1000)};
  scratch.location = storage::JoinLocation(database.location, scratch.name);
  scratch.columns = {{"x", "string", ""}};
  scratch.parameters = {{"EXTERNAL", "TRUE"}, {"metadata_location", "one"}};
  TRY(client.CreateTable(scratch));
  HiveTable changed = scratch;
  changed.parameters["metadata_location"] = "two";
  const Status refused = client.AlterTable(scratch.database, scratch.name, changed, "other");
  TRY(client.DropTable(scratch.database, scratch.name));
  return !refused.ok() && refused.error().code() == ErrorCode::kConflict;
}

}  // namespace kafka_iceberg::catalog
