// SPDX-License-Identifier: Apache-2.0
// The fault table of the commit protocol: what the catalog does, what it says, and what must come
// of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/fake_commit_world.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using catalog::CommitFault;
using testing::HasSubstr;
using testing::SizeIs;

struct FaultCase {
  std::string name;
  std::vector<CommitFault> faults;  // of the first commits, in order
  ErrorCode error = ErrorCode::kInvalid;
  bool succeeds = true;
  int commits_seen = 0;  // by the catalog, in the first call
};

class CommitFaultTable : public testing::TestWithParam<std::tuple<FakeCatalogKind, FaultCase>> {
 protected:
  FakeCommitWorld world_{std::get<0>(GetParam()), 1};
  const FaultCase& fault_ = std::get<1>(GetParam());
};

// One epoch under the fault; then the catalog is well again, what was held up arrives, and the same
// epoch is offered once more as the engine does. It is in the table once, nothing that is referred
// to is gone, and work goes on.
TEST_P(CommitFaultTable, EndsWithTheRowsInTheTableOnce) {
  FakeProcess process = world_.Start();
  ASSERT_THAT(process.Commit(world_.Upload({{0, {0, 100}}, {1, {0, 100}}})), IsOk());
  const int before = world_.faults.commits_seen();
  world_.faults.NextCommits(fault_.faults);
  const FlushEpoch epoch = world_.Upload({{0, {100, 200}}});
  const auto first = process.Commit(epoch);
  EXPECT_EQ(first.ok(), fault_.succeeds);
  if (!first.ok()) {
    EXPECT_THAT(first, IsError(fault_.error));
  }
  EXPECT_EQ(world_.faults.commits_seen() - before, fault_.commits_seen);
  world_.faults.ApplyDelayed();
  const auto second = process.Commit(epoch);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->snapshot_id, epoch.snapshot_id);
  ASSERT_THAT(process.Commit(world_.Upload({{0, {200, 300}}})), IsOk());
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
  EXPECT_EQ(world_.CheckReadable(), "");
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(3));
}

// The same, but the process dies after the first call and its log with it: the records are read
// again.
TEST_P(CommitFaultTable, EndsWithTheRowsInTheTableOnceAfterARestart) {
  {
    FakeProcess process = world_.Start();
    ASSERT_THAT(process.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
    world_.faults.NextCommits(fault_.faults);
    (void)process.Commit(world_.Upload({{0, {100, 200}}}));
  }
  FakeTransactionLog log(world_.clock);
  FakeProcess restarted = world_.Start(log);
  // Reads on from where the ledger stands, and seals its epoch elsewhere.
  const int64_t start = *world_.TableLedger().NextOffset(kFakeTopic, 0);
  const FlushEpoch epoch = world_.Upload({{0, {start, start + 150}}});
  world_.faults.ApplyDelayed();
  auto commit = restarted.Commit(epoch);
  if (!commit.ok()) {
    ASSERT_THAT(commit, IsError(ErrorCode::kConflict));
    const int64_t moved = *world_.TableLedger().NextOffset(kFakeTopic, 0);
    commit = restarted.Commit(world_.Upload({{0, {moved, moved + 50}}}));
  }
  ASSERT_THAT(commit, IsOk());
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
  EXPECT_EQ(world_.CheckReadable(), "");
}

// The late request meets the new process between its look at the table and its own request.
TEST_P(CommitFaultTable, LateRequestAfterARestartNeverDoubles) {
  {
    FakeProcess process = world_.Start();
    ASSERT_THAT(process.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
    world_.faults.NextCommits(fault_.faults);
    (void)process.Commit(world_.Upload({{0, {100, 200}}}));
  }
  FakeTransactionLog log(world_.clock);
  FakeProcess restarted = world_.Start(log);
  const int64_t start = *world_.TableLedger().NextOffset(kFakeTopic, 0);
  bool arrived = false;
  world_.faults.OnCommit([&] {
    if (!std::exchange(arrived, true)) world_.faults.ApplyDelayed();
  });
  (void)restarted.Commit(world_.Upload({{0, {start, start + 150}}}));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

const ErrorCode kUndecided = ErrorCode::kCommitUnknown;

INSTANTIATE_TEST_SUITE_P(
    Faults, CommitFaultTable,
    testing::Combine(
        testing::Values(FakeCatalogKind::kPointerSwap, FakeCatalogKind::kServer),
        testing::Values(
            FaultCase{"None", {}, {}, true, 1},
            FaultCase{
                "ResponseLostAfterApply", {CommitFault::kResponseLostAfterApply}, {}, true, 1},
            FaultCase{"ServerErrorAfterApply", {CommitFault::kServerErrorAfterApply}, {}, true, 1},
            FaultCase{
                "ServerErrorBeforeApply", {CommitFault::kServerErrorBeforeApply}, {}, true, 2},
            FaultCase{"ServerErrorForever", std::vector(4, CommitFault::kServerErrorBeforeApply),
                      kUndecided, false, 4},
            FaultCase{"GarbageAfterApply", {CommitFault::kGarbageReplyAfterApply}, {}, true, 1},
            FaultCase{"GarbageBeforeApply", {CommitFault::kGarbageReplyBeforeApply}, {}, true, 2},
            FaultCase{
                "AppliedBeforeNextRefresh", {CommitFault::kAppliedBeforeNextRefresh}, {}, true, 1},
            FaultCase{
                "AppliedAfterNextRefresh", {CommitFault::kAppliedAfterNextRefresh}, {}, true, 1},
            FaultCase{
                "AppliedBeforeNextCommit", {CommitFault::kAppliedBeforeNextCommit}, {}, true, 2},
            FaultCase{"AppliedLater", {CommitFault::kAppliedLater}, {}, true, 2},
            FaultCase{"AppliedLaterAllFour", std::vector(4, CommitFault::kAppliedLater), kUndecided,
                      false, 4},
            FaultCase{"ConflictOnce", {CommitFault::kConflict}, {}, true, 2},
            FaultCase{"ConflictThrice", std::vector(3, CommitFault::kConflict), {}, true, 4},
            FaultCase{"ConflictForever", std::vector(4, CommitFault::kConflict),
                      ErrorCode::kUnavailable, false, 4},
            FaultCase{"ConflictAfterApply", {CommitFault::kConflictAfterApply}, {}, true, 1},
            FaultCase{"Rejected", {CommitFault::kRejected}, ErrorCode::kInvalid, false, 1},
            FaultCase{"RejectedAfterConflict",
                      {CommitFault::kConflict, CommitFault::kRejected},
                      ErrorCode::kInvalid,
                      false,
                      2},
            FaultCase{"RejectedInDoubt",
                      {CommitFault::kAppliedLater, CommitFault::kRejected},
                      kUndecided,
                      false,
                      2},
            FaultCase{"UnknownThenConflict",
                      {CommitFault::kServerErrorBeforeApply, CommitFault::kConflict},
                      {},
                      true,
                      3},
            FaultCase{"LateMeetsConflict",
                      {CommitFault::kAppliedBeforeNextCommit, CommitFault::kConflict},
                      {},
                      true,
                      2})),
    [](const auto& fault) {
      return std::get<1>(fault.param).name +
             (std::get<0>(fault.param) == FakeCatalogKind::kServer ? "Server" : "PointerSwap");
    });

class CommitFaults : public testing::TestWithParam<FakeCatalogKind> {
 protected:
  // Everything below the table's metadata folder but metadata.json files.
  std::vector<std::string> Manifests() {
    std::vector<std::string> found;
    const Status listed =
        world_.store.List("memory://warehouse", [&](const storage::ObjectInfo& info) {
          if (info.location.ends_with(".avro")) found.push_back(info.location);
        });
    EXPECT_THAT(listed, IsOk());
    return found;
  }

  FakeCommitWorld world_{GetParam(), 1};
  FakeProcess process_ = world_.Start();
};

INSTANTIATE_TEST_SUITE_P(Catalogs, CommitFaults,
                         testing::Values(FakeCatalogKind::kPointerSwap, FakeCatalogKind::kServer),
                         [](const auto& kind) {
                           return kind.param == FakeCatalogKind::kServer ? "Server" : "PointerSwap";
                         });

TEST_P(CommitFaults, NothingIsDeletedInDoubt) {
  world_.faults.NextCommits(std::vector(4, CommitFault::kAppliedLater));
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsError(ErrorCode::kCommitUnknown));
  EXPECT_THAT(Manifests(), SizeIs(1 + 4));  // a manifest, and a list for each attempt
  world_.faults.NextCommit(CommitFault::kRejected);
  world_.faults.ApplyDelayed();
  EXPECT_EQ(world_.CheckReadable(), "");
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitFaults, RejectionInDoubtDeletesNothing) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  world_.faults.NextCommits({CommitFault::kAppliedLater, CommitFault::kRejected});
  const auto commit = process_.Commit(epoch);
  ASSERT_THAT(commit, IsError(ErrorCode::kCommitUnknown));
  EXPECT_THAT(commit.error().message(), HasSubstr("may have been applied"));
  world_.faults.ApplyDelayed();
  EXPECT_EQ(world_.CheckReadable(), "");
  EXPECT_THAT(process_.Commit(epoch), IsOk());
}

TEST_P(CommitFaults, ALieBeforeAnOutageAndARejectionDeletesNothing) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  // Applied, and called a conflict; then the catalog is away for the rest of the call.
  world_.faults.NextCommit(CommitFault::kConflictAfterApply);
  world_.faults.NextRefresh(Error::Unavailable("away"), 3);
  ASSERT_THAT(process_.Commit(epoch), IsError(ErrorCode::kUnavailable));
  world_.faults.NextCommit(CommitFault::kRejected);
  EXPECT_THAT(process_.Commit(epoch), IsOk());
  EXPECT_EQ(world_.CheckReadable(), "");
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitFaults, ProvenRejectionCleansUpManifestsAndKeepsData) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  world_.faults.NextCommit(CommitFault::kRejected);
  const auto commit = process_.Commit(epoch);
  ASSERT_THAT(commit, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(commit.error().message(), HasSubstr("injected: 400 bad request"));
  EXPECT_THAT(Manifests(), SizeIs(0));
  EXPECT_THAT(world_.store.Stat(epoch.files[0].file.file_path), IsOk());
}

TEST_P(CommitFaults, FenceAfterConflictCleansUpManifests) {
  const FlushEpoch late = world_.Upload({{0, {0, 50}}, {1, {0, 5}}});
  bool done = false;
  world_.faults.OnCommit([&] {
    if (std::exchange(done, true)) return;
    FakeProcess other = world_.Start();
    ASSERT_THAT(other.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  });
  ASSERT_THAT(process_.Commit(late), IsError(ErrorCode::kConflict));
  EXPECT_THAT(Manifests(), SizeIs(2));
  EXPECT_EQ(world_.CheckReadable(), "");
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitFaults, ManifestsAreWrittenOnceForAllAttemptsAndCalls) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  world_.faults.NextCommits(std::vector(6, CommitFault::kConflict));
  ASSERT_THAT(process_.Commit(epoch), IsError(ErrorCode::kUnavailable));
  const auto result = process_.Commit(epoch);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->snapshot_id, epoch.snapshot_id);
  EXPECT_THAT(Manifests(), SizeIs(1 + 7));
}

TEST_P(CommitFaults, ManifestsOfARestartHaveOtherNames) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  world_.faults.NextCommits(std::vector(4, CommitFault::kAppliedLater));
  ASSERT_THAT(process_.Commit(epoch), IsError(ErrorCode::kCommitUnknown));
  FakeProcess restarted = world_.Start();
  ASSERT_THAT(restarted.Commit(epoch), IsOk());
  EXPECT_THAT(Manifests(), SizeIs(1 + 4 + 2));
  world_.faults.ApplyDelayed();
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(1));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitFaults, ConflictsWaitLongerEachTimeAndAreCounted) {
  world_.faults.NextCommits(std::vector(3, CommitFault::kConflict));
  const Timestamp before = world_.clock.Now();
  const auto result = process_.Commit(world_.Upload({{0, {0, 100}}}));
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->attempts, 4);
  const Duration waited = world_.clock.Now() - before;
  EXPECT_GE(waited, std::chrono::milliseconds(700));
  EXPECT_LE(waited, std::chrono::milliseconds(771));
  EXPECT_GE(result->duration, std::chrono::milliseconds(700));
  EXPECT_EQ(world_.Counter("iceberg_idempotent_retries_total", {{"reason", "conflict"}}), 3);
}

TEST_P(CommitFaults, LedgerIsCheckedAgainOnEveryAttempt) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  const FlushEpoch twin = world_.Upload({{0, {0, 100}}});
  bool done = false;
  world_.faults.OnCommit([&] {
    if (std::exchange(done, true)) return;
    FakeProcess other = world_.Start();
    ASSERT_THAT(other.Commit(twin), IsOk());
  });
  const auto result = process_.Commit(epoch);
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(result->already_committed);
  EXPECT_EQ(result->snapshot_id, twin.snapshot_id);
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitFaults, RefreshThatFailsIsTriedAgain) {
  world_.faults.NextCommit(CommitFault::kConflict);
  world_.faults.NextRefresh(Error::Unavailable("503"), 2);
  EXPECT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
}

TEST_P(CommitFaults, RefreshThatGoesOnFailingLeavesNothingDecided) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  world_.faults.NextCommit(CommitFault::kConflict);
  world_.faults.NextRefresh(Error::Timeout("no answer"), 3);
  ASSERT_THAT(process_.Commit(epoch), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(process_.Commit(epoch), IsOk());
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitFaults, WhateverRefreshSaysInDoubtTheOutcomeStaysUnknown) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  world_.faults.NextCommit(CommitFault::kResponseLostAfterApply);
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kDenied, ErrorCode::kNotFound}) {
    world_.faults.NextRefresh(Error(code, "refused"), code == ErrorCode::kUnavailable ? 4 : 1);
    ASSERT_THAT(process_.Commit(epoch), IsError(ErrorCode::kCommitUnknown));
  }
  EXPECT_EQ(world_.CheckReadable(), "");
  EXPECT_THAT(process_.Commit(epoch), IsOk());
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(1));
}

TEST_P(CommitFaults, TableThatIsGoneIsSaidSo) {
  world_.faults.NextCommit(CommitFault::kConflict);
  world_.faults.NextRefresh(Error::NotFound("no such table"));
  EXPECT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsError(ErrorCode::kNotFound));
}

TEST_P(CommitFaults, StopEndsTheWaiting) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THAT(process_.coordinator->Commit(world_.Upload({{0, {0, 100}}}), stop.get_token()),
              IsOk());
  world_.faults.NextCommits(std::vector(4, CommitFault::kConflict));
  EXPECT_THAT(process_.coordinator->Commit(world_.Upload({{0, {100, 200}}}), stop.get_token()),
              IsError(ErrorCode::kCancelled));
  FakeCommitWorld doubtful(GetParam(), 2);
  FakeProcess other = doubtful.Start();
  doubtful.faults.NextCommit(CommitFault::kAppliedLater);
  EXPECT_THAT(other.coordinator->Commit(doubtful.Upload({{0, {0, 100}}}), stop.get_token()),
              IsError(ErrorCode::kCommitUnknown));
}

TEST_P(CommitFaults, StoreThatIsAwayIsTriedAgainAndAddsNothing) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  const storage::StoreFault away{
      .operation = storage::StoreOperation::kWrite, .location_contains = ".avro", .times = 2};
  world_.store.Inject(away);
  EXPECT_THAT(process_.Commit(epoch), IsOk());
  world_.store.Inject({.operation = storage::StoreOperation::kWrite,
                       .location_contains = ".avro",
                       .times = storage::StoreFault::kAlways});
  const FlushEpoch next = world_.Upload({{0, {100, 200}}});
  EXPECT_THAT(process_.Commit(next), IsError(ErrorCode::kUnavailable));
  world_.store.ClearFaults();
  EXPECT_THAT(process_.Commit(next), IsOk());
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
  EXPECT_EQ(world_.CheckReadable(), "");
}

TEST_P(CommitFaults, UndecidedEpochsAreBounded) {
  for (int64_t i = 0; i < 40; ++i) {
    world_.faults.NextCommits(std::vector(4, CommitFault::kServerErrorBeforeApply));
    ASSERT_THAT(process_.Commit(world_.Upload({{static_cast<int32_t>(i), {0, 10}}})),
                IsError(ErrorCode::kCommitUnknown));
  }
  EXPECT_THAT(process_.Commit(world_.Upload({{0, {0, 10}}})), IsOk());
}

TEST_P(CommitFaults, LandedLateIsToldOnce) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  world_.faults.NextCommits(std::vector(4, CommitFault::kAppliedLater));
  ASSERT_THAT(process_.Commit(epoch), IsError(ErrorCode::kCommitUnknown));
  world_.faults.ApplyDelayed();
  const auto landed = process_.Commit(epoch);
  ASSERT_THAT(landed, IsOk());
  EXPECT_FALSE(landed->already_committed);
  EXPECT_GT(landed->transaction_log_entry_id, 0);
  ASSERT_THAT(process_.Commit(epoch), IsOk());
  EXPECT_EQ(
      world_.Counter("iceberg_snapshot_commits_total", {{"database", "raw"}, {"table", "orders"}}),
      1);
}

}  // namespace
}  // namespace kafka_iceberg::commit
