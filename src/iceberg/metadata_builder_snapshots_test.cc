// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "iceberg/metadata_update.h"

namespace kafka_iceberg::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kBaseMs = 1'000'000;

TableMetadata Base(int32_t format_version = 2) {
  NewTable table;
  table.schema.fields = {{1, "id", false, Type::Primitive(TypeId::kLong), {}, {}, {}}};
  table.location = "file:///warehouse/t";
  table.table_uuid = "f79c3e09-677c-4bbd-a479-3f349cb785e7";
  table.format_version = format_version;
  table.now_ms = kBaseMs;
  return *MakeTableMetadata(table);
}

Snapshot Make(int64_t id, int64_t sequence_number, int64_t timestamp_ms) {
  Snapshot snapshot;
  snapshot.snapshot_id = id;
  snapshot.sequence_number = sequence_number;
  snapshot.timestamp_ms = timestamp_ms;
  snapshot.manifest_list = fmt::format("snap-{}.avro", id);
  snapshot.summary["operation"] = "append";
  snapshot.schema_id = 0;
  return snapshot;
}

SetSnapshotRef Main(int64_t id) { return {"main", {id, true, {}, {}, {}}}; }

Result<TableMetadata> Apply(const TableMetadata& base, const std::vector<MetadataUpdate>& updates,
                            int64_t now_ms) {
  return ApplyUpdates(base, updates, "", now_ms);
}

TableMetadata MustApply(const TableMetadata& base, const std::vector<MetadataUpdate>& updates,
                        int64_t now_ms) {
  auto metadata = Apply(base, updates, now_ms);
  EXPECT_THAT(metadata, IsOk());
  return metadata.ok() ? *std::move(metadata) : base;
}

// Three appends to main: snapshots 1, 2 and 3 at kBaseMs + 100, + 200 and + 300.
TableMetadata ThreeSnapshots(int32_t format_version = 2) {
  TableMetadata metadata = Base(format_version);
  for (int64_t id = 1; id <= 3; ++id) {
    Snapshot snapshot = Make(id, id, kBaseMs + id * 100);
    if (id > 1) snapshot.parent_snapshot_id = id - 1;
    metadata = MustApply(metadata, {AddSnapshot{snapshot}, Main(id)}, kBaseMs + id * 100);
  }
  return metadata;
}

std::vector<int64_t> LogIds(const TableMetadata& metadata) {
  std::vector<int64_t> ids;
  for (const SnapshotLogEntry& entry : metadata.snapshot_log) ids.push_back(entry.snapshot_id);
  return ids;
}

TEST(AddSnapshot, MovesMainAndItsLog) {
  const TableMetadata metadata = ThreeSnapshots();
  EXPECT_EQ(metadata.last_sequence_number, 3);
  EXPECT_EQ(metadata.current_snapshot_id, 3);
  EXPECT_EQ(metadata.Head()->snapshot_id, 3);
  EXPECT_EQ(metadata.last_updated_ms, kBaseMs + 300);
  EXPECT_THAT(metadata.snapshot_log,
              ElementsAre(SnapshotLogEntry{kBaseMs + 100, 1}, SnapshotLogEntry{kBaseMs + 200, 2},
                          SnapshotLogEntry{kBaseMs + 300, 3}));
}

TEST(AddSnapshot, AnIdThatExistsIsAConflictBecauseItMayBeOurs) {
  EXPECT_THAT(Apply(ThreeSnapshots(), {AddSnapshot{Make(2, 4, kBaseMs)}}, kBaseMs),
              IsError(ErrorCode::kConflict));
}

TEST(AddSnapshot, ASequenceNumberBehindIsAConflict) {
  const TableMetadata base = ThreeSnapshots();
  EXPECT_THAT(Apply(base, {AddSnapshot{Make(9, 3, kBaseMs)}}, kBaseMs),
              IsError(ErrorCode::kConflict));
  EXPECT_THAT(Apply(base, {AddSnapshot{Make(9, 0, kBaseMs)}}, kBaseMs),
              IsError(ErrorCode::kConflict));
  EXPECT_EQ(MustApply(base, {AddSnapshot{Make(9, 5, kBaseMs)}}, kBaseMs).last_sequence_number, 5);
}

TEST(AddSnapshot, RefusesIncompleteOnes) {
  const TableMetadata base = Base();
  Snapshot snapshot = Make(1, 1, kBaseMs);
  snapshot.manifest_list.clear();
  EXPECT_THAT(Apply(base, {AddSnapshot{snapshot}}, kBaseMs), IsError(ErrorCode::kInvalid));
  snapshot = Make(1, 1, kBaseMs);
  snapshot.schema_id = 9;
  EXPECT_THAT(Apply(base, {AddSnapshot{snapshot}}, kBaseMs), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(base, {AddSnapshot{Make(-1, 1, kBaseMs)}}, kBaseMs),
              IsError(ErrorCode::kInvalid));
}

TEST(AddSnapshot, Version1HasNoSequenceNumbers) {
  TableMetadata base = Base();
  base.format_version = 1;
  EXPECT_THAT(Apply(base, {AddSnapshot{Make(1, 1, kBaseMs)}}, kBaseMs),
              IsError(ErrorCode::kInvalid));
  const TableMetadata next = MustApply(base, {AddSnapshot{Make(1, 0, kBaseMs)}, Main(1)}, kBaseMs);
  EXPECT_EQ(next.last_sequence_number, 0);
  EXPECT_EQ(next.current_snapshot_id, 1);
}

TEST(RowLineage, NextRowIdGrowsByAddedRows) {
  TableMetadata metadata = Base(3);
  Snapshot snapshot = Make(1, 1, kBaseMs);
  snapshot.first_row_id = 0;
  snapshot.added_rows = 10;
  metadata = MustApply(metadata, {AddSnapshot{snapshot}, Main(1)}, kBaseMs);
  EXPECT_EQ(metadata.next_row_id, 10);
  snapshot = Make(2, 2, kBaseMs);
  snapshot.first_row_id = 10;
  snapshot.added_rows = 0;
  metadata = MustApply(metadata, {AddSnapshot{snapshot}, Main(2)}, kBaseMs);
  EXPECT_EQ(metadata.next_row_id, 10);
}

TEST(RowLineage, AFirstRowIdBehindIsAConflict) {
  TableMetadata metadata = Base(3);
  metadata.next_row_id = 10;
  Snapshot snapshot = Make(1, 1, kBaseMs);
  snapshot.first_row_id = 9;
  snapshot.added_rows = 1;
  EXPECT_THAT(Apply(metadata, {AddSnapshot{snapshot}}, kBaseMs), IsError(ErrorCode::kConflict));
  // Ids of a gap are never given out again.
  snapshot.first_row_id = 15;
  EXPECT_EQ(MustApply(metadata, {AddSnapshot{snapshot}}, kBaseMs).next_row_id, 16);
}

TEST(RowLineage, BelongsToVersion3) {
  Snapshot snapshot = Make(1, 1, kBaseMs);
  EXPECT_THAT(Apply(Base(3), {AddSnapshot{snapshot}}, kBaseMs), IsError(ErrorCode::kInvalid));
  snapshot.first_row_id = 0;
  EXPECT_THAT(Apply(Base(3), {AddSnapshot{snapshot}}, kBaseMs), IsError(ErrorCode::kInvalid));
  snapshot.added_rows = -1;
  EXPECT_THAT(Apply(Base(3), {AddSnapshot{snapshot}}, kBaseMs), IsError(ErrorCode::kInvalid));
  snapshot.first_row_id = 1;
  snapshot.added_rows = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(Apply(Base(3), {AddSnapshot{snapshot}}, kBaseMs), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Apply(Base(2), {AddSnapshot{snapshot}}, kBaseMs), IsError(ErrorCode::kInvalid));
}

TEST(SnapshotLog, AClockBehindKeepsTheLogSorted) {
  const TableMetadata base = ThreeSnapshots();
  const int64_t behind_ms = kBaseMs - 3'600'000;
  const TableMetadata next =
      MustApply(base, {AddSnapshot{Make(4, 4, behind_ms)}, Main(4)}, behind_ms);
  EXPECT_EQ(next.last_updated_ms, kBaseMs + 300);
  EXPECT_EQ(next.snapshot_log.back(), (SnapshotLogEntry{kBaseMs + 300, 4}));
}

TEST(SnapshotLog, ASnapshotAheadOfTheClockMovesLastUpdated) {
  const TableMetadata next = MustApply(
      ThreeSnapshots(), {AddSnapshot{Make(4, 4, kBaseMs + 5000)}, Main(4)}, kBaseMs + 1000);
  EXPECT_EQ(next.last_updated_ms, kBaseMs + 5000);
}

TEST(SnapshotLog, LeavesOutSnapshotsReplacedWithinTheCommit) {
  const TableMetadata next = MustApply(ThreeSnapshots(),
                                       {AddSnapshot{Make(4, 4, kBaseMs + 400)}, Main(4),
                                        AddSnapshot{Make(5, 5, kBaseMs + 500)}, Main(5)},
                                       kBaseMs + 500);
  EXPECT_THAT(LogIds(next), ElementsAre(1, 2, 3, 5));
  EXPECT_EQ(next.snapshots.size(), 5U);
}

TEST(SnapshotLog, ARollbackIsLoggedAtTheTimeOfTheCommit) {
  const TableMetadata next = MustApply(ThreeSnapshots(), {Main(1)}, kBaseMs + 900);
  EXPECT_EQ(next.current_snapshot_id, 1);
  EXPECT_EQ(next.snapshot_log.back(), (SnapshotLogEntry{kBaseMs + 900, 1}));
}

TEST(SnapshotLog, SettingMainToWhereItIsChangesOnlyRetention) {
  SetSnapshotRef update = Main(3);
  update.ref.min_snapshots_to_keep = 5;
  const TableMetadata next = MustApply(ThreeSnapshots(), {update}, kBaseMs + 900);
  EXPECT_THAT(LogIds(next), ElementsAre(1, 2, 3));
  EXPECT_EQ(next.refs.at("main").min_snapshots_to_keep, 5);
}

TEST(SnapshotRefs, OtherBranchesLeaveMainAlone) {
  const TableMetadata next = MustApply(
      ThreeSnapshots(),
      {AddSnapshot{Make(4, 4, kBaseMs + 400)}, SetSnapshotRef{"audit", {4, true, {}, {}, {}}}},
      kBaseMs + 400);
  EXPECT_EQ(next.current_snapshot_id, 3);
  EXPECT_EQ(next.Head("audit")->snapshot_id, 4);
  EXPECT_THAT(LogIds(next), ElementsAre(1, 2, 3));
}

TEST(SnapshotRefs, RefuseWhatCannotBe) {
  const TableMetadata base = ThreeSnapshots();
  const auto error = [&](std::string name, SnapshotRef ref) {
    return Apply(base, {SetSnapshotRef{std::move(name), ref}}, kBaseMs);
  };
  EXPECT_THAT(error("x", {99, true, {}, {}, {}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(error("", {1, true, {}, {}, {}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(error("main", {1, false, {}, {}, {}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(error("tag", {1, false, 1, {}, {}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(error("tag", {1, false, {}, 1, {}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(error("x", {1, true, 0, {}, {}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(error("x", {1, true, {}, -1, {}}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(error("x", {1, true, {}, {}, 0}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(error("tag", {1, false, {}, {}, 1}), IsOk());
}

TEST(RemoveSnapshots, DropsHistoryUpToTheHole) {
  EXPECT_THAT(LogIds(MustApply(ThreeSnapshots(), {RemoveSnapshots{{1}}}, kBaseMs + 900)),
              ElementsAre(2, 3));
  EXPECT_THAT(LogIds(MustApply(ThreeSnapshots(), {RemoveSnapshots{{2}}}, kBaseMs + 900)),
              ElementsAre(3));
  EXPECT_THAT(LogIds(MustApply(ThreeSnapshots(), {RemoveSnapshots{{77}}}, kBaseMs + 900)),
              ElementsAre(1, 2, 3));
}

TEST(RemoveSnapshots, DropsRefsAndStatisticsOfWhatIsGone) {
  TableMetadata base = ThreeSnapshots();
  base.refs["old"] = {1, false, {}, {}, {}};
  base.unknown_members["statistics"] =
      R"([{"snapshot-id":1,"statistics-path":"a"},{"snapshot-id":3}])";
  base.unknown_members["partition-statistics"] = R"([{"snapshot-id":2},{"x":1}])";
  base.unknown_members["other"] = R"([{"snapshot-id":1}])";
  const TableMetadata next = MustApply(base, {RemoveSnapshots{{1, 2}}}, kBaseMs + 900);
  EXPECT_EQ(next.snapshots.size(), 1U);
  EXPECT_FALSE(next.refs.contains("old"));
  EXPECT_EQ(next.unknown_members.at("statistics"), R"([{"snapshot-id":3}])");
  EXPECT_EQ(next.unknown_members.at("partition-statistics"), R"([{"x":1}])");
  EXPECT_EQ(next.unknown_members.at("other"), R"([{"snapshot-id":1}])");
  EXPECT_EQ(next.last_sequence_number, 3);
}

TEST(RemoveSnapshots, OfTheHeadLeavesNoCurrentSnapshot) {
  const TableMetadata next = MustApply(ThreeSnapshots(), {RemoveSnapshots{{3}}}, kBaseMs + 900);
  EXPECT_EQ(next.current_snapshot_id, std::nullopt);
  EXPECT_FALSE(next.refs.contains("main"));
  EXPECT_THAT(next.snapshot_log, IsEmpty());
}

TEST(RemoveSnapshotRef, OfMainLeavesNoCurrentSnapshot) {
  const TableMetadata next =
      MustApply(ThreeSnapshots(), {RemoveSnapshotRef{"main"}}, kBaseMs + 900);
  EXPECT_EQ(next.current_snapshot_id, std::nullopt);
  EXPECT_EQ(next.snapshots.size(), 3U);
  EXPECT_THAT(next.snapshot_log, IsEmpty());
  const TableMetadata again = MustApply(next, {RemoveSnapshotRef{"none"}, Main(2)}, kBaseMs + 950);
  EXPECT_EQ(again.current_snapshot_id, 2);
  EXPECT_THAT(again.snapshot_log, ElementsAre(SnapshotLogEntry{kBaseMs + 950, 2}));
}

TEST(UpgradeToVersion3, OldSnapshotsStayWithoutRowIds) {
  TableMetadata metadata = MustApply(ThreeSnapshots(), {UpgradeFormatVersion{3}}, kBaseMs + 900);
  EXPECT_EQ(metadata.snapshots[0].first_row_id, std::nullopt);
  Snapshot snapshot = Make(4, 4, kBaseMs + 950);
  snapshot.first_row_id = 0;
  snapshot.added_rows = 12;
  metadata = MustApply(metadata, {AddSnapshot{snapshot}, Main(4)}, kBaseMs + 950);
  EXPECT_EQ(metadata.next_row_id, 12);
}

}  // namespace
}  // namespace kafka_iceberg::iceberg
