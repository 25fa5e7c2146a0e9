// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/result_matchers.h"
#include "engine/routing/plan_router.h"
#include "engine/routing/route_plan.h"
#include "engine/routing/table_template.h"
#include "kafka/topic_pattern.h"

namespace kafka_iceberg::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(TableTemplate, ANameWithoutANamespaceIsInTheDatabase) {
  EXPECT_EQ(*TableTemplate::Parse("orders", "raw", {})->Expand({}), "raw.orders");
  EXPECT_EQ(*TableTemplate::Parse("a.b.orders", "raw", {})->Expand({}), "a.b.orders");
}

TEST(TableTemplate, PutsValuesBetweenItsTexts) {
  const auto name = TableTemplate::Parse("web.x_{header:type}-{key}_y", "raw", {});
  ASSERT_TRUE(name.ok()) << name.error().message();
  EXPECT_THAT(name->values(), SizeIs(2));
  EXPECT_EQ(*name->Expand({"click", "7"}), "web.x_click-7_y");
}

TEST(TableTemplate, TheDotsOfATopicAreNoNamespaces) {
  EXPECT_EQ(*TableTemplate::Parse("{topic}", "raw", {})->Expand({"shop.orders"}),
            "raw.shop_orders");
}

TEST(TableTemplate, WhatARecordSaysIsNoPathAndNoNamespace) {
  const auto name = TableTemplate::Parse("{header:type}", "raw", {});
  const std::vector<std::string_view> bad = {
      "",    ".",   "..",    "../x",     "a/b",   "a\\b", "a.b", ".a",     "_a",       "-a",
      "a b", "a\n", "a\x7f", "\xc3\xa9", "a%2fb", "a?b",  "a#b", "x__dlq", {"a\0b", 3}};
  for (const std::string_view value : bad) {
    EXPECT_FALSE(name->Expand({value}).ok()) << value;
  }
  EXPECT_FALSE(name->Expand({std::string(129, 'a')}).ok());
  EXPECT_TRUE(name->Expand({std::string(128, 'a')}).ok());
}

TEST(TableTemplate, SaysWhatIsWrongWithIt) {
  const auto error = [](const char* text) {
    return TableTemplate::Parse(text, "raw", {}).error().message();
  };
  EXPECT_THAT(error("{topik}"), HasSubstr("is not known"));
  EXPECT_THAT(error("{header:}"), HasSubstr("is not known"));
  EXPECT_THAT(error("{topic"), HasSubstr("without"));
  EXPECT_THAT(error("{topic}.x"), HasSubstr("namespace"));
  EXPECT_THAT(error("a/{topic}"), HasSubstr("letters"));
  EXPECT_THAT(TableTemplate::Parse("x_{key}", "raw", {"y"}).error().message(),
              HasSubstr("never gives"));
}

TEST(TableTemplate, KnowsItsTables) {
  const auto name = TableTemplate::Parse("x_{key}_z", "raw", {});
  EXPECT_TRUE(name->CouldBe("raw.x_a_z"));
  EXPECT_FALSE(name->CouldBe("raw.x_a"));
  EXPECT_FALSE(name->CouldBe("web.x_a_z"));
  EXPECT_FALSE(name->CouldBe("raw.x_a.b_z"));
}

TEST(TopicPattern, MatchesAsTheSubscriptionDoes) {
  EXPECT_TRUE(kafka::TopicPattern::Make("orders")->Matches("orders"));
  EXPECT_FALSE(kafka::TopicPattern::Make("orders")->Matches("orders2"));
  EXPECT_TRUE(kafka::TopicPattern::Make("^orders")->Matches("orders2"));
  EXPECT_FALSE(kafka::TopicPattern::Make("^orders")->Matches("x_orders"));
  EXPECT_FALSE(kafka::TopicPattern::Make("^orders(").ok());
}

TEST(TopicPattern, ACombinedOneMatchesWhatAnyDoes) {
  const auto pattern =
      kafka::TopicPattern::Make(kafka::CombinedPattern({"a.b", "^shop_", "orders"}));
  ASSERT_TRUE(pattern.ok());
  EXPECT_TRUE(pattern->Matches("a.b"));
  EXPECT_FALSE(pattern->Matches("axb"));
  EXPECT_FALSE(pattern->Matches("a.bc"));
  EXPECT_TRUE(pattern->Matches("shop_users"));
  EXPECT_TRUE(pattern->Matches("orders"));
  EXPECT_FALSE(pattern->Matches("orders2"));
}

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    options_.kafka.topic = "events";
    options_.iceberg.database_name = "raw";
  }

  config::RouteOptions& Add(const std::string& topic, const std::string& table) {
    config::RouteOptions& route = options_.routing.routes.emplace_back();
    route.topic = topic;
    route.table = table;
    return route;
  }

  // Table -> places of its records.
  std::map<std::string, std::vector<uint32_t>> Route(const std::vector<Record>& records) {
    const auto plan = RoutePlan::Make(options_);
    EXPECT_TRUE(plan.ok()) << plan.error().message();
    PlanRouter router(*plan, nullptr, *metrics_);
    outcome_ = router.Route("events", records);
    std::map<std::string, std::vector<uint32_t>> shares;
    for (const RouteShare& share : outcome_.shares) shares[share.table] = share.records;
    return shares;
  }

  config::Options options_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  RouteOutcome outcome_;
};

Record Json(std::string_view value, int64_t offset) { return {.value = value, .offset = offset}; }

TEST_F(RoutesTest, AFieldMayBeTextNumberOrBoolean) {
  Add("events", "a").when = {.field = "x", .equals = {"1", "true", "one"}};
  Add("events", "rest").otherwise = true;
  const auto shares =
      Route({Json(R"({"x":1})", 0), Json(R"({"x":true})", 1), Json(R"({"x":"one"})", 2),
             Json(R"({"x":1.5})", 3), Json(R"({"y":1})", 4), Json(R"({"x":null})", 5),
             Json(R"({"z":{"x":1}})", 6)});
  EXPECT_THAT(shares.at("raw.a"), ElementsAre(0, 1, 2));
  EXPECT_THAT(shares.at("raw.rest"), ElementsAre(3, 4, 5, 6));
}

TEST_F(RoutesTest, APayloadThatCannotBeReadKeepsItsReason) {
  Add("events", "a").when = {.field = "x", .equals = {"1"}};
  Route({Json("{", 0), Json(R"({"x":2})", 1)});
  ASSERT_THAT(outcome_.refusals, SizeIs(2));
  EXPECT_EQ(outcome_.refusals[0].code, "not_json");
  EXPECT_EQ(outcome_.refusals[1].code, "no_route");
}

TEST_F(RoutesTest, ATombstoneHasNoFieldsAndIsNoDeadLetter) {
  Add("events", "a").when = {.field = "x", .equals = {"1"}};
  Route({Record{.value_is_null = true}});
  EXPECT_THAT(outcome_.refusals, IsEmpty());
  EXPECT_EQ(metrics_->GetCounter("kafka_iceberg_tombstones_total").value(), 1);
}

TEST_F(RoutesTest, TheLastHeaderOfANameCounts) {
  Add("events", "{header:type}");
  const std::vector<Header> headers = {
      {"type", "a"}, {"type", "b"}, {"other", "c"}, {"type", "", true}};
  EXPECT_THAT(Route({Record{.headers = headers}}).at("raw.b"), ElementsAre(0));
}

TEST_F(RoutesTest, EveryRouteThatMatchesGetsTheRecord) {
  Add("events", "a");
  Add("events", "k").when = {.key = true, .prefixes = {"x"}};
  Add("events", "rest").otherwise = true;
  const auto shares =
      Route({Record{.key = "xy", .key_is_null = false}, Record{.key_is_null = true}});
  EXPECT_THAT(shares.at("raw.a"), ElementsAre(0, 1));
  EXPECT_THAT(shares.at("raw.k"), ElementsAre(0));
  EXPECT_FALSE(shares.contains("raw.rest"));
}

TEST_F(RoutesTest, ATableHasOneSetOfSettings) {
  Add("a", "t");
  Add("b", "t").format = "binary";
  EXPECT_THAT(RoutePlan::Make(options_).error().message(), HasSubstr("same"));
}

TEST_F(RoutesTest, EachTableHasAConfigurationOfItsOwn) {
  options_.state_directory = "/state";
  config::RouteOptions& route = Add("orders", "web.orders");
  route.format = "binary";
  route.partition_by = std::vector<std::string>{"day(ts)"};
  const auto plan = RoutePlan::Make(options_);
  const config::Options table = (*plan)->OptionsFor("web.orders", {});
  EXPECT_EQ(table.kafka.format, "binary");
  EXPECT_THAT(table.kafka.topics, ElementsAre("orders"));
  EXPECT_EQ(table.iceberg.database_name, "web");
  EXPECT_EQ(table.iceberg.table_name, "orders");
  EXPECT_EQ(table.state_directory, "/state/tables/web.orders");
  EXPECT_THAT(table.routing.routes, IsEmpty());
  EXPECT_EQ((*plan)->OptionsFor("a.b c/d", {}).state_directory, "/state/tables/a.b%20c%2fd");
}

TEST_F(RoutesTest, ACommandFindsItsTables) {
  Add("a", "x");
  Add("b", "y_{topic}");
  EXPECT_THAT(*TablesOf(options_, {}), SizeIs(1));
  EXPECT_EQ(TablesOf(options_, "y_b")->front().iceberg.table_name, "y_b");
  EXPECT_FALSE(TablesOf(options_, "z").ok());
}

}  // namespace
}  // namespace kafka_iceberg::engine
