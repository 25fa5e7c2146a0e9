// SPDX-License-Identifier: Apache-2.0
#include "commit/ledger_move.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/adoption.h"
#include "commit/commit_history.h"
#include "commit/fake_commit_world.h"
#include "commit/fake_epoch.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class LedgerMoving : public testing::TestWithParam<FakeCatalogKind> {
 protected:
  // Rows 0 to 20 of partition 0.
  void SetUp() override {
    ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 10}}})), IsOk());
    ASSERT_THAT(process_.Commit(world_.Upload({{0, {10, 20}}})), IsOk());
    table_ = world_.OpenFaulty();
  }

  SourceTopic Topic() { return world_.TableLedger().next_offsets.begin()->first; }
  Result<LedgerMoveResult> Move(std::optional<int64_t> from, int64_t to, int32_t partition = 0) {
    return MoveLedger({*table_, world_.clock, world_.random, "test"},
                      {{Topic(), partition, from, to}}, {});
  }
  std::optional<int64_t> Next() { return world_.TableLedger().NextOffset(Topic(), 0); }
  // As the engine seals it: under the generation that the table has.
  FlushEpoch Sealed(PartitionRanges ranges) {
    FlushEpoch epoch = world_.Upload(std::move(ranges));
    epoch.ledger_generation = world_.TableLedger().generation;
    return epoch;
  }

  FakeCommitWorld world_{GetParam(), 7};
  FakeProcess process_ = world_.Start();
  std::unique_ptr<catalog::TableOperations> table_;
};
INSTANTIATE_TEST_SUITE_P(Catalogs, LedgerMoving,
                         testing::Values(FakeCatalogKind::kPointerSwap, FakeCatalogKind::kServer));

TEST_P(LedgerMoving, SetsTheLedgerBackAndCountsTheGeneration) {
  const auto moved = Move(20, 5);
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ(moved->generation, 1);
  EXPECT_EQ(Next(), 5);
  EXPECT_EQ(world_.TableLedger().generation, 1);
  EXPECT_THAT(world_.LiveFiles(), SizeIs(2)) << "no row was touched";
  EXPECT_EQ(world_.CheckReadable(), "");
}

TEST_P(LedgerMoving, MovesMain) {
  const auto before = world_.Metadata()->current_snapshot_id;
  const auto moved = Move(20, 25);
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ(world_.Metadata()->current_snapshot_id, moved->snapshot_id);
  EXPECT_NE(world_.Metadata()->current_snapshot_id, before);
}

TEST_P(LedgerMoving, IsWrittenDownAndSurvivesExpiry) {
  ASSERT_THAT(Move(20, 5), IsOk());
  ASSERT_THAT(Move(5, 20), IsOk());
  world_.ExpireSnapshots();
  const auto moves = ReadMoves(*world_.Metadata());
  ASSERT_THAT(moves, IsOk());
  ASSERT_THAT(*moves, SizeIs(2));
  EXPECT_EQ((*moves)[0].move, (PartitionMove{Topic(), 0, 20, 5}));
  EXPECT_EQ((*moves)[1].generation, 2);
}

TEST_P(LedgerMoving, RefusesWhenTheLedgerStandsElsewhere) {
  EXPECT_THAT(Move(19, 5), IsError(ErrorCode::kConflict));
  EXPECT_THAT(Move(std::nullopt, 5), IsError(ErrorCode::kConflict));
  EXPECT_EQ(Next(), 20);
  EXPECT_EQ(world_.TableLedger().generation, 0);
}

TEST_P(LedgerMoving, TakesAPartitionTheLedgerDoesNotKnow) {
  ASSERT_THAT(Move(std::nullopt, 7, 3), IsOk());
  EXPECT_EQ(world_.TableLedger().NextOffset(Topic(), 3), 7);
}

TEST_P(LedgerMoving, ARunningZombieIsFencedEvenWhereItsOffsetsFit) {
  // Sealed before the move, and next in line again after it.
  const FlushEpoch zombie = Sealed({{0, {20, 30}}});
  ASSERT_THAT(Move(20, 5), IsOk());
  ASSERT_THAT(Move(5, 20), IsOk());
  const auto committed = process_.Commit(zombie);
  ASSERT_THAT(committed, IsError(ErrorCode::kConflict));
  EXPECT_THAT(committed.error().message(), HasSubstr("moved the ledger on purpose"));
  EXPECT_THAT(world_.LiveFiles(), SizeIs(2));
}

TEST_P(LedgerMoving, AProcessThatSawMoreGoesOnFromTheNewPlace) {
  ASSERT_THAT(Move(20, 5), IsOk());
  EXPECT_THAT(process_.Commit(Sealed({{0, {5, 20}}})), IsOk());
  EXPECT_EQ(Next(), 20);
  EXPECT_THAT(process_.Commit(Sealed({{0, {20, 30}}})), IsOk());
  EXPECT_EQ(world_.TableLedger().generation, 1);
}

TEST_P(LedgerMoving, ARestartedProcessBelievesTheLedgerDespiteItsLog) {
  ASSERT_THAT(Move(20, 5), IsOk());
  EXPECT_THAT(ReadLedgerAtStart(*world_.Metadata(), world_.log), IsOk());
  FakeProcess again = world_.Start();
  EXPECT_THAT(again.Commit(Sealed({{0, {5, 20}}})), IsOk());
}

TEST_P(LedgerMoving, ALedgerSetBackWithoutAGenerationIsStillCorrupt) {
  Ledger ledger = world_.TableLedger();
  SetNextOffset(ledger, Topic(), 0, 5);
  world_.SetProperty(std::string(kLedgerProperty), LedgerToJson(ledger));
  EXPECT_THAT(process_.Commit(Sealed({{0, {5, 25}}})), IsError(ErrorCode::kCorrupt));
}

TEST_P(LedgerMoving, AnOlderGenerationIsCorrupt) {
  const std::string before = LedgerToJson(world_.TableLedger());
  ASSERT_THAT(Move(20, 5), IsOk());
  ASSERT_THAT(process_.Commit(Sealed({{0, {5, 8}}})), IsOk());
  world_.SetProperty(std::string(kLedgerProperty), before);
  EXPECT_THAT(process_.Commit(Sealed({{0, {20, 30}}})), IsError(ErrorCode::kCorrupt));
}

TEST_P(LedgerMoving, AnUploadedEpochOfBeforeIsNotAdopted) {
  const FlushEpoch left_over = Sealed({{0, {20, 30}}});
  ASSERT_THAT(Move(20, 5), IsOk());
  ASSERT_THAT(Move(5, 20), IsOk());
  const auto decisions = PlanAdoption({left_over}, *world_.Metadata(), world_.TableLedger());
  ASSERT_THAT(decisions, SizeIs(1));
  EXPECT_EQ(decisions[0].fate, EpochFate::kRefuted);
  EXPECT_FALSE(decisions[0].files_unreferenced) << "nothing proves that";
}

TEST_P(LedgerMoving, HappensOnceWhateverTheAnswer) {
  int64_t at = 20;
  int64_t generation = 0;
  for (const catalog::CommitFault fault : kAnswersThatMislead) {
    world_.faults.NextCommit(fault);
    const auto moved = Move(at, at - 1);
    ASSERT_THAT(moved, IsOk()) << static_cast<int>(fault);
    EXPECT_EQ(Next(), --at);
    EXPECT_EQ(world_.TableLedger().generation, ++generation);
  }
}

TEST_P(LedgerMoving, ARefusalChangesNothing) {
  world_.faults.NextCommit(catalog::CommitFault::kRejected);
  EXPECT_THAT(Move(20, 5), IsError(ErrorCode::kInvalid));
  EXPECT_EQ(Next(), 20);
}

TEST(LedgerGeneration, IsInTheJsonFromTheFirstMoveOn) {
  Ledger ledger;
  ledger.next_offsets[{"c", "t", "i"}][0] = 5;
  EXPECT_THAT(LedgerToJson(ledger), HasSubstr("\"version\":1"));
  ledger.generation = 3;
  EXPECT_THAT(LedgerToJson(ledger), HasSubstr("\"version\":2"));
  const auto read = LedgerFromJson(LedgerToJson(ledger));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, ledger);
}

TEST(LedgerGeneration, OthersAreRefused) {
  for (const char* text :
       {R"({"version":2,"generation":0,"sources":[]})",
        R"({"version":2,"generation":-1,"sources":[]})", R"({"version":2,"sources":[]})",
        R"({"version":3,"sources":[]})", R"({"version":1,"generation":1,"sources":[]})"}) {
    EXPECT_THAT(LedgerFromJson(text), IsError(ErrorCode::kCorrupt)) << text;
  }
}

TEST(LedgerMoves, AreReadAsTheyWereWritten) {
  const std::vector<LedgerMove> moves = {
      {.move = {{"c", "t", "i"}, 3, 20, 5}, .generation = 1, .at_ms = 7},
      {.move = {{"c", "t", "i"}, 4, std::nullopt, 9}, .generation = 2, .at_ms = 8}};
  const auto read = MovesFromJson(MovesToJson(moves));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, moves);
  EXPECT_THAT(MovesFromJson(R"({"version":2,"moves":[]})"), IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(MovesFromJson("no json"), IsError(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace kafka_iceberg::commit
