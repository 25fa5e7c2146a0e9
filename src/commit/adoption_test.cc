// SPDX-License-Identifier: Apache-2.0
#include "commit/adoption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/fake_commit_world.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A run that committed up to 100, sealed and logged what follows, and is gone.
class Adoption : public testing::Test {
 protected:
  Adoption() { EXPECT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk()); }

  FlushEpoch Seal(PartitionRanges partitions) {
    FlushEpoch epoch = world_.Upload(std::move(partitions));
    EXPECT_THAT(world_.log.Append(FakeSealing(epoch)), IsOk());
    return epoch;
  }
  std::vector<AdoptionDecision> Decide() {
    auto decisions = DecideAdoption(*process_.table, world_.log);
    EXPECT_THAT(decisions, IsOk());
    return decisions.ok() ? std::move(decisions).value() : std::vector<AdoptionDecision>();
  }
  std::vector<EpochFate> Fates() {
    std::vector<EpochFate> fates;
    for (const AdoptionDecision& decision : Decide()) fates.push_back(decision.fate);
    return fates;
  }

  FakeCommitWorld world_{FakeCatalogKind::kServer, 1};
  FakeProcess process_ = world_.Start();
};

TEST_F(Adoption, NothingOpenNothingToDo) { EXPECT_THAT(Decide(), IsEmpty()); }

TEST_F(Adoption, EpochsInLineAreAdoptedInOrder) {
  Seal({{0, {100, 200}}});
  Seal({{0, {200, 300}}});
  FakeProcess restarted = world_.Start();
  for (const AdoptionDecision& decision : Decide()) {
    ASSERT_EQ(decision.fate, EpochFate::kAdopt);
    ASSERT_TRUE(IsToCommit(decision.fate));
    EXPECT_FALSE(decision.files_unreferenced);
    EXPECT_THAT(restarted.Commit(decision.epoch), IsOk());
  }
  EXPECT_EQ(world_.TableLedger(), FakeLedger({{0, 300}}));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
  EXPECT_THAT(Decide(), IsEmpty());
}

TEST_F(Adoption, EpochThatLandedUnseenIsRecognised) {
  const FlushEpoch epoch = Seal({{0, {100, 200}}});
  FakeTransactionLog lost(world_.clock);
  ASSERT_THAT(world_.Start(lost).Commit(epoch), IsOk());
  EXPECT_THAT(Fates(), testing::ElementsAre(EpochFate::kLanded));
  const auto result = world_.Start().Commit(Decide()[0].epoch);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->snapshot_id, epoch.snapshot_id);
  EXPECT_THAT(Decide(), IsEmpty());
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_F(Adoption, FirstRequestThatLandsAfterTheDecisionIsRecognised) {
  const FlushEpoch epoch = Seal({{0, {100, 200}}});
  world_.faults.NextCommits(std::vector(4, catalog::CommitFault::kAppliedLater));
  ASSERT_THAT(process_.Commit(epoch), IsError(ErrorCode::kCommitUnknown));
  FakeProcess restarted = world_.Start();
  const std::vector<AdoptionDecision> decisions = Decide();
  ASSERT_THAT(decisions, SizeIs(1));
  ASSERT_EQ(decisions[0].fate, EpochFate::kAdopt);
  world_.faults.ApplyDelayed();
  ASSERT_THAT(restarted.Commit(decisions[0].epoch), IsOk());
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(2));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_F(Adoption, EpochThatAnotherWriterOvertookIsRefuted) {
  Seal({{0, {100, 200}}});
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {100, 150}}})), IsOk());
  const std::vector<AdoptionDecision> decisions = Decide();
  ASSERT_THAT(decisions, SizeIs(1));
  EXPECT_EQ(decisions[0].fate, EpochFate::kRefuted);
  EXPECT_TRUE(decisions[0].files_unreferenced);
  EXPECT_FALSE(IsToCommit(decisions[0].fate));
}

TEST_F(Adoption, EpochThatAnotherCommitReplacedIsToldFromOneThatMayBeLive) {
  Seal({{0, {100, 200}}});
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {100, 200}}})), IsOk());
  ASSERT_THAT(Fates(), testing::ElementsAre(EpochFate::kReplaced));
  EXPECT_TRUE(Decide()[0].files_unreferenced);
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {200, 300}}})), IsOk());
  world_.ExpireSnapshots();
  ASSERT_THAT(Fates(), testing::ElementsAre(EpochFate::kCovered));
  EXPECT_FALSE(Decide()[0].files_unreferenced);
}

TEST_F(Adoption, AlternativeToAnAdoptedEpochMayStillLand) {
  Seal({{0, {100, 200}}});
  Seal({{0, {100, 250}}});
  const std::vector<AdoptionDecision> decisions = Decide();
  ASSERT_THAT(Fates(), testing::ElementsAre(EpochFate::kAdopt, EpochFate::kRefuted));
  // Its first request may be the one that is under way.
  EXPECT_FALSE(decisions[1].files_unreferenced);
}

TEST_F(Adoption, EpochBehindALostOneIsNotAdopted) {
  const FlushEpoch lost = Seal({{0, {100, 200}}});
  Seal({{0, {200, 300}}});
  ASSERT_THAT(world_.store.Delete(lost.files[0].file.file_path), IsOk());
  EXPECT_THAT(Fates(),
              testing::UnorderedElementsAre(EpochFate::kFilesMissing, EpochFate::kRefuted));
}

TEST_F(Adoption, FileOfAnotherSizeCountsAsMissing) {
  const FlushEpoch epoch = Seal({{0, {100, 200}}});
  ASSERT_THAT(world_.store.Write(epoch.files[0].file.file_path, "PAR"), IsOk());
  EXPECT_THAT(Fates(), testing::ElementsAre(EpochFate::kFilesMissing));
}

TEST_F(Adoption, StoreThatIsAwayDecidesNothing) {
  Seal({{0, {100, 200}}});
  world_.store.Inject({.operation = storage::StoreOperation::kStat, .times = 1});
  EXPECT_THAT(DecideAdoption(*process_.table, world_.log), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(Fates(), testing::ElementsAre(EpochFate::kAdopt));
}

// [0, 100) of partition 1 was sealed too, but its log entry never came: adopting what follows would
// leave it out.
TEST_F(Adoption, PartitionThatIsNewToTheLedgerIsNotAdopted) {
  Seal({{1, {100, 200}}});
  const std::vector<AdoptionDecision> decisions = Decide();
  ASSERT_THAT(decisions, SizeIs(1));
  EXPECT_EQ(decisions[0].fate, EpochFate::kRefuted);
  EXPECT_FALSE(decisions[0].files_unreferenced);
}

TEST_F(Adoption, EpochOfARecreatedTableIsNotAdopted) {
  FlushEpoch epoch = world_.Upload({{0, {100, 200}}});
  epoch.table_uuid = kFakeTableUuid;
  ASSERT_THAT(world_.log.Append(FakeSealing(epoch)), IsOk());
  epoch = world_.Upload({{0, {100, 200}}});
  epoch.table_uuid.clear();
  ASSERT_THAT(world_.log.Append(FakeSealing(epoch)), IsOk());
  EXPECT_THAT(Fates(), testing::ElementsAre(EpochFate::kOtherTable, EpochFate::kOtherTable));
}

TEST_F(Adoption, LedgerThatWasSetBackStopsTheStart) {
  Seal({{0, {100, 200}}});
  world_.SetProperty("kafka-iceberg.ledger", LedgerToJson(FakeLedger({{0, 10}})));
  EXPECT_THAT(DecideAdoption(*process_.table, world_.log), IsError(ErrorCode::kCorrupt));
}

}  // namespace
}  // namespace kafka_iceberg::commit
