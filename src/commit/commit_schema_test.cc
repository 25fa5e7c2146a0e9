// SPDX-License-Identifier: Apache-2.0
//
// Epochs whose files have columns that the table has not yet: schema and rows are one commit,
// whatever the catalog answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commit/adoption.h"
#include "commit/fake_commit_world.h"
#include "core/result_matchers.h"
#include "iceberg/actions/schema_update.h"

namespace kafka_iceberg::commit {
namespace {

using catalog::CommitFault;
using iceberg::Schema;
using iceberg::Type;
using iceberg::TypeId;
using testing::SizeIs;

class CommitSchema : public testing::TestWithParam<FakeCatalogKind> {
 protected:
  void SetUp() override {
    ASSERT_THAT(process_.Commit(world_.Upload({{0, {0, 100}}})), IsOk());
    before_ = world_.Metadata();
  }
  // The table's schema as it is now, with a column more.
  std::shared_ptr<const Schema> With(const std::string& name, TypeId type = TypeId::kString) {
    const iceberg::TableMetadataPtr table = world_.Metadata();
    Schema wanted = table->schema();
    wanted.fields.push_back({.id = 0, .name = name, .type = Type::Primitive(type)});
    return std::make_shared<const Schema>(iceberg::CompareSchemas(*table, wanted).merged);
  }
  FlushEpoch Upload(OffsetRange range, std::shared_ptr<const Schema> schema) {
    FlushEpoch epoch = world_.Upload({{0, range}});
    epoch.schema = std::move(schema);
    return epoch;
  }
  // Somebody else's change.
  void Evolve(const Schema& schema) {
    auto table = world_.OpenPlain();
    ASSERT_THAT(table->Refresh(), IsOk());
    const auto update = iceberg::UpdateForFiles(*table->Current().metadata, schema);
    ASSERT_THAT(update, IsOk());
    const auto reply = table->Commit(table->Current(), update->updates, update->requirements);
    ASSERT_EQ(reply.outcome, catalog::CommitOutcome::kCommitted) << reply.detail;
  }

  FakeCommitWorld world_{GetParam(), 1};
  FakeProcess process_ = world_.Start();
  iceberg::TableMetadataPtr before_;
};

TEST_P(CommitSchema, SchemaAndRowsAreOneCommit) {
  const auto schema = With("added");
  const int commits = world_.faults.commits_seen();
  ASSERT_THAT(process_.Commit(Upload({100, 200}, schema)), IsOk());
  EXPECT_EQ(world_.faults.commits_seen(), commits + 1);
  const iceberg::TableMetadataPtr after = world_.Metadata();
  EXPECT_TRUE(after->schema().SameColumns(*schema));
  EXPECT_NE(after->current_schema_id, before_->current_schema_id);
  EXPECT_EQ(after->Head()->schema_id, after->current_schema_id);
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitSchema, LaterEpochsChangeNothingMore) {
  const auto schema = With("added");
  ASSERT_THAT(process_.Commit(Upload({100, 200}, schema)), IsOk());
  ASSERT_THAT(process_.Commit(Upload({200, 300}, schema)), IsOk());
  EXPECT_THAT(world_.Metadata()->schemas, SizeIs(2));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitSchema, AnEpochWithoutFilesBringsItToo) {
  FlushEpoch epoch = world_.Upload({{0, {100, 200}}});
  epoch.files.clear();
  epoch.schema = With("added");
  ASSERT_THAT(process_.Commit(epoch), IsOk());
  EXPECT_NE(world_.Metadata()->schema().FindField("added"), nullptr);
}

TEST_P(CommitSchema, ALostAnswerIsFoundOut) {
  world_.faults.NextCommits({CommitFault::kResponseLostAfterApply});
  const auto schema = With("added");
  ASSERT_THAT(process_.Commit(Upload({100, 200}, schema)), IsOk());
  EXPECT_THAT(world_.Metadata()->schemas, SizeIs(2));
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitSchema, AnotherWritersRowsAreNoConflictOfSchemas) {
  const FlushEpoch epoch = Upload({100, 200}, With("added"));
  world_.ForeignAppend("memory://elsewhere/foreign.parquet");
  ASSERT_THAT(process_.Commit(epoch), IsOk());
  EXPECT_NE(world_.Metadata()->schema().FindField("added"), nullptr);
  EXPECT_EQ(world_.CheckExactlyOnce(), "");
}

TEST_P(CommitSchema, TheSameColumnFromAnotherWriterIsTaken) {
  const auto schema = With("added");
  Evolve(*schema);
  ASSERT_THAT(process_.Commit(Upload({100, 200}, schema)), IsOk());
  EXPECT_THAT(world_.Metadata()->schemas, SizeIs(2));
}

// Field id 5 must not be one column in our files and another one in the table.
TEST_P(CommitSchema, AnotherColumnUnderOurIdFencesTheEpoch) {
  const FlushEpoch epoch = Upload({100, 200}, With("ours"));
  Evolve(*With("theirs"));
  EXPECT_THAT(process_.Commit(epoch), IsError(ErrorCode::kConflict));
  EXPECT_EQ(*world_.TableLedger().NextOffset(kFakeTopic, 0), 100);
  EXPECT_EQ(world_.Metadata()->schema().FindField("ours"), nullptr);
  // Read again, with ids that follow theirs.
  ASSERT_THAT(process_.Commit(Upload({100, 200}, With("ours"))), IsOk());
  EXPECT_NE(world_.Metadata()->schema().FindField("theirs"), nullptr);
  EXPECT_NE(world_.Metadata()->schema().FindField("ours"), nullptr);
  EXPECT_EQ(world_.CheckReadable(), "");
}

TEST_P(CommitSchema, InDoubtNothingIsDroppedWhenTheSchemaMoves) {
  world_.faults.NextCommits({CommitFault::kAppliedLater, CommitFault::kAppliedLater,
                             CommitFault::kAppliedLater, CommitFault::kAppliedLater});
  const FlushEpoch epoch = Upload({100, 200}, With("ours"));
  EXPECT_THAT(process_.Commit(epoch), IsError(ErrorCode::kCommitUnknown));
  Evolve(*With("theirs"));
  EXPECT_THAT(process_.Commit(epoch), IsError(ErrorCode::kCommitUnknown));
}

TEST_P(CommitSchema, ARestartAdoptsTheFilesWithTheirSchema) {
  const FlushEpoch epoch = Upload({100, 200}, With("added"));
  ASSERT_THAT(world_.log.Append(FakeSealing(epoch)), IsOk());
  auto table = world_.OpenPlain();
  const auto decisions = DecideAdoption(*table, world_.log);
  ASSERT_THAT(decisions, IsOk());
  ASSERT_THAT(*decisions, SizeIs(1));
  ASSERT_NE(decisions->front().epoch.schema, nullptr);
  EXPECT_TRUE(decisions->front().epoch.schema->SameColumns(*epoch.schema));
}

INSTANTIATE_TEST_SUITE_P(Catalogs, CommitSchema,
                         testing::Values(FakeCatalogKind::kPointerSwap, FakeCatalogKind::kServer));

}  // namespace
}  // namespace kafka_iceberg::commit
