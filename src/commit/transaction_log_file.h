// SPDX-License-Identifier: Apache-2.0
//
// The file of the transaction log: its schema, its checks at opening, and what happens when they
// fail. Internal to the transaction log; used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "commit/sqlite_database.h"
#include "commit/transaction_entry.h"
#include "core/clock.h"
#include "core/result.h"

namespace kafka_iceberg::commit {

struct OpenedLogFile {
  std::unique_ptr<SqliteDatabase> database;
  bool was_rebuilt = false;
};

// Opens, locks and checks the file down to each row's checksum. One that fails a check is moved
// aside once and started anew. Errors as TransactionLog::Open.
Result<OpenedLogFile> OpenLogFile(const std::string& path, Clock& clock);

// What column `checksum` of a row must hold.
std::string RowChecksum(int64_t id, int64_t at_us, const EntryRow& row);

// The columns of `SELECT id, at_us, kind, table_name, epoch_uuid, kafka_offset_min,
// kafka_offset_max, body, checksum`.
struct StoredRow {
  int64_t id = 0;
  int64_t at_us = 0;
  EntryRow row;
};
// kCorrupt when the checksum does not fit.
Result<StoredRow> ReadRow(const SqliteStatement& statement);

}  // namespace kafka_iceberg::commit
