// SPDX-License-Identifier: Apache-2.0
//
// What every Catalog and its TableOperations must do, as one value-parameterised suite. One file of
// a test program includes this; every file that has a catalog instantiates CatalogConformance
// (catalog_under_test.h). Tests only.
#pragma once

#include <atomic>
#include <set>
#include <thread>

#include "catalog/catalog_under_test.h"
#include "catalog/fake_fault_catalog.h"
#include "iceberg/table_metadata_json.h"
#include "storage/location.h"

namespace kafka_iceberg::catalog {

TEST_P(CatalogConformance, CreatesANamespaceOnce) {
  EXPECT_THAT(catalog().CreateNamespace({"other"}), IsOk());
  EXPECT_THAT(catalog().CreateNamespace({"other"}), IsError(ErrorCode::kAlreadyExists));
  EXPECT_THAT(catalog().ListTables({"other"}).value(), testing::IsEmpty());
}

TEST_P(CatalogConformance, ACreatedTableIsThereForOthers) {
  TableCreation creation = FakeTableCreation(events_);
  creation.properties = {{"owner", "me"}};
  auto table = catalog().CreateTable(creation);
  ASSERT_THAT(table, IsOk());
  const TableVersion created = table.value()->Current();
  const iceberg::TableMetadata& metadata = *created.metadata;
  EXPECT_EQ(table.value()->identifier(), events_);
  EXPECT_EQ(metadata.format_version, 2);
  EXPECT_EQ(metadata.schema().fields, creation.schema.fields);
  EXPECT_EQ(metadata.Property("owner", ""), "me");
  EXPECT_EQ(metadata.table_uuid.size(), 36U);
  EXPECT_EQ(metadata.current_snapshot() != nullptr, traits().starts_with_snapshot);
  EXPECT_EQ(*Seen(events_).metadata, metadata);
}

TEST_P(CatalogConformance, CreatingTwiceSaysSo) {
  const Table first = Create(events_);
  EXPECT_THAT(catalog().CreateTable(FakeTableCreation(events_)),
              IsError(ErrorCode::kAlreadyExists));
  EXPECT_EQ(*Seen(events_).metadata, *first->Current().metadata);
}

TEST_P(CatalogConformance, OfManyConcurrentCreatorsOneWins) {
  std::atomic<int> winners = 0;
  std::vector<Table> tables(6);
  {
    std::vector<std::jthread> threads;
    for (Table& table : tables) {
      threads.emplace_back([&] {
        const auto client = under_test_->Another();
        auto created = client->CreateTable(FakeTableCreation(events_));
        if (created.ok()) {
          ++winners;
        } else {
          EXPECT_THAT(created, IsError(ErrorCode::kAlreadyExists));
          created = client->LoadTable(events_);
        }
        ASSERT_THAT(created, IsOk());
        table = std::move(created).value();
      });
    }
  }
  const std::string uuid = Seen(events_).metadata->table_uuid;
  EXPECT_GE(winners, 1);
  EXPECT_TRUE(winners == 1 || !traits().creates_once);
  for (const Table& table : tables) {
    if (table->Current().metadata->table_uuid == uuid) continue;
    EXPECT_FALSE(traits().creates_once);
    // Whoever holds a table that was overwritten is told so before anything is added to it.
    EXPECT_NE(Append(*table, table->Current(), 1).outcome, CommitOutcome::kCommitted);
  }
}

TEST_P(CatalogConformance, AMissingTableIsNotFound) {
  EXPECT_THAT(catalog().LoadTable(events_), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog().LoadTable({{"nowhere"}, "events"}), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog().DropTable(events_, false), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog().DropTable(events_, true), IsError(ErrorCode::kNotFound));
}

TEST_P(CatalogConformance, ListsTheTablesOfANamespace) {
  ASSERT_THAT(catalog().CreateNamespace({"other"}), IsOk());
  const TableIdentifier clicks{{"raw"}, "clicks"};
  Create(events_);
  Create(clicks);
  Create({{"other"}, "events"});
  EXPECT_THAT(catalog().ListTables({"raw"}).value(),
              testing::UnorderedElementsAre(events_, clicks));
  EXPECT_THAT(catalog().ListTables({"missing"}), IsError(ErrorCode::kNotFound));
}

TEST_P(CatalogConformance, ListsAndDropsNamespaces) {
  ASSERT_THAT(catalog().CreateNamespace({"other"}), IsOk());
  Create(events_);
  EXPECT_THAT(catalog().ListNamespaces({}).value(),
              testing::IsSupersetOf({Namespace{"other"}, Namespace{"raw"}}));
  EXPECT_THAT(catalog().DropNamespace({"raw"}), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog().DropNamespace({"other"}), IsOk());
  EXPECT_THAT(catalog().ListNamespaces({}).value(),
              testing::Not(testing::Contains(Namespace{"other"})));
  EXPECT_THAT(catalog().DropNamespace({"other"}), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog().LoadTable(events_), IsOk());
}

TEST_P(CatalogConformance, IsHealthyAndSaysWhatItCanDo) {
  EXPECT_THAT(catalog().CheckHealth(), IsOk());
  EXPECT_THAT(catalog().Capabilities(),
              testing::Contains(
                  testing::AllOf(testing::Field(&Capability::name, "rename a table"),
                                 testing::Field(&Capability::supported, traits().can_rename))));
}

TEST_P(CatalogConformance, NamespacesNest) {
  const TableIdentifier inner{{"raw", "web"}, "events"};
  if (!traits().namespaces_nest) {
    EXPECT_THAT(catalog().CreateNamespace(inner.name_space), IsError(ErrorCode::kUnsupported));
    EXPECT_THAT(catalog().CreateTable(FakeTableCreation(inner)), IsError(ErrorCode::kUnsupported));
    return;
  }
  ASSERT_THAT(catalog().CreateNamespace(inner.name_space), IsOk());
  Create(inner);
  Create(events_);
  EXPECT_EQ(inner.ToString(), "raw.web.events");
  EXPECT_THAT(catalog().ListTables({"raw", "web"}).value(), testing::ElementsAre(inner));
  EXPECT_THAT(catalog().ListTables({"raw"}).value(), testing::ElementsAre(events_));
  EXPECT_THAT(catalog().ListNamespaces({"raw"}).value(),
              testing::ElementsAre(Namespace{"raw", "web"}));
  EXPECT_THAT(catalog().ListNamespaces({"missing"}), IsError(ErrorCode::kNotFound));
}

TEST_P(CatalogConformance, RefusesNamesThatAreNoFolders) {
  for (const char* name : {"", ".", "..", "a/b", "a\\b", "a\nb", ".hidden", "a?b", "a#b"}) {
    EXPECT_THAT(catalog().CreateNamespace({name}), IsError(ErrorCode::kInvalid)) << name;
    EXPECT_THAT(catalog().CreateTable(FakeTableCreation({{"raw"}, name})),
                IsError(ErrorCode::kInvalid))
        << name;
    EXPECT_THAT(catalog().CreateTable(FakeTableCreation({{name}, "t"})),
                IsError(ErrorCode::kInvalid))
        << name;
    EXPECT_THAT(catalog().LoadTable({{"raw"}, name}), IsError(ErrorCode::kInvalid)) << name;
    EXPECT_THAT(catalog().DropTable({{"raw"}, name}, true), IsError(ErrorCode::kInvalid)) << name;
  }
  EXPECT_THAT(catalog().CreateNamespace({}), IsError(ErrorCode::kInvalid));
}

TEST_P(CatalogConformance, RefusesATableThatCannotBe) {
  TableCreation creation = FakeTableCreation(events_);
  creation.schema.fields[1].name = creation.schema.fields[0].name;
  EXPECT_THAT(catalog().CreateTable(creation), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(catalog().LoadTable(events_), IsError(ErrorCode::kNotFound));
}

TEST_P(CatalogConformance, DroppingForgetsTheTableAndKeepsItsFiles) {
  const Table table = Create(events_);
  const std::string data = table->Current().metadata->DataLocation() + "/x.parquet";
  ASSERT_THAT(under_test_->store().Write(data, "rows"), IsOk());
  ASSERT_THAT(catalog().DropTable(events_, false), IsOk());
  EXPECT_THAT(catalog().LoadTable(events_), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog().ListTables({"raw"}).value(), testing::IsEmpty());
  EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kNotFound));
  if (!traits().keeps_dropped_files) {
    EXPECT_THAT(under_test_->store().Read(data), IsError(ErrorCode::kNotFound));
    return;
  }
  EXPECT_EQ(under_test_->store().Read(data).value(), "rows");
}

TEST_P(CatalogConformance, PurgingDeletesTheFiles) {
  const Table table = Create(events_);
  const std::string location = table->Current().metadata->location;
  ASSERT_EQ(SetProperty(*table, "a", "b").outcome, CommitOutcome::kCommitted);
  ASSERT_THAT(under_test_->store().Write(location + "/data/day=1/x.parquet", "rows"), IsOk());
  ASSERT_THAT(catalog().DropTable(events_, true), IsOk());
  EXPECT_THAT(catalog().LoadTable(events_), IsError(ErrorCode::kNotFound));
  EXPECT_THAT(catalog().ListTables({"raw"}).value(), testing::IsEmpty());
  // A server deletes what it knows of, when it likes.
  if (!traits().purges_at_once) return;
  int files = 0;
  ASSERT_THAT(under_test_->store().List(location, [&](const auto&) { ++files; }), IsOk());
  EXPECT_EQ(files, 0);
}

TEST_P(CatalogConformance, NobodyCommitsToADroppedTable) {
  const Table table = Create(events_);
  ASSERT_THAT(catalog().DropTable(events_, false), IsOk());
  EXPECT_NE(Append(*table, table->Current(), 1).outcome, CommitOutcome::kCommitted);
  EXPECT_THAT(catalog().LoadTable(events_), IsError(ErrorCode::kNotFound));
}

TEST_P(CatalogConformance, ATableThatWasCreatedAgainIsNotTheSame) {
  const Table old = Create(events_);
  ASSERT_THAT(catalog().DropTable(events_, true), IsOk());
  const Table table = Create(events_);
  EXPECT_NE(table->Current().metadata->table_uuid, old->Current().metadata->table_uuid);
  EXPECT_NE(Append(*old, old->Current(), 1).outcome, CommitOutcome::kCommitted);
  EXPECT_THAT(old->Refresh(), IsError(ErrorCode::kCorrupt));
  EXPECT_EQ(*Seen(events_).metadata, *table->Current().metadata);
  EXPECT_EQ(Append(*table, table->Current(), 2).outcome, CommitOutcome::kCommitted);
}

TEST_P(CatalogConformance, RegistersMetadataThatIsThere) {
  const Table table = Create(events_);
  ASSERT_EQ(Append(*table, table->Current(), 7).outcome, CommitOutcome::kCommitted);
  const std::string copy = storage::JoinLocation(under_test_->scratch(), "copy.metadata.json");
  ASSERT_THAT(
      under_test_->store().Write(copy, iceberg::TableMetadataToJson(*table->Current().metadata)),
      IsOk());
  if (!traits().can_register) {
    EXPECT_THAT(catalog().RegisterTable({{"raw"}, "x"}, copy), testing::Not(IsOk()));
    EXPECT_THAT(catalog().LoadTable({{"raw"}, "x"}), IsError(ErrorCode::kNotFound));
    return;
  }
  EXPECT_THAT(catalog().RegisterTable(events_, copy), IsError(ErrorCode::kAlreadyExists));
  ASSERT_THAT(catalog().DropTable(events_, false), IsOk());
  ASSERT_THAT(catalog().RegisterTable(events_, copy), IsOk());
  ExpectSame(Seen(events_), table->Current());
  const Table registered = catalog().LoadTable(events_).value();
  EXPECT_EQ(Append(*registered, registered->Current(), 8).outcome, CommitOutcome::kCommitted);
  EXPECT_THAT(catalog().RegisterTable({{"raw"}, "x"}, copy + ".missing"),
              IsError(ErrorCode::kNotFound));
}

TEST_P(CatalogConformance, RenamesOrSaysItCannot) {
  const Table table = Create(events_);
  const TableIdentifier renamed{{"raw"}, "renamed"};
  if (!traits().can_rename) {
    EXPECT_THAT(catalog().RenameTable(events_, renamed), IsError(ErrorCode::kUnsupported));
    EXPECT_EQ(*Seen(events_).metadata, *table->Current().metadata);
    return;
  }
  EXPECT_THAT(catalog().RenameTable(events_, renamed), IsOk());
  EXPECT_THAT(catalog().LoadTable(events_), IsError(ErrorCode::kNotFound));
  ExpectSame(Seen(renamed), table->Current());
  EXPECT_THAT(catalog().RenameTable(events_, renamed), IsError(ErrorCode::kNotFound));
}

TEST_P(CatalogConformance, ACommitIsSeenByOthers) {
  const Table table = Create(events_);
  const TableVersion base = table->Current();
  ASSERT_EQ(Append(*table, base, 42).outcome, CommitOutcome::kCommitted);
  const TableVersion committed = table->Current();
  const iceberg::TableMetadata& metadata = *committed.metadata;
  EXPECT_EQ(metadata.current_snapshot_id, 42);
  EXPECT_EQ(metadata.last_sequence_number, base.metadata->last_sequence_number + 1);
  EXPECT_EQ(metadata.table_uuid, base.metadata->table_uuid);
  EXPECT_EQ(*Seen(events_).metadata, metadata);
  EXPECT_EQ(*table->Refresh().value().metadata, metadata);
  EXPECT_EQ(table->Reconcile(42).value(), true);
  EXPECT_EQ(table->Reconcile(43).value(), false);
}

TEST_P(CatalogConformance, APropertyCommitMakesNoSnapshot) {
  const Table table = Create(events_);
  const auto head = table->Current().metadata->current_snapshot_id;
  ASSERT_EQ(SetProperty(*table, "a", "b").outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Seen(events_).metadata->Property("a", ""), "b");
  EXPECT_EQ(Seen(events_).metadata->current_snapshot_id, head);
}

TEST_P(CatalogConformance, AStaleBaseIsAConflict) {
  const Table mine = Create(events_);
  const auto other_client = under_test_->Another();
  const Table theirs = other_client->LoadTable(events_).value();
  ASSERT_EQ(Append(*theirs, theirs->Current(), 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Append(*mine, mine->Current(), 2).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(SetProperty(*mine, "a", "b").outcome, CommitOutcome::kConflict);
  EXPECT_EQ(Seen(events_).metadata->current_snapshot_id, 1);
  EXPECT_EQ(Seen(events_).metadata->snapshots.size(), Listed(1));
  EXPECT_EQ(mine->Current().metadata->snapshots.size(), Listed(0));
  EXPECT_EQ(Append(*mine, mine->Refresh().value(), 2).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Seen(events_).metadata->snapshots.size(), Listed(2));
}

TEST_P(CatalogConformance, ARequirementThatFailsIsAConflict) {
  const Table table = Create(events_);
  const std::vector<iceberg::MetadataUpdate> updates = {iceberg::SetProperties{{{"a", "b"}}}};
  const std::vector<std::vector<iceberg::TableRequirement>> cases = {
      {iceberg::AssertRefSnapshotId{"main", 5}},
      {iceberg::AssertTableUuid{"00000000-0000-4000-8000-000000000000"}},
      {iceberg::AssertCurrentSchemaId{3}},
      {iceberg::AssertCreate{}},
  };
  for (const auto& requirements : cases) {
    const CommitReply reply = table->Commit(table->Current(), updates, requirements);
    EXPECT_EQ(reply.outcome, CommitOutcome::kConflict);
    EXPECT_NE(reply.detail, "");
  }
  EXPECT_EQ(Seen(events_).metadata->Property("a", ""), "");
}

TEST_P(CatalogConformance, AnIllegalChangeIsRejected) {
  const Table table = Create(events_);
  const std::vector<std::vector<iceberg::MetadataUpdate>> cases = {
      {iceberg::SetCurrentSchema{99}},
      {iceberg::AssignUuid{"00000000-0000-4000-8000-000000000000"}},
      {iceberg::SetSnapshotRef{"main", {.snapshot_id = 12345}}},
  };
  for (const auto& updates : cases) {
    const CommitReply reply = table->Commit(table->Current(), updates, {});
    EXPECT_EQ(reply.outcome, CommitOutcome::kRejected);
    EXPECT_NE(reply.detail, "");
  }
  EXPECT_EQ(*Seen(events_).metadata, *table->Current().metadata);
}

TEST_P(CatalogConformance, ManyWritersLoseNothing) {
  constexpr int kWriters = 4;
  const int commits = traits().commits_per_writer;
  const int64_t before = Create(events_)->Current().metadata->last_sequence_number;
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&, writer] {
        const auto client = under_test_->Another();
        const Table table = client->LoadTable(events_).value();
        for (int i = 1; i <= commits; ++i) {
          ASSERT_TRUE(FakeIncrement(*table, "count", writer * 1000 + i));
        }
      });
    }
  }
  const TableVersion seen = Seen(events_);
  const iceberg::TableMetadata& metadata = *seen.metadata;
  EXPECT_EQ(metadata.IntProperty("count", 0), kWriters * commits);
  EXPECT_EQ(metadata.last_sequence_number, before + kWriters * commits);
  EXPECT_EQ(metadata.snapshots.size(), Listed(static_cast<size_t>(kWriters * commits)));
  if (!traits().keeps_all_snapshots) return;
  for (int writer = 0; writer < kWriters; ++writer) {
    for (int i = 1; i <= commits; ++i) EXPECT_NE(metadata.FindSnapshot(writer * 1000 + i), nullptr);
  }
}

TEST_P(CatalogConformance, AnUnknownOutcomeIsReconciled) {
  Create(events_);
  struct Case {
    CommitFault fault;
    bool landed;
  };
  int64_t snapshot_id = 0;
  for (const Case& c : {Case{CommitFault::kResponseLostAfterApply, true},
                        {CommitFault::kServerErrorAfterApply, true},
                        {CommitFault::kGarbageReplyAfterApply, true},
                        {CommitFault::kServerErrorBeforeApply, false},
                        {CommitFault::kGarbageReplyBeforeApply, false},
                        {CommitFault::kAppliedBeforeNextRefresh, true}}) {
    CommitFaults faults;
    FakeFaultTableOperations table(catalog().LoadTable(events_).value(), faults);
    faults.NextCommit(c.fault);
    const TableVersion base = table.Current();
    EXPECT_EQ(Append(table, base, ++snapshot_id).outcome, CommitOutcome::kUnknown);
    EXPECT_EQ(table.Current().metadata_location, base.metadata_location);
    EXPECT_EQ(table.Reconcile(snapshot_id).value(), c.landed);
    EXPECT_EQ(Seen(events_).metadata->FindSnapshot(snapshot_id) != nullptr, c.landed);
  }
}

TEST_P(CatalogConformance, ALateCommitAndItsRetryLandOnce) {
  Create(events_);
  CommitFaults faults;
  FakeFaultTableOperations table(catalog().LoadTable(events_).value(), faults);
  faults.NextCommit(CommitFault::kAppliedAfterNextRefresh);
  EXPECT_EQ(Append(table, table.Current(), 9).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(table.Reconcile(9).value(), false);
  // It has landed by now, so the retry on the base that was seen meets it; a catalog may recognise
  // it as the same.
  EXPECT_THAT(Append(table, table.Current(), 9).outcome,
              testing::AnyOf(CommitOutcome::kConflict, CommitOutcome::kCommitted));
  EXPECT_EQ(table.Reconcile(9).value(), true);
  EXPECT_EQ(Seen(events_).metadata->snapshots.size(), Listed(1));
}

TEST_P(CatalogConformance, EachVersionHasAFileOfItsOwn) {
  const Table table = Create(events_);
  std::set<std::string> locations;
  for (int i = 1; i <= 4; ++i) {
    const TableVersion version = table->Current();
    EXPECT_TRUE(locations.insert(version.metadata_location).second);
    if (traits().writes_metadata_itself) {
      ASSERT_EQ(Append(*table, version, i).outcome, CommitOutcome::kCommitted);
      continue;
    }
    EXPECT_TRUE(storage::IsBelow(version.metadata_location, version.metadata->MetadataLocation()));
    EXPECT_TRUE(version.metadata_location.ends_with(".metadata.json"));
    const auto bytes = under_test_->store().Read(version.metadata_location);
    ASSERT_THAT(bytes, IsOk());
    EXPECT_EQ(iceberg::TableMetadataFromJson(*bytes, version.metadata_location).value(),
              *version.metadata);
    ASSERT_EQ(Append(*table, version, i).outcome, CommitOutcome::kCommitted);
    EXPECT_EQ(table->Current().metadata->metadata_log.back().metadata_file,
              version.metadata_location);
  }
}

TEST_P(CatalogConformance, UnknownMetadataMembersSurviveACommit) {
  if (!traits().can_register) return;  // there is no other way for them to come in
  const Table original = Create(events_);
  std::string text = iceberg::TableMetadataToJson(*original->Current().metadata);
  text.insert(text.find('{') + 1, R"("x-from-the-future":{"a":[1,2.50,"\u00e9"]},)");
  const std::string location =
      storage::JoinLocation(under_test_->scratch(), "future.metadata.json");
  ASSERT_THAT(under_test_->store().Write(location, text), IsOk());
  const TableIdentifier future{{"raw"}, "future"};
  ASSERT_THAT(catalog().RegisterTable(future, location), IsOk());
  const Table table = catalog().LoadTable(future).value();
  if (!traits().keeps_unknown_members) {
    EXPECT_THAT(table->Current().metadata->unknown_members,
                testing::Not(testing::Contains(testing::Key("x-from-the-future"))));
    EXPECT_EQ(Append(*table, table->Current(), 1).outcome, CommitOutcome::kCommitted);
    return;
  }
  ASSERT_TRUE(table->Current().metadata->unknown_members.contains("x-from-the-future"));
  ASSERT_EQ(Append(*table, table->Current(), 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(Seen(future).metadata->unknown_members, table->Current().metadata->unknown_members);
  EXPECT_TRUE(Seen(future).metadata->unknown_members.contains("x-from-the-future"));
}

TEST_P(CatalogConformance, OperationsAreTimedAndFailuresCounted) {
  const Table table = Create(events_);
  const auto client = under_test_->Another();
  const Table theirs = client->LoadTable(events_).value();
  ASSERT_EQ(Append(*theirs, theirs->Current(), 1).outcome, CommitOutcome::kCommitted);
  ASSERT_EQ(Append(*table, table->Current(), 2).outcome, CommitOutcome::kConflict);
  const std::string text = under_test_->metrics().Render();
  const std::string type(catalog().type());
  for (const char* operation : {"commit_snapshot"}) {
    EXPECT_THAT(text, testing::HasSubstr(
                          "iceberg_catalog_operation_duration_seconds_count{catalog_type=\"" +
                          type + "\",operation=\"" + operation + "\"} 2"));
  }
  EXPECT_THAT(text, testing::HasSubstr("iceberg_catalog_error_total{catalog_type=\"" + type +
                                       "\",error_type=\"conflict\"} 1"));
}

}  // namespace kafka_iceberg::catalog
