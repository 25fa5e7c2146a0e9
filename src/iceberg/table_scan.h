// SPDX-License-Identifier: Apache-2.0
//
// Reads what a snapshot consists of: its manifests and their files, with everything inherited
// filled in. Functions without state; errors of the store are passed on with the name of the file
// that could not be read.
#pragma once

#include <functional>
#include <vector>

#include "core/result.h"
#include "iceberg/manifest.h"
#include "iceberg/table_metadata.h"
#include "storage/object_store.h"

namespace kafka_iceberg::iceberg {

// The lines of the snapshot's manifest list; for a version-1 snapshot without one, lines made from
// its manifests.
Result<std::vector<ManifestFile>> ReadManifestList(const Snapshot& snapshot,
                                                   storage::ObjectStore& store);
// Entries with inherited values; entries of status deleted included.
Result<std::vector<ManifestEntry>> ReadManifest(const ManifestFile& manifest,
                                                storage::ObjectStore& store);
// The same one by one, for manifests that may be big.
Status VisitEntries(const ManifestFile& manifest, storage::ObjectStore& store,
                    const std::function<Status(const ManifestEntry&)>& visit);
// Every live entry of the snapshot (data and delete files), manifest by manifest.
Status VisitLiveEntries(
    const Snapshot& snapshot, storage::ObjectStore& store,
    const std::function<Status(const ManifestFile&, const ManifestEntry&)>& visit);
// Counts the manifest's files and rows when its line lacks one of the counts, as lines of version 1
// may.
Status CompleteCounts(ManifestFile& manifest, storage::ObjectStore& store);

}  // namespace kafka_iceberg::iceberg
