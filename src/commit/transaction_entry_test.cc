// SPDX-License-Identifier: Apache-2.0
#include "commit/transaction_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/fake_epoch.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

// One of each kind, no field left at its default.
std::vector<TransactionEntry> AllKinds() {
  const EpochRanges ranges = FakeRanges({{0, {100, 200}}, {9, {5, 1000}}});
  return {
      OffsetCommit{.table = kFakeTable, .ranges = ranges},
      BufferSnapshot{.table = kFakeTable,
                     .epoch_uuid = "e1",
                     .snapshot_id = 4,
                     .ranges = ranges,
                     .rows = 5,
                     .dead_letters = 6,
                     .files = 7,
                     .table_uuid = kFakeTableUuid},
      ParquetWritten{.table = kFakeTable, .epoch_uuid = "e1", .file = FakeFile("memory://a", 3)},
      IcebergSnapshotCreated{.table = kFakeTable,
                             .epoch_uuid = "e1",
                             .snapshot_id = 8,
                             .ranges = ranges,
                             .files_added = 9},
      FlushComplete{.table = kFakeTable, .epoch_uuid = "e1"},
      CatalogHealthCheck{.catalog_type = "rest", .is_healthy = true, .response_time_ms = 12},
      CatalogError{.catalog_type = "rest", .error_message = "503 \"busy\"\n", .retry_count = 2},
      IdempotencyRecord{.table = kFakeTable,
                        .ranges = ranges,
                        .snapshot_id = 13,
                        .committed_at = FromMillis(1'700'000'000'123),
                        .table_uuid = kFakeTableUuid},
      SchemaEvolution{.table = kFakeTable, .old_schema = "{}", .new_schema = "{\"a\":1}"},
  };
}

TEST(TransactionEntry, EveryKindRoundTrips) {
  const std::vector<TransactionEntry> entries = AllKinds();
  ASSERT_EQ(entries.size(), std::variant_size_v<TransactionEntry>);
  for (const TransactionEntry& entry : entries) {
    const EntryRow row = ToRow(entry);
    const Result<TransactionEntry> read = FromRow(row);
    ASSERT_THAT(read, IsOk()) << row.kind;
    EXPECT_EQ(read->index(), entry.index());
    const EntryRow again = ToRow(*read);
    EXPECT_EQ(again.kind, row.kind);
    EXPECT_EQ(again.table, row.table);
    EXPECT_EQ(again.epoch_uuid, row.epoch_uuid);
    EXPECT_EQ(again.offsets, row.offsets);
    EXPECT_EQ(again.body, row.body);
  }
}

TEST(TransactionEntry, RowsCarryTheNamesOfTheRequirements) {
  std::vector<std::string> kinds;
  for (const TransactionEntry& entry : AllKinds()) kinds.push_back(ToRow(entry).kind);
  EXPECT_THAT(kinds,
              testing::ElementsAre("OffsetCommit", "BufferSnapshot", "ParquetWritten",
                                   "IcebergSnapshotCreated", "FlushComplete", "CatalogHealthCheck",
                                   "CatalogError", "IdempotencyRecord", "SchemaEvolution"));
}

TEST(TransactionEntry, RowsCarryTheSpanOfTheirOffsets) {
  EXPECT_EQ(ToRow(AllKinds()[0]).offsets, (OffsetRange{5, 1000}));
  EXPECT_EQ(ToRow(AllKinds()[4]).offsets, std::nullopt);
}

TEST(TransactionEntry, MemberThatIsMissingOrWrongIsCorrupt) {
  for (const TransactionEntry& entry : AllKinds()) {
    EntryRow row = ToRow(entry);
    if (row.kind == "FlushComplete") continue;
    row.body = "{}";
    EXPECT_THAT(FromRow(row), IsError(ErrorCode::kCorrupt)) << row.kind;
    for (const char* body : {"", "[]", "{\"ranges\":5}", "null"}) {
      row.body = body;
      EXPECT_THAT(FromRow(row), IsError(ErrorCode::kCorrupt)) << row.kind << body;
    }
  }
}

TEST(TransactionEntry, UnknownKindIsCorrupt) {
  EXPECT_THAT(FromRow({.kind = "Surprise", .body = "{}"}), IsError(ErrorCode::kCorrupt));
}

TEST(TransactionEntry, TextThatIsNoUtf8IsStillWritten) {
  const EntryRow row = ToRow(CatalogError{.catalog_type = "file", .error_message = "\xff\xfe"});
  EXPECT_THAT(FromRow(row), IsOk());
}

}  // namespace
}  // namespace kafka_iceberg::commit
