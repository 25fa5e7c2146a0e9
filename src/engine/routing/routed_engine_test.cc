// SPDX-License-Identifier: Apache-2.0
//
// One engine and many tables, over fakes; real threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "engine/routing/fake_routed_world.h"

namespace kafka_iceberg::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using RoutedEngine = RoutedWorld;

storage::StoreFault FaultOn(const std::string& table, int times, Error error) {
  return {.operation = storage::StoreOperation::kFinish,
          .location_contains = "/" + table + "/data/",
          .times = times,
          .error = std::move(error)};
}

TEST_F(RoutedEngine, GivesEachTopicItsTable) {
  AddRoute("orders", "orders");
  AddRoute("clicks", "web.clicks");
  Produce("orders", 300);
  Produce("clicks", 500);
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.orders"), 300);
  EXPECT_EQ(Rows("web.clicks"), 500);
  Produce("orders", 10);
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.orders"), 310);
  EXPECT_EQ(Rows("web.clicks"), 500);
  EXPECT_EQ(broker_.committed().at({"orders", 0}), 155);
}

TEST_F(RoutedEngine, GivesOneTopicToThreeTables) {
  for (const char* table : {"a", "b", "c"}) AddRoute("orders", table);
  Produce("orders", 1000);
  ASSERT_THAT(RunOnce(), IsOk());
  for (const char* table : {"raw.a", "raw.b", "raw.c"}) EXPECT_EQ(Rows(table), 1000);
}

TEST_F(RoutedEngine, ATableThatJoinsLaterTakesEverythingAndTheOthersNothingTwice) {
  AddRoute("orders", "a");
  Produce("orders", 400);
  ASSERT_THAT(RunOnce(), IsOk());
  AddRoute("orders", "b");
  Produce("orders", 100);
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.a"), 500);
  EXPECT_EQ(Rows("raw.b"), 500);
}

TEST_F(RoutedEngine, GroupOffsetsAreThoseThatAllTablesHave) {
  AddRoute("orders", "a");
  AddRoute("orders", "b");
  Produce("orders", 100);
  faulty_store_.Inject(FaultOn("b", storage::StoreFault::kAlways, Error::Unavailable("no answer")));
  auto engine = Open({});
  ASSERT_THAT(engine, IsOk());
  const Status status = RunUntil(**engine, [&] { return Rows("raw.a") == 100; }, End::kAbort);
  EXPECT_FALSE(status.ok());
  for (const auto& [partition, next] : broker_.committed()) EXPECT_EQ(next, 0);
}

TEST_F(RoutedEngine, ChoosesByHeaderAndGivesTheRestToOtherwise) {
  AddRoute("events", "clicks").when = {.header = "type", .equals = {"click"}};
  AddRoute("events", "views").when = {.header = "type", .prefixes = {"view"}};
  AddRoute("events", "others").otherwise = true;
  Produce("events", 30, "click");
  Produce("events", 20, "view.page");
  Produce("events", 7, "error");
  Produce("events", 3);
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.clicks"), 30);
  EXPECT_EQ(Rows("raw.views"), 20);
  EXPECT_EQ(Rows("raw.others"), 10);
  EXPECT_FALSE(Exists("raw.unrouted_records"));
}

TEST_F(RoutedEngine, ChoosesByTheValueOfAField) {
  AddRoute("events", "red").when = {.field = "name", .equals = {"red"}};
  AddRoute("events", "big").when = {.field = "id", .equals = {"7000"}};
  AddRoute("events", "all");
  for (int i = 0; i < 5; ++i) ProduceValue("events", R"({"id":1,"name":"red"})");
  for (int i = 0; i < 4; ++i) ProduceValue("events", R"({"id":7000,"name":"blue"})");
  ProduceValue("events", R"({"id":7000,"name":"red"})");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.red"), 6);
  EXPECT_EQ(Rows("raw.big"), 5);
  EXPECT_EQ(Rows("raw.all"), 10);
}

TEST_F(RoutedEngine, WhatNoRouteTakesBecomesADeadLetterOnce) {
  AddRoute("events", "red").when = {.field = "name", .equals = {"red"}};
  ProduceValue("events", R"({"id":1,"name":"red"})");
  ProduceValue("events", R"({"id":2,"name":"blue"})");
  ProduceValue("events", "rubbish");
  ASSERT_THAT(RunOnce(), IsOk());
  ProduceValue("events", R"({"id":4,"name":["red"]})");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.red"), 1);
  const TopicPartition partition{"events", 0};
  const std::map<std::pair<TopicPartition, int64_t>, std::string> expected = {
      {{partition, 1}, "no_route"}, {{partition, 2}, "not_json"}, {{partition, 3}, "no_route"}};
  EXPECT_EQ(Unrouted(), expected);
}

TEST_F(RoutedEngine, MakesTablesThatRecordsName) {
  AddRoute("events", "type_{header:type}");
  Produce("events", 300, "a");
  Produce("events", 200, "b");
  Produce("events", 5);
  ASSERT_THAT(RunOnce(), IsOk());
  Produce("events", 10, "b");
  Produce("events", 10, "c");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.type_a"), 300);
  EXPECT_EQ(Rows("raw.type_b"), 210);
  EXPECT_EQ(Rows("raw.type_c"), 10);
  EXPECT_EQ(Unrouted().size(), 5U);
}

TEST_F(RoutedEngine, NamesThatAreNoneBecomeDeadLetters) {
  AddRoute("events", "{header:type}");
  for (const char* type : {"../../etc", "a/b", "a.b", ".hidden", "x__dlq", "unrouted_records",
                           "good", "na\nme", "\xff\xfe"}) {
    Produce("events", 1, type);
  }
  Produce("events", 1, std::string(300, 'x'));
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.good"), 1);
  EXPECT_EQ(Unrouted().size(), 9U);
  for (const auto& [offset, code] : Unrouted()) EXPECT_EQ(code, "table_refused");
  const auto tables = memory_.ListTables({"raw"});
  ASSERT_TRUE(tables.ok());
  EXPECT_EQ(tables->size(), 2U);
}

TEST_F(RoutedEngine, NeverMakesMoreTablesThanAllowed) {
  AddRoute("events", "{header:type}");
  options_.routing.tables_max = 3;
  for (int i = 0; i < 10; ++i) Produce("events", 2, fmt::format("t{}", i));
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(memory_.ListTables({"raw"})->size(), 4U);
  EXPECT_EQ(Unrouted().size(), 14U);
}

TEST_F(RoutedEngine, OnlyAllowedTablesAreMade) {
  AddRoute("events", "{header:type}").allowed_tables = {"a"};
  Produce("events", 4, "a");
  Produce("events", 3, "b");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.a"), 4);
  EXPECT_FALSE(Exists("raw.b"));
  EXPECT_EQ(Unrouted().size(), 3U);
}

TEST_F(RoutedEngine, ATableThatFailsIsLeftAndReadAgain) {
  AddRoute("orders", "a");
  AddRoute("orders", "b");
  Produce("orders", 500);
  faulty_store_.Inject(FaultOn("b", 12, Error::Unavailable("no answer")));
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.a"), 500);
  EXPECT_EQ(Rows("raw.b"), 500);
}

TEST_F(RoutedEngine, ATableThatMayNotBeWrittenDoesNotStopTheOthers) {
  AddRoute("orders", "a");
  AddRoute("orders", "b");
  AddRoute("clicks", "c");
  Produce("orders", 200);
  Produce("clicks", 100);
  faulty_store_.Inject(
      FaultOn("b", storage::StoreFault::kAlways, Error::Denied("no right to write")));
  auto engine = Open();
  ASSERT_THAT(engine, IsOk());
  const Status status = (*engine)->Run({});
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message(), HasSubstr("no right to write"));
  EXPECT_EQ(Rows("raw.a"), 200);
  EXPECT_EQ(Rows("raw.c"), 100);
  for (const TableStatus& table : (*engine)->status().tables) {
    EXPECT_EQ(table.failure.empty(), table.table != "raw.b") << table.table;
  }
  engine->reset();
  faulty_store_.ClearFaults();
  Produce("orders", 50);
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.a"), 250);
  EXPECT_EQ(Rows("raw.b"), 250);
}

TEST_F(RoutedEngine, StopsWhenNoTableIsLeft) {
  AddRoute("orders", "a");
  AddRoute("orders", "b");
  Produce("orders", 20);
  faulty_store_.Inject({.operation = storage::StoreOperation::kFinish,
                        .location_contains = "/data/",
                        .times = storage::StoreFault::kAlways,
                        .error = Error::Denied("no right to write")});
  auto engine = Open({});
  ASSERT_THAT(engine, IsOk());
  EXPECT_FALSE((*engine)->Run({}).ok());
}

TEST_F(RoutedEngine, CommitFaultsLoseAndDoubleNothing) {
  using catalog::CommitFault;
  AddRoute("events", "all");
  AddRoute("events", "type_{header:type}");
  int rounds = 0;
  for (const CommitFault fault :
       {CommitFault::kResponseLostAfterApply, CommitFault::kServerErrorAfterApply,
        CommitFault::kServerErrorBeforeApply, CommitFault::kGarbageReplyAfterApply,
        CommitFault::kAppliedBeforeNextRefresh, CommitFault::kAppliedAfterNextRefresh,
        CommitFault::kAppliedBeforeNextCommit, CommitFault::kConflict}) {
    for (int i = 0; i < 3; ++i) faults_.NextCommit(fault);
    Produce("events", 40, "a");
    Produce("events", 40, fmt::format("b{}", rounds));
    const Status status = RunOnce();
    ASSERT_THAT(status, IsOk()) << status.error().message();
    ++rounds;
  }
  EXPECT_EQ(Rows("raw.all"), 80 * rounds);
  EXPECT_EQ(Rows("raw.type_a"), 40 * rounds);
  for (int i = 0; i < rounds; ++i) EXPECT_EQ(Rows(fmt::format("raw.type_b{}", i)), 40);
}

// Tables that a restart does not know of begin where their first record is, however often the
// process dies in between and whatever is left of its state.
TEST_F(RoutedEngine, KillsLoseAndDoubleNothingOfTablesThatRecordsName) {
  AddRoute("events", "all");
  AddRoute("events", "type_{header:type}");
  int types = 0;
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 3; ++i) {
      Produce("events", 30, "often");
      Produce("events", 10, fmt::format("rare{}", types++));
    }
    auto engine = Open({});
    ASSERT_THAT(engine, IsOk()) << engine.error().message();
    const int64_t commits = round % 4;
    const Status status =
        RunUntil(**engine, [&] { return (*engine)->status().commits >= commits; }, End::kAbort);
    EXPECT_FALSE(status.ok());
    engine->reset();
    if (round % 3 == 0) std::filesystem::remove_all(options_.state_directory);
  }
  Produce("events", 10, "last");
  const Status status = RunOnce();
  ASSERT_THAT(status, IsOk()) << status.error().message();
  EXPECT_EQ(Rows("raw.all"), produced_);
  EXPECT_EQ(Rows("raw.type_often"), 8 * 3 * 30);
  for (int i = 0; i < types; ++i) EXPECT_EQ(Rows(fmt::format("raw.type_rare{}", i)), 10);
  EXPECT_THAT(Unrouted(), IsEmpty());
}

TEST_F(RoutedEngine, QuietTablesMakeFewSnapshots) {
  AddRoute("events", "busy").when = {.header = "type", .equals = {"busy"}};
  AddRoute("events", "quiet").when = {.header = "type", .equals = {"quiet"}};
  Produce("events", 10, "quiet");
  auto engine = Open({});
  ASSERT_THAT(engine, IsOk());
  int64_t seen = -1;
  const Status status = RunUntil(
      **engine,
      [&] {
        if (Snapshots("raw.busy") > seen) {
          seen = Snapshots("raw.busy");
          Produce("events", 10, "busy");
        }
        return seen >= 4;
      },
      End::kStop);
  ASSERT_THAT(status, IsOk()) << status.error().message();
  EXPECT_EQ(Rows("raw.quiet"), 10);
  // The first rows, and on the way out where the next run goes on.
  EXPECT_LE(Snapshots("raw.quiet"), 2);
  EXPECT_EQ(LedgerOf("raw.quiet"), LedgerOf("raw.busy"));
}

TEST_F(RoutedEngine, ColumnsAreInferredFromTheFirstRecordsOfEachTable) {
  options_.schema.fields.clear();
  AddRoute("events", "{header:type}");
  AddRoute("orders", "orders");
  Produce("events", 20, "a");
  ProduceValue("orders", R"({"price": 1.5})");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.a"), 20);
  EXPECT_EQ(Rows("raw.orders"), 1);
  const auto orders = memory_.LoadTable({.name_space = {"raw"}, .name = "orders"});
  EXPECT_NE((*orders)->Current().metadata->schema().FindField("price"), nullptr);
}

TEST_F(RoutedEngine, RevokedPartitionsAreCommittedInAllTablesBeforeTheyLeave) {
  for (const char* table : {"a", "b"}) AddRoute("orders", table);
  options_.commit.interval_seconds = 60;
  Produce("orders", 200);
  auto engine = Open({});
  ASSERT_THAT(engine, IsOk());
  bool taken = false;
  const Status status = RunUntil(
      **engine,
      [&] {
        if ((*engine)->status().hot_rows < 400 && !taken) return false;
        if (!std::exchange(taken, true)) source_->Take({{"orders", 0}});
        return !source_->assigned().contains({"orders", 0});
      },
      End::kAbort);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(broker_.committed().at({"orders", 0}), 100);
  engine->reset();
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.a"), 200);
  EXPECT_EQ(Rows("raw.b"), 200);
}

}  // namespace
}  // namespace kafka_iceberg::engine
