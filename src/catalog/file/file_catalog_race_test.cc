// SPDX-License-Identifier: Apache-2.0
//
// Writers of the file catalog that meet: separate processes, and one that is stopped between
// looking and writing while the others go on.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/fake_table_changes.h"
#include "catalog/file/file_catalog.h"
#include "core/fake_clock.h"
#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "storage/fault_store.h"
#include "storage/local_store.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::catalog {
namespace {

using storage::StoreFaultKind;
using storage::StoreOperation;

// One writer of its own, on the local disk.
struct LocalWriter {
  explicit LocalWriter(const std::string& warehouse)
      : catalog(FileCatalog::Open(warehouse, {store, clock, random, *metrics}).value()) {}

  SystemClock clock;
  SystemRandom random;
  storage::LocalStore store{random};
  std::unique_ptr<telemetry::Metrics> metrics = telemetry::MakeMetrics();
  std::unique_ptr<FileCatalog> catalog;
};

TEST(FileCatalogProcesses, LoseNoCommitOfEachOther) {
  constexpr int kProcesses = 4;
  constexpr int kCommits = 50;
  const FakeTemporaryFolder folder;
  const TableIdentifier events{{"raw"}, "events"};
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      LocalWriter writer(folder.path());
      // All of them create it, too.
      auto table = writer.catalog->CreateTable(FakeTableCreation(events));
      if (!table.ok()) table = writer.catalog->LoadTable(events);
      if (!table.ok()) ::_exit(1);
      for (int i = 1; i <= kCommits; ++i) {
        if (!FakeIncrement(*table.value(), "count", process * 1000 + i)) ::_exit(2);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  LocalWriter reader(folder.path());
  const auto metadata = reader.catalog->LoadTable(events).value()->Current().metadata;
  EXPECT_EQ(metadata->IntProperty("count", 0), kProcesses * kCommits);
  EXPECT_EQ(metadata->snapshots.size(), static_cast<size_t>(kProcesses * kCommits));
  EXPECT_EQ(metadata->last_sequence_number, kProcesses * kCommits);
}

// A writer whose file operations can be stopped, and others that go on meanwhile.
class StoppedWriterTest : public testing::Test {
 protected:
  using Table = std::unique_ptr<TableOperations>;

  Table CreateTrimmed() {
    TableCreation creation = FakeTableCreation(events_);
    creation.properties = {{"write.metadata.delete-after-commit.enabled", "true"},
                           {"write.metadata.previous-versions-max", "1"}};
    return catalog_->CreateTable(creation).value();
  }
  // Runs `meanwhile` when the stopped writer is about to create `name`.
  void StopBeforeCreating(const std::string& name, std::function<void()> meanwhile) {
    store_.Inject({.operation = StoreOperation::kWriteIfAbsent,
                   .kind = StoreFaultKind::kHook,
                   .location_contains = name,
                   .hook = std::move(meanwhile)});
  }
  void OthersCommit(int commits) {
    const Table table = other_->LoadTable(events_).value();
    for (int i = 1; i <= commits; ++i)
      ASSERT_TRUE(FakeIncrement(*table, "count", 1000 + ++others_));
  }
  CommitReply Append(TableOperations& table, int64_t snapshot_id) {
    const FakeCommit commit = FakeAppend(*table.Current().metadata, snapshot_id);
    return table.Commit(table.Current(), commit.updates, commit.requirements);
  }
  iceberg::TableMetadataPtr Seen() {
    return other_->LoadTable(events_).value()->Current().metadata;
  }
  bool Exists(const std::string& name) {
    return memory_.Stat("memory://b/raw/events/metadata/" + name).ok();
  }

  const TableIdentifier events_{{"raw"}, "events"};
  int64_t others_ = 0;
  SeededRandom random_{7};
  FakeClock clock_;
  storage::MemoryStore memory_{clock_};
  storage::FaultStore store_{memory_};
  const std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  const std::unique_ptr<FileCatalog> catalog_ =
      FileCatalog::Open("memory://b", {store_, clock_, random_, *metrics_}).value();
  const std::unique_ptr<FileCatalog> other_ =
      FileCatalog::Open("memory://b", {memory_, clock_, random_, *metrics_}).value();
};

TEST_F(StoppedWriterTest, LosesAgainstTheNextVersion) {
  const Table table = CreateTrimmed();
  StopBeforeCreating("v2", [&] { OthersCommit(1); });
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(Seen()->snapshots.size(), 1U);
}

// Its next version came and was deleted again while it was stopped: creating the file succeeds and
// means nothing.
TEST_F(StoppedWriterTest, DoesNotCommitIntoAGap) {
  const Table table = CreateTrimmed();
  StopBeforeCreating("v2", [&] { OthersCommit(6); });
  const CommitReply reply = Append(*table, 1);
  EXPECT_NE(reply.outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Seen()->IntProperty("count", 0), 6);
  EXPECT_EQ(table->Reconcile(1).value(), false);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Seen()->IntProperty("count", 0), 6);
  EXPECT_EQ(Seen()->snapshots.size(), 7U);
}

TEST_F(StoppedWriterTest, DoesNotCommitIntoAGapWithoutAHint) {
  const Table table = CreateTrimmed();
  StopBeforeCreating("v2", [&] {
    OthersCommit(6);
    ASSERT_THAT(memory_.Delete("memory://b/raw/events/metadata/version-hint.text"), IsOk());
  });
  EXPECT_NE(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(table->Reconcile(1).value(), false);
}

TEST_F(StoppedWriterTest, DoesNotCommitIntoAGapAboveAnUndeletedBase) {
  const Table table = CreateTrimmed();
  const std::string base = table->Current().metadata_location;
  const std::string bytes = memory_.Read(base).value();
  StopBeforeCreating("v2", [&] {
    OthersCommit(6);
    ASSERT_THAT(memory_.Write(base, bytes), IsOk());
  });
  EXPECT_NE(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(table->Reconcile(1).value(), false);
}

TEST_F(StoppedWriterTest, IsToldBeforeItWritesWhenItStoppedEarlier) {
  const Table table = CreateTrimmed();
  OthersCommit(6);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_FALSE(Exists("v2.metadata.json"));
}

// Others build on its commit before it can look again.
TEST_F(StoppedWriterTest, RecognisesItsCommitUnderOthers) {
  TableCreation creation = FakeTableCreation(events_);
  const Table table = catalog_->CreateTable(creation).value();
  store_.Inject({.operation = StoreOperation::kReadRange,
                 .kind = StoreFaultKind::kHook,
                 .location_contains = "hint",
                 .hook = [&] { OthersCommit(3); }});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Seen()->snapshots.size(), 4U);
}

TEST_F(StoppedWriterTest, RecognisesItsCommitAfterItsBaseWasDeleted) {
  const Table table = CreateTrimmed();
  store_.Inject({.operation = StoreOperation::kReadRange,
                 .kind = StoreFaultKind::kHook,
                 .location_contains = "v1.",
                 .skip = 1,  // the look before the write
                 .hook = [&] { OthersCommit(1); }});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_FALSE(Exists("v1.metadata.json"));
  EXPECT_NE(Seen()->FindSnapshot(1), nullptr);
}

TEST_F(StoppedWriterTest, IsNotSureWhenTheLogNoLongerReachesBack) {
  const Table table = CreateTrimmed();
  store_.Inject({.operation = StoreOperation::kReadRange,
                 .kind = StoreFaultKind::kHook,
                 .location_contains = "v1.",
                 .skip = 1,
                 .hook = [&] { OthersCommit(6); }});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(table->Reconcile(1).value(), true);
}

TEST_F(StoppedWriterTest, DoesNotReviveADroppedTable) {
  const Table table = CreateTrimmed();
  StopBeforeCreating("v2", [&] { ASSERT_THAT(other_->DropTable(events_, true), IsOk()); });
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kRejected);
  EXPECT_FALSE(Exists("v2.metadata.json"));
  EXPECT_THAT(other_->LoadTable(events_), IsError(ErrorCode::kNotFound));
}

TEST_F(StoppedWriterTest, DoesNotCommitToTheTableThatReplacedIts) {
  const Table table = CreateTrimmed();
  StopBeforeCreating("v2", [&] {
    ASSERT_THAT(other_->DropTable(events_, true), IsOk());
    ASSERT_THAT(other_->CreateTable(FakeTableCreation(events_)), IsOk());
  });
  EXPECT_NE(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_FALSE(Exists("v2.metadata.json"));
  EXPECT_EQ(Seen()->snapshots.size(), 0U);
  EXPECT_NE(Seen()->table_uuid, table->Current().metadata->table_uuid);
}

TEST_F(StoppedWriterTest, DoesNotCommitOnAnotherHistoryOfItsTable) {
  const Table table = CreateTrimmed();
  const std::string copy = "memory://b/scratch.metadata.json";
  ASSERT_THAT(memory_.Write(copy, memory_.Read(table->Current().metadata_location).value()),
              IsOk());
  ASSERT_TRUE(FakeIncrement(*table, "count", 1));  // v2
  clock_.Advance(std::chrono::milliseconds(5));
  StopBeforeCreating("v3", [&] {
    ASSERT_THAT(other_->DropTable(events_, true), IsOk());
    ASSERT_THAT(other_->RegisterTable(events_, copy), IsOk());
    OthersCommit(1);  // another v2, of the same uuid
  });
  EXPECT_NE(Append(*table, 2).outcome, CommitOutcome::kCommitted);
  EXPECT_FALSE(Exists("v3.metadata.json"));
  EXPECT_EQ(Seen()->snapshots.size(), 1U);
}

}  // namespace
}  // namespace kafka_iceberg::catalog
