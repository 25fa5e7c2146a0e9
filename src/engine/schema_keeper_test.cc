// SPDX-License-Identifier: Apache-2.0
#include "engine/schema_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/fake_memory_catalog.h"
#include "core/fake_clock.h"
#include "core/result_matchers.h"
#include "storage/memory_store.h"
#include "telemetry/fake_telemetry.h"

namespace kafka_iceberg::engine {
namespace {

using iceberg::Field;
using iceberg::Schema;
using iceberg::Type;
using iceberg::TypeId;
using table::SchemaMismatchAction;

Field Make(std::string name, TypeId type, bool required = false) {
  return {0, std::move(name), required, Type::Primitive(type), {}, {}, {}};
}

Schema Of(std::vector<Field> fields) {
  Schema schema;
  schema.fields = std::move(fields);
  return schema;
}

class SchemaKeeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(catalog_.CreateNamespace({"raw"}), IsOk());
    catalog::TableCreation creation;
    creation.identifier = {.name_space = {"raw"}, .name = "t"};
    creation.schema = iceberg::AssignFreshIds(
        Of({Make("id", TypeId::kInt, true), Make("_kafka_offset", TypeId::kLong, true)}));
    auto created = catalog_.CreateTable(creation);
    ASSERT_TRUE(created.ok()) << created.error().message();
    table_ = std::move(created).value();
  }

  SchemaKeeper& Keep(SchemaKeeperOptions options) {
    keeper_ = std::make_unique<SchemaKeeper>(options, *table_, logger_, *metrics_);
    return *keeper_;
  }
  SchemaKeeper& Evolving() { return Keep({.action = SchemaMismatchAction::kEvolve}); }
  // Somebody else's commit, seen by a refresh of ours.
  void Change(std::vector<iceberg::MetadataUpdate> updates) {
    const auto reply = table_->Commit(table_->Current(), updates, {});
    ASSERT_EQ(reply.outcome, catalog::CommitOutcome::kCommitted) << reply.detail;
  }

  FakeClock clock_;
  SeededRandom random_{1};
  telemetry::FakeLogger logger_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  storage::MemoryStore store_{clock_};
  catalog::FakeMemoryCatalog catalog_{"memory://warehouse", store_, clock_, random_, *metrics_};
  std::unique_ptr<catalog::TableOperations> table_;
  std::unique_ptr<SchemaKeeper> keeper_;
};

TEST_F(SchemaKeeperTest, ColumnsThatRecordsAskForArePending) {
  SchemaKeeper& keeper = Evolving();
  const auto next =
      keeper.Settle(Of({Make("id", TypeId::kLong, true), Make("name", TypeId::kString)}));
  ASSERT_THAT(next, IsOk());
  EXPECT_EQ((*next)->version, 2U);
  ASSERT_NE((*next)->pending, nullptr);
  EXPECT_EQ((*next)->pending->FindField("name")->id, 3);
  EXPECT_EQ((*next)->pending->FindField("id")->type.id, TypeId::kLong);
  // Records do not carry it, and it stays what it is.
  EXPECT_TRUE((*next)->pending->FindField("_kafka_offset")->required);
  EXPECT_EQ(table_->Current().metadata->schemas.size(), 1U);  // that is for the commit
  EXPECT_EQ(keeper.Current(), *next);
}

TEST_F(SchemaKeeperTest, WhatIsThereAlreadyChangesNothing) {
  SchemaKeeper& keeper = Evolving();
  const Schema wanted = Of({Make("id", TypeId::kInt, true), Make("name", TypeId::kString)});
  const auto first = keeper.Settle(wanted);
  const auto second = keeper.Settle(wanted);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(*first, *second);
}

TEST_F(SchemaKeeperTest, LaterVersionsHaveAllColumns) {
  SchemaKeeper& keeper = Evolving();
  ASSERT_THAT(keeper.Settle(Of({Make("id", TypeId::kInt, true), Make("a", TypeId::kInt)})), IsOk());
  const auto second = keeper.Settle(Of({Make("id", TypeId::kInt, true), Make("b", TypeId::kInt)}));
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ((*second)->pending->FindField("a")->id, 3);
  EXPECT_EQ((*second)->pending->FindField("b")->id, 4);
}

TEST_F(SchemaKeeperTest, WarnLeavesOutAndSaysItOnce) {
  SchemaKeeper& keeper = Keep({.action = SchemaMismatchAction::kWarn});
  const Schema wanted = Of({Make("id", TypeId::kInt, true), Make("name", TypeId::kString)});
  for (int i = 0; i < 3; ++i) {
    const auto settled = keeper.Settle(wanted);
    ASSERT_THAT(settled, IsOk());
    EXPECT_EQ((*settled)->version, 1U);
  }
  EXPECT_EQ(metrics_->GetCounter("kafka_iceberg_schema_conflicts_total").value(), 1);
}

TEST_F(SchemaKeeperTest, BreakingChangesStopOnlyWhenToldSo) {
  const Schema wanted = Of({Make("id", TypeId::kString, true), Make("name", TypeId::kString)});
  const auto settled = Evolving().Settle(wanted);
  ASSERT_THAT(settled, IsOk());
  EXPECT_NE((*settled)->pending->FindField("name"), nullptr);
  EXPECT_EQ((*settled)->pending->FindField("id")->type.id, TypeId::kInt);
  EXPECT_THAT(
      Keep({.action = SchemaMismatchAction::kEvolve, .breaking_change = BreakingChange::kFail})
          .Settle(wanted),
      IsError(ErrorCode::kInvalid));
}

TEST_F(SchemaKeeperTest, TheRescueColumnIsNotAColumnOfRecords) {
  Schema theirs = table_->Current().metadata->schema();
  theirs.fields.push_back({3, "_rescued", false, Type::Primitive(TypeId::kString), {}, {}, {}});
  Change({iceberg::AddSchema{theirs}, iceberg::SetCurrentSchema{}});
  SchemaKeeper& keeper = Keep({.action = SchemaMismatchAction::kEvolve,
                               .breaking_change = BreakingChange::kRescue,
                               .rescue_column = "_rescued"});
  const auto settled =
      keeper.Settle(Of({Make("id", TypeId::kInt, true), Make("_rescued", TypeId::kLong)}));
  ASSERT_THAT(settled, IsOk());
  EXPECT_EQ((*settled)->version, 1U);
  EXPECT_EQ(metrics_->GetCounter("kafka_iceberg_schema_conflicts_total").value(), 0);
}

TEST_F(SchemaKeeperTest, SaysThatWhatIsLeftOutIsKept) {
  SchemaKeeper& keeper = Keep({.action = SchemaMismatchAction::kWarn, .rescue_column = "_rescued"});
  ASSERT_THAT(keeper.Settle(Of({Make("id", TypeId::kInt, true), Make("x", TypeId::kInt)})), IsOk());
  ASSERT_FALSE(logger_.lines().empty());
  EXPECT_THAT(logger_.lines().back().message, ::testing::HasSubstr("the rescue column keeps it"));
}

TEST_F(SchemaKeeperTest, ColumnsHaveALimit) {
  SchemaKeeper& keeper = Keep({.action = SchemaMismatchAction::kEvolve, .columns_max = 3});
  ASSERT_THAT(keeper.Settle(Of({Make("id", TypeId::kInt, true), Make("a", TypeId::kInt)})), IsOk());
  const auto full = keeper.Settle(Of({Make("id", TypeId::kInt, true), Make("b", TypeId::kInt)}));
  ASSERT_THAT(full, IsOk());
  EXPECT_EQ((*full)->pending->FindField("b"), nullptr);
}

TEST_F(SchemaKeeperTest, ARestartForgetsWhatIsPending) {
  SchemaKeeper& keeper = Evolving();
  ASSERT_THAT(keeper.Settle(Of({Make("id", TypeId::kInt, true), Make("a", TypeId::kInt)})), IsOk());
  keeper.Restart();
  EXPECT_EQ(keeper.Current()->version, 3U);
  EXPECT_EQ(keeper.Current()->pending, nullptr);
  EXPECT_EQ(keeper.Current()->metadata->schema().FindField("a"), nullptr);
}

TEST_F(SchemaKeeperTest, NewEpochsFollowWhatOthersDidToTheTable) {
  SchemaKeeper& keeper = Evolving();
  EXPECT_EQ(keeper.AtNewEpoch()->version, 1U);
  iceberg::PartitionSpec spec;
  spec.fields = {{1, 0, "id_bucket", iceberg::ParseTransform("bucket[4]")}};
  Change({iceberg::AddPartitionSpec{spec}, iceberg::SetDefaultPartitionSpec{}});
  const WriteSchemaPtr next = keeper.AtNewEpoch();
  EXPECT_EQ(next->version, 2U);
  EXPECT_EQ(next->metadata->spec().fields.size(), 1U);
  EXPECT_EQ(next->pending, nullptr);
  EXPECT_EQ(keeper.AtNewEpoch(), next);
}

TEST_F(SchemaKeeperTest, APendingSchemaStandsOnColumnsThatOthersAdded) {
  SchemaKeeper& keeper = Evolving();
  Schema theirs = table_->Current().metadata->schema();
  theirs.fields.push_back({3, "theirs", false, Type::Primitive(TypeId::kInt), {}, {}, {}});
  Change({iceberg::AddSchema{theirs}, iceberg::SetCurrentSchema{}});
  const auto next = keeper.Settle(Of({Make("id", TypeId::kInt, true), Make("ours", TypeId::kInt)}));
  ASSERT_THAT(next, IsOk());
  EXPECT_EQ((*next)->pending->FindField("theirs")->id, 3);
  EXPECT_EQ((*next)->pending->FindField("ours")->id, 4);
}

}  // namespace
}  // namespace kafka_iceberg::engine
