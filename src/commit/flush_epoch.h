// SPDX-License-Identifier: Apache-2.0
//
// FlushEpoch: everything of one table since the last flush, as it is offered to a commit. A plain
// value.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "commit/ledger.h"
#include "write/table_writer.h"

namespace kafka_iceberg::commit {

// An epoch without files still moves the ledger.
struct FlushEpoch {
  std::string uuid;         // names the commit for ever: "kafka-iceberg.commit-id"
  int64_t snapshot_id = 0;  // fixed when the epoch is sealed, never changed by a retry
  std::vector<write::StagedFile> files;
  EpochRanges ranges;
  int64_t rows = 0;
  int64_t dead_letters = 0;
  // The table (not only its name) that the files were written for; when known, no other table takes
  // them.
  std::string table_uuid;
  // Of the ledger, when the epoch was sealed. Once somebody has moved the ledger on purpose, what
  // was read before is not added.
  int64_t ledger_generation = 0;
  // Where the epoch's dead letters wait; its commit names it (letters_property.h). Empty: nowhere.
  std::string letters;
  // Letters of earlier commits that are delivered: this one need not name them any more.
  std::vector<std::string> letters_delivered;
  // The schema the files were written with, when it has more than the table's had: the commit
  // brings it (see iceberg::UpdateForFiles). Null: the table's own.
  std::shared_ptr<const iceberg::Schema> schema;
};

}  // namespace kafka_iceberg::commit
