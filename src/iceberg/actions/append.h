// SPDX-License-Identifier: Apache-2.0
//
// Append: adds data files to a branch as one new snapshot. Manifests are written once and reused by
// every attempt; each attempt writes only a manifest list for the base it was given. The snapshot
// id is fixed at construction, so an attempt that is known to have landed can be recognised. Used
// by one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "core/result.h"
#include "iceberg/manifest.h"
#include "iceberg/metadata_update.h"
#include "storage/object_store.h"

namespace kafka_iceberg::iceberg {

struct AppendOptions {
  int64_t snapshot_id = 0;  // fixed for all attempts
  std::string commit_uuid;  // in the names of manifests and manifest lists
  std::vector<DataFile> files;
  // Extra summary members (ranges, commit id, writer). Counters and totals are added by Append.
  std::map<std::string, std::string> summary;
  std::string branch = std::string(kMainBranch);
  // Merge small manifests by commit.manifest-merge.enabled, .target-size-bytes (8 MiB),
  // .min-count-to-merge (100).
  bool merge_manifests = true;
};

struct PreparedCommit {
  std::vector<MetadataUpdate>
      updates;  // add-snapshot, set-snapshot-ref (retention fields of the ref kept)
  std::vector<TableRequirement> requirements;  // table uuid, ref snapshot id
  Snapshot snapshot;
};

class Append {
 public:
  Append(AppendOptions options, storage::ObjectStore& store);
  ~Append();

  // Writes what `base` needs and returns the commit to try. May be called again with a newer base
  // after a conflict.
  Result<PreparedCommit> Prepare(const TableMetadata& base, int64_t now_ms);
  // Everything written so far (manifests, manifest lists), for clean-up when the commit is *proven*
  // not applied.
  const std::vector<std::string>& written_locations() const { return written_; }

 private:
  struct State;
  AppendOptions options_;
  storage::ObjectStore& store_;
  std::vector<std::string> written_;
  std::unique_ptr<State> state_;
};

// A positive 63-bit id from random bits, not used by any snapshot of `base`.
int64_t NewSnapshotId(const TableMetadata& base, Random& random);

}  // namespace kafka_iceberg::iceberg
