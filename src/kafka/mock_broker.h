// SPDX-License-Identifier: Apache-2.0
//
// MockBroker: a Kafka cluster inside this process, for the demo, benchmarks and fault tests. It
// speaks the protocol on loopback ports, keeps records in memory (the newest 5 MB of compressed
// batches per partition), knows consumer groups, and fails on request. It checks nothing and stores
// nothing: never a replacement for Kafka.
//
// Safe for concurrent use. Dies with the object, and every client should be closed before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/source_position.h"

namespace kafka_iceberg::kafka {

// Requests by their number in the Kafka protocol.
enum class MockRequest : int16_t {
  kProduce = 0,
  kFetch = 1,
  kListOffsets = 2,
  kMetadata = 3,
  kOffsetCommit = 8,
  kOffsetFetch = 9,
  kFindCoordinator = 10,
  kJoinGroup = 11,
  kHeartbeat = 12,
  kSyncGroup = 14,
  kInitProducerId = 22,
  kAddPartitionsToTransaction = 24,
  kEndTransaction = 26,
};

class MockBroker {
 public:
  // What FailNext() takes beside the error codes of the Kafka protocol.
  static constexpr int kDropConnection = -195;

  static Result<std::unique_ptr<MockBroker>> Start(int brokers = 1);
  ~MockBroker();
  MockBroker(const MockBroker&) = delete;
  MockBroker& operator=(const MockBroker&) = delete;

  const std::string& bootstrap_servers() const { return bootstrap_servers_; }

  Status CreateTopic(const std::string& topic, int partitions);
  // A topic created again under the same name has another id.
  Status DeleteTopic(const std::string& topic);
  // What retention does: records below the offset are gone.
  Status DeleteRecords(const TopicPartition& partition, int64_t before_offset);

  // The next requests of this kind are answered with these errors, one each.
  void FailNext(MockRequest request, const std::vector<int>& errors);
  // All brokers: disconnect and refuse connections, and accept them again.
  Status SetDown();
  Status SetUp();
  Status SetDelay(Duration delay);

 private:
  struct Cluster;
  explicit MockBroker(std::unique_ptr<Cluster> cluster);

  std::unique_ptr<Cluster> cluster_;
  std::string bootstrap_servers_;
};

}  // namespace kafka_iceberg::kafka
