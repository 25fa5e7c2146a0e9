// SPDX-License-Identifier: Apache-2.0
#include "config/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kafka_iceberg::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kMinimal = R"([kafka]
bootstrap_servers = "localhost:9092"
topic = "events"
consumer_group = "iceberg-ingestion"

[iceberg]
catalog_type = "file"
database_name = "raw"
table_name = "events"

[iceberg.file]
warehouse_path = "/data/warehouse"
)";

LoadedOptions Parse(std::string_view extra, const Environment& environment = {}) {
  return ParseOptions(std::string(kMinimal) + std::string(extra), "config.toml", environment);
}

std::vector<std::string> Texts(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  for (const Problem& problem : problems) texts.push_back(problem.ToString());
  return texts;
}

// The configuration with another catalog.
LoadedOptions ParseCatalog(const std::string& type, const std::string& section) {
  return ParseOptions(fmt::format(R"([kafka]
bootstrap_servers = "localhost:9092"
topic = "events"
consumer_group = "g"
[iceberg]
catalog_type = "{0}"
database_name = "raw"
table_name = "events"
[iceberg.{0}]
{1}
)",
                                  type, section),
                      "config.toml", {});
}

TEST(ConfigFile, MinimalConfigurationHasTheDocumentedDefaults) {
  const LoadedOptions loaded = Parse("");
  ASSERT_THAT(Texts(loaded.problems), IsEmpty());
  const Options& options = loaded.options;
  EXPECT_EQ(options.iceberg.table_management.schema_mismatch_action, "fail");
  EXPECT_EQ(options.iceberg.table_management.partition_strategy, "daily");
  EXPECT_TRUE(options.iceberg.table_management.auto_create_if_missing);
  EXPECT_EQ(options.iceberg.catalog_manager.reconnect_backoff_ms,
            (std::vector<int32_t>{100, 500, 2000, 5000}));
  EXPECT_EQ(options.iceberg.catalog_manager.health_check_interval_seconds, 60);
  EXPECT_EQ(options.state_directory, "./kafka-iceberg-state");
  EXPECT_EQ(options.server_listen, "127.0.0.1:8088");
  EXPECT_EQ(options.hot_buffer.ttl_seconds, 60);
}

TEST(ConfigFile, EverySectionOfTheRequirementsIsAccepted) {
  const LoadedOptions loaded = Parse(R"(
[iceberg.rest]
uri = "http://localhost:8181"
credential_type = "bearer"
credential = "${CATALOG_TOKEN}"
request_timeout_seconds = 30
max_retries = 3
[iceberg.glue]
region = "us-east-1"
role_arn = "arn:aws:iam::123456789012:role/IcebergRole"
[iceberg.hive]
metastore_uri = "thrift://localhost:9083"
warehouse_path = "s3://bucket/warehouse"
[iceberg.catalog_manager]
connection_pool_size = 10
health_check_interval_seconds = 30
reconnect_backoff_ms = [100, 500, 2000, 5000]
[iceberg.table_management]
auto_create_if_missing = true
schema_mismatch_action = "evolve"
partition_strategy = "hourly"
[hot_buffer]
ttl_seconds = 60
max_size_mb = 2048
[maintenance]
compact_enabled = false
compact_interval_seconds = 3600
)",
                                     {{"CATALOG_TOKEN", "t0ken"}});
  EXPECT_THAT(Texts(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.options.iceberg.rest.credential, "t0ken");
  EXPECT_EQ(loaded.options.iceberg.glue.role_arn, "arn:aws:iam::123456789012:role/IcebergRole");
  EXPECT_EQ(loaded.options.iceberg.hive.metastore_uri, "thrift://localhost:9083");
  EXPECT_EQ(loaded.options.iceberg.hive.commit_lock, "lock");
  EXPECT_EQ(loaded.options.hot_buffer.max_size_mb, 2048);
}

TEST(ConfigFile, AllProblemsAreReportedAtOnceWithTheirPositions) {
  const LoadedOptions loaded = ParseOptions(R"([kafka]
bootstrap_server = "localhost:9092"
topic = 5
[hot_buffer]
ttl_seconds = "sixty"
max_size_mb = -1
[hot_bufer]
)",
                                            "config.toml", {});
  EXPECT_THAT(
      Texts(loaded.problems),
      ElementsAre(StartsWith("config.toml: iceberg.database_name: is missing; e.g. "),
                  StartsWith("config.toml: iceberg.table_name: is missing; e.g. "),
                  StartsWith("config.toml: iceberg.file.warehouse_path: is missing; e.g. "),
                  StartsWith("config.toml:1:2: kafka.consumer_group: is missing; e.g. "),
                  "config.toml:2:1: kafka.bootstrap_server: unknown key; did you mean "
                  "\"bootstrap_servers\"?",
                  "config.toml:3:9: kafka.topic: must be a string, not an integer",
                  "config.toml:5:15: hot_buffer.ttl_seconds: must be an integer, not a string",
                  "config.toml:6:15: hot_buffer.max_size_mb: -1 is outside 16 to 1048576",
                  "config.toml:7:2: hot_bufer: unknown section; did you mean \"hot_buffer\"?"));
}

// What is only missing because it was misspelt, or needed because of a wrong choice, is not told.
TEST(ConfigFile, AProblemHidesWhatMayComeOfIt) {
  const LoadedOptions loaded = ParseOptions(R"([kafka]
bootstrap_servers = "b"
topic = "t"
topics = ["u"]
format = "arvo"
subject = "s"
consumer_grup = "g"
[iceberg]
catalog_type = "rset"
database_name = "../up"
[iceberg.rest]
uri = "localhost"
[schema]
metadata_columns = ["_kafka_ofset"]
)",
                                            "config.toml", {});
  EXPECT_THAT(
      Texts(loaded.problems),
      ElementsAre(HasSubstr("config.toml:3:1: kafka.topic: only one of topic, topics and"),
                  HasSubstr("config.toml:5:10: kafka.format: \"arvo\" is not one of "),
                  HasSubstr("config.toml:7:1: kafka.consumer_grup: unknown key; did you mean"),
                  HasSubstr("config.toml:8:2: iceberg.table_name: is missing"),
                  HasSubstr("config.toml:9:16: iceberg.catalog_type: \"rset\" is not one of "),
                  HasSubstr("config.toml:10:1: iceberg.database_name: is not a legal name"),
                  HasSubstr("config.toml:14:1: schema.metadata_columns: \"_kafka_ofset\" is ")));
}

TEST(ConfigFile, WhatCannotGoTogetherHasAPosition) {
  const LoadedOptions loaded = ParseCatalog("rest", "uri = \"localhost\"");
  EXPECT_THAT(
      Texts(loaded.problems),
      ElementsAre(StartsWith("config.toml:10:1: iceberg.rest.uri: must begin with http://")));
  const LoadedOptions missing =
      ParseCatalog("rest", "credential_type = \"bearer\"\nuri = \"http://h\"");
  EXPECT_THAT(Texts(missing.problems),
              ElementsAre(StartsWith("config.toml:9:10: iceberg.rest.credential: is missing")));
}

TEST(ConfigFile, AnOverrideIsNamedInItsProblems) {
  const Environment wrong_type = {{"KAFKA_ICEBERG__KAFKA__TOPIC", "5"}};
  EXPECT_THAT(Texts(Parse("", wrong_type).problems),
              ElementsAre("environment variable KAFKA_ICEBERG__KAFKA__TOPIC: kafka.topic: must be "
                          "a string, not an integer"));
  const Environment bad_name = {{"KAFKA_ICEBERG__ICEBERG__TABLE_NAME", "../up"}};
  EXPECT_THAT(Texts(Parse("", bad_name).problems),
              ElementsAre(StartsWith("environment variable KAFKA_ICEBERG__ICEBERG__TABLE_NAME: "
                                     "iceberg.table_name: is not a legal name")));
}

TEST(ConfigFile, MissingKeysAreNamedWithAnExample) {
  const LoadedOptions loaded = ParseOptions("[kafka]\n", "config.toml", {});
  EXPECT_THAT(Texts(loaded.problems),
              ::testing::Contains(
                  HasSubstr("kafka.bootstrap_servers: is missing; e.g. bootstrap_servers")));
  EXPECT_THAT(loaded.problems, SizeIs(6));
}

TEST(ConfigFile, EachCatalogHasItsSection) {
  const std::vector<std::pair<std::string, std::string>> good = {
      {"file", "warehouse_path = \"s3://bucket/wh\"\ns3_endpoint = \"http://localhost:9000\""},
      {"sql", "uri = \"sqlite:///c.db\"\nwarehouse_path = \"/w\""},
      {"sql", "uri = \"postgresql://u@h/db\"\nwarehouse_path = \"/w\"\ncatalog_name = \"x\""},
      {"rest", "uri = \"http://localhost:8181\""},
      {"rest", "uri = \"https://h\"\ncredential_type = \"oauth2\"\ncredential = \"a:b\""},
      {"glue", "region = \"us-east-1\""},
      {"hive", "metastore_uri = \"thrift://h:9083\"\nwarehouse_path = \"/w\""},
      {"nessie", "uri = \"http://localhost:19120\"\nref = \"dev\""},
  };
  for (const auto& [type, section] : good) {
    EXPECT_THAT(Texts(ParseCatalog(type, section).problems), IsEmpty()) << type << section;
  }
}

TEST(ConfigFile, ACatalogSectionThatCannotWorkIsExplained) {
  const std::vector<std::tuple<std::string, std::string, std::string>> bad = {
      {"file", "", "iceberg.file.warehouse_path: is missing"},
      {"file", "warehouse_path = \"hdfs://n/w\"", "there is no store for \"hdfs://\""},
      {"file", "warehouse_path = \"/w\"\ns3_access_key = \"a\"", "s3_secret_key: is missing"},
      {"sql", "warehouse_path = \"/w\"", "iceberg.sql.uri: is missing"},
      {"sql", "uri = \"mysql://h/d\"\nwarehouse_path = \"/w\"", "must begin with sqlite:///"},
      {"rest", "", "iceberg.rest.uri: is missing"},
      {"rest", "uri = \"localhost:8181\"", "must begin with http://"},
      {"rest", "uri = \"http://h\"\ncredential_type = \"bearer\"", "credential: is missing"},
      {"rest", "uri = \"http://h\"\ncredential = \"x\"", "although there is a credential"},
      {"rest", "uri = \"http://h\"\nwharehouse = \"x\"", "did you mean \"warehouse\"?"},
      {"glue", "access_key = \"a\"", "belong together"},
      {"hive", "warehouse_path = \"/w\"", "iceberg.hive.metastore_uri: is missing"},
      {"nessie", "uri = \"http://h\"\nref = \"\"", "iceberg.nessie.ref: must not be empty"},
  };
  for (const auto& [type, section, problem] : bad) {
    EXPECT_THAT(Texts(ParseCatalog(type, section).problems), ElementsAre(HasSubstr(problem)))
        << type << section;
  }
}

TEST(ConfigFile, WrongChoiceNamesTheNearest) {
  const LoadedOptions loaded =
      Parse("[iceberg.table_management]\nschema_mismatch_action = \"evolv\"\n");
  EXPECT_THAT(Texts(loaded.problems), ElementsAre(HasSubstr("did you mean \"evolve\"?")));
}

TEST(ConfigFile, MissingEnvironmentVariableIsAnErrorAtItsPlace) {
  const LoadedOptions loaded = Parse("[kafka.security]\npassword = \"${NO_SUCH}\"\n");
  EXPECT_THAT(
      Texts(loaded.problems),
      ElementsAre(
          "config.toml:14:12: kafka.security.password: environment variable NO_SUCH is not set; "
          "export NO_SUCH=... before starting"));
}

TEST(ConfigFile, ExpansionCannotInjectStructure) {
  const LoadedOptions loaded =
      Parse("[state]\ndirectory = \"${EVIL}\"\n", {{"EVIL", "x\"\n[kafka]\ntopic = \"other\""}});
  EXPECT_THAT(Texts(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.options.state_directory, "x\"\n[kafka]\ntopic = \"other\"");
  EXPECT_EQ(loaded.options.kafka.topic, "events");
}

TEST(ConfigFile, EnvironmentOverridesTheFile) {
  const LoadedOptions loaded = Parse("", {{"KAFKA_ICEBERG__KAFKA__TOPIC", "orders"},
                                          {"KAFKA_ICEBERG__HOT_BUFFER__MAX_SIZE_MB", "64"},
                                          {"KAFKA_ICEBERG__ICEBERG__FILE__WAREHOUSE_PATH", "/w"}});
  ASSERT_THAT(Texts(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.options.kafka.topic, "orders");
  EXPECT_EQ(loaded.options.hot_buffer.max_size_mb, 64);
  EXPECT_EQ(loaded.options.iceberg.file.warehouse_path, "/w");
}

TEST(ConfigFile, UnknownOverrideIsAnError) {
  EXPECT_THAT(Parse("", {{"KAFKA_ICEBERG__KAFKA__TOPIK", "orders"}}).problems, SizeIs(1));
  EXPECT_THAT(Parse("", {{"KAFKA_ICEBERG__TOPIC", "orders"}}).problems, SizeIs(1));
}

TEST(ConfigFile, BrokenTomlNamesLineAndColumn) {
  const LoadedOptions loaded = ParseOptions("[kafka]\ntopic = \"events\n", "config.toml", {});
  ASSERT_THAT(loaded.problems, SizeIs(1));
  EXPECT_EQ(loaded.problems[0].line, 2);
  EXPECT_THAT(loaded.problems[0].ToString(), HasSubstr("not valid TOML"));
}

TEST(ConfigFile, CommitIntervalNeverExceedsTheTimeToLive) {
  const LoadedOptions loaded =
      Parse("[hot_buffer]\nttl_seconds = 10\n[commit]\ninterval_seconds = 30\n");
  EXPECT_EQ(loaded.options.commit.interval_seconds, 10);
  EXPECT_THAT(loaded.warnings, SizeIs(1));
  EXPECT_THAT(Parse("[hot_buffer]\nttl_seconds = 10\n").warnings, IsEmpty());
}

TEST(ConfigFile, TwoTopicKeysAreRefused) {
  EXPECT_THAT(Texts(Parse("", {{"KAFKA_ICEBERG__KAFKA__TOPICS", "[\"a\", \"b\"]"}}).problems),
              ElementsAre(HasSubstr("only one of topic, topics and topic_pattern")));
}

TEST(ConfigFile, NamesThatLeaveTheWarehouseAreRefused) {
  for (const char* name : {"../other", "a/b", "..", "x\\\\y"}) {
    EXPECT_THAT(Parse("", {{"KAFKA_ICEBERG__ICEBERG__TABLE_NAME", name}}).problems, SizeIs(1))
        << name;
  }
}

TEST(ConfigFile, SchemaFieldsAreRead) {
  const LoadedOptions loaded = Parse(R"(
[[schema.fields]]
name = "id"
type = "long"
required = true
[[schema.fields]]
name = "tags"
typ = "list<string>"
)");
  ASSERT_THAT(loaded.options.schema.fields, SizeIs(2));
  EXPECT_TRUE(loaded.options.schema.fields[0].required);
  EXPECT_THAT(Texts(loaded.problems), ElementsAre(HasSubstr("needs a name and a type"),
                                                  HasSubstr("did you mean \"type\"?")));
}

TEST(ConfigFile, SchemaFileIsReadBesideTheConfiguration) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / fmt::format("config-test-{}", ::getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config.toml") << kMinimal << "[schema]\nfile = \"fields.toml\"\n";
  std::ofstream(folder / "fields.toml") << "[[fields]]\nname = \"id\"\ntype = \"long\"\n";
  const auto loaded = LoadOptionsFile((folder / "config.toml").string(), {});
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(Texts(loaded->problems), IsEmpty());
  ASSERT_THAT(loaded->options.schema.fields, SizeIs(1));
  std::filesystem::remove(folder / "fields.toml");
  EXPECT_THAT(Texts(LoadOptionsFile((folder / "config.toml").string(), {})->problems),
              ElementsAre(HasSubstr("schema.file: cannot read")));
  std::filesystem::remove_all(folder);
}

TEST(ConfigFile, KeysAreNotDecodedUnlessAskedFor) {
  EXPECT_EQ(Parse("").options.kafka.key.format, "none");
  EXPECT_EQ(Parse("").options.kafka.key.column, "_key");
}

TEST(ConfigFile, KeySettingsMustGoTogether) {
  const auto first_problem = [](const std::string& kafka, const std::string& more = "") {
    std::string text(kMinimal);
    text.insert(text.find("[iceberg]"), kafka + "\n");
    const LoadedOptions loaded = ParseOptions(text + more, "config.toml", {});
    return loaded.problems.empty() ? "none" : loaded.problems[0].ToString();
  };
  const std::string registry = "[schema_registry]\nurls = [\"http://localhost:8081\"]\n";
  EXPECT_EQ(first_problem("key_format = \"json\""), "none");
  EXPECT_THAT(first_problem("key_format = \"avro\""), HasSubstr("kafka.key_schema_file"));
  EXPECT_EQ(first_problem("key_format = \"avro\"\nkey_subject = \"k\"", registry), "none");
  EXPECT_THAT(first_problem("key_format = \"string\"\nkey_subject = \"k\"", registry),
              HasSubstr("kafka.key_subject"));
  EXPECT_THAT(first_problem("subject = \"v\"", registry), HasSubstr("kafka.subject"));
  const std::string of_topic = "format = \"avro\"\nsubject = \"{topic}-value\"";
  EXPECT_EQ(first_problem(of_topic, registry), "none");
  EXPECT_THAT(ParseOptions(R"([kafka]
bootstrap_servers = "b"
topics = ["a", "b"]
consumer_group = "g"
)" + of_topic + "\n" + registry,
                           "config.toml", {})
                  .problems.back()
                  .ToString(),
              HasSubstr("kafka.subject"));
  EXPECT_THAT(first_problem("key_format = \"json\"\nkey_column = \"_kafka_key\""),
              HasSubstr("kafka.key_column"));
  EXPECT_THAT(first_problem("format = \"binary\"\nkey_format = \"json\"\nkey_column = \"value\""),
              HasSubstr("kafka.key_column"));
  EXPECT_THAT(first_problem("key_format = \"avro\"\nkey_subject = \"k\"\nkey_schema_file = \"f\"",
                            registry),
              HasSubstr("key_schema_file"));
}

TEST(ConfigFile, MissingFileIsNotFound) {
  const auto loaded = LoadOptionsFile("/no/such/config.toml", {});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code(), ErrorCode::kNotFound);
}

TEST(Nearest, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(Nearest("xyzzy", {"topic", "format"}), "");
  EXPECT_EQ(Nearest("topci", {"topic", "format"}), "topic");
  EXPECT_EQ(Nearest("warehouse", {"uri", "warehouse_path"}), "warehouse_path");
  EXPECT_EQ(Nearest("s3_endp", {"s3_endpoint_a", "s3_endpoint_b"}), "");
}

TEST(ConfigFile, DeadLettersInATopic) {
  const LoadedOptions loaded = Parse("[dead_letter]\nmode = \"topic\"\n");
  ASSERT_THAT(Texts(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.options.dead_letter.topic_partitions, 1);
  EXPECT_THAT(Texts(Parse("[dead_letter]\nmode = \"topic\"\ntopic = \"a b\"\n").problems),
              ElementsAre(HasSubstr("is not a legal name")));
  EXPECT_THAT(Texts(Parse("[dead_letter]\nmode = \"topic\"\ntable = \"t\"\n").problems),
              ElementsAre(HasSubstr("set dead_letter.topic")));
  EXPECT_THAT(Texts(Parse("[dead_letter]\ntopic = \"t\"\n").problems),
              ElementsAre(HasSubstr("dead_letter.mode")));
}

}  // namespace
}  // namespace kafka_iceberg::config
