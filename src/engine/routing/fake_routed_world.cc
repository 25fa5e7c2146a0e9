// SPDX-License-Identifier: Apache-2.0
#include "engine/routing/fake_routed_world.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/verify/verify.h"

namespace kafka_iceberg::engine {
namespace {

constexpr int kPartitions = 2;

catalog::TableIdentifier Identifier(const std::string& table) {
  const size_t dot = table.rfind('.');
  return {.name_space = {table.substr(0, dot)}, .name = table.substr(dot + 1)};
}

}  // namespace

RoutedWorld::RoutedWorld()
    : store_(clock_), memory_("memory://warehouse", faulty_store_, clock_, random_, *metrics_) {
  options_.kafka.topic_pattern = "^.*";
  options_.kafka.consumer_group = "g";
  options_.iceberg.database_name = "raw";
  options_.schema.fields = {{.name = "id", .type = "long"}, {.name = "name", .type = "string"}};
  options_.state_directory = folder_.path() + "/state";
  options_.commit.interval_seconds = 1;
  options_.threads = 2;
  options_.iceberg.catalog_manager.reconnect_backoff_ms = {5};
}

config::RouteOptions& RoutedWorld::AddRoute(const std::string& topic, const std::string& table) {
  config::RouteOptions& route = options_.routing.routes.emplace_back();
  route.topic = topic;
  route.table = table;
  return route;
}

void RoutedWorld::Produce(const std::string& topic, int count, const std::string& type) {
  for (int i = 0; i < count; ++i) {
    const TopicPartition partition{topic, produced_ % kPartitions};
    if (partitions_.insert(partition).second && broker_.Partitions(topic).empty()) {
      broker_.CreateTopic(topic, kPartitions);
    }
    kafka::FakeRecord record{.value = fmt::format(R"({{"id":{},"name":"{}"}})", produced_, type),
                             .timestamp_ms = 1'767'882'600'000};
    if (!type.empty()) record.headers.emplace_back("type", type);
    broker_.Append(partition, std::move(record));
    ++produced_;
  }
}

void RoutedWorld::ProduceValue(const std::string& topic, const std::string& value,
                               const std::optional<std::string>& key) {
  const TopicPartition partition{topic, 0};
  if (partitions_.insert(partition).second && broker_.Partitions(topic).empty()) {
    broker_.CreateTopic(topic, kPartitions);
  }
  broker_.Append(partition, {.value = value, .key = key, .timestamp_ms = 1'767'882'600'000});
}

Result<std::unique_ptr<Engine>> RoutedWorld::Open(const RunOptions& run) {
  auto source = std::make_unique<kafka::FakeRecordSource>(broker_, clock_, 100);
  source->Give({partitions_.begin(), partitions_.end()});
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

Status RoutedWorld::RunOnce() {
  const std::unique_ptr<Engine> engine = TRY(Open());
  return engine->Run({});
}

Status RoutedWorld::RunUntil(Engine& engine, const std::function<bool()>& holds, End end) {
  std::stop_source stop;
  Status status;
  std::jthread runner([&] { status = engine.Run(stop.get_token()); });
  for (int i = 0; i < 3000 && !holds(); ++i) clock_.SleepFor(std::chrono::milliseconds(10), {});
  EXPECT_TRUE(holds());
  if (end == End::kAbort) engine.Abort();
  stop.request_stop();
  runner.join();
  return status;
}

bool RoutedWorld::Exists(const std::string& table) {
  return memory_.LoadTable(Identifier(table)).ok();
}

int64_t RoutedWorld::Rows(const std::string& table) {
  const auto loaded = memory_.LoadTable(Identifier(table));
  if (!loaded.ok()) return -1;
  const auto report = VerifyTable(**loaded, {}, nullptr, std::stop_token());
  EXPECT_TRUE(report.ok());
  if (!report.ok()) return -1;
  EXPECT_TRUE(report->ok()) << table << ::testing::PrintToString(report->problems);
  return report->rows;
}

int64_t RoutedWorld::Snapshots(const std::string& table) {
  const auto loaded = memory_.LoadTable(Identifier(table));
  return loaded.ok() ? static_cast<int64_t>((*loaded)->Current().metadata->snapshots.size()) : -1;
}

commit::Ledger RoutedWorld::LedgerOf(const std::string& table) {
  const auto loaded = memory_.LoadTable(Identifier(table));
  EXPECT_TRUE(loaded.ok());
  const auto ledger = commit::ReadLedger(*(*loaded)->Current().metadata);
  EXPECT_TRUE(ledger.ok());
  return ledger.ok() ? *ledger : commit::Ledger();
}

std::map<std::pair<TopicPartition, int64_t>, std::string> RoutedWorld::Letters(
    const std::string& table) {
  std::map<std::pair<TopicPartition, int64_t>, std::string> letters;
  const auto folder = fmt::format("{}/tables/{}/dead_letters", options_.state_directory, table);
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (entry.path().extension() != ".jsonl") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      const auto letter = nlohmann::json::parse(line);
      const TopicPartition partition{letter["topic"], letter["partition"]};
      const bool added =
          letters.emplace(std::pair(partition, letter["offset"].get<int64_t>()), letter["code"])
              .second;
      EXPECT_TRUE(added) << "a letter is there twice: " << line;
    }
  }
  return letters;
}

}  // namespace kafka_iceberg::engine
