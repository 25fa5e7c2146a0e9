// SPDX-License-Identifier: Apache-2.0
#include "catalog/nessie/nessie_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "catalog/fake_table_changes.h"
#include "catalog/nessie/nessie_catalog.h"
#include "catalog/rest/fake_rest_world.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::catalog {
namespace {

using Answer = FakeRestServer::Answer;
using testing::HasSubstr;

const TableIdentifier kEvents{{"raw"}, "events"};

Answer Ok(std::string body) { return net::HttpResponse{200, {}, std::move(body)}; }

// A server with one branch whose own API answers what the test says, by method and part of the URL.
class NessieTableTest : public testing::Test {
 protected:
  NessieTableTest() {
    EXPECT_THAT(world_.files().CreateNamespace({"raw"}), IsOk());
    EXPECT_THAT(world_.files().CreateTable(FakeTableCreation(kEvents)), IsOk());
    Own("/trees/main", Ok(R"({"reference":{"type":"BRANCH","name":"main","hash":"aa"}})"));
  }
  void Own(const std::string& path_end, Answer answer) {
    answers_.insert_or_assign(path_end, std::move(answer));
  }
  Result<std::unique_ptr<NessieCatalog>> Open() {
    NessieCatalogOptions options;
    options.rest.uri = "https://nessie.test/iceberg/";
    return NessieCatalog::Open(options, world_.context());
  }
  std::unique_ptr<TableOperations> Load() { return Open().value()->LoadTable(kEvents).value(); }
  // The table's entry as the own API has it.
  void ShowEntry(int64_t snapshot_id) {
    const std::string location =
        world_.files().LoadTable(kEvents).value()->Current().metadata_location;
    Own("/contents/raw.events",
        Ok(fmt::format(R"({{"content":{{"type":"ICEBERG_TABLE","id":"c1","metadataLocation":"{}",)"
                       R"("snapshotId":{}}},"effectiveReference":{{"hash":"bb"}}}})",
                       location, snapshot_id)));
  }
  static CommitReply Append(TableOperations& table, int64_t snapshot_id) {
    const FakeCommit commit = FakeAppend(*table.Current().metadata, snapshot_id);
    return table.Commit(table.Current(), commit.updates, commit.requirements);
  }
  // A snapshot, made on the server, and the commit id that Nessie puts beside it.
  void CommitOnServer(int64_t snapshot_id, const std::string& commit) {
    const auto table = world_.files().LoadTable(kEvents).value();
    FakeCommit append = FakeAppend(*table->Current().metadata, snapshot_id);
    append.updates.push_back(iceberg::SetProperties{{{"nessie.commit.id", commit}}});
    ASSERT_EQ(table->Commit(table->Current(), append.updates, {}).outcome,
              CommitOutcome::kCommitted);
  }

  // The longest path wins.
  std::map<std::string, Answer> answers_;
  FakeRestWorld world_{{.base = "https://nessie.test/iceberg/main",
                        .overrides = {{"nessie.is-nessie-catalog", "true"}}},
                       [this](const net::SentRequest& request) -> std::optional<Answer> {
                         if (!request.url.starts_with("https://nessie.test/api/v2")) return {};
                         const std::string path = request.url.substr(0, request.url.find('?'));
                         for (const auto& [end, answer] : answers_) {
                           if (path.ends_with(end)) return answer;
                         }
                         return FakeRestError(404, "nothing at " + path);
                       }};
};

TEST_F(NessieTableTest, AFirstCommitIsNotSentButPreparedFor) {
  ShowEntry(-1);
  Own("/trees/main@bb/history/commit", Ok("{}"));
  const auto table = Load();
  const CommitReply reply = Append(*table, 7);
  ASSERT_EQ(reply.outcome, CommitOutcome::kConflict) << reply.detail;
  const auto body = nlohmann::json::parse(world_.Sent().body);
  const auto& operation = body["operations"][0];
  EXPECT_EQ(operation["type"], "PUT");
  EXPECT_EQ(operation["key"]["elements"], (std::vector<std::string>{"raw", "events"}));
  EXPECT_EQ(operation["content"]["id"], "c1");
  EXPECT_GT(operation["content"]["snapshotId"].get<int64_t>(), 0);
  // The file it points to is there, and holds that empty snapshot.
  const std::string location = operation["content"]["metadataLocation"];
  EXPECT_THAT(world_.store().Read(location).value(),
              HasSubstr(std::to_string(operation["content"]["snapshotId"].get<int64_t>())));
}

TEST_F(NessieTableTest, WhateverHappensToThePreparationTheCommitWasNotSent) {
  ShowEntry(-1);
  for (const Answer& answer :
       {Answer(FakeRestError(409, "moved")), Answer(FakeRestError(503, "busy")),
        Answer(Error::Timeout("reset")), Answer(Error::Unavailable("away"))}) {
    Own("/history/commit", answer);
    EXPECT_EQ(Append(*Load(), 7).outcome, CommitOutcome::kConflict);
  }
  Own("/history/commit", FakeRestError(403, "no"));
  const CommitReply refused = Append(*Load(), 7);
  EXPECT_EQ(refused.outcome, CommitOutcome::kRejected);
  EXPECT_THAT(refused.detail, HasSubstr("does not protect a first commit"));
  for (const net::SentRequest& sent : world_.http().sent()) {
    EXPECT_FALSE(sent.method == "POST" && sent.url.ends_with("/tables/events"));
  }
}

TEST_F(NessieTableTest, AnEntryThatHasASnapshotByNowIsLeftAlone) {
  ShowEntry(5);
  EXPECT_EQ(Append(*Load(), 7).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(world_.Sent().method, "GET");
}

TEST_F(NessieTableTest, AnOwnApiThatIsAwayIsNoReasonToGoOn) {
  Own("/contents/raw.events", FakeRestError(403, "no"));
  EXPECT_EQ(Append(*Load(), 7).outcome, CommitOutcome::kRejected);
  Own("/contents/raw.events", Error::Unavailable("away"));
  EXPECT_EQ(Append(*Load(), 7).outcome, CommitOutcome::kConflict);
}

TEST_F(NessieTableTest, LaterCommitsGoTheOrdinaryWay) {
  CommitOnServer(1, "c1");
  EXPECT_EQ(Append(*Load(), 2).outcome, CommitOutcome::kCommitted);
}

// The log from newest to oldest: a commit for each pair of hash and snapshot.
std::string Log(const std::vector<std::pair<std::string, int64_t>>& commits,
                const std::string& next = "") {
  nlohmann::json entries = nlohmann::json::array();
  for (const auto& [hash, snapshot_id] : commits) {
    entries.push_back(
        {{"commitMeta", {{"hash", hash}}},
         {"operations",
          {{{"type", "PUT"},
            {"key", {{"elements", {"raw", "events"}}}},
            {"content", {{"type", "ICEBERG_TABLE"}, {"snapshotId", snapshot_id}}}}}}});
  }
  nlohmann::json log = {{"logEntries", entries}, {"hasMore", !next.empty()}};
  if (!next.empty()) log["token"] = next;
  return log.dump();
}

TEST_F(NessieTableTest, ReconcilesByTheLogWhatIsNotListed) {
  CommitOnServer(1, "c1");
  const auto table = Load();
  EXPECT_EQ(table->Reconcile(1).value(), true);
  EXPECT_EQ(table->Reconcile(2).value(), false);  // nothing happened since
  CommitOnServer(3, "c3");
  Own("/trees/main/history", Ok(Log({{"c3", 3}, {"c2", 2}, {"c1", 1}})));
  EXPECT_EQ(table->Reconcile(2).value(), true);
  EXPECT_THAT(world_.Sent().url, HasSubstr("limit-hash=c1"));
  EXPECT_EQ(table->Reconcile(9).value(), false);
}

TEST_F(NessieTableTest, ALogThatDoesNotReachBackDecidesNothing) {
  CommitOnServer(1, "c1");
  const auto table = Load();
  CommitOnServer(3, "c3");
  Own("/trees/main/history", Ok(Log({{"c3", 3}, {"c2", 2}})));
  EXPECT_EQ(table->Reconcile(2).value(), true);
  EXPECT_THAT(table->Reconcile(9), IsError(ErrorCode::kCommitUnknown));
  // A log without end.
  Own("/trees/main/history", Ok(Log({{"c3", 3}}, "more")));
  EXPECT_THAT(table->Reconcile(9), IsError(ErrorCode::kCommitUnknown));
  for (const char* body : {"<html>", "[]", "{}", R"({"logEntries":[7]})",
                           R"({"logEntries":[{"commitMeta":{"hash":7}}]})"}) {
    Own("/trees/main/history", Ok(body));
    EXPECT_FALSE(table->Reconcile(9).ok()) << body;
  }
}

TEST_F(NessieTableTest, ATableThatDoesNotSayItsCommitDecidesNothing) {
  const auto table = Load();
  CommitOnServer(3, "c3");
  EXPECT_THAT(table->Reconcile(9), IsError(ErrorCode::kCommitUnknown));
}

TEST_F(NessieTableTest, AnUnknownCommitIsLookedForFromItsBase) {
  CommitOnServer(1, "c1");
  const auto table = Load();
  CommitOnServer(2, "c2");
  ASSERT_THAT(table->Refresh(), IsOk());
  world_.server().NextCommit(false, Error::Timeout("reset"));
  EXPECT_EQ(Append(*table, 9).outcome, CommitOutcome::kUnknown);
  CommitOnServer(3, "c3");
  Own("/trees/main/history", Ok(Log({{"c3", 3}, {"c2", 2}})));
  EXPECT_EQ(table->Reconcile(9).value(), false);
  EXPECT_THAT(world_.Sent().url, HasSubstr("limit-hash=c2"));
}

TEST_F(NessieTableTest, ATagIsReadOnly) {
  Own("/trees/main", Ok(R"({"reference":{"type":"TAG","name":"main","hash":"aa"}})"));
  const auto catalog = Open().value();
  const auto table = catalog->LoadTable(kEvents).value();
  const CommitReply reply = Append(*table, 7);
  EXPECT_EQ(reply.outcome, CommitOutcome::kRejected);
  EXPECT_THAT(reply.detail, HasSubstr("'main' is a tag"));
  EXPECT_THAT(catalog->CreateNamespace({"x"}), IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(catalog->DropTable(kEvents, true), IsError(ErrorCode::kUnsupported));
}

TEST_F(NessieTableTest, AMissingBranchIsAnErrorThatNamesTheOthers) {
  Own("/trees/main", FakeRestError(404, "no such ref"));
  Own("/trees", Ok(R"({"references":[{"type":"BRANCH","name":"dev","hash":"a"},
                       {"type":"TAG","name":"v1","hash":"b"}],"hasMore":false})"));
  const auto opened = Open();
  ASSERT_THAT(opened, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(opened.error().message(), testing::AllOf(HasSubstr("'main'"), HasSubstr("dev")));
}

TEST_F(NessieTableTest, AnotherServerIsNotTakenForNessie) {
  world_.server().Next("GET", "/config", [](const auto&, const auto&) { return Ok("{}"); });
  EXPECT_THAT(Open(), IsError(ErrorCode::kUnsupported));
}

TEST(NessieApi, FindsTheServerInEveryFormOfItsAddress) {
  for (const char* uri : {"http://h:1", "http://h:1/", "http://h:1/iceberg", "http://h:1/iceberg/",
                          "http://h:1/api/v2", "http://h:1/api/v1/"}) {
    EXPECT_EQ(NessieApi::ServerUri(uri), "http://h:1") << uri;
  }
  EXPECT_EQ(NessieApi::ServerUri("https://h/nessie/iceberg"), "https://h/nessie");
}

}  // namespace
}  // namespace kafka_iceberg::catalog
