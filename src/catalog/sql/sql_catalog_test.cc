// SPDX-License-Identifier: Apache-2.0
#include "catalog/sql/sql_catalog.h"

#include <filesystem>

#include "catalog/catalog_under_test.h"
#include "catalog/fake_catalog_surroundings.h"
#include "catalog/sql/fake_flaky_connection.h"
#include "catalog/sql/sqlite_connection.h"

namespace kafka_iceberg::catalog {
namespace {

class SqliteUnderTest final : public CatalogUnderTest {
 public:
  Catalog& catalog() override { return *catalog_; }
  std::unique_ptr<Catalog> Another() override {
    return SqlCatalog::Open({.uri = "sqlite://" + surroundings_.path() + "/catalog.db",
                             .catalog_name = "test",
                             .warehouse = surroundings_.folder() + "/warehouse"},
                            surroundings_.context())
        .value();
  }
  telemetry::Metrics& metrics() override { return surroundings_.metrics(); }
  storage::ObjectStore& store() override { return surroundings_.store(); }
  std::string scratch() override { return surroundings_.folder() + "/scratch"; }

 private:
  FakeCatalogSurroundings surroundings_;
  std::unique_ptr<Catalog> catalog_ = Another();
};

INSTANTIATE_TEST_SUITE_P(Sql, CatalogConformance,
                         testing::Values(CatalogMaker{
                             "Sqlite", [] { return std::make_unique<SqliteUnderTest>(); }}),
                         [](const auto& instance) { return instance.param.name; });

class SqlCatalogTest : public testing::Test {
 protected:
  std::string path() const { return surroundings_.path() + "/catalog.db"; }
  SqlConnector Connect() const {
    return [path = path()] { return OpenSqliteConnection(path, std::chrono::seconds(5)); };
  }
  // On connections with faults; other clients have none.
  std::unique_ptr<SqlCatalog> MakeFlaky() {
    return SqlCatalog::OpenWith(Flaky(Connect(), faults_), Options(), surroundings_.context())
        .value();
  }
  std::unique_ptr<SqlCatalog> Make(const std::string& name = "test") {
    SqlCatalogOptions options = Options();
    options.catalog_name = name;
    return SqlCatalog::Open(options, surroundings_.context()).value();
  }
  SqlCatalogOptions Options() const {
    return {.uri = "sqlite://" + path(),
            .catalog_name = "test",
            .warehouse = surroundings_.folder() + "/warehouse"};
  }
  // What another program sees or does.
  std::vector<SqlRow> Sql(const std::string& text) {
    auto result = Connect()().value()->Run({text, {}});
    EXPECT_THAT(result, IsOk()) << text;
    return result.ok() ? result->rows : std::vector<SqlRow>();
  }
  std::unique_ptr<TableOperations> CreateEvents(SqlCatalog& catalog) {
    EXPECT_THAT(catalog.CreateNamespace({"raw"}), IsOk());
    return catalog.CreateTable(FakeTableCreation(events_)).value();
  }
  static CommitReply Append(TableOperations& table, int64_t snapshot_id) {
    const TableVersion base = table.Current();
    const FakeCommit commit = FakeAppend(*base.metadata, snapshot_id);
    return table.Commit(base, commit.updates, commit.requirements);
  }
  int MetadataFiles(const TableVersion& version) {
    int files = 0;
    EXPECT_THAT(surroundings_.store().List(version.metadata->MetadataLocation(),
                                           [&](const auto&) { ++files; }),
                IsOk());
    return files;
  }

  FakeCatalogSurroundings surroundings_;
  SqlFaults faults_;
  const TableIdentifier events_{{"raw"}, "events"};
};

TEST_F(SqlCatalogTest, KeepsTheRowsThatOtherProgramsExpect) {
  const auto catalog = Make();
  const auto table = CreateEvents(*catalog);
  ASSERT_THAT(catalog->CreateNamespace({"raw", "web"}), IsOk());
  const std::string first = table->Current().metadata_location;
  ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_THAT(Sql("SELECT * FROM iceberg_tables"),
              testing::ElementsAre(SqlRow{"test", "raw", "events",
                                          table->Current().metadata_location, first, "TABLE"}));
  EXPECT_THAT(Sql("SELECT * FROM iceberg_namespace_properties ORDER BY namespace"),
              testing::ElementsAre(SqlRow{"test", "raw", "exists", "true"},
                                   SqlRow{"test", "raw.web", "exists", "true"}));
}

TEST_F(SqlCatalogTest, WorksOnTablesOfTheFirstSchemaVersion) {
  Sql("CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL, table_namespace "
      "VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), "
      "previous_metadata_location VARCHAR(1000), "
      "PRIMARY KEY (catalog_name, table_namespace, table_name))");
  const auto catalog = Make();
  const auto table = CreateEvents(*catalog);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_THAT(catalog->ListTables({"raw"}).value(), testing::ElementsAre(events_));
  EXPECT_EQ(Sql("SELECT * FROM iceberg_tables").at(0).size(), 5U);
  EXPECT_THAT(catalog->DropTable(events_, false), IsOk());
}

TEST_F(SqlCatalogTest, AViewIsNoTableButOwnsItsName) {
  const auto catalog = Make();
  CreateEvents(*catalog);
  Sql("UPDATE iceberg_tables SET iceberg_type = 'VIEW'");
  EXPECT_THAT(catalog->LoadTable(events_), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog->ListTables({"raw"}).value(), testing::IsEmpty());
  EXPECT_THAT(catalog->DropTable(events_, false), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog->CreateTable(FakeTableCreation(events_)), IsError(ErrorCode::kAlreadyExists));
}

TEST_F(SqlCatalogTest, ARowWithoutTypeIsATable) {
  const auto catalog = Make();
  CreateEvents(*catalog);
  Sql("UPDATE iceberg_tables SET iceberg_type = NULL");
  const auto table = catalog->LoadTable(events_).value();
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
}

TEST_F(SqlCatalogTest, CatalogsInOneDatabaseDoNotSeeEachOther) {
  CreateEvents(*Make());
  const auto other = Make("other");
  EXPECT_THAT(other->LoadTable(events_), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(other->ListNamespaces({}).value(), testing::IsEmpty());
}

TEST_F(SqlCatalogTest, TheNamespaceSaysWhereItsTablesGo) {
  const auto catalog = Make();
  ASSERT_THAT(catalog->CreateNamespace({"raw"}), IsOk());
  Sql("INSERT INTO iceberg_namespace_properties VALUES ('test', 'raw', 'location', '" +
      surroundings_.folder() + "/elsewhere/')");
  const auto table = catalog->CreateTable(FakeTableCreation(events_)).value();
  EXPECT_EQ(table->Current().metadata->location, surroundings_.folder() + "/elsewhere/events");
}

TEST_F(SqlCatalogTest, ATableNeedsItsNamespace) {
  EXPECT_THAT(Make()->CreateTable(FakeTableCreation(events_)), IsError(ErrorCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(surroundings_.path() + "/warehouse"));
}

TEST_F(SqlCatalogTest, NamesAreTakenLiterally) {
  const auto catalog = Make();
  for (const char* name : {"a%", "abc", "A_", "a_", "it's"})
    ASSERT_THAT(catalog->CreateNamespace({name}), IsOk());
  ASSERT_THAT(catalog->CreateNamespace({"abc", "x"}), IsOk());
  EXPECT_THAT(catalog->ListNamespaces({"a%"}).value(), testing::IsEmpty());
  EXPECT_THAT(catalog->ListNamespaces({"abc"}).value(),
              testing::ElementsAre(Namespace{"abc", "x"}));
  EXPECT_THAT(catalog->ListNamespaces({"ABC"}), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog->DropNamespace({"abc"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog->DropNamespace({"it's"}), IsOk());
}

TEST_F(SqlCatalogTest, ALevelMayNotContainADot) {
  EXPECT_THAT(Make()->CreateNamespace({"a.b"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Make()->LoadTable({{"a.b"}, "t"}), IsError(ErrorCode::kInvalid));
}

TEST_F(SqlCatalogTest, ANewTableOfAnOldNameGetsItsOwnFolder) {
  const auto catalog = Make();
  const auto old = CreateEvents(*catalog);
  const TableIdentifier renamed{{"raw"}, "renamed"};
  ASSERT_THAT(catalog->RenameTable(events_, renamed), IsOk());
  const auto fresh = catalog->CreateTable(FakeTableCreation(events_)).value();
  EXPECT_NE(fresh->Current().metadata->location, old->Current().metadata->location);
  ASSERT_THAT(catalog->DropTable(renamed, true), IsOk());
  EXPECT_THAT(catalog->LoadTable(events_), IsOk());
}

TEST_F(SqlCatalogTest, APurgeSparesTheFilesOfOthers) {
  const auto catalog = Make();
  const auto table = CreateEvents(*catalog);
  ASSERT_THAT(catalog->RegisterTable({{"raw"}, "copy"}, table->Current().metadata_location),
              IsOk());
  EXPECT_THAT(catalog->DropTable(events_, true), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog->DropTable({{"raw"}, "copy"}, false), IsOk());
  EXPECT_THAT(catalog->DropTable(events_, true), IsOk());
}

TEST_F(SqlCatalogTest, GcEnabledForbidsPurging) {
  const auto catalog = Make();
  ASSERT_THAT(catalog->CreateNamespace({"raw"}), IsOk());
  TableCreation creation = FakeTableCreation(events_);
  creation.properties = {{"gc.enabled", "false"}};
  ASSERT_THAT(catalog->CreateTable(creation), IsOk());
  EXPECT_THAT(catalog->DropTable(events_, true), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog->LoadTable(events_), IsOk());
}

TEST_F(SqlCatalogTest, RenamingDoesNotOverwrite) {
  const auto catalog = Make();
  CreateEvents(*catalog);
  const TableIdentifier other{{"raw"}, "other"};
  ASSERT_THAT(catalog->CreateTable(FakeTableCreation(other)), IsOk());
  EXPECT_THAT(catalog->RenameTable(events_, other), IsError(ErrorCode::kAlreadyExists));
  EXPECT_THAT(catalog->RenameTable(events_, {{"nowhere"}, "x"}), IsError(ErrorCode::kNotFound));
}

TEST_F(SqlCatalogTest, AnAnswerLostAfterTheUpdateIsFoundInTheRow) {
  const auto catalog = MakeFlaky();
  const auto table = CreateEvents(*catalog);
  faults_.NextWrite(SqlFault::kLostAfterApply);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(table->Current().metadata->current_snapshot_id, 1);
  EXPECT_EQ(Append(*table, 2).outcome, CommitOutcome::kCommitted);
}

TEST_F(SqlCatalogTest, AnUpdateThatMayStillLandIsUnknownAndKeepsItsFile) {
  const auto catalog = MakeFlaky();
  const auto table = CreateEvents(*catalog);
  faults_.NextWrite(SqlFault::kLostBeforeApply);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(MetadataFiles(table->Current()), 2);
  EXPECT_EQ(table->Reconcile(1).value(), false);
}

TEST_F(SqlCatalogTest, AServerThatStaysAwayLeavesTheOutcomeUnknown) {
  const auto catalog = MakeFlaky();
  const auto table = CreateEvents(*catalog);
  faults_.NextWrite(SqlFault::kAllBecomesLost);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kUnknown);
  EXPECT_THAT(table->Reconcile(1), IsError(ErrorCode::kUnavailable));
  faults_.Heal();
  EXPECT_EQ(table->Reconcile(1).value(), false);
}

TEST_F(SqlCatalogTest, AnUpdateThatWasOvertakenIsAConflict) {
  const auto catalog = MakeFlaky();
  const auto table = CreateEvents(*catalog);
  const auto other_client = Make();
  faults_.Before([&] {
    const auto theirs = other_client->LoadTable(events_).value();
    EXPECT_EQ(Append(*theirs, 2).outcome, CommitOutcome::kCommitted);
  });
  faults_.NextWrite(SqlFault::kLostBeforeApply);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(MetadataFiles(table->Current()), 2);
}

TEST_F(SqlCatalogTest, ABusyDatabaseIsAConflictAndADeniedUpdateIsRejected) {
  const auto catalog = MakeFlaky();
  const auto table = CreateEvents(*catalog);
  faults_.NextWrite(SqlFault::kBusy);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  faults_.NextWrite(SqlFault::kDenied);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kRejected);
  EXPECT_EQ(MetadataFiles(table->Current()), 1);
}

TEST_F(SqlCatalogTest, ACreationWhoseAnswerWasLostIsFound) {
  const auto catalog = MakeFlaky();
  ASSERT_THAT(catalog->CreateNamespace({"raw"}), IsOk());
  faults_.NextWrite(SqlFault::kLostAfterApply);
  EXPECT_THAT(catalog->CreateTable(FakeTableCreation(events_)), IsOk());
  const TableIdentifier lost{{"raw"}, "lost"};
  faults_.NextWrite(SqlFault::kLostBeforeApply);
  EXPECT_THAT(catalog->CreateTable(FakeTableCreation(lost)), IsError(ErrorCode::kCommitUnknown));
  EXPECT_THAT(catalog->LoadTable(lost), IsError(ErrorCode::kNotFound));
}

TEST_F(SqlCatalogTest, ARealLockOfAnotherProgramIsAConflict) {
  SqlCatalogOptions options = Options();
  options.statement_timeout = std::chrono::milliseconds(1);
  const auto catalog = SqlCatalog::Open(options, surroundings_.context()).value();
  const auto table = CreateEvents(*catalog);
  const auto holder = Connect()().value();
  ASSERT_THAT(holder->Run({"BEGIN IMMEDIATE", {}}), IsOk());
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  ASSERT_THAT(holder->Run({"ROLLBACK", {}}), IsOk());
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
}

TEST_F(SqlCatalogTest, AReplacedFileIsNoticed) {
  const auto catalog = Make();
  const auto table = CreateEvents(*catalog);
  std::filesystem::rename(path(), path() + ".old");
  EXPECT_NE(Append(*table, 1).outcome, CommitOutcome::kCommitted);
}

TEST_F(SqlCatalogTest, AFileThatIsNoDatabaseIsCorrupt) {
  ASSERT_THAT(
      surroundings_.store().Write(surroundings_.folder() + "/catalog.db", std::string(4096, 'x')),
      IsOk());
  EXPECT_THAT(Make()->CheckHealth(), IsError(ErrorCode::kCorrupt));
}

TEST_F(SqlCatalogTest, OptionsAreChecked) {
  SqlCatalogOptions options = Options();
  options.catalog_name = "";
  EXPECT_THAT(SqlCatalog::Open(options, surroundings_.context()), IsError(ErrorCode::kInvalid));
  options = Options();
  options.warehouse = "";
  EXPECT_THAT(SqlCatalog::Open(options, surroundings_.context()), IsError(ErrorCode::kInvalid));
  options = Options();
  options.uri = "mysql://x";
  EXPECT_THAT(SqlCatalog::Open(options, surroundings_.context()), IsError(ErrorCode::kUnsupported));
}

}  // namespace
}  // namespace kafka_iceberg::catalog
