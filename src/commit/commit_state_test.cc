// SPDX-License-Identifier: Apache-2.0
#include "commit/commit_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/fake_epoch.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsNull;
using testing::NotNull;

const FlushEpoch& Epoch() {
  static const FlushEpoch epoch = FakeEpoch("e1", 11, FakeRanges({{0, {0, 10}}, {1, {5, 6}}}));
  return epoch;
}

CommitState With(const std::vector<FlushEpoch>& epochs) {
  CommitState state;
  for (const FlushEpoch& epoch : epochs) {
    for (const StateEntry& entry : EntriesOf(epoch, kFakeTable)) Apply(state, entry);
  }
  return state;
}

IcebergSnapshotCreated Created(const FlushEpoch& epoch) {
  return {.table = kFakeTable, .epoch_uuid = epoch.uuid, .snapshot_id = epoch.snapshot_id};
}

EpochPhase PhaseOf(const CommitState& state, std::string_view uuid) {
  return state.Find(uuid)->phase;
}

TEST(CommitState, EpochIsUploadedWhenSealedWithAllItsFiles) {
  CommitState state;
  const std::vector<StateEntry> entries = EntriesOf(Epoch(), kFakeTable);
  ASSERT_EQ(entries.size(), 3u);
  Apply(state, entries[0]);
  EXPECT_EQ(PhaseOf(state, "e1"), EpochPhase::kOpen);
  Apply(state, entries[1]);
  EXPECT_EQ(PhaseOf(state, "e1"), EpochPhase::kOpen);
  Apply(state, entries[2]);
  EXPECT_EQ(PhaseOf(state, "e1"), EpochPhase::kUploaded);
}

TEST(CommitState, FilesMayComeBeforeTheSeal) {
  const CommitState state = Replay(FakeSealing(Epoch()));
  EXPECT_EQ(PhaseOf(state, "e1"), EpochPhase::kUploaded);
  EXPECT_EQ(state.Find("e1")->epoch.files.size(), 2u);
  EXPECT_EQ(state.Find("e1")->epoch.ranges, Epoch().ranges);
  EXPECT_EQ(state.Find("e1")->epoch.table_uuid, kFakeTableUuid);
}

TEST(CommitState, EpochWithoutFilesIsUploadedAtOnce) {
  const FlushEpoch epoch = FakeEpoch("e1", 11, FakeRanges({{0, {5, 5}}}));
  EXPECT_EQ(PhaseOf(With({epoch}), "e1"), EpochPhase::kUploaded);
}

TEST(CommitState, RefusesWhatContradictsTheEpoch) {
  const CommitState state = With({Epoch()});
  const StateEntry refused[] = {
      BufferSnapshot{.table = kFakeTable, .epoch_uuid = "e1", .snapshot_id = 11},
      BufferSnapshot{.table = kFakeTable, .epoch_uuid = "", .snapshot_id = 11},
      BufferSnapshot{.table = kFakeTable, .epoch_uuid = "e2", .snapshot_id = 0},
      BufferSnapshot{.table = kFakeTable,
                     .epoch_uuid = "e2",
                     .snapshot_id = 1,
                     .ranges = FakeRanges({{0, {2, 1}}})},
      ParquetWritten{.table = kFakeTable, .epoch_uuid = "e1", .file = FakeFile("memory://late")},
      ParquetWritten{.table = "raw.other", .epoch_uuid = "e1", .file = FakeFile("memory://other")},
      IcebergSnapshotCreated{.table = kFakeTable, .epoch_uuid = "e1", .snapshot_id = 12},
      IcebergSnapshotCreated{.table = kFakeTable, .epoch_uuid = "e2", .snapshot_id = 11},
      AttemptInDoubt{"e2"},
      FlushComplete{.table = kFakeTable, .epoch_uuid = "e2"},
  };
  for (const StateEntry& entry : refused) {
    EXPECT_THAT(CanApply(state, entry), IsError(ErrorCode::kInvalid)) << entry.index();
  }
}

TEST(CommitState, RefusesTheSameFileTwice) {
  CommitState state;
  const ParquetWritten written{
      .table = kFakeTable, .epoch_uuid = "e1", .file = FakeFile("memory://a")};
  Apply(state, written);
  EXPECT_THAT(CanApply(state, written), IsError(ErrorCode::kInvalid));
}

TEST(CommitState, OpenEpochCannotBeCommitted) {
  CommitState state;
  Apply(state, EntriesOf(Epoch(), kFakeTable).front());
  EXPECT_THAT(CanApply(state, Created(Epoch())), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(CanApply(state, AttemptInDoubt{"e1"}), IsError(ErrorCode::kInvalid));
}

TEST(CommitState, DoubtIsLeftOnlyByProof) {
  CommitState state = With({Epoch()});
  Apply(state, AttemptInDoubt{"e1"});
  EXPECT_THAT(CanApply(state, FlushComplete{.table = kFakeTable, .epoch_uuid = "e1"}),
              IsError(ErrorCode::kInvalid));
  Apply(state, AttemptsSettled{"e1"});
  Apply(state, FlushComplete{.table = kFakeTable, .epoch_uuid = "e1"});
  EXPECT_THAT(state.Find("e1"), IsNull());
}

TEST(CommitState, DoubtEndsWithTheCommit) {
  CommitState state = With({Epoch()});
  Apply(state, AttemptInDoubt{"e1"});
  Apply(state, Created(Epoch()));
  EXPECT_EQ(PhaseOf(state, "e1"), EpochPhase::kCommitted);
  EXPECT_THAT(CanApply(state, AttemptInDoubt{"e1"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(UncommittedEpochs(state), IsEmpty());
}

TEST(CommitState, NothingIsCleanedUpOnceInDoubt) {
  CommitState state = With({Epoch()});
  EXPECT_TRUE(MayCleanUp(state, "e1"));
  Apply(state, AttemptInDoubt{"e1"});
  EXPECT_FALSE(MayCleanUp(state, "e1"));
  Apply(state, AttemptsSettled{"e1"});
  EXPECT_FALSE(MayCleanUp(state, "e1"));
  EXPECT_FALSE(MayCleanUp(state, "unknown"));
}

TEST(CommitState, NothingOfACommittedEpochIsCleanedUp) {
  CommitState state = With({Epoch()});
  Apply(state, Created(Epoch()));
  EXPECT_FALSE(MayCleanUp(state, "e1"));
}

TEST(CommitState, ReplayPassesOverWhatCannotBeApplied) {
  std::vector<TransactionEntry> entries = {
      FlushComplete{.table = kFakeTable, .epoch_uuid = "trimmed"},
      IcebergSnapshotCreated{.table = kFakeTable, .epoch_uuid = "trimmed"},
      CatalogError{.catalog_type = "file"}};
  for (const TransactionEntry& entry : FakeSealing(Epoch())) entries.push_back(entry);
  entries.push_back(entries.back());
  const std::vector<FlushEpoch> epochs = UncommittedEpochs(Replay(entries));
  ASSERT_EQ(epochs.size(), 1u);
  EXPECT_EQ(epochs[0].uuid, "e1");
  EXPECT_EQ(epochs[0].rows, 11);
}

TEST(CommitState, IncompleteEpochsAreNotLeftToAdopt) {
  std::vector<TransactionEntry> entries = FakeSealing(Epoch());
  entries.erase(entries.begin());
  EXPECT_THAT(UncommittedEpochs(Replay(entries)), IsEmpty());
}

TEST(CommitState, EpochAfterAnUndecidedOneOfANewPartitionHasToWait) {
  const FlushEpoch later = FakeEpoch("e2", 12, FakeRanges({{0, {10, 20}}}));
  const CommitState state = With({Epoch(), later});
  EXPECT_THAT(UndecidedBefore(state, Ledger{}, later), NotNull());
  EXPECT_THAT(UndecidedBefore(state, Ledger{}, Epoch()), IsNull());
  // Where the ledger knows the partition it keeps the order itself.
  EXPECT_THAT(UndecidedBefore(state, FakeLedger({{0, 10}}), later), IsNull());
}

TEST(CommitState, EpochsThatTheLedgerHasPassedAreOvertaken) {
  const FlushEpoch later = FakeEpoch("e2", 12, FakeRanges({{0, {10, 20}}}));
  const CommitState state = With({Epoch(), later});
  EXPECT_THAT(Overtaken(state, FakeLedger({{0, 5}}), "none"), ElementsAre("e1", "e2"));
  EXPECT_THAT(Overtaken(state, FakeLedger({{0, 10}, {1, 6}}), "none"), ElementsAre("e1"));
  EXPECT_THAT(Overtaken(state, FakeLedger({{0, 10}, {1, 6}}), "e1"), IsEmpty());
  EXPECT_THAT(Overtaken(state, FakeLedger({{0, 0}, {1, 5}}), "e2"), IsEmpty());
}

}  // namespace
}  // namespace kafka_iceberg::commit
