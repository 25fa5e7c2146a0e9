// SPDX-License-Identifier: Apache-2.0
#include "commit/transaction_log_file.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "core/hashing.h"

namespace kafka_iceberg::commit {
namespace {

// "KILG": tells our files from other SQLite databases.
constexpr int64_t kApplicationId = 0x4b494c47;
constexpr int kAsideNamesMax = 100;

// The whole schema, name by name as SQLite keeps it; a file with anything else in it is not
// trusted.
const std::map<std::string, std::string>& Schema() {
  static const std::map<std::string, std::string> schema = {
      {"entries",
       "CREATE TABLE entries(id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind TEXT NOT NULL, "
       "table_name TEXT NOT NULL, epoch_uuid TEXT NOT NULL, kafka_offset_min INTEGER, "
       "kafka_offset_max INTEGER, body TEXT NOT NULL, checksum TEXT NOT NULL)"},
      {"entries_by_range",
       "CREATE INDEX entries_by_range ON entries(table_name, kind, kafka_offset_max)"},
      {"entries_by_epoch", "CREATE INDEX entries_by_epoch ON entries(epoch_uuid, kind)"},
  };
  return schema;
}

Status RunAll(SqliteDatabase& database, const char* sql) {
  SqliteStatement statement = TRY(database.Prepare(sql));
  while (TRY(statement.Step())) {
  }
  return {};
}

// Exclusive from the first read on: a second process is told so, and no shared-memory file is
// needed. In WAL mode with synchronous=FULL every transaction is one write and one sync.
Status Lock(SqliteDatabase& database) {
  TRY(RunAll(database, "PRAGMA locking_mode = EXCLUSIVE"));
  TRY(RunAll(database, "PRAGMA cell_size_check = ON"));
  TRY(RunAll(database, "PRAGMA trusted_schema = OFF"));
  TRY(RunAll(database, "PRAGMA temp_store = MEMORY"));
  TRY(RunAll(database, "PRAGMA journal_mode = WAL"));
  TRY(RunAll(database, "PRAGMA synchronous = FULL"));
  TRY(database.Execute("BEGIN EXCLUSIVE"));
  return database.Execute("COMMIT");
}

Result<std::map<std::string, std::string>> ReadSchema(SqliteDatabase& database) {
  std::map<std::string, std::string> schema;
  SqliteStatement statement = TRY(database.Prepare("SELECT name, sql FROM sqlite_schema"));
  while (TRY(statement.Step())) schema[statement.Text(0)] = statement.Text(1);
  return schema;
}

Status Initialise(SqliteDatabase& database) {
  TRY(database.Execute("BEGIN EXCLUSIVE"));
  // The table comes before its indexes: "entries" sorts first.
  for (const auto& [name, sql] : Schema()) TRY(database.Execute(sql.c_str()));
  TRY(RunAll(database, "PRAGMA application_id = 1263094855"));
  return database.Execute("COMMIT");
}

Status CheckIntegrity(SqliteDatabase& database) {
  SqliteStatement check = TRY(database.Prepare("PRAGMA integrity_check(1)"));
  if (!TRY(check.Step()) || check.Text(0) != "ok") {
    return Error::Corrupt("{}: integrity check: {}", database.path(), check.Text(0));
  }
  return {};
}

Status CheckRows(SqliteDatabase& database) {
  SqliteStatement rows =
      TRY(database.Prepare("SELECT id, at_us, kind, table_name, epoch_uuid, kafka_offset_min, "
                           "kafka_offset_max, body, checksum "
                           "FROM entries ORDER BY id"));
  while (TRY(rows.Step())) TRY(ReadRow(rows));
  return {};
}

// A new file gets the schema; one of ours is checked; a foreign database is refused and left alone.
Status InitialiseOrCheck(SqliteDatabase& database) {
  SqliteStatement id_query = TRY(database.Prepare("PRAGMA application_id"));
  const int64_t application_id = TRY(id_query.Step()) ? id_query.Int(0) : 0;
  const auto schema = TRY(ReadSchema(database));
  if (application_id == 0 && schema.empty()) return Initialise(database);
  if (application_id != kApplicationId && !schema.contains("entries")) {
    return Error::Invalid(
        "{}: a database of another program; move it away or set another state.directory",
        database.path());
  }
  if (application_id != kApplicationId || schema != Schema()) {
    return Error::Corrupt("{}: not the schema of a transaction log", database.path());
  }
  TRY(CheckIntegrity(database));
  return CheckRows(database);
}

Result<std::unique_ptr<SqliteDatabase>> OpenOnce(const std::string& path) {
  auto database = TRY(SqliteDatabase::Open(path));
  TRY(Lock(*database));
  TRY(InitialiseOrCheck(*database));
  return database;
}

// A header with one wrong byte may also look like one of a newer SQLite, which makes the file
// read-only whatever its permissions say.
bool IsDamaged(const Error& error, const std::string& path) {
  if (error.code() == ErrorCode::kCorrupt) return true;
  return error.code() == ErrorCode::kDenied && access(path.c_str(), W_OK) == 0;
}

// Keeps the damaged files for whoever wants to know; never overwrites an earlier one.
Status MoveAside(const std::string& path, Clock& clock) {
  const std::string base = fmt::format("{}.corrupt-{}", path, ToMillis(clock.Now()));
  std::error_code failure;
  for (int attempt = 0; attempt < kAsideNamesMax; ++attempt) {
    const std::string aside = attempt == 0 ? base : fmt::format("{}-{}", base, attempt);
    if (std::filesystem::exists(aside, failure)) continue;
    std::filesystem::rename(path, aside, failure);
    if (failure) return Error::Io("cannot move {} aside: {}", path, failure.message());
    for (const char* suffix : {"-wal", "-journal", "-shm"}) {
      std::error_code missing;  // mostly there is none
      std::filesystem::rename(path + suffix, aside + suffix, missing);
    }
    return {};
  }
  return Error::Io("cannot move {} aside: too many damaged logs beside it; delete some", path);
}

}  // namespace

Result<OpenedLogFile> OpenLogFile(const std::string& path, Clock& clock) {
  Result<std::unique_ptr<SqliteDatabase>> database = OpenOnce(path);
  if (database.ok()) return OpenedLogFile{.database = std::move(database).value()};
  if (!IsDamaged(database.error(), path)) return database.error();
  TRY(MoveAside(path, clock));
  return OpenedLogFile{.database = TRY(OpenOnce(path)), .was_rebuilt = true};
}

std::string RowChecksum(int64_t id, int64_t at_us, const EntryRow& row) {
  const OffsetRange offsets = row.offsets.value_or(OffsetRange{-1, -1});
  return Sha256Hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", id, at_us, row.kind, row.table,
                               row.epoch_uuid, offsets.start, offsets.end, row.body))
      .substr(0, 16);
}

Result<StoredRow> ReadRow(const SqliteStatement& statement) {
  StoredRow stored{.id = statement.Int(0),
                   .at_us = statement.Int(1),
                   .row = {.kind = statement.Text(2),
                           .table = statement.Text(3),
                           .epoch_uuid = statement.Text(4),
                           .offsets = std::nullopt,
                           .body = statement.Text(7)}};
  if (!statement.IsNull(5)) stored.row.offsets = OffsetRange{statement.Int(5), statement.Int(6)};
  if (RowChecksum(stored.id, stored.at_us, stored.row) != statement.Text(8)) {
    return Error::Corrupt("transaction log entry {}: checksum does not fit", stored.id);
  }
  return stored;
}

}  // namespace kafka_iceberg::commit
