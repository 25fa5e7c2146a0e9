// SPDX-License-Identifier: Apache-2.0
//
// The whole engine over fakes: a broker in memory, a catalog with faults, a store in memory; real
// threads.
#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "catalog/fake_fault_catalog.h"
#include "catalog/fake_memory_catalog.h"
#include "commit/ledger.h"
#include "engine/letters/open_dead_letters.h"
#include "engine/verify/verify.h"
#include "kafka/fake_record_source.h"
#include "storage/fault_store.h"
#include "storage/memory_store.h"
#include "telemetry/fake_telemetry.h"

namespace kafka_iceberg::engine {
namespace {

using ::testing::HasSubstr;

const TopicPartition kZero{"events", 0};
const TopicPartition kOne{"events", 1};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest()
      : store_(clock_), memory_("memory://warehouse", faulty_store_, clock_, random_, *metrics_) {}

  void SetUp() override {
    state_ = std::filesystem::path(::testing::TempDir()) /
             fmt::format("engine-test-{}-{}", ::getpid(), NewUuid(random_));
    broker_.CreateTopic("events", 2);
    options_.kafka.topic = "events";
    options_.kafka.consumer_group = "g";
    options_.iceberg.database_name = "raw";
    options_.iceberg.table_name = "events";
    options_.schema.fields = {{.name = "id", .type = "long"}, {.name = "name", .type = "string"}};
    options_.state_directory = state_.string();
    options_.commit.interval_seconds = 1;
    options_.threads = 2;
    options_.iceberg.catalog_manager.reconnect_backoff_ms = {5};
  }
  void TearDown() override { std::filesystem::remove_all(state_); }

  void Produce(int count) {
    for (int i = 0; i < count; ++i) {
      const TopicPartition& partition = i % 2 == 0 ? kZero : kOne;
      broker_.Append(partition, {.value = fmt::format(R"({{"id":{},"name":"n"}})", i),
                                 .timestamp_ms = 1'767'882'600'000});
    }
  }

  Result<std::unique_ptr<Engine>> Open(const RunOptions& run = {.stop_at_end = true}) {
    auto source = std::make_unique<kafka::FakeRecordSource>(broker_, clock_);
    source->Give({kZero, kOne});
    source_ = source.get();
    EngineConnections connections;
    connections.catalog.catalog = std::make_unique<catalog::FakeFaultCatalog>(memory_, faults_);
    connections.source = std::move(source);
    return Engine::Open(options_, run,
                        {.clock = clock_,
                         .random = random_,
                         .logger = logger_,
                         .metrics = *metrics_,
                         .step_hook = {}},
                        std::move(connections), std::stop_token());
  }

  Result<OffsetsByPartition> Letters() {
    return Letters(*memory_.LoadTable({.name_space = {"raw"}, .name = "events"}).value());
  }
  Result<OffsetsByPartition> Letters(catalog::TableOperations& table) {
    return ReadLetterOffsets({.options = options_, .catalog = memory_, .table = table});
  }

  // Every offset once: by the rows themselves.
  void ExpectAllOnce(int64_t rows) {
    auto table = memory_.LoadTable({.name_space = {"raw"}, .name = "events"});
    ASSERT_TRUE(table.ok());
    const auto letters = Letters(**table);
    ASSERT_TRUE(letters.ok());
    const auto report = VerifyTable(**table, *letters, nullptr, std::stop_token());
    ASSERT_TRUE(report.ok()) << report.error().message();
    EXPECT_TRUE(report->ok()) << ::testing::PrintToString(report->problems);
    EXPECT_EQ(report->rows, rows);
    for (const PartitionVerdict& verdict : report->partitions) {
      EXPECT_TRUE(verdict.unexplained.empty()) << verdict.partition.partition;
    }
  }

  SystemClock clock_;
  SeededRandom random_{7};
  telemetry::FakeLogger logger_;
  std::unique_ptr<telemetry::Metrics> metrics_ = telemetry::MakeMetrics();
  storage::MemoryStore store_;
  storage::FaultStore faulty_store_{store_};
  catalog::FakeMemoryCatalog memory_;
  catalog::CommitFaults faults_;
  kafka::FakeBroker broker_;
  kafka::FakeRecordSource* source_ = nullptr;
  config::Options options_;
  std::filesystem::path state_;
};

TEST_F(EngineTest, IngestsEverythingOnceAndCommitsOffsetsAfterwards) {
  Produce(5000);
  auto engine = Open();
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const Status status = (*engine)->Run({});
  ASSERT_TRUE(status.ok()) << status.error().message();
  ExpectAllOnce(5000);
  EXPECT_EQ(broker_.committed().at(kZero), 2500);
  EXPECT_EQ(broker_.committed().at(kOne), 2500);
  EXPECT_EQ(logger_.CountAtLeast(telemetry::LogLevel::kError), 0);
}

TEST_F(EngineTest, ASecondRunGoesOnWhereTheTableEnds) {
  Produce(1000);
  ASSERT_TRUE((*Open())->Run({}).ok());
  Produce(500);
  ASSERT_TRUE((*Open())->Run({}).ok());
  ExpectAllOnce(1500);
}

TEST_F(EngineTest, LosingTheStateFolderLosesAndDoublesNothing) {
  Produce(1000);
  ASSERT_TRUE((*Open())->Run({}).ok());
  std::filesystem::remove_all(state_);
  Produce(1000);
  ASSERT_TRUE((*Open())->Run({}).ok());
  ExpectAllOnce(2000);
}

TEST_F(EngineTest, BadRecordsAndTombstonesAreCoveredAndTheRestGoesOn) {
  Produce(100);
  broker_.Append(kZero, {.value = "not json"});
  broker_.Append(kZero, {.value = std::nullopt});
  broker_.Append(kOne, {.value = R"({"id":"text"})"});
  Produce(100);
  ASSERT_TRUE((*Open())->Run({}).ok());
  auto table = memory_.LoadTable({.name_space = {"raw"}, .name = "events"});
  const auto letters = Letters();
  ASSERT_TRUE(letters.ok());
  EXPECT_EQ(letters->at(kZero), std::set<int64_t>{50});
  EXPECT_EQ(letters->at(kOne), std::set<int64_t>{50});
  const auto report = VerifyTable(**table, *letters, nullptr, std::stop_token());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok());
  EXPECT_EQ(report->rows, 200);
  EXPECT_EQ(metrics_->GetCounter("kafka_iceberg_tombstones_total").value(), 1);
}

TEST_F(EngineTest, DeadLettersInATableAreThereOnceWithWhatTheyHeld) {
  options_.dead_letter.mode = "table";
  for (int run = 0; run < 3; ++run) {
    Produce(100);
    for (int i = 0; i < 5; ++i) broker_.Append(kZero, {.value = "{oops"});
    // The state folder is of no use to them.
    std::filesystem::remove_all(state_);
    auto engine = Open();
    ASSERT_TRUE(engine.ok()) << engine.error().message();
    const Status status = (*engine)->Run({});
    ASSERT_TRUE(status.ok()) << status.error().message();
  }
  ExpectAllOnce(300);
  const auto table = memory_.LoadTable({.name_space = {"raw"}, .name = "events__dlq"});
  ASSERT_TRUE(table.ok());
  std::vector<decode::DeadLetter> letters;
  ASSERT_TRUE(VisitTableLetters((*table)->Current(), store_, [&](decode::DeadLetter letter) {
                letters.push_back(std::move(letter));
                return Result<bool>(true);
              }).ok());
  ASSERT_EQ(letters.size(), 15U);
  EXPECT_EQ(letters[0].topic, "events");
  EXPECT_EQ(letters[0].code, "not_json");
  EXPECT_EQ(letters[0].value, "{oops");
  EXPECT_TRUE(letters[0].key_is_null);
  EXPECT_NE(letters[0].version, "");
  EXPECT_GT(letters[0].written_ms, 0);
}

TEST_F(EngineTest, ATableOfAnotherTablesDeadLettersIsRefused) {
  options_.dead_letter.mode = "table";
  Produce(2);
  ASSERT_TRUE((*Open())->Run({}).ok());
  ASSERT_TRUE(memory_.DropTable({.name_space = {"raw"}, .name = "events"}, false).ok());
  const auto engine = Open();
  ASSERT_FALSE(engine.ok());
  EXPECT_THAT(engine.error().message(), HasSubstr("another table"));
}

TEST_F(EngineTest, TooManyDeadLettersHoldIngestBackUntilTheyAreFew) {
  options_.dead_letter.max_rate = 200;
  for (int i = 0; i < 1500; ++i) broker_.Append(kZero, {.value = "{oops"});
  auto engine = Open({});
  ASSERT_TRUE(engine.ok());
  std::stop_source stop;
  Status status;
  std::jthread runner([&] { status = (*engine)->Run(stop.get_token()); });
  const auto wait_until = [&](const std::function<bool()>& holds) {
    for (int i = 0; i < 3000 && !holds(); ++i) clock_.SleepFor(std::chrono::milliseconds(10), {});
    EXPECT_TRUE(holds());
  };
  wait_until([&] { return !(*engine)->status().dead_letter_trouble.empty(); });
  EXPECT_THAT((*engine)->status().dead_letter_trouble, HasSubstr("not_json"));
  EXPECT_EQ(metrics_->GetGauge("kafka_iceberg_dead_letters_limited").value(), 1);
  wait_until([&] { return (*engine)->status().state == EngineState::kPaused; });
  Produce(10);
  wait_until([&] { return (*engine)->status().rows_committed == 10; });
  wait_until([&] { return (*engine)->status().dead_letter_trouble.empty(); });
  stop.request_stop();
  runner.join();
  ASSERT_TRUE(status.ok()) << status.error().message();
  ExpectAllOnce(10);
  const std::vector<telemetry::FakeLogger::Line> lines = logger_.lines();
  EXPECT_EQ(std::ranges::count_if(
                lines, [](const auto& line) { return line.message.starts_with("too many dead"); }),
            1);
}

TEST_F(EngineTest, ATopicOfBadRecordsOnlyStillMovesTheLedger) {
  for (int i = 0; i < 10; ++i) broker_.Append(kZero, {.value = "x"});
  ASSERT_TRUE((*Open())->Run({}).ok());
  auto table = memory_.LoadTable({.name_space = {"raw"}, .name = "events"});
  const auto ledger = commit::ReadLedger(*(*table)->Current().metadata);
  ASSERT_TRUE(ledger.ok());
  ASSERT_EQ(ledger->next_offsets.size(), 1U);
  EXPECT_EQ(ledger->next_offsets.begin()->second.at(0), 10);
  EXPECT_EQ((*table)->Current().metadata->current_snapshot()->summary.at("total-records"), "0");
  EXPECT_EQ(Letters()->at(kZero).size(), 10U);
}

TEST_F(EngineTest, OffsetGapsAreLegal) {
  Produce(100);
  broker_.AppendGap(kZero, 7);
  Produce(100);
  broker_.AppendGap(kOne, 3);
  ASSERT_TRUE((*Open())->Run({}).ok());
  auto table = memory_.LoadTable({.name_space = {"raw"}, .name = "events"});
  const auto report = VerifyTable(**table, {}, nullptr, std::stop_token());
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok());
  EXPECT_EQ(report->rows, 200);
}

TEST_F(EngineTest, RevokedPartitionsAreCommittedBeforeTheyLeave) {
  Produce(1000);
  options_.commit.interval_seconds = 60;
  auto engine = Open({});
  ASSERT_TRUE(engine.ok());
  std::stop_source stop;
  Status status;
  std::jthread runner([&] { status = (*engine)->Run(stop.get_token()); });
  for (int i = 0; i < 1000 && (*engine)->status().hot_rows < 1000; ++i) {
    clock_.SleepFor(std::chrono::milliseconds(10), {});
  }
  EXPECT_TRUE(broker_.commits().empty());
  source_->Take({kZero});
  for (int i = 0; i < 1000 && source_->assigned().contains(kZero); ++i) {
    clock_.SleepFor(std::chrono::milliseconds(10), {});
  }
  EXPECT_EQ(broker_.committed().at(kZero), 500);
  stop.request_stop();
  runner.join();
  ASSERT_TRUE(status.ok()) << status.error().message();
  ExpectAllOnce(1000);
}

TEST_F(EngineTest, LostPartitionsAreDroppedAndTheOthersReadAgain) {
  Produce(1000);
  options_.commit.interval_seconds = 60;
  auto engine = Open({});
  ASSERT_TRUE(engine.ok());
  std::stop_source stop;
  Status status;
  std::jthread runner([&] { status = (*engine)->Run(stop.get_token()); });
  for (int i = 0; i < 1000 && (*engine)->status().hot_rows < 1000; ++i) {
    clock_.SleepFor(std::chrono::milliseconds(10), {});
  }
  source_->Lose({kZero});
  for (int i = 0; i < 1000 && (*engine)->status().resets == 0; ++i) {
    clock_.SleepFor(std::chrono::milliseconds(10), {});
  }
  for (int i = 0; i < 1000 && (*engine)->status().hot_rows != 500; ++i) {
    clock_.SleepFor(std::chrono::milliseconds(10), {});
  }
  stop.request_stop();
  runner.join();
  ASSERT_TRUE(status.ok()) << status.error().message();
  ExpectAllOnce(500);
}

TEST_F(EngineTest, CommitFaultsLoseAndDoubleNothing) {
  using catalog::CommitFault;
  for (const CommitFault fault :
       {CommitFault::kResponseLostAfterApply, CommitFault::kServerErrorAfterApply,
        CommitFault::kServerErrorBeforeApply, CommitFault::kGarbageReplyAfterApply,
        CommitFault::kAppliedBeforeNextRefresh, CommitFault::kAppliedAfterNextRefresh,
        CommitFault::kAppliedBeforeNextCommit, CommitFault::kConflict}) {
    faults_.NextCommit(fault);
    Produce(200);
    auto engine = Open();
    ASSERT_TRUE(engine.ok());
    const Status status = (*engine)->Run({});
    ASSERT_TRUE(status.ok()) << status.error().message();
  }
  ExpectAllOnce(1600);
}

TEST_F(EngineTest, AStoreOutageIsWaitedForHoweverLongItLasts) {
  Produce(1000);
  faulty_store_.Inject(
      {.operation = storage::StoreOperation::kFinish, .location_contains = "/data/", .times = 40});
  auto engine = Open();
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const Status status = (*engine)->Run({});
  ASSERT_TRUE(status.ok()) << status.error().message();
  ExpectAllOnce(1000);
  EXPECT_GE((*engine)->status().resets, 10);
}

TEST_F(EngineTest, AFailureThatIsNoOutageStopsTheEngine) {
  Produce(1000);
  faulty_store_.Inject({.operation = storage::StoreOperation::kFinish,
                        .location_contains = "/data/",
                        .times = storage::StoreFault::kAlways,
                        .error = Error::Denied("no right to write")});
  auto engine = Open();
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const Status status = (*engine)->Run({});
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message(), HasSubstr("no right to write"));
}

TEST_F(EngineTest, AnotherWriterOfTheSameRangesFencesUs) {
  Produce(1000);
  options_.commit.interval_seconds = 60;
  auto slow = Open({});
  ASSERT_TRUE(slow.ok());
  kafka::FakeRecordSource* slow_source = source_;
  std::stop_source stop;
  Status status;
  std::jthread runner([&] { status = (*slow)->Run(stop.get_token()); });
  for (int i = 0; i < 1000 && (*slow)->status().hot_rows < 1000; ++i) {
    clock_.SleepFor(std::chrono::milliseconds(10), {});
  }
  const config::Options first = options_;
  options_.state_directory += "-2";
  {
    auto other = Open();  // commits 1000 rows
    ASSERT_TRUE(other.ok()) << other.error().message();
    ASSERT_TRUE((*other)->Run({}).ok());
  }
  Produce(10);
  for (int i = 0; i < 1000 && (*slow)->status().records_consumed < 1010; ++i) {
    clock_.SleepFor(std::chrono::milliseconds(10), {});
  }
  slow_source->Take({kZero});  // makes the slow one commit: part of its ranges is no longer its own
  for (int i = 0; i < 1000 && slow_source->assigned().contains(kZero); ++i) {
    clock_.SleepFor(std::chrono::milliseconds(10), {});
  }
  stop.request_stop();
  runner.join();
  EXPECT_GE((*slow)->status().resets, 1);
  std::filesystem::remove_all(options_.state_directory);
  options_ = first;
  slow.value().reset();  // one process a state folder
  auto next = Open();    // what the fenced one gave up is read by the next
  ASSERT_TRUE(next.ok()) << next.error().message();
  ASSERT_TRUE((*next)->Run({}).ok());
  ExpectAllOnce(1010);
}

TEST_F(EngineTest, StopsAndExplainsWhenRetentionOverranTheLedger) {
  Produce(100);
  ASSERT_TRUE((*Open())->Run({}).ok());
  Produce(100);
  broker_.DeleteRecords(kZero, 80);
  const Status status = (*Open())->Run({});
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message(), HasSubstr("removed by retention"));
  const Status accepted = (*Open({.stop_at_end = true, .accept_offset_gap = true}))->Run({});
  ASSERT_TRUE(accepted.ok()) << accepted.error().message();
}

TEST_F(EngineTest, StopsAndExplainsWhenTheTopicWasRecreated) {
  Produce(100);
  ASSERT_TRUE((*Open())->Run({}).ok());
  broker_.DeleteTopic("events");
  broker_.CreateTopic("events", 2);
  Produce(200);
  const Status status = (*Open())->Run({});
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message(), HasSubstr("recreated"));
}

}  // namespace
}  // namespace kafka_iceberg::engine
