// SPDX-License-Identifier: Apache-2.0
//
// Tables whose rows hold the decoded keys of their records, over fakes; real threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "engine/routing/fake_routed_world.h"

namespace kafka_iceberg::engine {
namespace {

class KeyedEngine : public RoutedWorld {
 protected:
  KeyedEngine() { options_.iceberg.table_management.partition_by = std::vector<std::string>(); }

  config::RouteOptions& AddKeyedRoute(const std::string& table, const std::string& format) {
    config::RouteOptions& route = AddRoute("orders", table);
    route.key_format = format;
    return route;
  }
  void Add(int count, const std::optional<std::string>& key) {
    for (int i = 0; i < count; ++i)
      ProduceValue("orders", fmt::format(R"({{"id":{},"name":"x"}})", i), key);
  }
  iceberg::TableMetadataPtr Metadata(const std::string& table) {
    return (*memory_.LoadTable({.name_space = {"raw"}, .name = table}))->Current().metadata;
  }
  std::string KeyType(const std::string& table) {
    const iceberg::TableMetadataPtr metadata = Metadata(table);
    const iceberg::Field* field = metadata->schema().FindField("_key");
    return field == nullptr ? "none" : iceberg::ToString(field->type);
  }
};

TEST_F(KeyedEngine, EachRouteReadsKeysInItsOwnWay) {
  AddKeyedRoute("typed", "json");
  AddKeyedRoute("kept", "string").key_column = "k";
  AddRoute("orders", "plain");
  Add(100, R"({"id":7,"at":"2026-01-08"})");
  Add(50, std::nullopt);
  ASSERT_THAT(RunOnce(), IsOk());
  for (const char* table : {"raw.typed", "raw.kept", "raw.plain"}) EXPECT_EQ(Rows(table), 150);
  EXPECT_EQ(KeyType("typed"), "struct<id: long, at: date>");
  EXPECT_EQ(KeyType("kept"), "none");
  EXPECT_EQ(Metadata("kept")->schema().FindField("k")->type.id, iceberg::TypeId::kString);
  EXPECT_EQ(KeyType("plain"), "none");
}

TEST_F(KeyedEngine, AKeyThatDoesNotFitIsOneLetterOfItsTableOnly) {
  AddKeyedRoute("typed", "json");
  AddRoute("orders", "plain");
  Add(10, R"({"id":7})");
  Add(1, "not json");
  Add(1, R"({"id":"text"})");
  ProduceValue("orders", "no value either", "not json");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(Rows("raw.typed"), 10);
  EXPECT_EQ(Rows("raw.plain"), 12);
  const TopicPartition partition{"orders", 0};
  EXPECT_THAT(Letters("raw.typed"),
              ::testing::ElementsAre(std::pair(std::pair(partition, 10), "not_json"),
                                     std::pair(std::pair(partition, 11), "wrong_type"),
                                     std::pair(std::pair(partition, 12), "not_json")));
  EXPECT_EQ(Letters("raw.plain").size(), 1U);
}

TEST_F(KeyedEngine, KeysEvolveInTheCommitOfTheRowsThatNeedIt) {
  options_.iceberg.table_management.schema_mismatch_action = "evolve";
  AddKeyedRoute("typed", "json").partition_by = std::vector<std::string>{"bucket(4, _key.id)"};
  Add(10, R"({"id":7})");
  ASSERT_THAT(RunOnce(), IsOk());
  const int64_t snapshots = Snapshots("raw.typed");
  Add(10, R"({"id":8,"region":"eu","at":{"n":1}})");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(KeyType("typed"), "struct<id: long, region: string, at: struct<n: long>>");
  EXPECT_EQ(Rows("raw.typed"), 20);
  EXPECT_EQ(Snapshots("raw.typed"), snapshots + 1);
  EXPECT_TRUE(Letters("raw.typed").empty());
}

TEST_F(KeyedEngine, ATableThatIsThereGetsTheColumnWithItsFirstKey) {
  AddRoute("orders", "typed");
  Add(10, R"({"id":7})");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(KeyType("typed"), "none");
  options_.iceberg.table_management.schema_mismatch_action = "evolve";
  options_.routing.routes[0].key_format = "json";
  Add(10, R"({"id":7})");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(KeyType("typed"), "struct<id: long>");
  EXPECT_EQ(Rows("raw.typed"), 20);
}

TEST_F(KeyedEngine, KeysThatAreKeptAsTheyAreGetTheirColumnWhenTheTableMayEvolve) {
  AddRoute("orders", "kept");
  Add(10, "k");
  ASSERT_THAT(RunOnce(), IsOk());
  options_.routing.routes[0].key_format = "string";
  options_.iceberg.table_management.schema_mismatch_action = "warn";
  Add(10, "k");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(KeyType("kept"), "none");
  EXPECT_EQ(Rows("raw.kept"), 20);
  options_.iceberg.table_management.schema_mismatch_action = "evolve";
  Add(10, "k");
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(KeyType("kept"), "string");
  EXPECT_EQ(Rows("raw.kept"), 30);
  EXPECT_TRUE(Letters("raw.kept").empty());
}

TEST_F(KeyedEngine, ValuesMayNotHaveAFieldOfTheKeysName) {
  options_.schema.fields.clear();
  AddKeyedRoute("typed", "json");
  AddRoute("orders", "plain");
  ProduceValue("orders", R"({"id":1,"_key":"x"})", "5");
  const auto engine = Open({});
  ASSERT_THAT(engine, IsOk());
  // The other table is no worse for it.
  const Status status = RunUntil(**engine, [&] { return Rows("raw.plain") == 1; }, End::kStop);
  EXPECT_THAT(status.error().message(), ::testing::HasSubstr("raw.typed"));
  EXPECT_FALSE(Exists("raw.typed"));
  bool is_said = false;
  for (const telemetry::FakeLogger::Line& line : logger_.lines()) {
    for (const telemetry::LogField& field : line.fields) {
      const auto* text = std::get_if<std::string>(&field.value);
      is_said = is_said || (text != nullptr && text->find("kafka.key_column") != text->npos);
    }
  }
  EXPECT_TRUE(is_said);
}

TEST_F(KeyedEngine, KeysMayIdentifyAndSortRows) {
  config::RouteOptions& route = AddKeyedRoute("typed", "json");
  route.identifier_fields = std::vector<std::string>{"_key.id"};
  route.sort_by = std::vector<std::string>{"_key.id desc"};
  Add(10, R"({"id":7})");
  Add(1, std::nullopt);
  ASSERT_THAT(RunOnce(), IsOk());
  const iceberg::TableMetadataPtr metadata = Metadata("typed");
  const iceberg::Field* id = metadata->schema().FindField("_key.id");
  EXPECT_THAT(metadata->schema().identifier_field_ids, ::testing::ElementsAre(id->id));
  EXPECT_TRUE(id->required);
  EXPECT_TRUE(metadata->schema().FindField("_key")->required);
  EXPECT_EQ(Rows("raw.typed"), 10);
  EXPECT_EQ(Letters("raw.typed").size(), 1U);  // a null key identifies nothing
}

TEST_F(KeyedEngine, ADeclaredKeyNeedsNoRecords) {
  options_.schema.fields.push_back({.name = "_key", .type = "struct<id:int>"});
  AddKeyedRoute("typed", "json");
  Add(3, std::nullopt);
  ASSERT_THAT(RunOnce(), IsOk());
  EXPECT_EQ(KeyType("typed"), "struct<id: int>");
  EXPECT_EQ(Rows("raw.typed"), 3);
}

}  // namespace
}  // namespace kafka_iceberg::engine
