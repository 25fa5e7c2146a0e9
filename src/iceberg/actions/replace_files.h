// SPDX-License-Identifier: Apache-2.0
//
// ReplaceFiles: takes data files out of main and puts others in, as one new snapshot (operation
// overwrite). Copy on write for small tables: the manifests that list a removed file are written
// anew. Format version 2 only. Used by one thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "iceberg/actions/append.h"
#include "iceberg/manifest.h"
#include "storage/object_store.h"

namespace kafka_iceberg::iceberg {

struct ReplaceOptions {
  int64_t snapshot_id = 0;
  std::string commit_uuid;  // in the names of what is written: never used twice
  std::set<std::string> removed;
  std::vector<DataFile> added;  // of the default spec
  std::map<std::string, std::string> summary;
};

// Writes manifests and their list, and returns the commit to try on top of `base`, which must be
// main's current state. kConflict when main lacks one of the files to remove.
Result<PreparedCommit> PrepareReplace(const TableMetadata& base, const ReplaceOptions& options,
                                      storage::ObjectStore& store, int64_t now_ms);

}  // namespace kafka_iceberg::iceberg
