// SPDX-License-Identifier: Apache-2.0
#include "commit/transaction_log.h"

#include <algorithm>
#include <utility>

#include "commit/commit_state.h"
#include "commit/json_text.h"
#include "commit/transaction_log_file.h"

namespace kafka_iceberg::commit {
namespace {

constexpr int64_t kTrimChunk = 10'000;
constexpr int64_t kReadRecentMax = 100'000;

constexpr const char* kFindCommittedSql =
    "SELECT id, at_us, kind, table_name, epoch_uuid, kafka_offset_min, kafka_offset_max, body, "
    "checksum "
    "FROM entries WHERE table_name = ?1 AND kind = 'IdempotencyRecord' AND kafka_offset_min <= ?2 "
    "AND kafka_offset_max >= ?3 ORDER BY id DESC";

constexpr const char* kOpenEpochsSql =
    "SELECT id, at_us, kind, table_name, epoch_uuid, kafka_offset_min, kafka_offset_max, body, "
    "checksum "
    "FROM entries AS e WHERE table_name = ?1 AND kind IN ('BufferSnapshot', 'ParquetWritten') "
    "AND NOT EXISTS (SELECT 1 FROM entries AS done WHERE done.epoch_uuid = e.epoch_uuid "
    "AND done.kind IN ('IcebergSnapshotCreated', 'FlushComplete')) ORDER BY id";

constexpr const char* kReadRecentSql =
    "SELECT id, at_us, kind, table_name, epoch_uuid, kafka_offset_min, kafka_offset_max, body, "
    "checksum "
    "FROM entries ORDER BY id DESC LIMIT ?1";

constexpr const char* kInsertSql =
    "INSERT INTO entries(id, at_us, kind, table_name, epoch_uuid, kafka_offset_min, "
    "kafka_offset_max, body, "
    "checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

constexpr const char* kOldestKeptSql = "SELECT id FROM entries ORDER BY id DESC LIMIT 1 OFFSET ?1";

// Rows below ?1 in the order of their ids, without those of an epoch that is sealed and not closed.
// What closes an epoch is younger than its other rows, so these go first.
constexpr const char* kTrimSql =
    "DELETE FROM entries WHERE id IN (SELECT id FROM entries AS e WHERE id < ?1 AND NOT ("
    "kind IN ('BufferSnapshot', 'ParquetWritten') "
    "AND EXISTS (SELECT 1 FROM entries AS seal WHERE seal.epoch_uuid = e.epoch_uuid "
    "AND seal.kind = 'BufferSnapshot') "
    "AND NOT EXISTS (SELECT 1 FROM entries AS done WHERE done.epoch_uuid = e.epoch_uuid "
    "AND done.kind IN ('IcebergSnapshotCreated', 'FlushComplete'))) ORDER BY id LIMIT ?2)";

class SqliteTransactionLog final : public TransactionLog {
 public:
  SqliteTransactionLog(OpenedLogFile file, Clock& clock) : file_(std::move(file)), clock_(clock) {}

  bool was_rebuilt() const override { return file_.was_rebuilt; }
  Result<int64_t> Append(const std::vector<TransactionEntry>& entries) override;
  Result<std::optional<IdempotencyRecord>> FindCommitted(const std::string& table,
                                                         const EpochRanges& ranges) override;
  Result<std::vector<FlushEpoch>> UncommittedEpochs(const std::string& table) override;
  Result<std::vector<LoggedEntry>> ReadRecent(int64_t limit) override;
  Status Trim(int64_t entries_max) override;

 private:
  Status CheckUsable() const;
  Result<int64_t> Insert(const std::vector<EntryRow>& rows);
  // Runs `work` in a transaction; nothing of it is kept when it fails.
  template <typename Work>
  Status InTransaction(const Work& work);
  Result<int64_t> TrimOnce(int64_t oldest_kept);

  OpenedLogFile file_;
  Clock& clock_;
};

Result<LoggedEntry> Decode(const StoredRow& stored) {
  Result<TransactionEntry> entry = FromRow(stored.row);
  if (!entry.ok()) {
    return entry.error().WithContext(fmt::format("transaction log entry {}", stored.id));
  }
  return LoggedEntry{
      .id = stored.id, .at = Timestamp(Duration(stored.at_us)), .entry = std::move(entry).value()};
}

Result<std::vector<LoggedEntry>> DecodeAll(SqliteStatement& statement) {
  std::vector<LoggedEntry> entries;
  while (TRY(statement.Step())) {
    const StoredRow stored = TRY(ReadRow(statement));
    entries.push_back(TRY(Decode(stored)));
  }
  return entries;
}

Status SqliteTransactionLog::CheckUsable() const {
  if (!file_.database->io_failed()) return {};
  return Error::Io(
      "{}: the disk failed earlier, so the transaction log is not trusted; start again",
      file_.database->path());
}

template <typename Work>
Status SqliteTransactionLog::InTransaction(const Work& work) {
  TRY(CheckUsable());
  TRY(file_.database->Execute("BEGIN IMMEDIATE"));
  Status status = work();
  if (status.ok()) status = file_.database->Execute("COMMIT");
  if (status.ok()) return {};
  // Fails when SQLite has rolled back by itself, which is what is wanted.
  (void)file_.database->Execute("ROLLBACK");
  return status;
}

Result<int64_t> SqliteTransactionLog::Append(const std::vector<TransactionEntry>& entries) {
  std::vector<EntryRow> rows;
  for (const TransactionEntry& entry : entries) {
    rows.push_back(ToRow(entry));
    if (rows.back().body.size() > kJsonBytesMax) {
      return Error::Invalid("{} entry of {} bytes is too large for the transaction log",
                            rows.back().kind, rows.back().body.size());
    }
  }
  if (rows.empty()) return 0;
  int64_t last = 0;
  TRY(InTransaction([&]() -> Status {
    last = TRY(Insert(rows));
    return {};
  }));
  return last;
}

Result<int64_t> SqliteTransactionLog::Insert(const std::vector<EntryRow>& rows) {
  SqliteStatement newest = TRY(file_.database->Prepare("SELECT max(id) FROM entries"));
  int64_t id = TRY(newest.Step()) ? newest.Int(0) : 0;
  const int64_t at_us = ToMicros(clock_.Now());
  SqliteStatement insert = TRY(file_.database->Prepare(kInsertSql));
  for (const EntryRow& row : rows) {
    ++id;
    const auto minimum = row.offsets ? std::optional(row.offsets->start) : std::nullopt;
    const auto maximum = row.offsets ? std::optional(row.offsets->end) : std::nullopt;
    insert.Bind(0, id).Bind(1, at_us).Bind(2, row.kind).Bind(3, row.table).Bind(4, row.epoch_uuid);
    insert.Bind(5, minimum).Bind(6, maximum).Bind(7, row.body).Bind(8, RowChecksum(id, at_us, row));
    TRY(insert.Run());
    insert.Reset();
  }
  return id;
}

Result<std::optional<IdempotencyRecord>> SqliteTransactionLog::FindCommitted(
    const std::string& table, const EpochRanges& ranges) {
  TRY(CheckUsable());
  const OffsetRange span = Span(ranges);
  SqliteStatement query = TRY(file_.database->Prepare(kFindCommittedSql));
  query.Bind(0, table).Bind(1, span.start).Bind(2, span.end);
  while (TRY(query.Step())) {
    const LoggedEntry logged = TRY(Decode(TRY(ReadRow(query))));
    const auto& record = std::get<IdempotencyRecord>(logged.entry);
    if (Covers(record.ranges, ranges)) return std::optional(record);
  }
  return std::optional<IdempotencyRecord>();
}

Result<std::vector<FlushEpoch>> SqliteTransactionLog::UncommittedEpochs(const std::string& table) {
  TRY(CheckUsable());
  SqliteStatement query = TRY(file_.database->Prepare(kOpenEpochsSql));
  query.Bind(0, table);
  std::vector<TransactionEntry> entries;
  for (LoggedEntry& logged : TRY(DecodeAll(query))) entries.push_back(std::move(logged.entry));
  return commit::UncommittedEpochs(Replay(entries));
}

Result<std::vector<LoggedEntry>> SqliteTransactionLog::ReadRecent(int64_t limit) {
  TRY(CheckUsable());
  SqliteStatement query = TRY(file_.database->Prepare(kReadRecentSql));
  query.Bind(0, std::clamp<int64_t>(limit, 0, kReadRecentMax));
  return DecodeAll(query);
}

Status SqliteTransactionLog::Trim(int64_t entries_max) {
  TRY(CheckUsable());
  // At least the newest entry stays: ids are never given twice.
  const int64_t kept = std::max<int64_t>(entries_max, 1);
  SqliteStatement query = TRY(file_.database->Prepare(kOldestKeptSql));
  query.Bind(0, kept - 1);
  if (!TRY(query.Step())) return {};
  const int64_t oldest_kept = query.Int(0);
  query.Reset();
  while (TRY(TrimOnce(oldest_kept)) == kTrimChunk) {
  }
  return {};
}

Result<int64_t> SqliteTransactionLog::TrimOnce(int64_t oldest_kept) {
  int64_t removed = 0;
  TRY(InTransaction([&]() -> Status {
    SqliteStatement trim = TRY(file_.database->Prepare(kTrimSql));
    TRY(trim.Bind(0, oldest_kept).Bind(1, kTrimChunk).Run());
    removed = file_.database->changes();
    return {};
  }));
  return removed;
}

}  // namespace

Result<std::unique_ptr<TransactionLog>> TransactionLog::Open(const std::string& path,
                                                             Clock& clock) {
  return std::make_unique<SqliteTransactionLog>(TRY(OpenLogFile(path, clock)), clock);
}

}  // namespace kafka_iceberg::commit
