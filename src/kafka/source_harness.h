// SPDX-License-Identifier: Apache-2.0
//
// Harnesses of the RecordSource tests: the fake, and the real source against the embedded broker.
// Tests only; used by one thread.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/fake_clock.h"
#include "kafka/fake_record_source.h"
#include "kafka/kafka_source.h"
#include "kafka/mock_broker.h"
#include "kafka/produce/record_producer.h"

namespace kafka_iceberg::kafka {

class SourceHarness {
 public:
  virtual ~SourceHarness() = default;
  virtual void CreateTopic(const std::string& topic, int partitions) = 0;
  virtual void Append(const TopicPartition& partition, const std::vector<FakeRecord>& records) = 0;
  virtual void DeleteRecords(const TopicPartition& partition, int64_t before_offset) = 0;
  // A member of a group, alone in it, that reads the topic with headers; it is to be given all
  // partitions.
  virtual std::unique_ptr<RecordSource> Open(const std::string& topic) = 0;
  // Makes the group want some of the partitions back. Pump() is then called between polls.
  virtual void Disturb(RecordSource& source, const std::string& topic) = 0;
  virtual void Pump() {}
};

class FakeHarness final : public SourceHarness {
 public:
  void CreateTopic(const std::string& topic, int partitions) override {
    broker_.CreateTopic(topic, partitions);
  }
  void Append(const TopicPartition& partition, const std::vector<FakeRecord>& records) override {
    for (const auto& record : records) broker_.Append(partition, record);
  }
  void DeleteRecords(const TopicPartition& partition, int64_t before_offset) override {
    broker_.DeleteRecords(partition, before_offset);
  }
  std::unique_ptr<RecordSource> Open(const std::string& topic) override {
    auto source = std::make_unique<FakeRecordSource>(broker_, clock_, 64);
    source->Give(broker_.Partitions(topic));
    return source;
  }
  void Disturb(RecordSource& source, const std::string& topic) override {
    static_cast<FakeRecordSource&>(source).Take({{topic, 1}, {topic, 3}});
  }

 private:
  FakeClock clock_;
  FakeBroker broker_;
};

class SilentLogger final : public telemetry::Logger {
 public:
  void Log(telemetry::LogLevel, std::string_view, const telemetry::LogFields&) override {}
};

class MockHarness final : public SourceHarness {
 public:
  explicit MockHarness(std::string group_protocol) : group_protocol_(std::move(group_protocol)) {
    broker_ = MockBroker::Start().value();
    producer_ = RecordProducer::Open(
                    {.bootstrap_servers = broker_->bootstrap_servers(), .linger = Duration{0}})
                    .value();
  }
  ~MockHarness() override {
    if (other_ != nullptr) (void)other_->Close();
  }

  void CreateTopic(const std::string& topic, int partitions) override {
    ASSERT_TRUE(broker_->CreateTopic(topic, partitions).ok());
  }
  void Append(const TopicPartition& partition, const std::vector<FakeRecord>& records) override {
    for (const auto& record : records) {
      OutgoingRecord outgoing;
      if (record.value) outgoing.value = *record.value;
      if (record.key) outgoing.key = *record.key;
      outgoing.value_is_null = !record.value;
      outgoing.key_is_null = !record.key;
      if (record.timestamp_ms > 0) outgoing.timestamp_ms = record.timestamp_ms;
      for (const auto& [key, value] : record.headers) {
        outgoing.headers.push_back(
            {key, value ? std::string_view(*value) : std::string_view{}, !value});
      }
      ASSERT_TRUE(producer_->Send(partition.topic, partition.partition, outgoing).ok());
    }
    ASSERT_TRUE(producer_->Flush().ok());
  }
  void DeleteRecords(const TopicPartition& partition, int64_t before_offset) override {
    ASSERT_TRUE(broker_->DeleteRecords(partition, before_offset).ok());
  }
  std::unique_ptr<RecordSource> Open(const std::string& topic) override {
    auto source = OpenKafkaSource(Options({topic}), clock_, logger_);
    EXPECT_TRUE(source.ok()) << source.error().message();
    return std::move(source).value();
  }
  void Disturb(RecordSource&, const std::string& topic) override { other_ = Open(topic); }
  void Pump() override {
    if (other_ == nullptr) return;
    for (const auto& event : other_->Poll(Duration{0})) {
      const auto* const given = std::get_if<PartitionsAssigned>(&event);
      if (given == nullptr) continue;
      std::vector<StartPosition> positions;
      for (const auto& partition : given->partitions) {
        positions.push_back({partition, StartAt::kBeginning});
      }
      EXPECT_TRUE(other_->Assign(positions).ok());
    }
  }

  KafkaSourceOptions Options(std::vector<std::string> topics) const {
    KafkaSourceOptions options;
    options.bootstrap_servers = broker_->bootstrap_servers();
    options.topics = std::move(topics);
    options.group_id = "readers";
    options.group_protocol = group_protocol_;
    if (group_protocol_ == kClassicProtocol) {
      // The embedded broker lets a rebalance take as long as a session may last.
      options.session_timeout = std::chrono::seconds(2);
      options.librdkafka["heartbeat.interval.ms"] = "200";
    }
    return options;
  }

  SystemClock clock_;
  SilentLogger logger_;
  const std::string group_protocol_;
  std::unique_ptr<MockBroker> broker_;
  std::unique_ptr<RecordProducer> producer_;
  std::unique_ptr<RecordSource> other_;
};

}  // namespace kafka_iceberg::kafka
