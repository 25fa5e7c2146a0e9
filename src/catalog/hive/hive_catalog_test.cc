// SPDX-License-Identifier: Apache-2.0
#include "catalog/hive/hive_catalog.h"

#include "catalog/catalog_under_test.h"
#include "catalog/fake_catalog_surroundings.h"
#include "catalog/hive/fake_hive_server.h"
#include "core/fake_clock.h"

namespace kafka_iceberg::catalog {
namespace {

class HiveUnderTest final : public CatalogUnderTest {
 public:
  HiveUnderTest(int version, std::string commit_lock)
      : server_(version), commit_lock_(std::move(commit_lock)), catalog_(Another()) {}

  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return HiveCatalog::Open({.uris = server_.uri(),
                              .warehouse = surroundings_.folder() + "/warehouse",
                              .commit_lock = commit_lock_},
                             surroundings_.context())
        .value();
  }
  telemetry::Metrics& metrics() override { return surroundings_.metrics(); }
  storage::ObjectStore& store() override { return surroundings_.store(); }
  std::string scratch() override { return surroundings_.folder() + "/scratch"; }
  CatalogTraits traits() const override { return {.namespaces_nest = false}; }

 private:
  FakeCatalogSurroundings surroundings_;
  FakeHiveServer server_;
  const std::string commit_lock_;
  std::unique_ptr<Catalog> catalog_;
};

CatalogMaker Maker(std::string name, int version, std::string commit_lock) {
  return {std::move(name), [=] { return std::make_unique<HiveUnderTest>(version, commit_lock); }};
}

INSTANTIATE_TEST_SUITE_P(Hive, CatalogConformance,
                         testing::Values(Maker("Hive3", 3, "lock"),
                                         Maker("Hive4", 4, "compare-and-set")),
                         [](const auto& instance) { return instance.param.name; });

class HiveCatalogTest : public testing::Test {
 protected:
  std::unique_ptr<HiveCatalog> Make(const FakeHiveServer& server,
                                    const std::string& commit_lock = "lock") {
    return HiveCatalog::Open({.uris = server.uri(),
                              .warehouse = surroundings_.folder() + "/warehouse",
                              .commit_lock = commit_lock,
                              .lock_timeout = std::chrono::seconds(10),
                              .settle_time = std::chrono::seconds(5)},
                             context_)
        .value();
  }
  std::unique_ptr<TableOperations> CreateEvents(HiveCatalog& catalog) {
    EXPECT_THAT(catalog.CreateNamespace({"raw"}), IsOk());
    return catalog.CreateTable(FakeTableCreation(events_)).value();
  }
  static CommitReply Append(TableOperations& table, int64_t snapshot_id) {
    const TableVersion base = table.Current();
    const FakeCommit commit = FakeAppend(*base.metadata, snapshot_id);
    return table.Commit(base, commit.updates, commit.requirements);
  }
  static CommitReply SetProperty(TableOperations& table, const std::string& key,
                                 const std::string& value) {
    const std::vector<iceberg::MetadataUpdate> updates = {iceberg::SetProperties{{{key, value}}}};
    return table.Commit(table.Current(), updates, {});
  }

  FakeCatalogSurroundings surroundings_;
  FakeClock clock_;
  const CatalogContext context_{surroundings_.store(), clock_, surroundings_.random(),
                                surroundings_.metrics()};
  FakeHiveServer hive3_{3};
  FakeHiveServer hive4_{4};
  const TableIdentifier events_{{"raw"}, "events"};
};

TEST_F(HiveCatalogTest, TheTableSaysWhatOtherEnginesLookFor) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  const std::string first = table->Current().metadata_location;
  ASSERT_EQ(Append(*table, 7).outcome, CommitOutcome::kCommitted);
  const auto parameters = hive3_.Parameters("raw", "events");
  EXPECT_EQ(parameters.at("metadata_location"), table->Current().metadata_location);
  EXPECT_EQ(parameters.at("previous_metadata_location"), first);
  EXPECT_EQ(parameters.at("table_type"), "ICEBERG");
  EXPECT_EQ(parameters.at("EXTERNAL"), "TRUE");
  EXPECT_EQ(parameters.at("uuid"), table->Current().metadata->table_uuid);
  EXPECT_EQ(parameters.at("DO_NOT_UPDATE_STATS"), "true");
  EXPECT_EQ(parameters.at("current-snapshot-id"), "7");
}

TEST_F(HiveCatalogTest, ParametersOfOthersStayAndRemovedPropertiesGo) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.SetParameter("raw", "events", "theirs", "kept");
  ASSERT_EQ(SetProperty(*table, "mine", "1").outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(hive3_.Parameters("raw", "events").at("mine"), "1");
  const std::vector<iceberg::MetadataUpdate> updates = {iceberg::RemoveProperties{{"mine"}}};
  ASSERT_EQ(table->Commit(table->Current(), updates, {}).outcome, CommitOutcome::kCommitted);
  const auto parameters = hive3_.Parameters("raw", "events");
  EXPECT_FALSE(parameters.contains("mine"));
  EXPECT_EQ(parameters.at("theirs"), "kept");
}

TEST_F(HiveCatalogTest, TheLockIsGivenBackAfterEveryOutcome) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(hive3_.Calls("lock"), 1);
  EXPECT_EQ(hive3_.Locks(), 0);
  hive3_.SetParameter("raw", "events", "metadata_location", "elsewhere");
  EXPECT_EQ(Append(*table, 2).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(hive3_.Locks(), 0);
  hive3_.Next("alter_table_with_environment_context", HiveFault::kLoseBeforeApply);
  hive3_.SetParameter("raw", "events", "metadata_location", table->Current().metadata_location);
  EXPECT_EQ(Append(*table, 3).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(hive3_.Locks(), 0);
}

TEST_F(HiveCatalogTest, ALockOfAnotherWriterIsWaitedForAndThenAConflict) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.HoldLock("raw", "events");
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_GT(hive3_.Calls("check_lock"), 3);
  EXPECT_EQ(hive3_.Locks(), 1);
  hive3_.Before("check_lock", [&] { hive3_.ExpireLocks(); });
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  hive3_.ExpireLocks();
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
}

TEST_F(HiveCatalogTest, ALockWhoseAnswerWasLostIsFoundAgain) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.Next("lock", HiveFault::kLoseAfterApply);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(hive3_.Calls("lock"), 1);
  EXPECT_EQ(hive3_.Locks(), 0);
  hive3_.Next("lock", HiveFault::kLoseBeforeApply);
  EXPECT_EQ(Append(*table, 2).outcome, CommitOutcome::kConflict);
}

TEST_F(HiveCatalogTest, ALockRequestedBeforeAnOutageIsGivenBackAfterIt) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  // Applied, its answer lost, and nobody to be asked about it: neither at once nor again.
  hive3_.Next("lock", HiveFault::kLoseAfterApply);
  const auto lose = [&] { hive3_.Next("show_locks", HiveFault::kLoseBeforeApply); };
  hive3_.Before("show_locks", [&] {
    lose();
    hive3_.Before("show_locks", lose);
  });
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(hive3_.Locks(), 1);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(hive3_.Locks(), 0);
}

TEST_F(HiveCatalogTest, ALockThatCouldNotBeGivenBackIsGivenBackLater) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.Next("unlock", HiveFault::kFail);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(hive3_.Locks(), 1);
  EXPECT_EQ(Append(*table, 2).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(hive3_.Locks(), 0);
}

TEST_F(HiveCatalogTest, LocksOfAnotherMetastoreAreLeftAlone) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.Next("unlock", HiveFault::kFail);
  ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  // The same table name and lock id there; it is somebody else's.
  const auto elsewhere = Make(hive4_);
  const auto other_table = CreateEvents(*elsewhere);
  ASSERT_EQ(Append(*other_table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(hive4_.Calls("unlock"), 1);
  EXPECT_EQ(hive3_.Locks(), 1);
}

TEST_F(HiveCatalogTest, AMetastoreWithoutLockTablesIsExplained) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.Next("lock", HiveFault::kFail);
  const CommitReply reply = Append(*table, 1);
  EXPECT_EQ(reply.outcome, CommitOutcome::kRejected);
  EXPECT_THAT(reply.detail, testing::HasSubstr("lock tables"));
}

TEST_F(HiveCatalogTest, AnExpiredLockChangesNothing) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.Before("heartbeat", [&] { hive3_.ExpireLocks(); });
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(hive3_.Calls("alter_table_with_environment_context"), 0);
}

TEST_F(HiveCatalogTest, ALostAnswerIsLookedForWhileTheLockIsHeld) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.Next("alter_table_with_environment_context", HiveFault::kLoseAfterApply);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  hive3_.Next("alter_table_with_environment_context", HiveFault::kApplyLater);
  EXPECT_EQ(Append(*table, 2).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(table->Current().metadata->snapshots.size(), 2U);
}

TEST_F(HiveCatalogTest, AFailureInsideTheServerProvesNothing) {
  const auto catalog = Make(hive3_);
  const auto table = CreateEvents(*catalog);
  hive3_.Next("alter_table_with_environment_context", HiveFault::kFail);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(table->Reconcile(1).value(), false);
}

TEST_F(HiveCatalogTest, VersionFourRefusesWhatChangedBehindTheLock) {
  const auto catalog = Make(hive4_);
  const auto table = CreateEvents(*catalog);
  hive4_.Before("alter_table_with_environment_context",
                [&] { hive4_.SetParameter("raw", "events", "metadata_location", "theirs"); });
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(hive4_.Parameters("raw", "events").at("metadata_location"), "theirs");
}

TEST_F(HiveCatalogTest, CompareAndSetTakesNoLock) {
  const auto catalog = Make(hive4_, "compare-and-set");
  const auto table = CreateEvents(*catalog);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(hive4_.Calls("lock"), 0);
}

TEST_F(HiveCatalogTest, CompareAndSetIsRefusedWhereTheServerDoesNotCompare) {
  const auto catalog = Make(hive3_, "compare-and-set");
  ASSERT_THAT(catalog->CreateNamespace({"raw"}), IsOk());
  const auto table = catalog->CreateTable(FakeTableCreation(events_));
  ASSERT_THAT(table, IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(table.error().message(), testing::HasSubstr("commit_lock = \"lock\""));
}

TEST_F(HiveCatalogTest, AutoTrustsOnlyWhatItHasSeen) {
  for (FakeHiveServer* server : {&hive3_, &hive4_}) {
    const auto catalog = Make(*server, "auto");
    const auto table = CreateEvents(*catalog);
    EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
    EXPECT_EQ(server->Calls("lock"), server == &hive3_ ? 1 : 0);
    EXPECT_THAT(server->Tables("raw"), testing::ElementsAre("events"));
  }
}

TEST_F(HiveCatalogTest, ACreationWhoseAnswerWasLostIsFound) {
  const auto catalog = Make(hive3_);
  ASSERT_THAT(catalog->CreateNamespace({"raw"}), IsOk());
  hive3_.Next("create_table", HiveFault::kLoseAfterApply);
  EXPECT_THAT(catalog->CreateTable(FakeTableCreation(events_)), IsOk());
  hive3_.Next("create_table", HiveFault::kLoseBeforeApply);
  EXPECT_THAT(catalog->CreateTable(FakeTableCreation({{"raw"}, "lost"})),
              IsError(ErrorCode::kCommitUnknown));
}

TEST_F(HiveCatalogTest, ALostReadIsAskedAgain) {
  const auto catalog = Make(hive3_);
  CreateEvents(*catalog);
  hive3_.Next("get_table_req", HiveFault::kLoseBeforeApply);
  EXPECT_THAT(catalog->LoadTable(events_), IsOk());
}

TEST_F(HiveCatalogTest, OtherTablesOfHiveAreLeftAlone) {
  const auto catalog = Make(hive3_);
  CreateEvents(*catalog);
  hive3_.SetParameter("raw", "events", "table_type", "");
  EXPECT_THAT(catalog->ListTables({"raw"}).value(), testing::IsEmpty());
  EXPECT_THAT(catalog->LoadTable(events_), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog->DropTable(events_, false), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(hive3_.Tables("raw"), testing::ElementsAre("events"));
}

TEST_F(HiveCatalogTest, NamesAreThoseThatHiveKeeps) {
  const auto catalog = Make(hive3_);
  for (const char* name : {"Raw", "a-b", "a b", "\xc3\xa9"}) {
    EXPECT_THAT(catalog->CreateNamespace({name}), IsError(ErrorCode::kInvalid)) << name;
    EXPECT_THAT(catalog->LoadTable({{"raw"}, name}), IsError(ErrorCode::kInvalid)) << name;
  }
}

TEST_F(HiveCatalogTest, RenamingTakesTheLockAndOverwritesNothing) {
  const auto catalog = Make(hive3_);
  CreateEvents(*catalog);
  const TableIdentifier other{{"raw"}, "other"};
  ASSERT_THAT(catalog->CreateTable(FakeTableCreation(other)), IsOk());
  EXPECT_THAT(catalog->RenameTable(events_, other), IsError(ErrorCode::kAlreadyExists));
  EXPECT_THAT(catalog->RenameTable(events_, {{"raw"}, "third"}), IsOk());
  EXPECT_EQ(hive3_.Calls("lock"), 1);
  EXPECT_EQ(hive3_.Locks(), 0);
}

TEST_F(HiveCatalogTest, TheNextAddressServesWhenTheFirstIsAway) {
  const auto catalog =
      HiveCatalog::Open({.uris = "thrift://127.0.0.1:1, " + hive3_.uri()}, context_).value();
  EXPECT_THAT(catalog->CheckHealth(), IsOk());
  const auto nobody = HiveCatalog::Open({.uris = "thrift://127.0.0.1:1"}, context_).value();
  EXPECT_THAT(nobody->CheckHealth(), IsError(ErrorCode::kUnavailable));
}

TEST_F(HiveCatalogTest, OptionsAreChecked) {
  for (const char* uris : {"", "http://h:1", "thrift://", "thrift://h:0", "thrift://h:70000",
                           "thrift://u:p@h:1", "thrift://a,b"}) {
    EXPECT_THAT(HiveCatalog::Open({.uris = uris}, context_), IsError(ErrorCode::kInvalid)) << uris;
  }
  EXPECT_THAT(HiveCatalog::Open({.uris = "thrift://h", .commit_lock = "none"}, context_),
              IsError(ErrorCode::kInvalid));
}

}  // namespace
}  // namespace kafka_iceberg::catalog
