// SPDX-License-Identifier: Apache-2.0
//
// Replays that are killed at any step, race with each other and with new letters, and never learn
// what became of a commit: every letter ends as one row, or stays.
#include "engine/letters/letter_replay.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/check.h"
#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "decode/letters/dead_letter_line.h"
#include "engine/letters/fake_letter_world.h"
#include "iceberg/table_scan.h"
#include "write/parquet_reader.h"

namespace kafka_iceberg::engine {
namespace {

using commit::FakeCatalogKind;
using commit::kFakeTopic;
using ::testing::ElementsAre;

struct Killed {};

// Fits the table when it is even by now.
decode::DeadLetter Letter(int64_t offset) {
  decode::DeadLetter letter;
  letter.topic = kFakeTopic.topic;
  letter.offset = offset;
  letter.code = offset % 4 == 0 ? "not_json" : "wrong_type";
  letter.reason = "why";
  letter.value = offset % 2 == 0 ? fmt::format(R"({{"id":{}}})", offset) : "{";
  return letter;
}

struct World : LetterWorld {
  World(FakeCatalogKind kind, uint64_t seed)
      : LetterWorld(kind, seed),
        format(std::move(MakePayloadFormat(config::KafkaOptions{}, nullptr)).value()) {}

  // Letters of the offsets [from, to).
  void Deliver(int64_t from, int64_t to) { Deliver(from, to, *OpenSink()); }
  void DeliverToTopic(int64_t from, int64_t to) {
    const auto table = main.OpenPlain();
    Deliver(from, to, *OpenTopicSink(*table));
  }
  void Deliver(int64_t from, int64_t to, LetterSink& sink) {
    LetterParcel parcel{.epoch_uuid = NewUuid(main.random),
                        .ranges = commit::FakeRanges({{0, {.start = from, .end = to}}})};
    for (int64_t offset = from; offset < to; ++offset) parcel.letters.push_back(Letter(offset));
    parcel.mark = *sink.Mark();
    for (int attempt = 0; attempt < 100; ++attempt) {
      if (sink.Deliver(parcel).ok()) return;
    }
    CHECK(false);
  }

  Result<ReplayReport> Replay(LetterShelf& shelf, const ReplayOptions& options = {},
                              std::function<void(std::string_view)> hook = {}) {
    const auto table = main.OpenFaulty();
    return ReplayLetters(options,
                         {.table = *table,
                          .shelf = shelf,
                          .format = *format,
                          .clock = main.clock,
                          .random = main.random,
                          .step_hook = std::move(hook)},
                         {});
  }

  std::vector<int64_t> Offsets(LetterShelf& shelf) {
    std::vector<int64_t> offsets;
    const Status status = shelf.Visit([&](decode::DeadLetter letter) -> Result<bool> {
      offsets.push_back(letter.offset);
      return true;
    });
    EXPECT_THAT(status, IsOk());
    std::ranges::sort(offsets);
    return offsets;
  }

  std::vector<int64_t> Rows() {
    std::vector<int64_t> ids;
    for (const std::string& path : main.LiveFiles()) {
      const auto reader = write::ParquetReader::Open(main.store, path);
      CHECK(reader.ok());
      CHECK((*reader)
                ->Read({1},
                       [&](const arrow::RecordBatch& rows) -> Status {
                         const auto& column =
                             static_cast<const arrow::Int64Array&>(*rows.column(0));
                         for (int64_t i = 0; i < rows.num_rows(); ++i)
                           ids.push_back(column.Value(i));
                         return {};
                       })
                .ok());
    }
    std::ranges::sort(ids);
    return ids;
  }

  const std::shared_ptr<const PayloadFormat> format;
};

std::unique_ptr<LetterShelf> TableShelf(World& world) {
  return MakeTableShelf(world.OpenLetters(), world.main.clock, world.main.random);
}

TEST(LetterReplay, WritesFilesAsConfigured) {
  World world(FakeCatalogKind::kPointerSwap, 1);
  world.Deliver(0, 5);
  ASSERT_TRUE(
      world.Replay(*TableShelf(world), {.files = {.compression = write::Compression::kZstd}}).ok());
  const std::vector<std::string> files = world.main.LiveFiles();
  ASSERT_EQ(files.size(), 1U);
  // What every frame of Zstandard begins with.
  EXPECT_THAT(world.main.store.Read(files[0]).value(), ::testing::HasSubstr("\x28\xB5\x2F\xFD"));
}

// With a handle of its own, which knows nothing of what the replay's has seen.
struct TopicShelfOf {
  explicit TopicShelfOf(World& world)
      : table(world.main.OpenPlain()),
        shelf(OpenTopicShelf(world.topic.Open("reader"), *table).value()) {}
  LetterShelf& operator*() const { return *shelf; }

  std::unique_ptr<catalog::TableOperations> table;
  std::unique_ptr<LetterShelf> shelf;
};

TEST(LetterReplay, WhatFitsBecomesRowsAndTheRestStays) {
  World world(FakeCatalogKind::kPointerSwap, 1);
  world.Deliver(0, 5);
  world.Deliver(5, 8);
  const auto shelf = TableShelf(world);
  const auto report = world.Replay(*shelf);
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->matched, 8);
  EXPECT_EQ(report->replayed, 4);
  EXPECT_EQ(report->failed_again.at("not_json"), 4);
  EXPECT_THAT(world.Rows(), ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(world.Offsets(*shelf), ElementsAre(1, 3, 5, 7));
  EXPECT_EQ(world.Replay(*shelf)->replayed, 0);
  EXPECT_EQ(world.main.CheckReadable(), "");
}

TEST(LetterReplay, OnlyWhatIsAskedFor) {
  World world(FakeCatalogKind::kPointerSwap, 1);
  world.Deliver(0, 8);
  const auto shelf = TableShelf(world);
  ASSERT_EQ(
      world.Replay(*shelf, {.filter = *ParseLetterFilter("code=not_json,offset=2..4")})->replayed,
      1);
  EXPECT_THAT(world.Rows(), ElementsAre(4));
  EXPECT_THAT(world.Offsets(*shelf), ElementsAre(0, 1, 2, 3, 5, 6, 7));
}

TEST(LetterReplay, ADryRunChangesNothing) {
  World world(FakeCatalogKind::kPointerSwap, 1);
  world.Deliver(0, 8);
  const auto shelf = TableShelf(world);
  const auto report = world.Replay(*shelf, {.dry_run = true, .letters_max = 3});
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->matched, 8);
  EXPECT_EQ(report->replayed, 4);
  EXPECT_TRUE(world.Rows().empty());
  EXPECT_EQ(world.Offsets(*shelf).size(), 8U);
}

TEST(LetterReplay, ManyLettersTakeSeveralCommits) {
  World world(FakeCatalogKind::kServer, 1);
  world.Deliver(0, 40);
  const auto shelf = TableShelf(world);
  const auto report = world.Replay(*shelf, {.letters_max = 7});
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->replayed, 20);
  EXPECT_GT(report->commits, 2);
  EXPECT_EQ(world.Rows().size(), 20U);
}

TEST(LetterReplay, OutOfFilesToo) {
  World world(FakeCatalogKind::kPointerSwap, 1);
  const FakeTemporaryFolder folder;
  const std::string letters = folder.path() + "/dead_letters";
  auto store = decode::OpenFileDeadLetterStore(letters, [](const auto&, int64_t) { return true; });
  ASSERT_THAT(store, IsOk());
  ASSERT_THAT((*store)->Stage({.uuid = "aa"}, {Letter(0), Letter(1), Letter(2)}), IsOk());
  ASSERT_THAT((*store)->Publish("aa"), IsOk());
  ASSERT_THAT((*store)->Stage({.uuid = "bb"}, {Letter(4)}), IsOk());
  ASSERT_THAT((*store)->Publish("bb"), IsOk());
  {
    const auto shelf = OpenFileShelf(letters, world.main.random);
    ASSERT_THAT(shelf, IsOk());
    EXPECT_THROW((void)world.Replay(**shelf, {},
                                    [](std::string_view step) {
                                      if (step == "after_replay") throw Killed();
                                    }),
                 Killed);
    EXPECT_EQ(world.Offsets(**shelf).size(), 4U) << "not taken out yet";
  }
  const auto shelf = OpenFileShelf(letters, world.main.random);
  ASSERT_THAT(shelf, IsOk());
  EXPECT_EQ(world.Replay(**shelf)->replayed, 0);
  EXPECT_THAT(world.Rows(), ElementsAre(0, 2, 4));
  EXPECT_THAT(world.Offsets(**shelf), ElementsAre(1));
}

TEST(LetterReplay, OutOfATopicToo) {
  World world(FakeCatalogKind::kPointerSwap, 1);
  world.DeliverToTopic(0, 5);
  const TopicShelfOf shelf(world);
  EXPECT_THROW((void)world.Replay(*shelf, {.filter = *ParseLetterFilter("offset=0..2")},
                                  [](std::string_view step) {
                                    if (step == "after_replay") throw Killed();
                                  }),
               Killed);
  EXPECT_THAT(world.Offsets(*shelf), ElementsAre(1, 3, 4)) << "the commit says so";
  world.DeliverToTopic(5, 8);
  const auto report = world.Replay(*TopicShelfOf(world), {.letters_max = 2});
  ASSERT_THAT(report, IsOk());
  EXPECT_EQ(report->replayed, 2);
  EXPECT_THAT(world.Rows(), ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(world.Offsets(*shelf), ElementsAre(1, 3, 5, 7));
  EXPECT_EQ(world.Replay(*shelf)->replayed, 0);
  EXPECT_EQ(world.topic.Committed().size(), 8U) << "nothing is taken out of a topic";
}

TEST(LetterReplay, ARecordThatIsReadAgainMakesAnotherLetter) {
  World world(FakeCatalogKind::kPointerSwap, 1);
  world.DeliverToTopic(2, 3);
  ASSERT_EQ(world.Replay(*TopicShelfOf(world))->replayed, 1);
  world.DeliverToTopic(2, 3);
  EXPECT_THAT(world.Offsets(*TopicShelfOf(world)), ElementsAre(2));
}

TEST(LetterReplay, LettersOfAnotherTableInTheSameTopicAreNotTouched) {
  World world(FakeCatalogKind::kPointerSwap, 1);
  World other(FakeCatalogKind::kPointerSwap, 2);
  world.DeliverToTopic(0, 3);
  const auto table = other.main.OpenPlain();
  const auto sink = MakeTopicLetterSink(world.topic.Open("other"), {.table = *table,
                                                                    .clock = world.main.clock,
                                                                    .random = world.main.random,
                                                                    .logger = world.main.logger,
                                                                    .metrics = *world.main.metrics,
                                                                    .partitions = 1,
                                                                    .replication = 0,
                                                                    .step_hook = {}});
  world.Deliver(10, 13, *sink);
  EXPECT_THAT(world.Offsets(*TopicShelfOf(world)), ElementsAre(0, 1, 2));
}

constexpr FaultOdds kOdds{.commit = 2, .refresh = 6, .late_arrival = 4};

class LetterReplaySimulation : public ::testing::TestWithParam<FakeCatalogKind> {
 protected:
  // Replays out of what `open` opens are killed and race with each other and with the letters that
  // `deliver` adds.
  template <typename Deliver, typename Open>
  static int64_t DisturbReplays(World& world, const Deliver& deliver, const Open& open) {
    Random& random = world.main.random;
    int64_t delivered = 0;
    for (int round = 0; round < 12; ++round) {
      const auto more = static_cast<int64_t>(random.Next() % 6);
      if (more > 0) deliver(delivered, delivered + more);
      delivered += more;
      AddFault(world.main.faults, random, kOdds);
      AddFault(world.letter_faults, random, kOdds);
      const auto hook = [&](std::string_view) {
        if (random.Next() % 4 == 0) throw Killed();
        AddFault(world.main.faults, random, kOdds);
        if (random.Next() % 3 == 0) (void)world.Replay(*open(), {.letters_max = 3});
      };
      try {
        (void)world.Replay(*open(), {.letters_max = 4}, hook);
      } catch (const Killed&) {
      }
    }
    (void)world.main.faults.ApplyDelayed();
    (void)world.letter_faults.ApplyDelayed();
    return delivered;
  }

  static void ExpectEachOnce(World& world, LetterShelf& shelf, int64_t delivered) {
    bool settled = false;
    for (int attempt = 0; attempt < 100 && !settled; ++attempt) settled = world.Replay(shelf).ok();
    ASSERT_TRUE(settled);
    std::vector<int64_t> all = world.Rows();
    for (const int64_t row : all) EXPECT_EQ(row % 2, 0);
    const std::vector<int64_t> left = world.Offsets(shelf);
    for (const int64_t offset : left) EXPECT_EQ(offset % 2, 1);
    all.insert(all.end(), left.begin(), left.end());
    std::ranges::sort(all);
    std::vector<int64_t> expected(static_cast<size_t>(delivered));
    for (int64_t i = 0; i < delivered; ++i) expected[static_cast<size_t>(i)] = i;
    ASSERT_EQ(all, expected);
  }
};

TEST_P(LetterReplaySimulation, EveryLetterIsOneRowOrStays) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(GetParam(), seed);
    const int64_t delivered = DisturbReplays(
        world, [&](int64_t from, int64_t to) { world.Deliver(from, to); },
        [&] { return TableShelf(world); });
    ExpectEachOnce(world, *TableShelf(world), delivered);
  }
}

TEST_P(LetterReplaySimulation, OutOfATopicEveryLetterIsOneRowOrStays) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(GetParam(), seed);
    world.topic.CreateTopic(2);
    const int64_t delivered = DisturbReplays(
        world, [&](int64_t from, int64_t to) { world.DeliverToTopic(from, to); },
        [&] { return TopicShelfOf(world); });
    ExpectEachOnce(world, *TopicShelfOf(world), delivered);
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogs, LetterReplaySimulation,
                         ::testing::Values(FakeCatalogKind::kPointerSwap,
                                           FakeCatalogKind::kServer));

}  // namespace
}  // namespace kafka_iceberg::engine
