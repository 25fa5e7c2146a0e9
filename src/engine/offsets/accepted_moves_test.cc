// SPDX-License-Identifier: Apache-2.0
#include "engine/offsets/accepted_moves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kafka_iceberg::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const TopicPartition kPartition{"t", 0};

AcceptedMoves Moves(const std::vector<std::pair<int64_t, int64_t>>& from_to) {
  std::vector<commit::LedgerMove> moves;
  for (const auto& [from, to] : from_to)
    moves.push_back({.move = {{"c", "t", "i"}, 0, from, to}, .generation = 1});
  return {moves, {}};
}

TEST(AcceptedMoves, BackRepeatsAndAheadSkips) {
  const AcceptedMoves moves = Moves({{100, 50}, {120, 130}});
  EXPECT_THAT(moves.Repeated(kPartition), ElementsAre(OffsetRange{50, 100}));
  EXPECT_THAT(moves.Skipped(kPartition), ElementsAre(OffsetRange{120, 130}));
  EXPECT_THAT(moves.Repeated({"t", 1}), IsEmpty());
}

TEST(AcceptedMoves, BackTwiceRepeatsUpToWhereItWasReadBefore) {
  EXPECT_THAT(Moves({{100, 50}, {60, 40}}).Repeated(kPartition),
              ElementsAre(OffsetRange{50, 100}, OffsetRange{40, 100}));
}

commit::Backfill BackfillAt(int64_t next) {
  const SourceTopic topic{"c", "t", "i"};
  commit::Backfill backfill{.id = "b", .ranges = {{topic, {{0, {10, 50}}}}}};
  commit::SetNextOffset(backfill.ledger, topic, 0, next);
  return backfill;
}

TEST(AcceptedMoves, ABackfillHasReadUpToItsLedger) {
  const AcceptedMoves half({}, {BackfillAt(30)});
  EXPECT_THAT(half.Backfilled(kPartition), ElementsAre(OffsetRange{10, 30}));
  EXPECT_THAT(half.ToBeBackfilled(kPartition), ElementsAre(OffsetRange{30, 50}));
  EXPECT_THAT(half.Repeated(kPartition), IsEmpty());
  const AcceptedMoves whole({}, {BackfillAt(50)});
  EXPECT_THAT(whole.Backfilled(kPartition), ElementsAre(OffsetRange{10, 50}));
  EXPECT_THAT(whole.ToBeBackfilled(kPartition), IsEmpty());
}

TEST(AcceptedMoves, ABackfillThatMayDoubleRepeatsWhatItHasRead) {
  commit::Backfill backfill = BackfillAt(30);
  backfill.accepts_duplicates = true;
  EXPECT_THAT(AcceptedMoves({}, {backfill}).Repeated(kPartition), ElementsAre(OffsetRange{10, 30}));
}

TEST(TakeAway, EachCopyNeedsItsOwnAcceptance) {
  EXPECT_THAT(TakeAway({{50, 100}}, {{50, 100}}), IsEmpty());
  EXPECT_THAT(TakeAway({{50, 100}, {50, 60}}, {{50, 100}}), ElementsAre(OffsetRange{50, 60}));
  EXPECT_THAT(TakeAway({{40, 110}}, {{50, 100}}),
              ElementsAre(OffsetRange{40, 50}, OffsetRange{100, 110}));
  EXPECT_THAT(TakeAway({{50, 60}, {60, 100}}, {{50, 100}}), IsEmpty());
}

TEST(Outside, IsWhatNothingCovers) {
  EXPECT_THAT(
      Outside({{0, 10}, {0, 10}}, {{2, 5}}),
      ElementsAre(OffsetRange{0, 2}, OffsetRange{0, 2}, OffsetRange{5, 10}, OffsetRange{5, 10}));
}

}  // namespace
}  // namespace kafka_iceberg::engine
