// SPDX-License-Identifier: Apache-2.0
#include "catalog/rest/rest_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "catalog/fake_table_changes.h"
#include "catalog/rest/fake_rest_world.h"
#include "catalog/rest/rest_create.h"
#include "core/result_matchers.h"

namespace kafka_iceberg::catalog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TableIdentifier kEvents{{"raw"}, "events"};

struct Opened {
  explicit Opened(FakeRestTraits traits = {}) : world(std::move(traits)), catalog(world.Open()) {
    EXPECT_THAT(catalog->CreateNamespace({"raw"}), IsOk());
  }
  std::unique_ptr<TableOperations> Create(const TableIdentifier& identifier = kEvents) {
    return catalog->CreateTable(FakeTableCreation(identifier)).value();
  }
  FakeRestWorld world;
  std::unique_ptr<RestCatalog> catalog;
};

auto Always(FakeRestServer::Answer answer) {
  return [answer](const auto&, const auto&) { return answer; };
}
auto AfterServing(FakeRestServer::Answer answer) {
  return [answer](const auto&, const auto& serve) {
    (void)serve();
    return answer;
  };
}

TEST(RestCatalog, OpeningSaysWhyItCannot) {
  const auto open = [](const FakeRestServer::Answer& answer) {
    FakeRestWorld world;
    for (int i = 0; i < 4; ++i) world.server().Next("GET", "/config", Always(answer));
    return RestCatalog::Open(world.options(), world.context());
  };
  EXPECT_THAT(open(Error::Unavailable("away")), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(open(Error::Denied("certificate")), IsError(ErrorCode::kDenied));
  EXPECT_THAT(open(FakeRestError(503, "busy")), IsError(ErrorCode::kUnavailable));
  EXPECT_THAT(open(FakeRestError(401, "who")), IsError(ErrorCode::kDenied));
  EXPECT_THAT(open(FakeRestError(302, "")), IsError(ErrorCode::kInvalid));
  EXPECT_THAT(open(net::HttpResponse{200, {}, "<html>"}), IsError(ErrorCode::kUnavailable));
  const auto missing = open(FakeRestError(404, "no warehouse w"));
  ASSERT_THAT(missing, IsError(ErrorCode::kNotFound));
  EXPECT_THAT(missing.error().message(),
              testing::AllOf(HasSubstr("https://rest.test:443"), HasSubstr("no warehouse w")));
}

TEST(RestCatalog, HealthIsOneQuestion) {
  Opened opened;
  const size_t before = opened.world.http().sent().size();
  EXPECT_THAT(opened.catalog->CheckHealth(), IsOk());
  EXPECT_EQ(opened.world.http().sent().size(), before + 1);
  opened.world.server().Next("GET", "/config", Always(FakeRestError(503, "busy")));
  EXPECT_THAT(opened.catalog->CheckHealth(), IsError(ErrorCode::kUnavailable));
  EXPECT_EQ(opened.world.http().sent().size(), before + 2);
}

TEST(RestCatalog, AnOverriddenAddressIsUsedForEverythingAfter) {
  FakeRestWorld world(
      {.base = "https://rest.test/api", .overrides = {{"uri", "https://rest.test/api/"}}});
  const auto catalog = world.Open();
  ASSERT_THAT(catalog->CreateNamespace({"raw"}), IsOk());
  EXPECT_EQ(world.Sent().url, "https://rest.test/api/v1/namespaces");
}

TEST(RestCatalog, ReadsAllPages) {
  Opened opened({.page_size = 2});
  for (const char* name : {"a", "b", "c", "d", "e"}) opened.Create({{"raw"}, name});
  EXPECT_EQ(opened.catalog->ListTables({"raw"}).value().size(), 5U);
}

TEST(RestCatalog, AListThatNeverEndsIsStopped) {
  Opened opened;
  const auto page =
      Always(net::HttpResponse{200, {}, R"({"identifiers":[],"next-page-token":"again"})"});
  for (int i = 0; i < 3; ++i) opened.world.server().Next("GET", "/tables", page);
  EXPECT_THAT(opened.catalog->ListTables({"raw"}), IsError(ErrorCode::kCorrupt));
}

TEST(RestCatalog, AListOfAnythingElseIsNotBelieved) {
  Opened opened;
  for (const char* body : {R"({})", R"({"identifiers":{}})", R"({"identifiers":[{"name":"t"}]})",
                           R"({"identifiers":[{"namespace":"raw","name":"t"}]})",
                           R"({"identifiers":[{"namespace":["raw"],"name":7}]})",
                           R"({"identifiers":[],"next-page-token":7})"}) {
    opened.world.server().Next("GET", "/tables", Always(net::HttpResponse{200, {}, body}));
    EXPECT_THAT(opened.catalog->ListTables({"raw"}), IsError(ErrorCode::kCorrupt)) << body;
  }
}

TEST(RestCatalog, OnlyTheNextLevelIsListed) {
  Opened opened;
  opened.world.server().Next(
      "GET", "/namespaces",
      Always(net::HttpResponse{
          200, {}, R"({"namespaces":[["raw"],["raw","a"],["raw","a","deep"],["x"]]})"}));
  EXPECT_THAT(opened.catalog->ListNamespaces({"raw"}).value(), ElementsAre(Namespace{"raw", "a"}));
}

TEST(RestCatalog, EachTableSaysWhoMadeIt) {
  Opened opened;
  const auto table = opened.Create();
  EXPECT_EQ(table->Current().metadata->Property(kCreationIdProperty, "").size(), 36U);
}

TEST(RestCatalog, A200ForATableThatWasThereIsNotACreation) {
  Opened opened({.create_answers_existing = true});
  const auto first = opened.Create();
  EXPECT_THAT(opened.catalog->CreateTable(FakeTableCreation(kEvents)),
              IsError(ErrorCode::kAlreadyExists));
  EXPECT_EQ(opened.catalog->LoadTable(kEvents).value()->Current().metadata->table_uuid,
            first->Current().metadata->table_uuid);
}

TEST(RestCatalog, AnAnswerWithAnothersTableIsNotACreationEvenWhenItCannotBeLoaded) {
  Opened opened({.create_answers_existing = true});
  opened.Create();
  opened.world.server().Next("GET", "/events", Always(FakeRestError(403, "no")));
  EXPECT_THAT(opened.catalog->CreateTable(FakeTableCreation(kEvents)),
              IsError(ErrorCode::kAlreadyExists));
}

TEST(RestCatalog, ACreationWhoseAnswerIsLostIsFound) {
  for (const FakeRestServer::Answer& answer :
       {FakeRestServer::Answer(Error::Timeout("reset")),
        FakeRestServer::Answer(FakeRestError(502, "proxy")),
        FakeRestServer::Answer(net::HttpResponse{200, {}, "{\"metadata\":"})}) {
    Opened opened;
    opened.world.server().Next("POST", "/tables", AfterServing(answer));
    EXPECT_THAT(opened.catalog->CreateTable(FakeTableCreation(kEvents)), IsOk());
  }
}

TEST(RestCatalog, ACreationThatDidNotArriveKeepsItsError) {
  Opened opened;
  opened.world.server().Next("POST", "/tables", Always(Error::Timeout("reset")));
  EXPECT_THAT(opened.catalog->CreateTable(FakeTableCreation(kEvents)),
              IsError(ErrorCode::kTimeout));
  // Another's table that came meanwhile is not ours.
  opened.world.server().Next("POST", "/tables", [&](const auto&, const auto&) {
    EXPECT_THAT(opened.world.files().CreateTable(FakeTableCreation(kEvents)), IsOk());
    return FakeRestServer::Answer(Error::Timeout("reset"));
  });
  EXPECT_THAT(opened.catalog->CreateTable(FakeTableCreation(kEvents)),
              IsError(ErrorCode::kAlreadyExists));
}

TEST(RestCatalog, ATableThatWasOverwrittenAtOnceIsNotOurs) {
  Opened opened;
  opened.world.server().Next("POST", "/tables", [&](const auto&, const auto& serve) {
    const auto answer = serve();
    EXPECT_THAT(opened.world.files().DropTable(kEvents, true), IsOk());
    EXPECT_THAT(opened.world.files().CreateTable(FakeTableCreation(kEvents)), IsOk());
    return answer;
  });
  EXPECT_THAT(opened.catalog->CreateTable(FakeTableCreation(kEvents)),
              IsError(ErrorCode::kAlreadyExists));
}

TEST(RestCatalog, DroppingSaysWhetherToPurge) {
  Opened opened;
  opened.Create();
  ASSERT_THAT(opened.catalog->DropTable(kEvents, true), IsOk());
  EXPECT_THAT(opened.world.Sent().url, testing::EndsWith("/events?purgeRequested=true"));
}

TEST(RestCatalog, WhatIsNotListedIsNotTried) {
  Opened opened;
  opened.world.server().Next("GET", "/config",
                             Always(net::HttpResponse{200, {}, R"({"endpoints":[]})"}));
  const auto catalog = opened.world.Open();
  const size_t before = opened.world.http().sent().size();
  EXPECT_THAT(catalog->RenameTable(kEvents, {{"raw"}, "x"}), IsError(ErrorCode::kUnsupported));
  EXPECT_THAT(catalog->RegisterTable(kEvents, "memory://m"), IsError(ErrorCode::kUnsupported));
  EXPECT_EQ(catalog->CommitTables({}).outcome, CommitOutcome::kRejected);
  EXPECT_EQ(opened.world.http().sent().size(), before);
}

class RestCommitTables : public testing::Test {
 protected:
  TableChange Change(const TableOperations& table, int64_t snapshot_id) {
    const FakeCommit commit = FakeAppend(*table.Current().metadata, snapshot_id);
    return {table.identifier(), table.Current(), commit.updates, commit.requirements};
  }
  Opened opened_;
  const std::unique_ptr<TableOperations> a_ = opened_.Create({{"raw"}, "a"});
  const std::unique_ptr<TableOperations> b_ = opened_.Create({{"raw"}, "b"});
};

TEST_F(RestCommitTables, CommitsAll) {
  const std::vector<TableChange> changes = {Change(*a_, 1), Change(*b_, 2)};
  const CommitReply reply = opened_.catalog->CommitTables(changes);
  EXPECT_EQ(reply.outcome, CommitOutcome::kCommitted) << reply.detail;
  EXPECT_EQ(a_->Reconcile(1).value(), true);
  EXPECT_EQ(b_->Reconcile(2).value(), true);
}

TEST_F(RestCommitTables, CommitsNoneWhenOneMoved) {
  const std::vector<TableChange> changes = {Change(*a_, 1), Change(*b_, 2)};
  const FakeCommit other = FakeAppend(*b_->Current().metadata, 9);
  ASSERT_EQ(b_->Commit(b_->Current(), other.updates, other.requirements).outcome,
            CommitOutcome::kCommitted);
  EXPECT_EQ(opened_.catalog->CommitTables(changes).outcome, CommitOutcome::kConflict);
  EXPECT_EQ(a_->Reconcile(1).value(), false);
}

TEST_F(RestCommitTables, ALostAnswerIsUnknown) {
  opened_.world.server().Next("POST", "/transactions/commit",
                              AfterServing(FakeRestError(504, "late")));
  const std::vector<TableChange> changes = {Change(*a_, 1), Change(*b_, 2)};
  EXPECT_EQ(opened_.catalog->CommitTables(changes).outcome, CommitOutcome::kUnknown);
  EXPECT_EQ(a_->Reconcile(1).value(), true);
}

}  // namespace
}  // namespace kafka_iceberg::catalog
