// SPDX-License-Identifier: Apache-2.0
//
// What a commit through Glue sends, keeps, and makes of every answer.
#include <set>

#include "catalog/glue/fake_glue_world.h"

namespace kafka_iceberg::catalog {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

class GlueCommitTest : public FakeGlueWorld {};

TEST_F(GlueCommitTest, NamesTheVersionItReplacesAndKeepsNoArchive) {
  const Table table = Create();
  const std::string before = table->Current().metadata_location;
  ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  const Json body = LastBody("UpdateTable");
  EXPECT_EQ(body["VersionId"], "1");
  EXPECT_EQ(body["SkipArchive"], true);
  EXPECT_FALSE(body.contains("CatalogId"));
  const Json parameters = body["TableInput"]["Parameters"];
  EXPECT_EQ(parameters["table_type"], "ICEBERG");
  EXPECT_EQ(parameters["metadata_location"], table->Current().metadata_location);
  EXPECT_EQ(parameters["previous_metadata_location"], before);
  EXPECT_EQ(body["TableInput"]["TableType"], "EXTERNAL_TABLE");
  EXPECT_FALSE(body["TableInput"].contains("PartitionKeys"));
  ASSERT_EQ(Append(*table, 2).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(LastBody("UpdateTable")["VersionId"], "2");
}

TEST_F(GlueCommitTest, KeepsWhatOtherProgramsAdded) {
  const Table table = Create();
  server_.Change("raw", "events", [](Json& glue) {
    glue["Owner"] = "data-team";
    glue["Description"] = "clicks";
    glue["Retention"] = 7;
    glue["Parameters"]["lakeformation"] = "yes";
    glue["StorageDescriptor"]["InputFormat"] = "x.y.Z";
    glue["StorageDescriptor"]["Columns"][0]["Comment"] = "the key";
  });
  ASSERT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  const Json kept = server_.Table("raw", "events");
  EXPECT_EQ(kept["Owner"], "data-team");
  EXPECT_EQ(kept["Description"], "clicks");
  EXPECT_EQ(kept["Retention"], 7);
  EXPECT_EQ(kept["Parameters"]["lakeformation"], "yes");
  EXPECT_EQ(kept["StorageDescriptor"]["InputFormat"], "x.y.Z");
  EXPECT_EQ(kept["StorageDescriptor"]["Columns"][0]["Comment"], "the key");
}

TEST_F(GlueCommitTest, ShowsTheColumnsOfTheCurrentSchemaFirst) {
  const Table table = Create();
  iceberg::Schema evolved = table->Current().metadata->schema();
  evolved.fields.erase(evolved.fields.begin() + 1);  // ts
  evolved.fields.push_back(
      {.id = 9,
       .name = "tags",
       .type = iceberg::Type::List(10, true, iceberg::Type::Primitive(iceberg::TypeId::kString)),
       .doc = std::string(300, 'x')});
  const std::vector<iceberg::MetadataUpdate> updates = {iceberg::AddSchema{evolved},
                                                        iceberg::SetCurrentSchema{-1}};
  ASSERT_EQ(table->Commit(table->Current(), updates, {}).outcome, CommitOutcome::kCommitted);
  const Json columns = server_.Table("raw", "events")["StorageDescriptor"]["Columns"];
  ASSERT_EQ(columns.size(), 4U);
  EXPECT_EQ(columns[0]["Name"], "id");
  EXPECT_EQ(columns[0]["Type"], "bigint");
  EXPECT_EQ(columns[0]["Parameters"]["iceberg.field.id"], "1");
  EXPECT_EQ(columns[0]["Parameters"]["iceberg.field.optional"], "false");
  EXPECT_EQ(columns[0]["Parameters"]["iceberg.field.current"], "true");
  EXPECT_EQ(columns[2]["Name"], "tags");
  EXPECT_EQ(columns[2]["Type"], "array<string>");
  EXPECT_EQ(columns[2]["Comment"].get<std::string>().size(), 255U);
  EXPECT_EQ(columns[3]["Name"], "ts");
  EXPECT_EQ(columns[3]["Parameters"]["iceberg.field.current"], "false");
}

struct FaultCase {
  GlueFault fault;
  CommitOutcome outcome;
  const char* detail;
};

TEST_F(GlueCommitTest, EveryAnswerHasItsOutcome) {
  const Table table = Create();
  int64_t snapshot_id = 0;
  for (const FaultCase& c : {
           FaultCase{GlueFault::kThrottled, CommitOutcome::kConflict, "slow down"},
           {GlueFault::kTooManyRequests, CommitOutcome::kConflict, "slow down"},
           {GlueFault::kNotSent, CommitOutcome::kConflict, "connection refused"},
           {GlueFault::kBusy, CommitOutcome::kUnknown, "503"},
           {GlueFault::kServerErrorBefore, CommitOutcome::kUnknown, "oops"},
           {GlueFault::kTimeoutBefore, CommitOutcome::kUnknown, "no answer"},
           {GlueFault::kUnforeseen, CommitOutcome::kUnknown, "418"},
           {GlueFault::kServerErrorAfter, CommitOutcome::kCommitted, ""},
           {GlueFault::kTimeoutAfter, CommitOutcome::kCommitted, ""},
           {GlueFault::kGarbageAfter, CommitOutcome::kCommitted, ""},
           {GlueFault::kEmptyAfter, CommitOutcome::kCommitted, ""},
           {GlueFault::kConflictAfter, CommitOutcome::kCommitted, ""},
           {GlueFault::kDenied, CommitOutcome::kRejected,
            "lack the permission glue:UpdateTable on table raw.events"},
           {GlueFault::kBadSignature, CommitOutcome::kRejected, "clock"},
           {GlueFault::kQuota, CommitOutcome::kRejected, "skip_archive"},
           {GlueFault::kTooLongDefinition, CommitOutcome::kRejected, "type is too long"},
       }) {
    SCOPED_TRACE(static_cast<int>(c.fault));
    const int updates = server_.CountOf("UpdateTable");
    const int files = MetadataFiles();
    server_.Next("UpdateTable", {c.fault});
    const CommitReply reply = Append(*table, ++snapshot_id);
    EXPECT_EQ(reply.outcome, c.outcome) << reply.detail;
    EXPECT_THAT(reply.detail, HasSubstr(c.detail));
    EXPECT_EQ(server_.CountOf("UpdateTable"), updates + 1) << "a commit is sent once";
    const bool is_kept =
        c.outcome == CommitOutcome::kCommitted || c.outcome == CommitOutcome::kUnknown;
    EXPECT_EQ(MetadataFiles(), files + (is_kept ? 1 : 0));
    EXPECT_EQ(table->Reconcile(snapshot_id).value(), c.outcome == CommitOutcome::kCommitted);
  }
}

TEST_F(GlueCommitTest, WhatCannotBeLookedIntoStaysUnknown) {
  const Table table = Create();
  server_.Before("UpdateTable", [&] { server_.Next("GetTable", {GlueFault::kTimeoutBefore}); });
  server_.Next("UpdateTable", {GlueFault::kTimeoutAfter});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(table->Reconcile(1).value(), true);
}

TEST_F(GlueCommitTest, OvertakenMeansItCannotLandAnyMore) {
  const Table table = Create();
  server_.Before("UpdateTable", [&] { AppendElsewhere(1); });
  server_.Next("UpdateTable", {GlueFault::kTimeoutBefore});
  const CommitReply reply = Append(*table, 2);
  EXPECT_EQ(reply.outcome, CommitOutcome::kConflict);
  EXPECT_THAT(reply.detail, HasSubstr("no answer"));
  EXPECT_EQ(table->Reconcile(2).value(), false);
  EXPECT_EQ(table->Reconcile(1).value(), true);
}

TEST_F(GlueCommitTest, LandedAndOvertakenIsCommitted) {
  const Table table = Create();
  server_.Before("UpdateTable", [&] { server_.Before("GetTable", [&] { AppendElsewhere(2); }); });
  server_.Next("UpdateTable", {GlueFault::kTimeoutAfter});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(table->Reconcile(1).value(), true);
  EXPECT_EQ(table->Reconcile(2).value(), true);
}

TEST_F(GlueCommitTest, AChangeOfAnythingElseIsAConflictAndIsKept) {
  const Table table = Create();
  server_.Before("UpdateTable", [&] {
    server_.Change("raw", "events", [](Json& glue) { glue["Owner"] = "somebody"; });
  });
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(server_.Table("raw", "events")["Owner"], "somebody");
}

TEST_F(GlueCommitTest, AStaleBaseIsFoundBeforeAnythingIsWritten) {
  const Table table = Create();
  AppendElsewhere(1);
  const int files = MetadataFiles();
  const int updates = server_.CountOf("UpdateTable");
  EXPECT_EQ(Append(*table, 2).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(MetadataFiles(), files);
  EXPECT_EQ(server_.CountOf("UpdateTable"), updates);
}

TEST_F(GlueCommitTest, ADroppedTableIsNotCommittedTo) {
  const Table table = Create();
  server_.Before("UpdateTable", [&] { EXPECT_THAT(catalog_->DropTable(events_, false), IsOk()); });
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kNotFound));
}

TEST_F(GlueCommitTest, WithoutVersionsThereIsNoCommit) {
  const Table table = Create();
  server_.HideVersions();
  const CommitReply reply = Append(*table, 1);
  EXPECT_EQ(reply.outcome, CommitOutcome::kRejected);
  EXPECT_THAT(reply.detail, HasSubstr("VersionId"));
  EXPECT_EQ(server_.CountOf("UpdateTable"), 0);
}

TEST_F(GlueCommitTest, ExpiredCredentialsAreRenewedOnce) {
  const Table table = Create();
  server_.Next("UpdateTable", {GlueFault::kExpiredToken});
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(credentials_->rejections(), 1);
  server_.Next("UpdateTable", {GlueFault::kExpiredToken, GlueFault::kExpiredToken});
  const CommitReply reply = Append(*table, 2);
  EXPECT_EQ(reply.outcome, CommitOutcome::kRejected);
  EXPECT_THAT(reply.detail, HasSubstr("expired"));
  EXPECT_EQ(credentials_->rejections(), 2);
}

TEST_F(GlueCommitTest, WithoutCredentialsNothingIsSent) {
  const Table table = Create();
  const size_t sent = server_.sent().size();
  credentials_->Fail(Error::Timeout("sts.test: no answer"));
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kConflict);
  EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kUnavailable));
  credentials_->Fail(Error::Denied("no credentials in the environment"));
  EXPECT_EQ(Append(*table, 1).outcome, CommitOutcome::kRejected);
  EXPECT_THAT(table->Refresh(), IsError(ErrorCode::kDenied));
  EXPECT_EQ(server_.sent().size(), sent);
}

TEST_F(GlueCommitTest, SecretsAreInNoMessage) {
  const Table table = Create();
  std::string said;
  for (int fault = 0; fault <= static_cast<int>(GlueFault::kUnforeseen); ++fault) {
    const auto kind = static_cast<GlueFault>(fault);
    server_.Next("UpdateTable", {kind, kind});
    said += Append(*table, 100 + fault).detail;
    server_.Next("UpdateTable", {});
    for (const GlueFault bad : {GlueFault::kBadSignature, GlueFault::kExpiredToken}) {
      server_.Next("GetTable", {bad, bad});
      const auto refreshed = table->Refresh();
      if (!refreshed.ok()) said += refreshed.error().message();
      (void)table->Refresh();
    }
  }
  said += metrics_->Render();
  EXPECT_THAT(said, HasSubstr("InvalidSignatureException"));
  EXPECT_THAT(said, Not(HasSubstr(FakeAwsCredentials::kSecret)));
  EXPECT_THAT(said, Not(HasSubstr(FakeAwsCredentials::kToken)));
  EXPECT_THAT(said, Not(HasSubstr("AWS4-HMAC")));
}

}  // namespace
}  // namespace kafka_iceberg::catalog
