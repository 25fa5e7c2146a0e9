// SPDX-License-Identifier: Apache-2.0
//
// EpochAppend: the snapshot that one flush epoch becomes, with the change of the table's schema
// that its files need, if any. With files it is iceberg::Append. Without
// files (everything was dead-lettered, filtered, or only transaction markers) it is a snapshot that
// adds nothing and lists what its parent lists: the ledger must move in a commit that moves main,
// because the head of main is the only thing every catalog compares, and a change of properties
// alone would be compared with nothing. Owned and used by the coordinator.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "commit/flush_epoch.h"
#include "core/result.h"
#include "iceberg/actions/append.h"
#include "storage/object_store.h"

namespace kafka_iceberg::commit {

class EpochAppend {
 public:
  // `commit_uuid` is in the names of all files written, so it is never used twice.
  EpochAppend(const FlushEpoch& epoch, std::string commit_uuid,
              std::map<std::string, std::string> summary, storage::ObjectStore& store);

  // As iceberg::Append::Prepare. kConflict: the table's schema was changed so that the files do not
  // fit it any more.
  Result<iceberg::PreparedCommit> Prepare(const iceberg::TableMetadata& base, int64_t now_ms);
  const std::vector<std::string>& written_locations() const;

 private:
  Result<iceberg::PreparedCommit> PrepareSnapshot(const iceberg::TableMetadata& base,
                                                  int64_t now_ms);
  Result<iceberg::PreparedCommit> PrepareEmpty(const iceberg::TableMetadata& base, int64_t now_ms);
  Status WriteList(const iceberg::TableMetadata& base, iceberg::Snapshot& snapshot);

  iceberg::AppendOptions options_;
  const std::shared_ptr<const iceberg::Schema> schema_;  // of the files; null: the table's
  storage::ObjectStore& store_;
  std::unique_ptr<iceberg::Append> append_;  // null when there are no files
  int attempts_ = 0;
  std::vector<std::string> written_;
};

}  // namespace kafka_iceberg::commit
