// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "catalog/fake_table_changes.h"
#include "catalog/rest/fake_rest_world.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::catalog {
namespace {

using Answer = FakeRestServer::Answer;
using testing::HasSubstr;
using testing::Not;

net::HttpResponse Status(int status) { return FakeRestError(status, "so it is"); }

class RestTableTest : public testing::Test {
 protected:
  RestTableTest() { Start({}); }
  void Start(FakeRestTraits traits) {
    table_.reset();
    catalog_.reset();
    world_ = std::make_unique<FakeRestWorld>(std::move(traits));
    catalog_ = world_->Open();
    EXPECT_THAT(catalog_->CreateNamespace({"raw"}), IsOk());
    table_ = catalog_->CreateTable(FakeTableCreation(events_)).value();
  }
  CommitReply Append(int64_t snapshot_id) {
    const TableVersion base = table_->Current();
    const FakeCommit commit = FakeAppend(*base.metadata, snapshot_id);
    return table_->Commit(base, commit.updates, commit.requirements);
  }
  CommitReply AppendAnswered(bool apply, Answer answer) {
    world_->server().NextCommit(apply, std::move(answer));
    return Append(++snapshot_id_);
  }
  bool Landed() {
    const auto table = world_->files().LoadTable(events_).value();
    return table->Current().metadata->FindSnapshot(snapshot_id_) != nullptr;
  }
  nlohmann::json SentBody() const { return nlohmann::json::parse(world_->Sent().body); }

  const TableIdentifier events_{{"raw"}, "events"};
  std::unique_ptr<FakeRestWorld> world_;
  std::unique_ptr<RestCatalog> catalog_;
  std::unique_ptr<TableOperations> table_;
  int64_t snapshot_id_ = 0;
};

TEST_F(RestTableTest, MapsTheStatusOfACommit) {
  const std::vector<std::pair<int, CommitOutcome>> rows = {
      {400, CommitOutcome::kRejected}, {401, CommitOutcome::kRejected},
      {403, CommitOutcome::kRejected}, {404, CommitOutcome::kRejected},
      {405, CommitOutcome::kRejected}, {408, CommitOutcome::kUnknown},
      {409, CommitOutcome::kConflict}, {412, CommitOutcome::kRejected},
      {413, CommitOutcome::kRejected}, {419, CommitOutcome::kRejected},
      {422, CommitOutcome::kRejected}, {429, CommitOutcome::kConflict},
      {499, CommitOutcome::kUnknown},  {500, CommitOutcome::kUnknown},
      {501, CommitOutcome::kRejected}, {502, CommitOutcome::kUnknown},
      {503, CommitOutcome::kUnknown},  {504, CommitOutcome::kUnknown},
      {599, CommitOutcome::kUnknown},  {301, CommitOutcome::kUnknown},
      {307, CommitOutcome::kUnknown},  {100, CommitOutcome::kUnknown},
      {201, CommitOutcome::kUnknown},  {202, CommitOutcome::kUnknown}};
  for (const auto& [status, outcome] : rows) {
    const CommitReply reply = AppendAnswered(false, Status(status));
    EXPECT_EQ(reply.outcome, outcome) << status;
    EXPECT_THAT(reply.detail, HasSubstr(std::to_string(status)));
    EXPECT_THAT(reply.detail, HasSubstr("https://rest.test:443"));
    EXPECT_FALSE(Landed());
  }
}

TEST_F(RestTableTest, MapsWhatCanHappenToTheConnection) {
  EXPECT_EQ(AppendAnswered(false, Error::Timeout("reset")).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(AppendAnswered(true, Error::Timeout("cut")).outcome, CommitOutcome::kUnknown);
  EXPECT_TRUE(Landed());
  ASSERT_THAT(table_->Refresh(), IsOk());
  // Nothing was sent.
  EXPECT_EQ(AppendAnswered(false, Error::Unavailable("no connection")).outcome,
            CommitOutcome::kConflict);
  EXPECT_EQ(AppendAnswered(false, Error::Denied("certificate")).outcome, CommitOutcome::kRejected);
  EXPECT_EQ(AppendAnswered(false, Error::Invalid("url")).outcome, CommitOutcome::kRejected);
  // What nobody foresaw.
  EXPECT_EQ(AppendAnswered(false, Error::Corrupt("?")).outcome, CommitOutcome::kUnknown);
}

TEST_F(RestTableTest, DoesNotSendACommitTwice) {
  for (const int status : {429, 500, 503}) {
    const size_t before = world_->http().sent().size();
    (void)AppendAnswered(false, Status(status));
    EXPECT_EQ(world_->http().sent().size(), before + 1) << status;
  }
}

TEST_F(RestTableTest, BelievesNoAnswerThatDoesNotShowTheCommit) {
  const std::string before =
      world_->files().LoadTable(events_).value()->Current().metadata_location;
  std::string unchanged;
  world_->server().Next("GET", "/events", [&](const auto&, const auto& serve) {
    const Answer answer = serve();
    unchanged = answer->body;
    return answer;
  });
  ASSERT_THAT(table_->Refresh(), IsOk());
  nlohmann::json other = nlohmann::json::parse(unchanged);
  other["metadata"]["table-uuid"] = "00000000-0000-4000-8000-000000000000";
  for (const std::string& body :
       {std::string(), std::string("<html>ok</html>"), std::string("{}"), std::string("[1]"),
        std::string(R"({"metadata":null})"), std::string(R"({"metadata":{"format-version":2}})"),
        unchanged.substr(0, unchanged.size() / 2), unchanged, other.dump()}) {
    const CommitReply reply = AppendAnswered(true, net::HttpResponse{200, {}, body});
    EXPECT_EQ(reply.outcome, CommitOutcome::kUnknown) << body;
    EXPECT_EQ(table_->Reconcile(snapshot_id_).value(), true) << body;
  }
  EXPECT_NE(table_->Current().metadata_location, before);
}

TEST_F(RestTableTest, AServerThatLiesIsFoundOut) {
  const CommitReply reply = AppendAnswered(true, Status(409));
  EXPECT_EQ(reply.outcome, CommitOutcome::kConflict);
  EXPECT_NE(table_->Refresh().value().metadata->FindSnapshot(snapshot_id_), nullptr);
}

TEST_F(RestTableTest, PinsItsBase) {
  ASSERT_EQ(Append(1).outcome, CommitOutcome::kCommitted);
  ASSERT_EQ(Append(2).outcome, CommitOutcome::kCommitted);
  std::map<std::string, nlohmann::json> sent;
  const nlohmann::json body = SentBody();
  for (const auto& requirement : body["requirements"]) {
    sent[requirement["type"]] = requirement;
  }
  EXPECT_EQ(sent["assert-table-uuid"]["uuid"], table_->Current().metadata->table_uuid);
  EXPECT_EQ(sent["assert-ref-snapshot-id"]["ref"], "main");
  EXPECT_EQ(sent["assert-ref-snapshot-id"]["snapshot-id"], 1);
  EXPECT_EQ(sent["assert-last-assigned-field-id"]["last-assigned-field-id"], 3);
  EXPECT_EQ(sent["assert-current-schema-id"]["current-schema-id"], 0);
  EXPECT_EQ(sent["assert-last-assigned-partition-id"]["last-assigned-partition-id"], 999);
  EXPECT_EQ(sent["assert-default-spec-id"]["default-spec-id"], 0);
  EXPECT_EQ(sent["assert-default-sort-order-id"]["default-sort-order-id"], 0);
  EXPECT_EQ(body["identifier"]["name"], "events");
}

TEST_F(RestTableTest, APropertyOfAnotherWriterIsKept) {
  const auto other = world_->Open()->LoadTable(events_).value();
  const std::vector<iceberg::MetadataUpdate> theirs = {iceberg::SetProperties{{{"a", "1"}}}};
  ASSERT_EQ(other->Commit(other->Current(), theirs, {}).outcome, CommitOutcome::kCommitted);
  // The protocol cannot pin properties, so this base counts as current.
  const std::vector<iceberg::MetadataUpdate> ours = {iceberg::SetProperties{{{"b", "2"}}}};
  ASSERT_EQ(table_->Commit(table_->Current(), ours, {}).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(table_->Current().metadata->Property("a", ""), "1");
  EXPECT_EQ(table_->Current().metadata->Property("b", ""), "2");
}

TEST_F(RestTableTest, SendsSchemasWithTheLastColumnIdAndSpecsWithTheirIds) {
  iceberg::Schema schema = table_->Current().metadata->schema();
  schema.fields.push_back(
      {.id = 4, .name = "x", .type = iceberg::Type::Primitive(iceberg::TypeId::kLong)});
  iceberg::PartitionSpec spec;
  spec.fields = {{.source_id = 1,
                  .field_id = 0,
                  .name = "id_b",
                  .transform = iceberg::ParseTransform("bucket[4]")}};
  const std::vector<iceberg::MetadataUpdate> updates = {
      iceberg::AddSchema{schema}, iceberg::SetCurrentSchema{}, iceberg::AddPartitionSpec{spec},
      iceberg::SetDefaultPartitionSpec{}};
  ASSERT_EQ(table_->Commit(table_->Current(), updates, {}).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(SentBody()["updates"][0]["last-column-id"], 4);
  EXPECT_EQ(SentBody()["updates"][2]["spec"]["fields"][0]["field-id"], 1000);
  EXPECT_EQ(table_->Current().metadata->schema().fields.back().name, "x");
}

TEST_F(RestTableTest, EveryUpdateIsUnderstood) {
  ASSERT_EQ(Append(1).outcome, CommitOutcome::kCommitted);
  ASSERT_EQ(Append(2).outcome, CommitOutcome::kCommitted);
  iceberg::SortOrder order{.order_id = 1, .fields = {{.transform = {}, .source_id = 1}}};
  const std::vector<std::vector<iceberg::MetadataUpdate>> commits = {
      {iceberg::UpgradeFormatVersion{3}},
      {iceberg::AddSortOrder{order}, iceberg::SetDefaultSortOrder{}},
      {iceberg::SetSnapshotRef{"kept",
                               {.snapshot_id = 1, .is_branch = false, .max_ref_age_ms = 5}}},
      {iceberg::RemoveSnapshotRef{"kept"}},
      {iceberg::RemoveSnapshots{{1}}},
      {iceberg::SetLocation{"memory://warehouse/elsewhere"}},
      {iceberg::SetProperties{{{"a", "b"}}}},
      {iceberg::RemoveProperties{{"a"}}},
  };
  for (const auto& updates : commits) {
    const CommitReply reply = table_->Commit(table_->Current(), updates, {});
    EXPECT_EQ(reply.outcome, CommitOutcome::kCommitted) << reply.detail;
  }
  const TableVersion now = table_->Current();
  EXPECT_EQ(now.metadata->format_version, 3);
  EXPECT_EQ(now.metadata->sort_order().fields, order.fields);
  EXPECT_EQ(now.metadata->snapshots.size(), 1U);
  EXPECT_EQ(now.metadata->location, "memory://warehouse/elsewhere");
}

TEST_F(RestTableTest, ALostCommitKeepsItsIdempotencyKeyAndAChangedOneDoesNot) {
  Start({.takes_idempotency_keys = true});
  const auto key = [&] { return world_->Sent().Header("Idempotency-Key"); };
  EXPECT_EQ(AppendAnswered(true, Error::Timeout("lost")).outcome, CommitOutcome::kUnknown);
  const std::string lost = key();
  EXPECT_EQ(lost.size(), 36U);
  EXPECT_EQ(lost[14], '7');
  // The very same request: the server remembers how it answered.
  EXPECT_EQ(Append(snapshot_id_).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(key(), lost);
  EXPECT_EQ(AppendAnswered(false, Status(409)).outcome, CommitOutcome::kConflict);
  const std::string refused = key();
  EXPECT_NE(refused, lost);
  EXPECT_EQ(Append(snapshot_id_).outcome, CommitOutcome::kCommitted);
  EXPECT_NE(key(), refused);
}

TEST_F(RestTableTest, SendsNoIdempotencyKeyUnasked) {
  ASSERT_EQ(Append(1).outcome, CommitOutcome::kCommitted);
  EXPECT_EQ(world_->Sent().Header("Idempotency-Key"), "");
}

TEST_F(RestTableTest, HandsVendedCredentialsToTheStore) {
  Start({.vends_credentials = true});
  EXPECT_EQ(world_->access().config.at("s3.endpoint"), "https://s3.test");
  ASSERT_EQ(world_->access().credentials.size(), 1U);
  EXPECT_EQ(world_->access().credentials[0].config.at("s3.access-key-id"), "vended");
  const auto refreshed = world_->RefreshAccess();
  ASSERT_THAT(refreshed, IsOk());
  EXPECT_THAT(world_->Sent().url, testing::EndsWith("/tables/events/credentials"));
  EXPECT_EQ(refreshed->credentials[0].config.at("s3.access-key-id"), "vended");
}

TEST_F(RestTableTest, RenewsCredentialsByLoadingWhereThereIsNoRoute) {
  const auto refreshed = world_->RefreshAccess();
  ASSERT_THAT(refreshed, IsOk());
  EXPECT_THAT(world_->Sent().url, testing::EndsWith("/tables/events"));
}

TEST_F(RestTableTest, AStoreThatCannotBeMadeIsAnErrorThatNamesTheTable) {
  RestCatalogContext context = world_->context();
  context.make_store = [](auto, auto) -> Result<std::unique_ptr<storage::ObjectStore>> {
    return Error::Unsupported("no such scheme");
  };
  const auto catalog = RestCatalog::Open(world_->options(), context).value();
  const auto table = catalog->LoadTable(events_);
  ASSERT_THAT(table, IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(table.error().message(), HasSubstr("raw.events"));
}

}  // namespace
}  // namespace kafka_iceberg::catalog
