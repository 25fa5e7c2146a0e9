// SPDX-License-Identifier: Apache-2.0
#include "commit/transaction_coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "commit/fake_commit_world.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::commit {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class Coordinator : public testing::TestWithParam<FakeCatalogKind> {
 protected:
  FakeCommitWorld world_{GetParam(), 1};
  FakeProcess process_ = world_.Start();
};

INSTANTIATE_TEST_SUITE_P(Catalogs, Coordinator,
                         testing::Values(FakeCatalogKind::kPointerSwap, FakeCatalogKind::kServer),
                         [](const auto& kind) {
                           return kind.param == FakeCatalogKind::kServer ? "Server" : "PointerSwap";
                         });

TEST_P(Coordinator, OneCommitHoldsRowsAndLedger) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}, {1, {0, 20}}});
  const auto result = process_.Commit(epoch);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->snapshot_id, epoch.snapshot_id);
  EXPECT_EQ(result->files_added, 2);
  EXPECT_EQ(result->attempts, 1);
  EXPECT_FALSE(result->already_committed);
  EXPECT_EQ(result->committed_at, world_.clock.Now());
  const iceberg::TableMetadataPtr metadata = world_.Metadata();
  EXPECT_THAT(metadata->snapshots, SizeIs(1));
  EXPECT_EQ(metadata->current_snapshot_id, epoch.snapshot_id);
  EXPECT_EQ(world_.TableLedger(), FakeLedger({{0, 100}, {1, 20}}));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
  EXPECT_THAT(world_.LiveFiles(), SizeIs(2));
  // One swap: no moment at which one is there without the other.
  EXPECT_EQ(world_.faults.commits_seen(), 1);
}

TEST_P(Coordinator, SummaryNamesRangesCommitAndWriter) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  ASSERT_THAT(process_.Commit(epoch), IsOk());
  const iceberg::TableMetadataPtr metadata = world_.Metadata();
  const auto& summary = metadata->Head()->summary;
  EXPECT_EQ(RangesFromJson(summary.at("kafka-iceberg.ranges")).value(), epoch.ranges);
  EXPECT_EQ(summary.at("kafka-iceberg.commit-id"), epoch.uuid);
  EXPECT_EQ(summary.at("kafka-iceberg.writer"), "test");
  EXPECT_EQ(summary.at("added-records"), "100");
}

TEST_P(Coordinator, EpochsFollowEachOther) {
  for (int64_t i = 0; i < 5; ++i)
    ASSERT_THAT(process_.Commit(world_.Upload({{0, {i * 10, i * 10 + 10}}})), IsOk());
  EXPECT_EQ(world_.TableLedger(), FakeLedger({{0, 50}}));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
  EXPECT_EQ(world_.CheckReadable(), "");
}

TEST_P(Coordinator, CommitIsWrittenToTheTransactionLog) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  const auto result = process_.Commit(epoch);
  ASSERT_THAT(result, IsOk());
  ASSERT_THAT(world_.log.entries(), SizeIs(2));
  const auto& created = std::get<IcebergSnapshotCreated>(world_.log.entries()[0].entry);
  EXPECT_EQ(created.table, "raw.orders");
  EXPECT_EQ(created.epoch_uuid, epoch.uuid);
  EXPECT_EQ(created.snapshot_id, epoch.snapshot_id);
  EXPECT_EQ(created.files_added, 1);
  const auto& record = std::get<IdempotencyRecord>(world_.log.entries()[1].entry);
  EXPECT_EQ(record.ranges, epoch.ranges);
  EXPECT_EQ(record.table_uuid, epoch.table_uuid);
  EXPECT_EQ(result->transaction_log_entry_id, world_.log.entries()[1].id);
}

TEST_P(Coordinator, LogLineAndMetricsTellTheCommit) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {1000, 2000}}, {1, {500, 600}}})), IsOk());
  const telemetry::Labels labels = {{"database", "raw"}, {"table", "orders"}};
  EXPECT_EQ(world_.Counter("iceberg_snapshot_commits_total", labels), 1);
  EXPECT_THAT(world_.metrics->Render(),
              HasSubstr("iceberg_snapshot_commit_duration_seconds_count{database=\"raw\","
                        "table=\"orders\"} 1"));
  ASSERT_THAT(world_.logger.lines(), SizeIs(1));
  const auto line = world_.logger.lines()[0];
  EXPECT_EQ(line.message, "Iceberg snapshot committed");
  std::vector<std::string> names;
  for (const telemetry::LogField& field : line.fields) names.push_back(field.name);
  EXPECT_THAT(names, testing::ElementsAre("catalog_type", "database", "table", "snapshot_id",
                                          "kafka_offset_range", "files_added", "duration_ms",
                                          "committed_at"));
  EXPECT_EQ(std::get<telemetry::Json>(line.fields[4].value).text, "[500,1999]");
  EXPECT_EQ(std::get<std::string>(line.fields[7].value), "2026-01-08T14:30:00.000Z");
}

TEST_P(Coordinator, SecondCommitOfTheSameEpochAddsNothing) {
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  ASSERT_THAT(process_.Commit(epoch), IsOk());
  const auto again = process_.Commit(epoch);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->snapshot_id, epoch.snapshot_id);
  EXPECT_TRUE(again->already_committed);
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(1));
  EXPECT_EQ(world_.Counter("iceberg_idempotent_retries_total", {{"reason", "already_committed"}}),
            1);
  EXPECT_EQ(
      world_.Counter("iceberg_snapshot_commits_total", {{"database", "raw"}, {"table", "orders"}}),
      1);
}

TEST_P(Coordinator, SameRangeInAnotherEpochReturnsTheFirstSnapshot) {
  const FlushEpoch first = world_.Upload({{0, {0, 100}}});
  ASSERT_THAT(process_.Commit(first), IsOk());
  const auto second = process_.Commit(world_.Upload({{0, {0, 100}}}));
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->snapshot_id, first.snapshot_id);
  EXPECT_TRUE(second->already_committed);
  EXPECT_EQ(second->files_added, 0);
  EXPECT_THAT(world_.LiveFiles(), SizeIs(1));
}

TEST_P(Coordinator, SnapshotThatIsExpiredIsFoundInTheTransactionLog) {
  const FlushEpoch first = world_.Upload({{0, {0, 100}}});
  ASSERT_THAT(process_.Commit(first), IsOk());
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {100, 200}}})), IsOk());
  world_.ExpireSnapshots();
  ASSERT_THAT(process_.table->Refresh(), IsOk());
  const auto known = process_.Commit(world_.Upload({{0, {0, 100}}}));
  ASSERT_THAT(known, IsOk());
  EXPECT_EQ(known->snapshot_id, first.snapshot_id);
  world_.log.LoseEverything();
  const auto unknown = process_.Commit(world_.Upload({{0, {0, 100}}}));
  ASSERT_THAT(unknown, IsOk());
  EXPECT_EQ(unknown->snapshot_id, 0);
  EXPECT_TRUE(unknown->already_committed);
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(Coordinator, OwnEpochAfterItsSnapshotExpiredIsAlreadyCommitted) {
  const FlushEpoch first = world_.Upload({{0, {0, 100}}});
  ASSERT_THAT(process_.Commit(first), IsOk());
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {100, 200}}})), IsOk());
  world_.ExpireSnapshots();
  FakeProcess restarted = world_.Start();
  const auto again = restarted.Commit(first);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->already_committed);
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
  EXPECT_EQ(world_.CheckReadable(), "");
}

TEST_P(Coordinator, OverlapIsFencedWithAnExplanation) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  const auto fenced = process_.Commit(world_.Upload({{0, {50, 150}}}));
  ASSERT_THAT(fenced, IsError(ErrorCode::kConflict));
  EXPECT_THAT(fenced.error().message(), HasSubstr("raw.orders"));
  EXPECT_THAT(fenced.error().message(), HasSubstr("orders[0]: the ledger stands at 100"));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(Coordinator, GapIsFenced) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  EXPECT_THAT(process_.Commit(world_.Upload({{0, {110, 150}}})), IsError(ErrorCode::kConflict));
}

TEST_P(Coordinator, ZombieIsFencedWithoutAskingTwice) {
  FakeProcess zombie = world_.Start();
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {100, 200}}})), IsOk());
  // It still believes in an empty table.
  const auto late = zombie.Commit(world_.Upload({{0, {0, 250}}}));
  ASSERT_THAT(late, IsError(ErrorCode::kConflict));
  EXPECT_THAT(late.error().message(), HasSubstr("another writer"));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(Coordinator, FenceIsBelievedOnlyOnFreshMetadata) {
  FakeProcess other = world_.Start();
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  ASSERT_THAT(other.table->Refresh(), IsOk());
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {100, 200}}})), IsOk());
  // What `other` has cached stands at 100; the partition moved to it at 200.
  EXPECT_THAT(other.Commit(world_.Upload({{0, {200, 300}}})), IsOk());
}

TEST_P(Coordinator, TwoWritersOfDifferentPartitionsBothLand) {
  FakeProcess other = world_.Start();
  for (int64_t i = 0; i < 5; ++i) {
    ASSERT_THAT(process_.Commit(world_.Upload({{0, {i * 10, i * 10 + 10}}})), IsOk());
    ASSERT_THAT(other.Commit(world_.Upload({{1, {i * 10, i * 10 + 10}}})), IsOk());
  }
  EXPECT_EQ(world_.TableLedger(), FakeLedger({{0, 50}, {1, 50}}));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
  EXPECT_GT(world_.Counter("iceberg_idempotent_retries_total", {{"reason", "conflict"}}), 0);
}

TEST_P(Coordinator, ForeignCommitsInBetweenAreKept) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  world_.ForeignAppend("memory://theirs/a.parquet");
  world_.SetProperty("owner", "somebody");
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {100, 200}}})), IsOk());
  EXPECT_EQ(world_.Metadata()->Property("owner", ""), "somebody");
  EXPECT_THAT(world_.LiveFiles(), testing::Contains("memory://theirs/a.parquet"));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(Coordinator, LedgerFencesWhenNoSnapshotOfOursIsListed) {
  FakeProcess zombie = world_.Start();
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  world_.ForeignAppend("memory://theirs/a.parquet");
  world_.ExpireSnapshots();
  ASSERT_EQ(world_.Metadata()->Head()->summary.count("kafka-iceberg.ranges"), 0u);
  EXPECT_THAT(zombie.Commit(world_.Upload({{0, {0, 50}}, {1, {0, 5}}})),
              IsError(ErrorCode::kConflict));
  EXPECT_THAT(process_.Commit(world_.Upload({{0, {100, 200}}})), IsOk());
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(Coordinator, RemovedLedgerStopsEverything) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  world_.RemoveProperty("kafka-iceberg.ledger");
  // From zero again it would look like a new partition.
  FakeProcess restarted = world_.Start();
  const auto commit = restarted.Commit(world_.Upload({{0, {0, 100}}}));
  ASSERT_THAT(commit, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(commit.error().message(), HasSubstr(LedgerToJson(FakeLedger({{0, 100}}))));
  EXPECT_THAT(world_.LiveFiles(), SizeIs(1));
  // A process that still knows the ledger stops too, or, where the catalog compares only main
  // (which nobody moved), writes it again whole.
  const auto running = process_.Commit(world_.Upload({{0, {100, 200}}}));
  if (running.ok()) {
    EXPECT_EQ(world_.TableLedger(), FakeLedger({{0, 200}}));
    EXPECT_EQ(world_.CheckExactlyOnce(), "");
  } else {
    EXPECT_THAT(running, IsError(ErrorCode::kCorrupt));
  }
}

TEST_P(Coordinator, RemovedLedgerIsNoticedByTheLogAloneToo) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  world_.ForeignAppend("memory://theirs/a.parquet");
  world_.ExpireSnapshots();
  world_.RemoveProperty("kafka-iceberg.ledger");
  FakeProcess restarted = world_.Start();
  EXPECT_THAT(restarted.Commit(world_.Upload({{0, {0, 100}}})), IsError(ErrorCode::kCorrupt));
}

TEST_P(Coordinator, LedgerThatWasSetBackStopsEverything) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  world_.SetProperty("kafka-iceberg.ledger", LedgerToJson(FakeLedger({{0, 50}})));
  const auto commit = process_.Commit(world_.Upload({{0, {50, 150}}}));
  ASSERT_THAT(commit, IsError(ErrorCode::kCorrupt));
  EXPECT_THAT(commit.error().message(), HasSubstr("set back"));
  // Whoever means it deletes the log and starts again.
  world_.log.LoseEverything();
  FakeProcess restarted = world_.Start();
  EXPECT_THAT(restarted.Commit(world_.Upload({{0, {50, 150}}})), IsOk());
}

TEST_P(Coordinator, LedgerThatCannotBeReadStopsEverything) {
  world_.SetProperty("kafka-iceberg.ledger", "{}");
  FakeProcess started = world_.Start();
  EXPECT_THAT(started.Commit(world_.Upload({{0, {0, 100}}})), IsError(ErrorCode::kCorrupt));
}

TEST_P(Coordinator, RecordsOfAnotherTableOfThatNameSayNothing) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  FakeCommitWorld recreated{GetParam(), 2};
  FakeProcess process = recreated.Start(world_.log);
  EXPECT_THAT(process.Commit(recreated.Upload({{0, {0, 10}}})), IsOk());
}

TEST_P(Coordinator, EpochOfAnotherTableIsRefused) {
  FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  epoch.table_uuid = kFakeTableUuid;
  EXPECT_THAT(process_.Commit(epoch), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(0));
}

TEST_P(Coordinator, EpochWithoutFilesMovesTheLedger) {
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  FlushEpoch empty = world_.Upload({{0, {100, 150}}});
  empty.files.clear();
  const auto result = process_.Commit(empty);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->files_added, 0);
  EXPECT_EQ(world_.TableLedger(), FakeLedger({{0, 150}}));
  EXPECT_THAT(world_.LiveFiles(), SizeIs(1));
  EXPECT_EQ(world_.Metadata()->Head()->summary.at("total-records"), "100");
  EXPECT_EQ(world_.CheckReadable(), "");
  world_.ExpireSnapshots();
  EXPECT_EQ(world_.CheckReadable(), "");
}

TEST_P(Coordinator, FirstEpochOfATableMayHaveNoFiles) {
  FlushEpoch empty = world_.Upload({{0, {100, 100}}});
  ASSERT_THAT(process_.Commit(empty), IsOk());
  EXPECT_EQ(world_.TableLedger(), FakeLedger({{0, 100}}));
  EXPECT_THAT(process_.Commit(world_.Upload({{0, {100, 110}}})), IsOk());
  EXPECT_EQ(world_.CheckReadable(), "");
}

// A change of properties alone would not move main, and the server would take the second on top of
// the first.
TEST_P(Coordinator, EpochsWithoutFilesOfTwoWritersNeverUndoEachOther) {
  FakeProcess other = world_.Start();
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}, {1, {0, 100}}})), IsOk());
  ASSERT_THAT(other.table->Refresh(), IsOk());
  FlushEpoch first = world_.Upload({{0, {100, 150}}});
  FlushEpoch second = world_.Upload({{1, {100, 170}}});
  first.files.clear();
  second.files.clear();
  ASSERT_THAT(process_.Commit(first), IsOk());
  ASSERT_THAT(other.Commit(second), IsOk());
  EXPECT_EQ(world_.TableLedger(), FakeLedger({{0, 150}, {1, 170}}));
}

TEST_P(Coordinator, EpochMustWaitForTheUndecidedOneBeforeIt) {
  const FlushEpoch first = world_.Upload({{0, {0, 100}}});
  world_.faults.NextCommits(std::vector(4, catalog::CommitFault::kConflict));
  ASSERT_THAT(process_.Commit(first), IsError(ErrorCode::kUnavailable));
  // The ledger does not know the partition yet, so any start would do.
  const FlushEpoch second = world_.Upload({{0, {100, 200}}});
  EXPECT_THAT(process_.Commit(second), IsError(ErrorCode::kConflict));
  ASSERT_THAT(process_.Commit(first), IsOk());
  EXPECT_THAT(process_.Commit(second), IsOk());
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(Coordinator, MalformedEpochsAreRefused) {
  const FlushEpoch good = world_.Upload({{0, {0, 100}}});
  FlushEpoch bad = good;
  bad.uuid.clear();
  EXPECT_THAT(process_.Commit(bad), IsError(ErrorCode::kInvalid));
  bad = good;
  bad.snapshot_id = 0;
  EXPECT_THAT(process_.Commit(bad), IsError(ErrorCode::kInvalid));
  bad = good;
  bad.ranges = FakeRanges({{0, {10, 5}}});
  EXPECT_THAT(process_.Commit(bad), IsError(ErrorCode::kInvalid));
  bad = good;
  bad.ranges.clear();
  EXPECT_THAT(process_.Commit(bad), IsError(ErrorCode::kInvalid));
  bad = good;
  bad.ranges = FakeRanges({{0, {5, 5}}, {1, {0, 0}}});
  EXPECT_THAT(process_.Commit(bad), IsError(ErrorCode::kInvalid));
  bad = good;
  bad.files.push_back(bad.files[0]);
  EXPECT_THAT(process_.Commit(bad), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(process_.Commit(good), IsOk());
}

TEST_P(Coordinator, LogThatCannotBeWrittenUndoesNothing) {
  world_.log.FailWith(Error::Io("disk full"));
  const FlushEpoch epoch = world_.Upload({{0, {0, 100}}});
  const auto result = process_.Commit(epoch);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->transaction_log_entry_id, 0);
  EXPECT_GT(world_.logger.CountAtLeast(telemetry::LogLevel::kWarn), 0);
  ASSERT_THAT(process_.Commit(epoch), IsOk());
  ASSERT_THAT(process_.Commit(world_.Upload({{0, {100, 200}}})), IsOk());
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(2));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(Coordinator, StepsAreReachedInOrder) {
  std::vector<std::string> steps;
  FakeProcess process =
      world_.Start(world_.log, [&](std::string_view step) { steps.emplace_back(step); });
  ASSERT_THAT(process.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
  EXPECT_THAT(steps, testing::ElementsAre("before_manifests", "before_swap", "after_swap",
                                          "before_log", "after_log"));
}

TEST_P(Coordinator, NewSnapshotIdsArePositiveAndDifferent) {
  std::set<int64_t> ids;
  for (int i = 0; i < 100; ++i) ids.insert(process_.coordinator->NewSnapshotId());
  EXPECT_THAT(ids, SizeIs(100));
  EXPECT_GT(*ids.begin(), 0);
}

TEST_P(Coordinator, FiveThreadsWithTheSameRangeGetOneSnapshot) {
  const FlushEpoch epoch = world_.Upload({{0, {1000, 2000}}});
  std::vector<int64_t> snapshots(5);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < snapshots.size(); ++i) {
      threads.emplace_back([&, i] { snapshots[i] = process_.Commit(epoch).value().snapshot_id; });
    }
  }
  EXPECT_THAT(snapshots, testing::Each(epoch.snapshot_id));
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(1));
}

TEST_P(Coordinator, FiveProcessesWithTheSameRangeGetOneSnapshot) {
  constexpr size_t kProcesses = 5;
  std::vector<FlushEpoch> epochs;
  std::vector<std::unique_ptr<FakeTransactionLog>> logs;
  std::vector<FakeProcess> processes;
  for (size_t i = 0; i < kProcesses; ++i) {
    epochs.push_back(world_.Upload({{0, {1000, 2000}}}));
    logs.push_back(std::make_unique<FakeTransactionLog>(world_.clock));
    processes.push_back(world_.Start(*logs.back()));
  }
  std::vector<int64_t> snapshots(kProcesses);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < kProcesses; ++i) {
      threads.emplace_back(
          [&, i] { snapshots[i] = processes[i].Commit(epochs[i]).value().snapshot_id; });
    }
  }
  EXPECT_THAT(snapshots, testing::Each(snapshots[0]));
  EXPECT_THAT(world_.Metadata()->snapshots, SizeIs(1));
  EXPECT_THAT(world_.LiveFiles(), SizeIs(1));
}

}  // namespace
}  // namespace kafka_iceberg::commit
