// SPDX-License-Identifier: Apache-2.0
//
// Snapshot expiry in metadata: which snapshots and refs the retention rules let go. It only changes
// metadata; deleting files that nothing refers to any more is maintenance. Pure.
#pragma once

#include <optional>
#include <vector>

#include "core/result.h"
#include "iceberg/metadata_update.h"

namespace kafka_iceberg::iceberg {

struct ExpireOptions {
  std::optional<int64_t>
      max_snapshot_age_ms;  // absent: the ref's, then history.expire.max-snapshot-age-ms (5 days)
  std::optional<int32_t>
      min_snapshots_to_keep;  // absent: the ref's, then history.expire.min-snapshots-to-keep (1)
};

struct ExpirePlan {
  std::vector<int64_t> snapshot_ids;
  std::vector<std::string> refs;
  std::vector<MetadataUpdate> updates;
  std::vector<TableRequirement> requirements;
};

// kDenied when the table says gc.enabled=false.
Result<ExpirePlan> PlanExpireSnapshots(const TableMetadata& base, const ExpireOptions& options,
                                       int64_t now_ms);

}  // namespace kafka_iceberg::iceberg
