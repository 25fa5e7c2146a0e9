// SPDX-License-Identifier: Apache-2.0
// Seeded simulation of the commit protocol. Workload: several writers share a table; partitions
// move between them, at times without the old owner noticing. Faults: every answer a catalog can
// give or fail to give, requests that arrive late, crashes at every step, logs that are deleted.
// Invariant: each offset is in the table exactly once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>

#include "commit/adoption.h"
#include "commit/fake_commit_world.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using catalog::CommitFault;

constexpr int32_t kPartitions = 4;
constexpr int64_t kTopicEnd = 50;

// Thrown by a step hook: the process is gone at that point.
struct Crash {};

// One process of the engine, reduced to what it decides about offsets.
class Writer {
 public:
  Writer(FakeCommitWorld& world, SeededRandom& dice, std::string& story, int number)
      : world_(world), dice_(dice), story_(story), number_(number), log_(world.clock) {
    Restart();
  }

  void Assign(int32_t partition) { owned_[partition] = StartOf(partition); }
  void Revoke(int32_t partition) { owned_.erase(partition); }
  bool owns(int32_t partition) const { return owned_.contains(partition); }
  void CrashAtStep(int steps) { steps_to_crash_ = steps; }
  void LoseLog() { log_.LoseEverything(); }

  // Reads on and seals an epoch; nothing to read, nothing sealed.
  void Seal() {
    if (pending_.size() >= 3) return;
    PartitionRanges ranges;
    bool any = false;
    for (auto& [partition, position] : owned_) {
      const int64_t end =
          std::min<int64_t>(kTopicEnd, position + static_cast<int64_t>(dice_.Below(12)));
      any = any || end > position;
      ranges[partition] = {position, end};
      position = end;
    }
    if (!any) return;
    FlushEpoch epoch = world_.Upload(ranges);
    EXPECT_THAT(log_.Append(FakeSealing(epoch)), IsOk());
    Tell(fmt::format("seals {}", epoch.uuid));
    pending_.push_back(std::move(epoch));
  }

  // Offers the oldest epoch, as the committer does. A crash may end it at any step.
  void CommitOldest() {
    if (pending_.empty()) return;
    try {
      Offer();
    } catch (const Crash&) {
      Tell("crashes");
      Restart();
    }
  }

  void Restart() {
    steps_to_crash_ = -1;
    pending_.clear();
    process_ = world_.Start(log_, [this](std::string_view) {
      if (steps_to_crash_ > 0 && --steps_to_crash_ == 0) throw Crash{};
    });
    Adopt();
    SeekToLedger();
  }

  // Everything up to the end of the topic is committed.
  bool is_done() {
    if (!pending_.empty()) return false;
    for (const auto& [partition, position] : owned_) {
      if (position < kTopicEnd) return false;
    }
    return true;
  }

 private:
  void Offer() {
    const FlushEpoch epoch = pending_.front();
    const auto result = process_.Commit(epoch);
    Tell(fmt::format("offers {}: {}", epoch.uuid, result.ok() ? "ok" : result.error().message()));
    if (result.ok()) {
      EXPECT_THAT(log_.Append({FlushComplete{.table = kFakeTable, .epoch_uuid = epoch.uuid}}),
                  IsOk());
      pending_.pop_front();
      return;
    }
    switch (result.error().code()) {
      case ErrorCode::kUnavailable:
      case ErrorCode::kCommitUnknown: return;  // the same epoch again, later
      case ErrorCode::kConflict:
      case ErrorCode::kInvalid:  // injected rejection
        pending_.clear();
        SeekToLedger();
        return;
      default: ADD_FAILURE() << result.error().message();
    }
  }

  void Adopt() {
    for (int attempt = 0; attempt < 10; ++attempt) {
      const auto decisions = DecideAdoption(*process_.table, log_);
      if (!decisions.ok()) {
        EXPECT_EQ(decisions.error().code(), ErrorCode::kUnavailable) << decisions.error().message();
        continue;
      }
      for (const AdoptionDecision& decision : *decisions) {
        Tell(fmt::format("{} {}", ToString(decision.fate), decision.epoch.uuid));
        if (IsToCommit(decision.fate)) {
          pending_.push_back(decision.epoch);
        } else {
          EXPECT_THAT(
              log_.Append({FlushComplete{.table = kFakeTable, .epoch_uuid = decision.epoch.uuid}}),
              IsOk());
        }
        if (decision.files_unreferenced) CheckUnreferenced(decision.epoch);
      }
      return;
    }
  }

  // What is said to belong to nobody is not in the table now; at the end, nobody may miss it
  // either.
  void CheckUnreferenced(const FlushEpoch& epoch) {
    const std::vector<std::string> live = world_.LiveFiles();
    for (const write::StagedFile& file : epoch.files) {
      EXPECT_THAT(live, testing::Not(testing::Contains(file.file.file_path)));
      EXPECT_THAT(world_.store.Delete(file.file.file_path), IsOk());
    }
  }

  void SeekToLedger() {
    for (auto& [partition, position] : owned_) position = StartOf(partition);
    // Epochs that are to be adopted come first: read on behind them.
    for (const FlushEpoch& epoch : pending_) {
      for (const auto& [partition, range] : epoch.ranges.at(kFakeTopic)) {
        if (owned_.contains(partition)) owned_[partition] = std::max(owned_[partition], range.end);
      }
    }
  }

  int64_t StartOf(int32_t partition) {
    while (!process_.table->Refresh().ok()) {
    }
    const Result<Ledger> ledger = ReadLedger(*process_.table->Current().metadata);
    return ledger->NextOffset(kFakeTopic, partition).value_or(0);
  }

  void Tell(const std::string& what) { story_ += fmt::format("  writer {} {}\n", number_, what); }

  FakeCommitWorld& world_;
  SeededRandom& dice_;
  std::string& story_;
  const int number_;
  FakeTransactionLog log_;
  FakeProcess process_;
  std::map<int32_t, int64_t> owned_;  // with the position of each
  std::deque<FlushEpoch> pending_;
  int steps_to_crash_ = -1;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed)
      : dice_(seed),
        world_(seed % 2 == 0 ? FakeCatalogKind::kServer : FakeCatalogKind::kPointerSwap, seed + 1) {
    const size_t count = 1 + dice_.Below(3);
    for (size_t i = 0; i < count; ++i) {
      writers_.push_back(std::make_unique<Writer>(world_, dice_, story_, static_cast<int>(i)));
    }
    for (int32_t partition = 0; partition < kPartitions; ++partition) Pick().Assign(partition);
  }

  void Run() {
    for (int step = 0; step < 30; ++step) Step();
    Heal();
    EXPECT_EQ(world_.CheckExactlyOnce(), "");
    EXPECT_EQ(world_.CheckReadable(), "");
    for (int32_t partition = 0; partition < kPartitions; ++partition) {
      EXPECT_EQ(world_.TableLedger().NextOffset(kFakeTopic, partition), kTopicEnd);
    }
  }

  const std::string& story() const { return story_; }

 private:
  Writer& Pick() { return *writers_[dice_.Below(writers_.size())]; }
  bool Chance(uint64_t percent) { return dice_.Below(100) < percent; }

  void Step() {
    if (Chance(30)) AddFault();
    if (Chance(5)) world_.faults.NextRefresh(Error::Unavailable("injected"));
    if (Chance(10)) world_.faults.ApplyDelayed();
    if (Chance(5)) world_.ExpireSnapshots();
    if (Chance(5)) world_.ForeignAppend(fmt::format("memory://theirs/{:x}.parquet", dice_.Next()));
    if (Chance(8)) Rebalance();
    if (Chance(10)) Pick().CrashAtStep(1 + static_cast<int>(dice_.Below(12)));
    if (Chance(4)) Pick().LoseLog();
    if (Chance(4)) Pick().Restart();
    if (Chance(50)) Pick().Seal();
    Pick().CommitOldest();
    EXPECT_EQ(world_.CheckExactlyOnce(), "");
  }

  void AddFault() {
    const auto fault =
        static_cast<CommitFault>(1 + dice_.Below(static_cast<uint64_t>(CommitFault::kRejected)));
    const size_t times = 1 + dice_.Below(5);
    for (size_t i = 0; i < times; ++i) world_.faults.NextCommit(fault);
    story_ += fmt::format("  fault {} x{}\n", static_cast<int>(fault), times);
  }

  // The partition gets a new owner; one old owner in three does not know.
  void Rebalance() {
    const auto partition = static_cast<int32_t>(dice_.Below(kPartitions));
    for (const auto& writer : writers_) {
      if (!Chance(33)) writer->Revoke(partition);
    }
    Pick().Assign(partition);
  }

  // Faults end, late requests arrive, and one writer is left to finish everything.
  void Heal() {
    world_.faults.ApplyDelayed();
    Writer& last = *writers_.front();
    for (int32_t partition = 0; partition < kPartitions; ++partition) last.Assign(partition);
    for (int step = 0; step < 500 && !last.is_done(); ++step) {
      last.Seal();
      last.CommitOldest();
      world_.faults.ApplyDelayed();
    }
    EXPECT_TRUE(last.is_done());
  }

  SeededRandom dice_;
  std::string story_;
  FakeCommitWorld world_;
  std::vector<std::unique_ptr<Writer>> writers_;
};

// KAFKA_ICEBERG_SIMULATION_SEEDS=first:count runs others.
TEST(CommitSimulation, EveryOffsetIsInTheTableExactlyOnce) {
  uint64_t first = 1;
  uint64_t count = 1000;
  if (const char* seeds = std::getenv("KAFKA_ICEBERG_SIMULATION_SEEDS")) {
    char* end = nullptr;
    first = std::strtoull(seeds, &end, 10);
    if (*end == ':') count = std::strtoull(end + 1, nullptr, 10);
  }
  for (uint64_t seed = first; seed < first + count; ++seed) {
    Simulation simulation(seed);
    simulation.Run();
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << "\n" << simulation.story();
  }
}

}  // namespace
}  // namespace kafka_iceberg::commit
