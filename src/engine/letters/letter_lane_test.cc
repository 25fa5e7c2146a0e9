// SPDX-License-Identifier: Apache-2.0
//
// Letters of offsets that are read out of their order: by a backfill, and after the ledger was set
// back. None is taken for one that was delivered before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/backfill/ledger_view.h"
#include "commit/ledger_move.h"
#include "core/result_matchers.h"
#include "engine/letters/fake_letter_world.h"
#include "engine/letters/letter_reader.h"

namespace kafka_iceberg::engine {
namespace {

using commit::FakeCatalogKind;
using commit::kFakeTopic;
using testing::UnorderedElementsAre;

decode::DeadLetter Letter(int64_t offset) {
  decode::DeadLetter letter;
  letter.topic = kFakeTopic.topic;
  letter.offset = offset;
  letter.code = "not_json";
  return letter;
}

class LetterLanes : public testing::Test {
 protected:
  LetterParcel Parcel(std::string lane, int64_t start, int64_t end, int64_t bad) {
    return {.epoch_uuid = NewUuid(world_.main.random),
            .address = "table " + kLetters.ToString(),
            .lane = std::move(lane),
            .ranges = {{kFakeTopic, {{0, {start, end}}}}},
            .letters = {Letter(bad)}};
  }
  std::vector<int64_t> Offsets() {
    std::vector<int64_t> offsets;
    const auto table = world_.letters.LoadTable(kLetters);
    EXPECT_THAT(VisitTableLetters((*table)->Current(), world_.main.store,
                                  [&](decode::DeadLetter letter) -> Result<bool> {
                                    offsets.push_back(letter.offset);
                                    return true;
                                  }),
                IsOk());
    return offsets;
  }

  LetterWorld world_{FakeCatalogKind::kPointerSwap, 3};
};

TEST_F(LetterLanes, EachIsDeliveredOnceBesideTheOthers) {
  const auto sink = world_.OpenSink();
  const LetterParcel live = Parcel("", 100, 110, 105);
  const LetterParcel backfill = Parcel("backfill-a", 0, 10, 5);
  const LetterParcel other = Parcel("backfill-b", 20, 30, 25);
  for (int again = 0; again < 2; ++again) {
    for (const LetterParcel* parcel : {&live, &backfill, &other, &live})
      ASSERT_THAT(sink->Deliver(*parcel), IsOk());
  }
  ASSERT_THAT(world_.OpenSink()->Deliver(backfill), IsOk()) << "another process";
  EXPECT_THAT(Offsets(), UnorderedElementsAre(105, 5, 25));
}

TEST_F(LetterLanes, AParcelKeepsItsLane) {
  const LetterParcel parcel = Parcel("backfill-a", 0, 10, 5);
  const auto read = ParcelFromText(ParcelToText(parcel));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->lane, "backfill-a");
  EXPECT_EQ(ParcelFromText(ParcelToText(Parcel("", 0, 10, 5)))->lane, "");
}

// Runs an epoch with one letter through the outbox of `table`.
void CommitLetter(LetterWorld& world, catalog::TableOperations& table, int64_t start, int64_t end,
                  int64_t bad) {
  const auto outbox = OpenLetterOutbox(table, world.OpenSink(), world.main.logger);
  commit::FakeTransactionLog log(world.main.clock);
  commit::TransactionCoordinator coordinator({.writer_id = "w", .catalog_type = "memory"},
                                             {.table = table,
                                              .log = log,
                                              .clock = world.main.clock,
                                              .random = world.main.random,
                                              .logger = world.main.logger,
                                              .metrics = *world.main.metrics,
                                              .step_hook = {}});
  commit::FlushEpoch epoch = world.main.Upload({{0, {start, end}}});
  ASSERT_THAT(table.Refresh(), IsOk());
  epoch.ledger_generation = commit::ReadLedger(*table.Current().metadata)->generation;
  const auto staged = outbox->Stage({.uuid = epoch.uuid, .ranges = epoch.ranges}, {Letter(bad)});
  ASSERT_THAT(staged, IsOk());
  epoch.letters = *staged;
  ASSERT_THAT(coordinator.Commit(epoch, {}), IsOk());
  ASSERT_THAT(outbox->Publish(epoch.uuid), IsOk());
}

TEST_F(LetterLanes, AfterTheLedgerWasSetBackLettersAreKeptAgain) {
  const auto table = world_.main.OpenPlain();
  CommitLetter(world_, *table, 0, 50, 40);
  ASSERT_THAT(commit::MoveLedger({*table, world_.main.clock, world_.main.random, "test"},
                                 {{kFakeTopic, 0, 50, 10}}, {}),
              IsOk());
  CommitLetter(world_, *table, 10, 50, 30);
  EXPECT_THAT(Offsets(), UnorderedElementsAre(40, 30)) << "30 was a row, and is a letter now";
}

TEST_F(LetterLanes, ABackfillsLettersAreKept) {
  const auto table = world_.main.OpenPlain();
  CommitLetter(world_, *table, 100, 150, 140);
  commit::Ledger ledger;
  commit::SetNextOffset(ledger, kFakeTopic, 0, 0);
  world_.main.SetProperty(commit::LaneProperty("backfill-a"), commit::LedgerToJson(ledger));
  commit::LedgerView view(*table, "backfill-a", /*must_exist=*/true);
  CommitLetter(world_, view, 0, 100, 7);
  EXPECT_THAT(Offsets(), UnorderedElementsAre(140, 7));
}

}  // namespace
}  // namespace kafka_iceberg::engine
