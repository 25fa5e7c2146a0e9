// SPDX-License-Identifier: Apache-2.0
//
// The nine kinds of entry of the transaction log (PRD part 3.6), and the rows they are stored as.
// Plain values. `table` is "database.name".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "commit/flush_epoch.h"
#include "commit/ledger.h"
#include "core/clock.h"
#include "core/result.h"

namespace kafka_iceberg::commit {

// Group offsets were committed.
struct OffsetCommit {
  std::string table;
  EpochRanges ranges;
};
// An epoch was sealed; together with its `files` ParquetWritten entries (before or after it) the
// epoch is complete.
struct BufferSnapshot {
  std::string table;
  std::string epoch_uuid;
  int64_t snapshot_id = 0;
  EpochRanges ranges;
  int64_t rows = 0;
  int64_t dead_letters = 0;
  int64_t files = 0;
  // Without it a restart cannot tell a table from another one of the same name, and does not adopt
  // the epoch.
  std::string table_uuid;
  int64_t ledger_generation = 0;
  std::string letters;                            // as in FlushEpoch
  std::shared_ptr<const iceberg::Schema> schema;  // as FlushEpoch::schema
};
struct ParquetWritten {
  std::string table;
  std::string epoch_uuid;
  write::StagedFile file;
};
struct IcebergSnapshotCreated {
  std::string table;
  std::string epoch_uuid;
  int64_t snapshot_id = 0;
  EpochRanges ranges;
  int64_t files_added = 0;
};
// Nothing of the epoch is left to do: it is committed and told, or was dropped for good.
struct FlushComplete {
  std::string table;
  std::string epoch_uuid;
};
struct CatalogHealthCheck {
  std::string catalog_type;
  bool is_healthy = false;
  int64_t response_time_ms = 0;
};
struct CatalogError {
  std::string catalog_type;
  std::string error_message;
  int32_t retry_count = 0;
};
struct IdempotencyRecord {
  std::string table;
  EpochRanges ranges;
  int64_t snapshot_id = 0;
  Timestamp committed_at;
  std::string table_uuid;
  int64_t ledger_generation = 0;
};
struct SchemaEvolution {
  std::string table;
  std::string old_schema;
  std::string new_schema;
};

using TransactionEntry = std::variant<OffsetCommit, BufferSnapshot, ParquetWritten,
                                      IcebergSnapshotCreated, FlushComplete, CatalogHealthCheck,
                                      CatalogError, IdempotencyRecord, SchemaEvolution>;

struct LoggedEntry {
  int64_t id = 0;
  Timestamp at;
  TransactionEntry entry;
};

// What is queried has a column, everything else is in the JSON body.
struct EntryRow {
  std::string kind;  // the name of the entry's type
  std::string table;
  std::string epoch_uuid;
  std::optional<OffsetRange> offsets;  // the span of all ranges
  std::string body;
};
EntryRow ToRow(const TransactionEntry& entry);
// kCorrupt when the row is not one that ToRow made.
Result<TransactionEntry> FromRow(const EntryRow& row);

}  // namespace kafka_iceberg::commit
