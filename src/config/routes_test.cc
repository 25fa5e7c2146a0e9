// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_file.h"

namespace kafka_iceberg::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kBase = R"(
[kafka]
bootstrap_servers = "localhost:9092"
consumer_group = "g"
[iceberg]
database_name = "raw"
[iceberg.file]
warehouse_path = "/data/warehouse"
)";

LoadedOptions Parse(std::string_view routes) {
  return ParseOptions(fmt::format("{}{}", kBase, routes), "c.toml", {});
}

std::vector<std::string> Problems(std::string_view routes) {
  std::vector<std::string> texts;
  for (const Problem& problem : Parse(routes).problems) {
    texts.push_back(problem.ToString());
  }
  return texts;
}

TEST(Routes, AreReadWithAllTheirSettings) {
  const LoadedOptions loaded = Parse(R"(
[routing]
tables_max = 7
account_table = "rest"
idle_interval_seconds = 30
[[routes]]
topic = "orders"
table = "web.{header:type}"
allowed_tables = ["web.a"]
when = { header = "type", equals = "a", prefix = ["b", "c"] }
format = "avro"
partition_by = []
fields = [{ name = "id", type = "long" }]
[[routes]]
topic_pattern = "^shop"
table = "shop"
otherwise = true
)");
  ASSERT_THAT(loaded.problems, IsEmpty());
  const RoutingOptions& routing = loaded.options.routing;
  EXPECT_EQ(routing.tables_max, 7);
  EXPECT_EQ(routing.account_table, "rest");
  EXPECT_EQ(routing.idle_interval_seconds, 30);
  ASSERT_THAT(routing.routes, SizeIs(2));
  const RouteOptions& route = routing.routes[0];
  EXPECT_EQ(route.when.header, "type");
  EXPECT_THAT(route.when.equals, ElementsAre("a"));
  EXPECT_THAT(route.when.prefixes, ElementsAre("b", "c"));
  EXPECT_EQ(route.format, "avro");
  EXPECT_EQ(route.framing, std::nullopt);
  EXPECT_THAT(*route.partition_by, IsEmpty());
  EXPECT_THAT(route.fields, SizeIs(1));
  EXPECT_TRUE(routing.routes[1].otherwise);
}

TEST(Routes, WithoutATopicTakeThoseOfTheConfiguration) {
  EXPECT_THAT(Problems("[[routes]]\ntable = \"a\""), ElementsAre(HasSubstr("kafka.topic")));
}

TEST(Routes, ContradictionsAreExplained) {
  EXPECT_THAT(Problems("[[routes]]\ntopic = \"a\"\ntopic_pattern = \"^a\"\ntable = \"a\""),
              ElementsAre(HasSubstr("only one of topic and topic_pattern")));
  EXPECT_THAT(Problems("[[routes]]\ntopic = \"a\""), ElementsAre(HasSubstr("table: is missing")));
  EXPECT_THAT(Problems("[[routes]]\ntopic = \"a\"\ntable = \"a\"\nwhen = { header = \"x\" }"),
              ElementsAre(HasSubstr("which values")));
  EXPECT_THAT(Problems("[[routes]]\ntopic = \"a\"\ntable = \"a\"\nwhen = { equals = \"x\" }"),
              ElementsAre(HasSubstr("what is compared")));
  EXPECT_THAT(Problems("[[routes]]\ntopic = \"a\"\ntable = \"a\"\n"
                       "when = { key = true, field = \"x\", equals = \"x\" }"),
              ElementsAre(HasSubstr("only one of header")));
  EXPECT_THAT(Problems("[[routes]]\ntopic = \"a\"\ntable = \"a\"\nwen = 1"),
              ElementsAre(HasSubstr("did you mean \"when\"?")));
}

}  // namespace
}  // namespace kafka_iceberg::config
