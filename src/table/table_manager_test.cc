// SPDX-License-Identifier: Apache-2.0
#include "table/table_manager.h"

#include <gtest/gtest.h>

#include <thread>

#include "catalog/fake_fault_catalog.h"
#include "catalog/fake_memory_catalog.h"
#include "catalog/file/file_catalog.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "storage/memory_store.h"

namespace kafka_iceberg::table {
namespace {

using catalog::CommitFault;
using iceberg::Type;
using iceberg::TypeId;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

iceberg::Field Column(const std::string& name, TypeId type, bool required = false) {
  return {.name = name, .required = required, .type = Type::Primitive(type)};
}

class TableManagerTest : public testing::Test {
 protected:
  Result<OpenedTable> Open(const iceberg::Schema& wanted) {
    return GetOrCreateTable(faulty_, options_, wanted);
  }
  // Creates the table with `wanted` by a first call.
  void Create(const iceberg::Schema& wanted) {
    const auto table = Open(wanted);
    ASSERT_THAT(table, IsOk());
    ASSERT_TRUE(table->created);
  }
  iceberg::Schema Stored() {
    return catalog_.LoadTable(options_.identifier).value()->Current().metadata->schema();
  }
  std::string Message(const Result<OpenedTable>& result) {
    return result.ok() ? "" : result.error().message();
  }

  FakeClock clock_;
  SeededRandom random_{3};
  storage::MemoryStore store_{clock_};
  const std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  catalog::FakeMemoryCatalog catalog_{"memory://wh", store_, clock_, random_, *metrics_};
  catalog::CommitFaults faults_;
  catalog::FakeFaultCatalog faulty_{catalog_, faults_};
  TableOptions options_{.identifier = {{"raw", "web"}, "events"},
                        .partition_by = {"day(_kafka_timestamp)"}};
  const iceberg::Schema base_{.fields = {Column("id", TypeId::kInt, true),
                                         Column("name", TypeId::kString),
                                         Column("_kafka_timestamp", TypeId::kTimestamptz)}};
};

iceberg::Schema With(iceberg::Schema schema, iceberg::Field field) {
  schema.fields.push_back(std::move(field));
  return schema;
}

TEST_F(TableManagerTest, CreatesTheTableAndItsNamespace) {
  options_.properties = {{"write.format.default", "parquet"}};
  options_.sort_by = {"name"};
  options_.identifier_fields = {"id"};
  const auto table = Open(base_);
  ASSERT_THAT(table, IsOk());
  EXPECT_TRUE(table->created);
  const catalog::TableVersion version = table->operations->Current();
  const iceberg::TableMetadata& metadata = *version.metadata;
  EXPECT_EQ(metadata.schema().fields.size(), 3U);
  EXPECT_EQ(metadata.schema().fields[2].id, 3);
  EXPECT_THAT(metadata.schema().identifier_field_ids, testing::ElementsAre(1));
  ASSERT_EQ(metadata.spec().fields.size(), 1U);
  EXPECT_EQ(metadata.spec().fields[0].name, "_kafka_timestamp_day");
  EXPECT_EQ(metadata.sort_order().fields.size(), 1U);
  EXPECT_EQ(metadata.Property("write.format.default", ""), "parquet");
}

TEST_F(TableManagerTest, LoadsTheTableTheSecondTime) {
  Create(base_);
  const auto again = Open(base_);
  ASSERT_THAT(again, IsOk());
  EXPECT_FALSE(again->created);
  EXPECT_TRUE(again->evolved.empty());
  EXPECT_TRUE(again->ignored_columns.empty());
}

TEST_F(TableManagerTest, IdentifierFieldsAreNoMismatchTheSecondTime) {
  options_.identifier_fields = {"name"};
  Create(base_);
  EXPECT_THAT(Open(base_), IsOk());
}

TEST_F(TableManagerTest, AMissingTableMayBeAnError) {
  options_.auto_create_if_missing = false;
  const auto table = Open(base_);
  EXPECT_THAT(table, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(Message(table), HasSubstr("raw.web.events"));
  EXPECT_THAT(Message(table), HasSubstr("auto_create_if_missing"));
}

TEST_F(TableManagerTest, OfManyCreatorsOneCreates) {
  std::atomic<int> created = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto table = Open(base_);
        ASSERT_THAT(table, IsOk());
        if (table->created) ++created;
      });
    }
  }
  EXPECT_EQ(created, 1);
}

TEST_F(TableManagerTest, FailListsEveryDifferenceAndTheChoices) {
  Create(base_);
  iceberg::Schema wanted =
      With(With(base_, Column("country", TypeId::kString)), Column("price", TypeId::kDouble));
  wanted.fields[0].type = Type::Primitive(TypeId::kLong);
  const auto table = Open(wanted);
  EXPECT_THAT(table, IsError(ErrorCode::kInvalid));
  for (const char* part : {"raw.web.events", "country", "price", "int to long", "evolve", "warn",
                           "schema_mismatch_action"}) {
    EXPECT_THAT(Message(table), HasSubstr(part));
  }
  EXPECT_EQ(Stored().fields.size(), 3U);
}

TEST_F(TableManagerTest, EvolveChangesTheTable) {
  Create(base_);
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  iceberg::Schema wanted = With(base_, Column("country", TypeId::kString));
  wanted.fields[0].type = Type::Primitive(TypeId::kLong);
  const auto table = Open(wanted);
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->evolved.size(), 2U);
  const iceberg::Schema stored = Stored();
  EXPECT_EQ(stored, table->operations->Current().metadata->schema());
  ASSERT_NE(stored.FindField("country"), nullptr);
  EXPECT_EQ(stored.FindField("country")->id, 4);
  EXPECT_FALSE(stored.FindField("country")->required);
  EXPECT_EQ(stored.FindField("id")->type, Type::Primitive(TypeId::kLong));
  EXPECT_TRUE(Open(wanted)->evolved.empty());
}

TEST_F(TableManagerTest, WarnLeavesColumnsOut) {
  Create(base_);
  options_.schema_mismatch_action = SchemaMismatchAction::kWarn;
  iceberg::Schema wanted = With(base_, Column("country", TypeId::kString));
  wanted.fields[0].type = Type::Primitive(TypeId::kLong);
  const auto table = Open(wanted);
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->ignored_columns, testing::ElementsAre("country"));
  EXPECT_TRUE(table->evolved.empty());
  EXPECT_EQ(Stored().fields.size(), 3U);
}

TEST_F(TableManagerTest, WarnCannotDoWithoutARequiredColumn) {
  Create(base_);
  options_.schema_mismatch_action = SchemaMismatchAction::kWarn;
  iceberg::Schema wanted = base_;
  wanted.fields.erase(wanted.fields.begin());
  const auto table = Open(wanted);
  EXPECT_THAT(table, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Message(table), HasSubstr("requires column id"));
}

TEST_F(TableManagerTest, WhatNoEvolutionCanBridgeIsAnErrorForAllActions) {
  Create(base_);
  iceberg::Schema wanted = With(base_, Column("country", TypeId::kString));
  wanted.fields[1].type = Type::Primitive(TypeId::kBoolean);
  for (const auto action :
       {SchemaMismatchAction::kFail, SchemaMismatchAction::kEvolve, SchemaMismatchAction::kWarn}) {
    options_.schema_mismatch_action = action;
    const auto table = Open(wanted);
    EXPECT_THAT(table, IsError(ErrorCode::kInvalid));
    EXPECT_THAT(Message(table), HasSubstr("name"));
    EXPECT_THAT(Message(table), HasSubstr("country"));
  }
  EXPECT_EQ(Stored().fields.size(), 3U);
}

TEST_F(TableManagerTest, EvolveTriesAgainAfterAConflict) {
  Create(base_);
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  faults_.NextCommits({CommitFault::kConflict, CommitFault::kConflict});
  const auto table = Open(With(base_, Column("country", TypeId::kString)));
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(table->evolved.size(), 1U);
  EXPECT_EQ(Stored().fields.size(), 4U);
}

TEST_F(TableManagerTest, EvolveMeetsAnotherEvolution) {
  Create(base_);
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  TableOptions theirs = options_;
  bool done = false;
  faults_.OnCommit([&] {
    if (std::exchange(done, true)) return;
    ASSERT_THAT(GetOrCreateTable(catalog_, theirs, With(base_, Column("a", TypeId::kLong))),
                IsOk());
  });
  const auto table = Open(With(base_, Column("b", TypeId::kLong)));
  ASSERT_THAT(table, IsOk());
  const iceberg::Schema stored = Stored();
  ASSERT_NE(stored.FindField("a"), nullptr);
  ASSERT_NE(stored.FindField("b"), nullptr);
  EXPECT_NE(stored.FindField("a")->id, stored.FindField("b")->id);
}

TEST_F(TableManagerTest, EvolveSettlesAnUnknownOutcomeByLooking) {
  Create(base_);
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  iceberg::Schema wanted = base_;
  size_t columns = 3;
  for (const CommitFault fault :
       {CommitFault::kResponseLostAfterApply, CommitFault::kServerErrorBeforeApply,
        CommitFault::kAppliedAfterNextRefresh, CommitFault::kGarbageReplyAfterApply}) {
    wanted = With(wanted, Column("c" + std::to_string(columns), TypeId::kString));
    faults_.NextCommit(fault);
    const auto table = Open(wanted);
    ASSERT_THAT(table, IsOk());
    EXPECT_EQ(table->evolved.size(), 1U);
    EXPECT_EQ(Stored().fields.size(), ++columns);
  }
}

TEST_F(TableManagerTest, EvolveGivesUpWithoutGuessing) {
  Create(base_);
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  const iceberg::Schema wanted = With(base_, Column("country", TypeId::kString));
  faults_.NextCommits(std::vector<CommitFault>(8, CommitFault::kConflict));
  EXPECT_THAT(Open(wanted), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(faults_.commits_seen(), 8);
  faults_.NextCommit(CommitFault::kResponseLostAfterApply);
  faults_.NextRefresh(Error::Unavailable("down"));
  EXPECT_THAT(Open(wanted), IsError(ErrorCode::kCommitUnknown));
}

TEST_F(TableManagerTest, ARejectedEvolutionSaysWhy) {
  Create(base_);
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  faults_.NextCommit(CommitFault::kRejected);
  const auto table = Open(With(base_, Column("country", TypeId::kString)));
  EXPECT_THAT(table, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Message(table), HasSubstr("400"));
}

TEST_F(TableManagerTest, NamesWhatIsWrongInThePartitioning) {
  options_.partition_by = {"day(nope)"};
  const auto table = Open(base_);
  EXPECT_THAT(table, IsError(ErrorCode::kInvalid));
  EXPECT_THAT(Message(table), HasSubstr("partition_by"));
  EXPECT_THAT(catalog_.LoadTable(options_.identifier), IsError(ErrorCode::kNotFound));
}

TEST_F(TableManagerTest, PartitioningEvolvesWhenNamed) {
  Create(base_);
  options_.partition_by = {"bucket(8, id)"};
  options_.partitioning_is_named = true;
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  const auto table = Open(base_);
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->evolved_partitioning, HasSubstr("from now on partitioned by id_bucket_8"));
  const iceberg::TableMetadataPtr after = table->operations->Current().metadata;
  EXPECT_EQ(after->partition_specs.size(), 2U);
  EXPECT_EQ(after->spec().fields[0].name, "id_bucket_8");
  const auto again = Open(base_);
  ASSERT_THAT(again, IsOk());
  EXPECT_THAT(again->evolved_partitioning, IsEmpty());
  EXPECT_EQ(again->operations->Current().metadata->partition_specs.size(), 2U);
}

TEST_F(TableManagerTest, PartitioningIsKeptAndSaidUnlessItMayEvolve) {
  Create(base_);
  options_.partition_by = {"bucket(8, id)"};
  EXPECT_THAT(Open(base_)->kept_partitioning, IsEmpty());  // only a default for new tables
  options_.partitioning_is_named = true;
  const auto table = Open(base_);
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->kept_partitioning, HasSubstr("id_bucket_8"));
  EXPECT_EQ(table->operations->Current().metadata->partition_specs.size(), 1U);
}

TEST_F(TableManagerTest, ALostAnswerAboutPartitioningIsFoundOut) {
  Create(base_);
  options_.partition_by = {"bucket(8, id)"};
  options_.partitioning_is_named = true;
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  faults_.NextCommit(CommitFault::kResponseLostAfterApply);
  const auto table = Open(base_);
  ASSERT_THAT(table, IsOk());
  EXPECT_THAT(table->evolved_partitioning, Not(IsEmpty()));
  EXPECT_EQ(table->operations->Current().metadata->partition_specs.size(), 2U);
}

TEST_F(TableManagerTest, WorksOnTheFileCatalog) {
  const auto files =
      catalog::FileCatalog::Open("memory://files", {store_, clock_, random_, *metrics_}).value();
  EXPECT_TRUE(GetOrCreateTable(*files, options_, base_)->created);
  EXPECT_FALSE(GetOrCreateTable(*files, options_, base_)->created);
  options_.schema_mismatch_action = SchemaMismatchAction::kEvolve;
  EXPECT_EQ(
      GetOrCreateTable(*files, options_, With(base_, Column("x", TypeId::kDate)))->evolved.size(),
      1U);
}

}  // namespace
}  // namespace kafka_iceberg::table
