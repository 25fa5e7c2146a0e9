// SPDX-License-Identifier: Apache-2.0
//
// Which manifests of a snapshot are merged into bigger ones (iceberg.md section 2.6, "Merge
// append"). Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "iceberg/manifest.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::iceberg {

struct MergeRule {
  bool enabled = true;
  int64_t target_bytes = 8LL << 20;
  int64_t min_count = 100;

  // commit.manifest-merge.enabled, commit.manifest.target-size-bytes,
  // commit.manifest.min-count-to-merge
  static MergeRule Of(const TableMetadata& metadata);
};

// Manifests that become one; a group of one stays as it is.
struct MergeGroup {
  int32_t spec_id = 0;
  std::vector<size_t> members;  // positions in the list, newest first
};

// Groups data manifests, newest first, by spec and into bins of the target size, packed from the
// oldest on so that only the youngest bin changes from commit to commit; the bin with the newest
// manifest of all waits until it has `min_count` members. Manifests for which `may_merge` is false
// stay alone.
std::vector<MergeGroup> PlanMerge(const std::vector<ManifestFile>& manifests, const MergeRule& rule,
                                  const std::vector<bool>& may_merge);

}  // namespace kafka_iceberg::iceberg
