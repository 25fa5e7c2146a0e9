// SPDX-License-Identifier: Apache-2.0
//
// An empty snapshot as a table's first: a manifest list without manifests. Readers see no rows, and
// writers have something to build on. A function without state.
#pragma once

#include <string>
#include <vector>

#include "core/random.h"
#include "core/result.h"
#include "iceberg/metadata_update.h"
#include "storage/object_store.h"

namespace kafka_iceberg::catalog {

struct FirstSnapshot {
  std::vector<iceberg::MetadataUpdate> updates;  // add-snapshot, set-snapshot-ref main
  std::string manifest_list;                     // written
};

// REQUIRES: `table` has no snapshot.
Result<FirstSnapshot> WriteFirstSnapshot(const iceberg::TableMetadata& table,
                                         storage::ObjectStore& store, Random& random,
                                         int64_t now_ms);

}  // namespace kafka_iceberg::catalog
