// SPDX-License-Identifier: Apache-2.0
#include "catalog/file/file_catalog.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/fake_table_changes.h"
#include "core/fake_clock.h"
#include "core/fake_temporary_folder.h"
#include "core/result_matchers.h"
#include "iceberg/table_metadata_json.h"
#include "storage/fault_store.h"
#include "storage/local_store.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::catalog {
namespace {

using storage::StoreFaultKind;
using storage::StoreOperation;

// The file catalog on a memory store that can be broken, and a second one on the same store that is
// never broken.
class FileCatalogTest : public testing::Test {
 protected:
  using Table = std::unique_ptr<TableOperations>;

  Table Create(std::map<std::string, std::string> properties = {}) {
    TableCreation creation = FakeTableCreation(events_);
    creation.properties = std::move(properties);
    return catalog_->CreateTable(creation).value();
  }
  CommitReply SetProperty(TableOperations& table, const std::string& name,
                          const std::string& value) {
    const std::vector<iceberg::MetadataUpdate> updates = {iceberg::SetProperties{{{name, value}}}};
    return table.Commit(table.Current(), updates, {});
  }
  CommitReply Append(TableOperations& table, int64_t snapshot_id) {
    const FakeCommit commit = FakeAppend(*table.Current().metadata, snapshot_id);
    return table.Commit(table.Current(), commit.updates, commit.requirements);
  }
  bool Exists(const std::string& name) { return memory_.Stat(folder_ + name).ok(); }

  const TableIdentifier events_{{"raw"}, "events"};
  const std::string folder_ = "memory://b/wh/raw/events/metadata/";
  SeededRandom random_{7};
  FakeClock clock_;
  storage::MemoryStore memory_{clock_};
  storage::FaultStore store_{memory_};
  const std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  const std::unique_ptr<FileCatalog> catalog_ =
      FileCatalog::Open("memory://b/wh/", {store_, clock_, random_, *metrics_}).value();
  const std::unique_ptr<FileCatalog> other_ =
      FileCatalog::Open("memory://b/wh", {memory_, clock_, random_, *metrics_}).value();
};

TEST_F(FileCatalogTest, LaysOutFilesAsTheHadoopCatalogDoes) {
  const Table table = Create();
  EXPECT_EQ(table->Current().metadata->location, "memory://b/wh/raw/events");
  EXPECT_EQ(table->Current().metadata_location, folder_ + "v1.metadata.json");
  EXPECT_EQ(memory_.Read(folder_ + "version-hint.text").value(), "1");
  ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(table->Current().metadata_location, folder_ + "v2.metadata.json");
  EXPECT_EQ(memory_.Read(folder_ + "version-hint.text").value(), "2");
  EXPECT_EQ(table->Current().metadata->Property("write.metadata.compression-codec", ""), "none");
}

TEST_F(FileCatalogTest, ALostHintIsNoHarm) {
  store_.Inject({.operation = StoreOperation::kWrite,
                 .location_contains = "hint",
                 .times = storage::StoreFault::kAlways});
  const Table table = Create();
  ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  ASSERT_EQ(Append(*table, 2).outcome, CommitOutcome::kCommitted);
  EXPECT_FALSE(Exists("version-hint.text"));
  EXPECT_EQ(other_->LoadTable(events_).value()->Current().metadata->snapshots.size(), 2U);
  ASSERT_THAT(memory_.Write(folder_ + "version-hint.text", "1"), IsOk());
  EXPECT_EQ(other_->LoadTable(events_).value()->Current().metadata->snapshots.size(), 2U);
}

TEST_F(FileCatalogTest, RefusesWhatTheLayoutCannotHold) {
  for (const auto& [name, value] : {std::pair{"write.metadata.compression-codec", "gzip"},
                                    std::pair{"write.metadata.path", "memory://elsewhere"}}) {
    TableCreation creation = FakeTableCreation(events_);
    creation.properties = {{name, value}};
    EXPECT_THAT(catalog_->CreateTable(creation), IsError(ErrorCode::kInvalid)) << name;
  }
  const Table table = Create();
  EXPECT_EQ(SetProperty(*table, "write.metadata.compression-codec", "gzip").outcome,
            CommitOutcome::kRejected);
  EXPECT_EQ(SetProperty(*table, "write.metadata.path", "memory://elsewhere").outcome,
            CommitOutcome::kRejected);
  const std::vector<iceberg::MetadataUpdate> move = {iceberg::SetLocation{"memory://b/other"}};
  EXPECT_EQ(table->Commit(table->Current(), move, {}).outcome, CommitOutcome::kRejected);
  EXPECT_FALSE(Exists("v2.metadata.json"));
}

TEST_F(FileCatalogTest, PlacesTablesItself) {
  TableCreation creation = FakeTableCreation(events_);
  creation.location = "memory://b/elsewhere";
  EXPECT_THAT(catalog_->CreateTable(creation), IsError(ErrorCode::kInvalid));
  creation.location = "memory://b/wh/raw/events/";
  EXPECT_THAT(catalog_->CreateTable(creation), IsOk());
}

TEST_F(FileCatalogTest, TablesDoNotNest) {
  Create();
  EXPECT_THAT(catalog_->CreateTable(FakeTableCreation({{"raw", "events"}, "inner"})),
              IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog_->CreateNamespace({"raw", "events"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog_->CreateNamespace({"raw", "events", "deep"}), IsError(ErrorCode::kInvalid));
  ASSERT_THAT(catalog_->CreateNamespace({"raw", "web"}), IsOk());
  EXPECT_THAT(catalog_->CreateTable(FakeTableCreation({{"raw"}, "web"})),
              IsError(ErrorCode::kInvalid));
}

TEST_F(FileCatalogTest, ACompressedVersionOfAnotherWriterIsAConflict) {
  for (const char* name : {"v2.gz.metadata.json", "v2.metadata.json.gz"}) {
    const Table table = Create();
    ASSERT_THAT(memory_.Write(folder_ + name, "gzip"), IsOk());
    EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict) << name;
    EXPECT_FALSE(Exists("v2.metadata.json"));
    ASSERT_THAT(memory_.Delete(folder_ + name), IsOk());
    ASSERT_THAT(catalog_->DropTable(events_, true), IsOk());
  }
}

TEST_F(FileCatalogTest, TornMetadataIsCorrupt) {
  const Table table = Create();
  const std::string good = memory_.Read(folder_ + "v1.metadata.json").value();
  for (const std::string& torn :
       {std::string(), good.substr(0, good.size() / 2), std::string("\x1f\x8b garbage"),
        std::string("{}"), std::string("[1,2]")}) {
    ASSERT_THAT(memory_.Write(folder_ + "v2.metadata.json", torn), IsOk());
    EXPECT_THAT(catalog_->LoadTable(events_), IsError(ErrorCode::kCorrupt)) << torn;
    EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kCorrupt)) << torn;
    EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict) << torn;
  }
  const auto error = catalog_->LoadTable(events_).error();
  EXPECT_THAT(error.message(), testing::HasSubstr("v2.metadata.json"));
}

TEST_F(FileCatalogTest, ReadsAgainWhenTheStoreIsUnavailable) {
  Create();
  store_.Inject({.operation = StoreOperation::kReadRange, .location_contains = "v1", .times = 3});
  EXPECT_THAT(catalog_->LoadTable(events_), IsOk());
  EXPECT_GE(clock_.Steady(), Duration(std::chrono::seconds(1)));
  const int64_t calls = store_.calls(StoreOperation::kReadRange);
  store_.Inject({.operation = StoreOperation::kReadRange,
                 .location_contains = "v1",
                 .times = storage::StoreFault::kAlways});
  EXPECT_THAT(catalog_->LoadTable(events_), IsError(ErrorCode::kUnavailable));
  EXPECT_LE(store_.calls(StoreOperation::kReadRange) - calls, 8);
}

TEST_F(FileCatalogTest, DeniedIsNotTriedAgain) {
  Create();
  store_.Inject({.operation = StoreOperation::kReadRange,
                 .location_contains = "v1",
                 .error = Error::Denied("no")});
  EXPECT_THAT(catalog_->LoadTable(events_), IsError(ErrorCode::kDenied));
}

TEST_F(FileCatalogTest, ATransferCutShortIsReadAgain) {
  Create();
  store_.Inject({.operation = StoreOperation::kReadRange,
                 .kind = StoreFaultKind::kTruncate,
                 .location_contains = "v1"});
  EXPECT_THAT(catalog_->LoadTable(events_), IsOk());
}

// The outcomes of a commit whose write answered with something else than success.
TEST_F(FileCatalogTest, AWriteThatLandedWithoutAnAnswerIsCommitted) {
  const Table table = Create();
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent, .kind = StoreFaultKind::kFailAfter});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  // A store that retries by itself meets its own first attempt.
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent,
                 .kind = StoreFaultKind::kFailAfter,
                 .error = Error::AlreadyExists("injected")});
  EXPECT_EQ(Append(*table, 2).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(other_->LoadTable(events_).value()->Current().metadata->snapshots.size(), 2U);
}

TEST_F(FileCatalogTest, AWriteThatMayStillLandIsUnknown) {
  const Table table = Create();
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(table->Reconcile(1).value(), false);
  EXPECT_EQ(table->Current().metadata_location, folder_ + "v1.metadata.json");
}

TEST_F(FileCatalogTest, AWriteThatCannotBeReadBackIsUnknown) {
  const Table table = Create();
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent, .kind = StoreFaultKind::kFailAfter});
  store_.Inject({.operation = StoreOperation::kReadRange, .location_contains = "v2", .times = 4});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(table->Reconcile(1).value(), true);
}

TEST_F(FileCatalogTest, AWriteThatMetAnotherWriterIsAConflict) {
  const Table table = Create();
  const Table theirs = other_->LoadTable(events_).value();
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent, .hook = [&] {
                   EXPECT_EQ(Append(*theirs, 9).outcome, CommitOutcome::kCommitted);
                 }});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(table->Reconcile(1).value(), false);
}

TEST_F(FileCatalogTest, AWriteTheStoreRefusesIsRejected) {
  const Table table = Create();
  store_.Inject(
      {.operation = StoreOperation::kWriteIfAbsent, .error = Error::Unsupported("no hard links")});
  const CommitReply reply = Append(*table, 1);
  EXPECT_EQ(reply.outcome, CommitOutcome::kRejected);
  EXPECT_THAT(reply.detail, testing::HasSubstr("no hard links"));
}

// Two writers with equal clocks make equal bytes for the same property change: only one of them may
// win.
TEST_F(FileCatalogTest, TheSameChangeByTwoWritersIsCommittedOnce) {
  const Table table = Create();
  const Table theirs = other_->LoadTable(events_).value();
  ASSERT_EQ(SetProperty(*theirs, "count", "1").outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(SetProperty(*table, "count", "1").outcome, CommitOutcome::kConflict);
}

TEST_F(FileCatalogTest, AnUnmistakableChangeNeedsASnapshot) {
  const Table table = Create();
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent, .kind = StoreFaultKind::kFailAfter});
  EXPECT_EQ(SetProperty(*table, "count", "1").outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(table->Refresh()->metadata->Property("count", ""), "1");
}

TEST_F(FileCatalogTest, OldMetadataIsDeletedWhenTheTableSaysSo) {
  const Table table = Create({{"write.metadata.delete-after-commit.enabled", "true"},
                              {"write.metadata.previous-versions-max", "2"}});
  for (int64_t i = 1; i <= 6; ++i) ASSERT_EQ(Append(*table, i).outcome, CommitOutcome::kCommitted);
  for (const char* name : {"v1", "v2", "v3", "v4"})
    EXPECT_FALSE(Exists(std::string(name) + ".metadata.json")) << name;
  for (const char* name : {"v5", "v6", "v7"})
    EXPECT_TRUE(Exists(std::string(name) + ".metadata.json")) << name;
  ASSERT_THAT(memory_.Delete(folder_ + "version-hint.text"), IsOk());
  EXPECT_EQ(other_->LoadTable(events_).value()->Current().metadata->snapshots.size(), 6U);
}

TEST_F(FileCatalogTest, OldMetadataStaysOtherwise) {
  const Table table = Create({{"write.metadata.previous-versions-max", "2"}});
  for (int64_t i = 1; i <= 6; ++i) ASSERT_EQ(Append(*table, i).outcome, CommitOutcome::kCommitted);
  EXPECT_TRUE(Exists("v1.metadata.json"));
}

TEST_F(FileCatalogTest, AHostileMetadataLogDeletesNothingElse) {
  const Table table = Create({{"write.metadata.delete-after-commit.enabled", "true"},
                              {"write.metadata.previous-versions-max", "1"}});
  iceberg::TableMetadata hostile = *table->Current().metadata;
  const std::vector<std::string> targets = {
      "memory://b/wh/raw/other/metadata/v1.metadata.json", "memory://b/secret",
      "memory://b/wh/raw/events/data/x.metadata.json", folder_ + "snap-1.avro",
      folder_ + "sub/v9.metadata.json"};
  for (const std::string& target : targets) {
    ASSERT_THAT(memory_.Write(target, "1"), IsOk());
    hostile.metadata_log.push_back({hostile.last_updated_ms, target});
  }
  ASSERT_THAT(catalog_->DropTable(events_, false), IsOk());
  ASSERT_THAT(
      memory_.Write("memory://b/hostile.metadata.json", iceberg::TableMetadataToJson(hostile)),
      IsOk());
  ASSERT_THAT(catalog_->RegisterTable(events_, "memory://b/hostile.metadata.json"), IsOk());
  const Table registered = catalog_->LoadTable(events_).value();
  for (int64_t i = 1; i <= 3; ++i)
    ASSERT_EQ(Append(*registered, i).outcome, CommitOutcome::kCommitted);
  for (const std::string& target : targets) EXPECT_THAT(memory_.Stat(target), IsOk()) << target;
}

TEST_F(FileCatalogTest, ADroppedTableCanBeRegisteredAgain) {
  const Table table = Create();
  ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  ASSERT_THAT(catalog_->DropTable(events_, false), IsOk());
  std::vector<std::string> kept;
  ASSERT_THAT(memory_.List(folder_, [&](const auto& object) { kept.push_back(object.location); }),
              IsOk());
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_TRUE(kept[0].starts_with(folder_ + "dropped-2-"));
  ASSERT_THAT(catalog_->RegisterTable(events_, kept[0]), IsOk());
  EXPECT_EQ(*other_->LoadTable(events_).value()->Current().metadata, *table->Current().metadata);
}

TEST_F(FileCatalogTest, ADropThatWasCutShortIsFinishedByTheNext) {
  for (const bool purge : {false, true}) {
    const Table table = Create();
    ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
    ASSERT_THAT(memory_.Write("memory://b/wh/raw/events/data/x", "rows"), IsOk());
    store_.Inject({.operation = StoreOperation::kDelete, .location_contains = "v2"});
    ASSERT_FALSE(catalog_->DropTable(events_, purge).ok());
    EXPECT_THAT(other_->LoadTable(events_), IsError(ErrorCode::kNotFound));
    EXPECT_NE(Append(*table, 2).outcome, CommitOutcome::kCommitted);
    ASSERT_THAT(catalog_->DropTable(events_, purge), IsOk());
    EXPECT_EQ(memory_.Stat("memory://b/wh/raw/events/data/x").ok(), !purge);
    EXPECT_THAT(catalog_->DropTable(events_, purge), IsError(ErrorCode::kNotFound));
  }
}

TEST_F(FileCatalogTest, APurgeHoldsItsClaimUntilEverythingElseIsGone) {
  const Table table = Create();
  const std::string last = "memory://b/wh/raw/events/metadata/x.avro";
  ASSERT_THAT(memory_.Write(last, "manifest"), IsOk());
  bool was_last = false;
  store_.Inject({.operation = StoreOperation::kDelete,
                 .kind = storage::StoreFaultKind::kHook,
                 .location_contains = "/v2.metadata.json",
                 .hook = [&] { was_last = !memory_.Stat(last).ok(); }});
  ASSERT_THAT(catalog_->DropTable(events_, true), IsOk());
  EXPECT_TRUE(was_last);
}

TEST_F(FileCatalogTest, ADropLosesNoCommitOfOthers) {
  Create();
  const Table theirs = other_->LoadTable(events_).value();
  store_.Inject(
      {.operation = StoreOperation::kWriteIfAbsent, .kind = StoreFaultKind::kHook, .hook = [&] {
         EXPECT_EQ(Append(*theirs, 5).outcome, CommitOutcome::kCommitted);
       }});
  ASSERT_THAT(catalog_->DropTable(events_, false), IsOk());
  std::vector<std::string> kept;
  ASSERT_THAT(memory_.List(folder_, [&](const auto& object) { kept.push_back(object.location); }),
              IsOk());
  ASSERT_EQ(kept.size(), 1U);
  ASSERT_THAT(catalog_->RegisterTable(events_, kept[0]), IsOk());
  EXPECT_EQ(catalog_->LoadTable(events_).value()->Current().metadata->current_snapshot_id, 5);
}

TEST_F(FileCatalogTest, PurgeIsRefusedWhenFilesMayBelongToOthers) {
  Create({{"gc.enabled", "false"}});
  EXPECT_THAT(catalog_->DropTable(events_, true), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog_->LoadTable(events_), IsOk());
  EXPECT_THAT(catalog_->DropTable(events_, false), IsOk());
}

TEST_F(FileCatalogTest, ARegisteredTableKeepsItsFilesWhereTheyAre) {
  const Table table = Create();
  const TableIdentifier copy{{"raw"}, "copy"};
  ASSERT_THAT(catalog_->RegisterTable(copy, table->Current().metadata_location), IsOk());
  const Table registered = catalog_->LoadTable(copy).value();
  EXPECT_EQ(registered->Current().metadata->location, "memory://b/wh/raw/events");
  ASSERT_EQ(Append(*registered, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(registered->Current().metadata_location,
            "memory://b/wh/raw/copy/metadata/v2.metadata.json");
}

TEST_F(FileCatalogTest, LostAnswersToACreationAreFoundOut) {
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent, .kind = StoreFaultKind::kFailAfter});
  EXPECT_THAT(catalog_->CreateTable(FakeTableCreation(events_)), IsOk());
  store_.Inject({.operation = StoreOperation::kWriteIfAbsent});
  EXPECT_THAT(catalog_->CreateTable(FakeTableCreation({{"raw"}, "b"})),
              IsError(ErrorCode::kUnavailable));
}

TEST(FileCatalogOpen, NamesTheWarehouseThatIsWrong) {
  SystemRandom random;
  FakeClock clock;
  storage::LocalStore store(random);
  const auto metrics = telemetry::MakeMetrics();
  const auto catalog = FileCatalog::Open("../warehouse", {store, clock, random, *metrics});
  ASSERT_THAT(catalog, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog.error().message(), testing::HasSubstr("../warehouse"));
}

}  // namespace
}  // namespace kafka_iceberg::catalog
