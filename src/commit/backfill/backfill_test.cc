// SPDX-License-Identifier: Apache-2.0
//
// A backfill and the live tail on one table, through LedgerView and the real coordinator.
#include "commit/backfill/backfill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/adoption.h"
#include "commit/backfill/ledger_view.h"
#include "commit/commit_history.h"
#include "commit/fake_commit_world.h"
#include "commit/fake_epoch.h"
#include "commit/ledger_move.h"
#include "commit/letters_property.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The live tail began at offset 100 of partition 0 and stands at 120.
class Backfilling : public testing::TestWithParam<FakeCatalogKind> {
 protected:
  void SetUp() override {
    ASSERT_THAT(live_.Commit(world_.Upload({{0, {100, 110}}})), IsOk());
    ASSERT_THAT(live_.Commit(world_.Upload({{0, {110, 120}}})), IsOk());
    table_ = world_.OpenFaulty();
  }

  static EpochRanges Ranges(int64_t start, int64_t end) {
    return {{kFakeTopic, {{0, {start, end}}}}};
  }
  NoteContext Context() { return {*table_, world_.clock, world_.random, "test"}; }
  Result<Backfill> Register(int64_t start, int64_t end) {
    return RegisterBackfill(Context(), {.request = "test", .ranges = Ranges(start, end)},
                            *world_.Metadata(), {});
  }
  // The one that the table knows.
  Backfill Stored() {
    const auto all = ReadBackfills(*world_.Metadata());
    EXPECT_THAT(all, IsOk());
    EXPECT_THAT(*all, SizeIs(1));
    return all->front();
  }

  struct Runner {
    FakeTransactionLog log;
    LedgerView view;
    TransactionCoordinator coordinator;

    Runner(FakeCommitWorld& world, catalog::TableOperations& table, const std::string& lane)
        : log(world.clock),
          view(table, lane, /*must_exist=*/true),
          coordinator({.writer_id = "backfill", .catalog_type = "memory"},
                      {.table = view,
                       .log = log,
                       .clock = world.clock,
                       .random = world.random,
                       .logger = world.logger,
                       .metrics = *world.metrics,
                       .step_hook = {}}) {}
    Result<SnapshotCommitResult> Commit(const FlushEpoch& epoch) {
      return coordinator.Commit(epoch, {});
    }
  };

  FakeCommitWorld world_{GetParam(), 11};
  FakeProcess live_ = world_.Start();
  std::unique_ptr<catalog::TableOperations> table_;
};
INSTANTIATE_TEST_SUITE_P(Catalogs, Backfilling,
                         testing::Values(FakeCatalogKind::kPointerSwap, FakeCatalogKind::kServer));

TEST_P(Backfilling, IsRegisteredAtTheStartOfItsRanges) {
  const auto registered = Register(0, 100);
  ASSERT_THAT(registered, IsOk());
  EXPECT_EQ(Stored(), *registered);
  EXPECT_EQ(Stored().Left(), Ranges(0, 100));
  EXPECT_THAT(Stored().Done(), IsEmpty());
  EXPECT_TRUE(Stored().is_open());
  EXPECT_EQ(world_.TableLedger().NextOffset(kFakeTopic, 0), 120) << "the live ledger stays";
}

TEST_P(Backfilling, RowsMoveItsOwnLedgerAndNobodyElses) {
  const std::string lane = Register(0, 100)->lane();
  Runner runner(world_, *table_, lane);
  ASSERT_THAT(runner.Commit(world_.Upload({{0, {0, 60}}})), IsOk());
  EXPECT_EQ(Stored().Left(), Ranges(60, 100));
  EXPECT_EQ(world_.TableLedger().NextOffset(kFakeTopic, 0), 120);
  ASSERT_THAT(live_.Commit(world_.Upload({{0, {120, 130}}})), IsOk());
  ASSERT_THAT(runner.Commit(world_.Upload({{0, {60, 100}}})), IsOk());
  EXPECT_FALSE(Stored().is_open());
  EXPECT_EQ(Stored().Done(), Ranges(0, 100));
  EXPECT_EQ(world_.TableLedger().NextOffset(kFakeTopic, 0), 130);
  EXPECT_THAT(world_.LiveFiles(), SizeIs(5));
  EXPECT_EQ(world_.CheckReadable(), "");
}

TEST_P(Backfilling, TheSameOffsetsAreNotAddedTwice) {
  const std::string lane = Register(0, 100)->lane();
  Runner one(world_, *table_, lane);
  const auto other_table = world_.OpenPlain();
  Runner other(world_, *other_table, lane);
  ASSERT_THAT(one.Commit(world_.Upload({{0, {0, 60}}})), IsOk());
  const auto again = other.Commit(world_.Upload({{0, {0, 60}}}));
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->already_committed);
  EXPECT_THAT(other.Commit(world_.Upload({{0, {30, 90}}})), IsError(ErrorCode::kConflict));
  EXPECT_THAT(world_.LiveFiles(), SizeIs(3));
}

TEST_P(Backfilling, OneEpochLandsOnceWhateverTheAnswer) {
  const std::string lane = Register(0, 100)->lane();
  Runner runner(world_, *table_, lane);
  int64_t next = 0;
  for (const catalog::CommitFault fault : kAnswersThatMislead) {
    world_.faults.NextCommit(fault);
    ASSERT_THAT(runner.Commit(world_.Upload({{0, {next, next + 10}}})), IsOk());
    next += 10;
    EXPECT_EQ(Stored().ledger.NextOffset(kFakeTopic, 0), next);
    ASSERT_THAT(live_.Commit(world_.Upload({{0, {110 + next, 120 + next}}})), IsOk());
  }
  EXPECT_THAT(world_.LiveFiles(), SizeIs(2 + 7 + 7));
}

// Neither testifies against the other: a start reads the snapshots of both.
TEST_P(Backfilling, BothLedgersAreTrustedAtAStart) {
  const std::string lane = Register(0, 100)->lane();
  Runner runner(world_, *table_, lane);
  ASSERT_THAT(runner.Commit(world_.Upload({{0, {0, 60}}})), IsOk());
  EXPECT_THAT(ReadLedgerAtStart(*world_.Metadata(), world_.log), IsOk());
  const auto now = runner.view.Refresh();
  ASSERT_THAT(now, IsOk());
  const auto ledger = ReadLedgerAtStart(*now->metadata, runner.log);
  ASSERT_THAT(ledger, IsOk());
  EXPECT_EQ(ledger->NextOffset(kFakeTopic, 0), 60);
  EXPECT_EQ(LedgerOfSnapshots(*now->metadata).NextOffset(kFakeTopic, 0), 60);
}

TEST_P(Backfilling, AnUploadLeftOverIsAdopted) {
  const std::string lane = Register(0, 100)->lane();
  Runner runner(world_, *table_, lane);
  const FlushEpoch left_over = world_.Upload({{0, {0, 60}}});
  const auto decisions = PlanAdoption({left_over}, *runner.view.Current().metadata,
                                      *ReadLedger(*runner.view.Current().metadata));
  ASSERT_THAT(decisions, SizeIs(1));
  EXPECT_EQ(decisions[0].fate, EpochFate::kAdopt);
}

TEST_P(Backfilling, OffsetsThatTheLiveTailWillReadAreRefused) {
  const auto registered = Register(0, 121);
  ASSERT_THAT(registered, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(registered.error().message(), HasSubstr("must end at or below it"));
  EXPECT_THAT(Register(0, 120), IsOk());
}

TEST_P(Backfilling, OneThatOverlapsAnOpenOneIsRefused) {
  const auto first = Register(0, 100);
  ASSERT_THAT(first, IsOk());
  const auto second = Register(99, 110);
  ASSERT_THAT(second, IsError(ErrorCode::kConflict));
  EXPECT_THAT(second.error().message(), HasSubstr(first->id));
  EXPECT_THAT(Register(100, 110), IsOk()) << "beside it";
}

// Rows were looked at before the other one committed there.
TEST_P(Backfilling, WhatWasFinishedSinceTheRowsWereLookedAtIsRefused) {
  const auto seen = world_.Metadata();
  const std::string lane = Register(0, 100)->lane();
  Runner runner(world_, *table_, lane);
  ASSERT_THAT(runner.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  const Backfill again{.request = "again", .ranges = Ranges(0, 100)};
  EXPECT_THAT(RegisterBackfill(Context(), again, *seen, {}), IsError(ErrorCode::kConflict));
  EXPECT_THAT(RegisterBackfill(Context(), again, *world_.Metadata(), {}), IsOk())
      << "looked at again, it is the caller's to judge";
}

TEST_P(Backfilling, AReplayOfLettersSinceTheRowsWereLookedAtIsNoticed) {
  const auto seen = world_.Metadata();
  Replays replays;
  replays["shelf"] = {.generation = 1, .uuid = "u", .letters = "l"};
  const auto update = SetReplays(replays);
  ASSERT_THAT(update, IsOk());
  const auto& set = std::get<iceberg::SetProperties>(*update).properties;
  world_.SetProperty(set.begin()->first, set.begin()->second);
  EXPECT_THAT(RegisterBackfill(Context(), {.ranges = Ranges(0, 100)}, *seen, {}),
              IsError(ErrorCode::kConflict));
}

TEST_P(Backfilling, IsRegisteredOnceWhateverTheAnswer) {
  int64_t at = 0;
  for (const catalog::CommitFault fault : kAnswersThatMislead) {
    world_.faults.NextCommit(fault);
    ASSERT_THAT(Register(at, at + 10), IsOk());
    at += 10;
    EXPECT_THAT(*ReadBackfills(*world_.Metadata()), SizeIs(at / 10));
  }
}

TEST_P(Backfilling, OneThatIsCancelledCommitsNothingMore) {
  const auto registered = Register(0, 100);
  Runner runner(world_, *table_, registered->lane());
  ASSERT_THAT(runner.Commit(world_.Upload({{0, {0, 60}}})), IsOk());
  const auto other = world_.OpenPlain();
  const auto cancelled =
      CancelBackfill({*other, world_.clock, world_.random, "test"}, registered->id, {});
  ASSERT_THAT(cancelled, IsOk());
  EXPECT_EQ(Stored().Done(), Ranges(0, 60)) << "what it had read stays";
  EXPECT_FALSE(Stored().is_open());
  const auto late = runner.Commit(world_.Upload({{0, {60, 100}}}));
  ASSERT_FALSE(late.ok());
  EXPECT_THAT(late.error().message(), HasSubstr("was cancelled"));
  EXPECT_THAT(world_.LiveFiles(), SizeIs(3));
  EXPECT_THAT(CancelBackfill(Context(), registered->id, {}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(CancelBackfill(Context(), "nobody", {}), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(Register(60, 100), IsOk());
}

// Set back below its end, the live tail would read what the backfill is reading.
TEST_P(Backfilling, TheLedgerIsNotSetBackIntoAnOpenOne) {
  const auto registered = Register(50, 110);
  const auto move = [&](int64_t to) {
    return MoveLedger({*table_, world_.clock, world_.random, "test"}, {{kFakeTopic, 0, 120, to}},
                      {});
  };
  const auto moved = move(109);
  ASSERT_THAT(moved, IsError(ErrorCode::kConflict));
  EXPECT_THAT(moved.error().message(), HasSubstr(registered->id));
  EXPECT_THAT(move(110), IsOk());
}

TEST(BackfillProperty, ThatCannotBeReadIsCorrupt) {
  iceberg::TableMetadata metadata;
  for (const char* text : {"no json", "{}", R"({"version":2})"}) {
    metadata.properties[std::string(kBackfillPrefix) + "x"] = text;
    EXPECT_THAT(ReadBackfills(metadata), IsError(ErrorCode::kCorrupt)) << text;
  }
}

}  // namespace
}  // namespace kafka_iceberg::commit
