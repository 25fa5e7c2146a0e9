// SPDX-License-Identifier: Apache-2.0
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/clock.h"
#include "kafka/mock_broker.h"
#include "kafka/produce/record_producer.h"
#include "kafka_iceberg/engine.h"

namespace kafka_iceberg {
namespace {

using ::testing::HasSubstr;

class EmbeddedEngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(::testing::TempDir()) / fmt::format("embed-test-{}", ::getpid());
    std::filesystem::remove_all(folder_);
    auto broker = kafka::MockBroker::Start();
    ASSERT_TRUE(broker.ok());
    broker_ = std::move(broker).value();
    ASSERT_TRUE(broker_->CreateTopic("events", 2).ok());
    auto producer =
        kafka::RecordProducer::Open({.bootstrap_servers = broker_->bootstrap_servers()});
    ASSERT_TRUE(producer.ok());
    for (int32_t partition = 0; partition < 2; ++partition) {
      for (int i = 0; i < 50; ++i) {
        const std::string value =
            fmt::format(R"({{"id":{},"name":"n{}"}})", partition * 50 + i, i % 5);
        ASSERT_TRUE((*producer)->Send("events", partition, {.value = value}).ok());
      }
    }
    ASSERT_TRUE((*producer)->Flush().ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  OpenOptions Options() const {
    OpenOptions options;
    options.config_text =
        fmt::format(R"(
[kafka]
bootstrap_servers = "{}"
topic = "events"
consumer_group = "embed"
[kafka.librdkafka]
"session.timeout.ms" = "6000" # the broker in memory gives a group's place away no sooner
[iceberg]
catalog_type = "file"
database_name = "raw"
table_name = "events"
[iceberg.file]
warehouse_path = "{}"
[state]
directory = "{}"
)",
                    broker_->bootstrap_servers(), (folder_ / "warehouse").string(),
                    (folder_ / "state").string());
    options.log = [](const std::string&) {};
    return options;
  }

  std::filesystem::path folder_;
  std::unique_ptr<kafka::MockBroker> broker_;
};

TEST_F(EmbeddedEngineTest, IngestsToTheEndAndLoadsTheTable) {
  OpenOptions options = Options();
  options.stop_at_end = true;
  auto engine = Engine::Open(options);
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const Status status = (*engine)->RunFor(std::chrono::seconds(60));
  ASSERT_TRUE(status.ok()) << status.error().message();
  auto table = (*engine)->LoadTable();
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->name, "raw.events");
  EXPECT_EQ(table->total_records, 100);
  EXPECT_THAT(table->schema_json, HasSubstr("_kafka_offset"));
  EXPECT_EQ((*engine)->statistics().records_consumed, 100);
  EXPECT_EQ((*engine)->statistics().state, "stopped");
  EXPECT_EQ((*engine)->statistics().hot_rows, 0);
  EXPECT_THAT((*engine)->metrics(), HasSubstr("kafka_iceberg_rows_committed_total 100"));
}

TEST_F(EmbeddedEngineTest, RowsAreReadableBeforeTheyAreCommitted) {
  auto engine = Engine::Open(Options());
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  std::stop_source stop;
  Status status;
  std::jthread runner([&] { status = (*engine)->Run(stop.get_token()); });
  SystemClock clock;
  for (int i = 0; i < 600 && (*engine)->statistics().hot_rows < 100; ++i) {
    clock.SleepFor(std::chrono::milliseconds(50), std::stop_token());
  }
  auto all = (*engine)->QueryHotBuffer({}, {}, -1);
  auto some = (*engine)->QueryHotBuffer({{"name", "=", "n3"}, {"id", ">=", "50"}}, {"id"}, -1);
  EXPECT_EQ((*engine)->statistics().commits, 0);
  stop.request_stop();
  runner.join();
  ASSERT_TRUE(status.ok()) << status.error().message();
  ASSERT_TRUE(all.ok());
  EXPECT_EQ((*all)->num_rows(), 100);
  ASSERT_TRUE(some.ok()) << some.error().message();
  EXPECT_EQ((*some)->num_rows(), 10);
  EXPECT_EQ((*some)->num_columns(), 1);
  EXPECT_EQ((*engine)->LoadTable()->total_records, 100);
}

TEST_F(EmbeddedEngineTest, ASecondRunAddsNothing) {
  for (int run = 0; run < 2; ++run) {
    OpenOptions options = Options();
    options.stop_at_end = true;
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.error().message();
    ASSERT_TRUE((*engine)->RunFor(std::chrono::seconds(60)).ok());
    EXPECT_EQ((*engine)->LoadTable()->total_records, 100) << "run " << run;
  }
}

TEST_F(EmbeddedEngineTest, ConfigurationProblemsAreAllInTheMessage) {
  OpenOptions options = Options();
  options.overrides = {{"kafka.topik", "x"}, {"hot_buffer.ttl_seconds", "0"}};
  auto engine = Engine::Open(options);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code(), ErrorCode::kInvalid);
  EXPECT_THAT(engine.error().message(), HasSubstr("topik"));
  EXPECT_THAT(engine.error().message(), HasSubstr("ttl_seconds"));
}

TEST_F(EmbeddedEngineTest, UnknownOperatorsAreRefused) {
  auto engine = Engine::Open(Options());
  ASSERT_TRUE(engine.ok());
  EXPECT_EQ((*engine)->QueryHotBuffer({{"id", "~", "1"}}, {}, -1).error().code(),
            ErrorCode::kInvalid);
}

}  // namespace
}  // namespace kafka_iceberg
