// SPDX-License-Identifier: Apache-2.0
//
// Rows and letters together: processes that decode the same records with different outcomes, are
// killed at every step, and never learn what became of a commit. Every offset that the table's
// ledger covers must end as one row or one letter.
#include "engine/letters/letter_outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "commit/letters_property.h"
#include "core/check.h"
#include "core/result_matchers.h"
#include "engine/letters/fake_letter_world.h"
#include "engine/letters/letter_reader.h"

namespace kafka_iceberg::engine {
namespace {

using commit::FakeCatalogKind;
using commit::kFakeTopic;

decode::DeadLetter Letter(int32_t partition, int64_t offset) {
  decode::DeadLetter letter;
  letter.topic = kFakeTopic.topic;
  letter.partition = partition;
  letter.offset = offset;
  letter.code = "not_json";
  letter.reason = "why";
  letter.value = "{";
  return letter;
}

enum class Place : uint8_t { kTable, kTopic };

struct World : LetterWorld {
  World(FakeCatalogKind kind, Place where, uint64_t seed) : LetterWorld(kind, seed), place(where) {}

  std::unique_ptr<LetterSink> SinkOf(catalog::TableOperations& table) {
    return place == Place::kTable ? OpenSink() : OpenTopicSink(table);
  }

  std::vector<decode::DeadLetter> ReadLetters() {
    std::vector<decode::DeadLetter> found;
    if (place == Place::kTopic) {
      for (const kafka::FakeTopicRecord& record : topic.Committed()) {
        found.push_back(Letter(std::stoi(*record.Header("__connect.errors.partition")),
                               std::stol(*record.Header("__connect.errors.offset"))));
      }
      return found;
    }
    const auto table = letters.LoadTable(kLetters);
    if (!table.ok()) return found;
    const Status status = VisitTableLetters((*table)->Current(), main.store,
                                            [&](decode::DeadLetter letter) -> Result<bool> {
                                              found.push_back(std::move(letter));
                                              return true;
                                            });
    CHECK(status.ok());
    return found;
  }

  const Place place;
};

// One process with its own idea of which records are bad. Advance() does one step of an epoch.
class Process {
 public:
  Process(World& world, uint64_t taste)
      : world_(world),
        taste_(taste),
        log_(world.main.clock),
        main_(world.main.Start(log_)),
        outbox_(OpenLetterOutbox(*main_.table, world.SinkOf(*main_.table), world.main.logger)) {}

  bool idle() const { return !epoch_; }

  void Advance() {
    if (!epoch_) return Begin();
    if (!settled_) {
      settled_ = outbox_->Settle().ok();
      return;
    }
    if (!committed_) return Commit();
    if (outbox_->Publish(epoch_->uuid).ok()) epoch_.reset();
  }

  Status Settle() {
    TRY(main_.table->Refresh());
    return outbox_->Settle();
  }

 private:
  bool IsBad(int32_t partition, int64_t offset) const {
    uint64_t hash = taste_ * 1'000'003 + static_cast<uint64_t>(partition * 7919 + offset);
    hash ^= hash >> 13;
    hash *= 0x9E3779B97F4A7C15ULL;
    return (hash >> 40) % 4 == 0;
  }

  void Begin() {
    const auto now = main_.table->Refresh();
    if (!now.ok()) return;
    const commit::Ledger ledger = *commit::ReadLedger(*now->metadata);
    PartitionRanges ranges;
    for (int32_t partition = 0; partition < 2; ++partition) {
      const int64_t next = ledger.NextOffset(kFakeTopic, partition).value_or(0);
      const auto length = static_cast<int64_t>(world_.main.random.Next() % 4);
      if (length > 0) ranges[partition] = {.start = next, .end = next + length};
    }
    if (ranges.empty()) return;
    commit::FlushEpoch epoch{.uuid = NewUuid(world_.main.random),
                             .snapshot_id = main_.coordinator->NewSnapshotId(),
                             .ranges = commit::FakeRanges(ranges),
                             .table_uuid = now->metadata->table_uuid};
    std::vector<decode::DeadLetter> letters;
    for (const auto& [partition, range] : ranges) {
      for (int64_t offset = range.start; offset < range.end; ++offset) {
        if (IsBad(partition, offset)) {
          letters.push_back(Letter(partition, offset));
        } else {
          epoch.files.push_back(commit::FakeFile(
              fmt::format("memory://rows/{}/row-{}-{}.parquet", epoch.uuid, partition, offset), 1));
        }
      }
    }
    const auto staged = outbox_->Stage({.uuid = epoch.uuid, .ranges = epoch.ranges}, letters);
    if (!staged.ok()) return;
    epoch.letters = *staged;
    epoch_ = std::move(epoch);
    settled_ = committed_ = false;
  }

  void Commit() {
    epoch_->letters_delivered = outbox_->Delivered();
    const auto result = main_.Commit(*epoch_);
    if (result.ok()) {
      committed_ = true;
      outbox_->Forget(epoch_->letters_delivered);
    } else if (result.error().code() == ErrorCode::kConflict) {
      EXPECT_TRUE(outbox_->Discard(epoch_->uuid).ok());
      epoch_.reset();
    } else {
      settled_ = false;
    }
  }

  World& world_;
  const uint64_t taste_;
  commit::FakeTransactionLog log_;
  commit::FakeProcess main_;
  std::unique_ptr<decode::DeadLetterStore> outbox_;
  std::optional<commit::FlushEpoch> epoch_;
  bool settled_ = false;
  bool committed_ = false;
};

// Empty when every offset below the main ledger is one row or one letter.
std::string CheckOnce(World& world) {
  std::map<int32_t, std::map<int64_t, int>> seen;
  for (const std::string& path : world.main.LiveFiles()) {
    int32_t partition = 0;
    int64_t offset = 0;
    const size_t name = path.find("/row-");
    CHECK(name != std::string::npos);
    CHECK(std::sscanf(path.c_str() + name, "/row-%d-%ld.parquet", &partition, &offset) == 2);
    ++seen[partition][offset];
  }
  for (const decode::DeadLetter& letter : world.ReadLetters())
    ++seen[letter.partition][letter.offset];
  const commit::Ledger ledger = world.main.TableLedger();
  for (const auto& [partition, next] : ledger.next_offsets.at(kFakeTopic)) {
    for (int64_t offset = 0; offset < next; ++offset) {
      if (seen[partition][offset] != 1)
        return fmt::format("offset {} of {}: {} times", offset, partition, seen[partition][offset]);
    }
    if (static_cast<int64_t>(seen[partition].size()) != next)
      return fmt::format("partition {}: more than the ledger covers", partition);
  }
  return {};
}

constexpr FaultOdds kOdds{.commit = 3, .refresh = 8, .late_arrival = 8};

class LetterOutboxSimulation : public ::testing::TestWithParam<std::tuple<FakeCatalogKind, Place>> {
};

TEST_P(LetterOutboxSimulation, EveryOffsetIsOneRowOrOneLetter) {
  int64_t letters = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(std::get<0>(GetParam()), std::get<1>(GetParam()), seed);
    Random& random = world.main.random;
    uint64_t taste = 1;
    std::vector<std::unique_ptr<Process>> processes;
    for (int i = 0; i < 3; ++i) processes.push_back(std::make_unique<Process>(world, taste++));
    for (int step = 0; step < 120; ++step) {
      AddFault(world.main.faults, random, kOdds);
      AddFault(world.letter_faults, random, kOdds);
      AddWriteFault(world.topic, random, 4);
      auto& process = processes[random.Next() % processes.size()];
      if (random.Next() % 12 == 0) process = std::make_unique<Process>(world, taste++);
      process->Advance();
    }
    (void)world.main.faults.ApplyDelayed();
    (void)world.letter_faults.ApplyDelayed();
    Process last(world, taste);
    bool settled = false;
    for (int attempt = 0; attempt < 100 && !settled; ++attempt) settled = last.Settle().ok();
    ASSERT_TRUE(settled);
    ASSERT_EQ(CheckOnce(world), "");
    ASSERT_LE(commit::PendingLetters(*world.main.Metadata())->size(), 20U);
    letters += static_cast<int64_t>(world.ReadLetters().size());
  }
  EXPECT_GT(letters, 50);
}

INSTANTIATE_TEST_SUITE_P(Catalogs, LetterOutboxSimulation,
                         ::testing::Combine(::testing::Values(FakeCatalogKind::kPointerSwap,
                                                              FakeCatalogKind::kServer),
                                            ::testing::Values(Place::kTable, Place::kTopic)));

}  // namespace
}  // namespace kafka_iceberg::engine
