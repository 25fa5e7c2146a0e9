// SPDX-License-Identifier: Apache-2.0
//
// RecordProducer: writes records into a topic with a bounded queue, for the demo, benchmarks and
// tests. Produce() and FillTopic() generate them. Used by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/record.h"
#include "core/result.h"
#include "kafka/access/sasl_tokens.h"
#include "kafka/produce/generator.h"
#include "kafka/produce/payload_encoder.h"

namespace kafka_iceberg::kafka {

struct ProducerOptions {
  std::string bootstrap_servers;
  std::map<std::string, std::string> security;   // as [kafka.security]
  std::shared_ptr<SaslTokenSource> sasl_tokens;  // of an OAUTHBEARER login, or null
  std::string compression = "lz4";               // none, gzip, snappy, lz4, zstd
  // Batches fill for this long before they are sent.
  Duration linger = std::chrono::milliseconds(50);
  // Nothing sent for this long, with the queue full, is an error.
  Duration timeout = std::chrono::seconds(30);
};

struct OutgoingRecord {
  std::string_view value;
  std::string_view key;
  bool value_is_null = false;
  bool key_is_null = true;
  int64_t timestamp_ms = 0;  // 0: now
  std::vector<Header> headers;
};

class RecordProducer {
 public:
  static Result<std::unique_ptr<RecordProducer>> Open(const ProducerOptions& options);
  ~RecordProducer();
  RecordProducer(const RecordProducer&) = delete;
  RecordProducer& operator=(const RecordProducer&) = delete;

  // Copies the record. Waits while the queue is full.
  Status Send(const std::string& topic, int32_t partition, const OutgoingRecord& record);
  // The same for many values without keys, and much faster.
  Status SendAll(const std::string& topic, int32_t partition,
                 const std::vector<std::string_view>& values);
  // Waits until all are acknowledged; an error if one of them was not since the last call.
  Status Flush();
  // Offsets [low, high) of a partition, as the broker has them now.
  Result<std::pair<int64_t, int64_t>> Offsets(const std::string& topic, int32_t partition);

 private:
  struct Client;
  explicit RecordProducer(std::unique_ptr<Client> client);

  const std::unique_ptr<Client> client_;
};

struct ProduceRequest {
  std::string topic;
  int32_t partitions = 1;  // 0 to partitions - 1 are written, evenly
  int64_t count = 0;
  int64_t first_sequence = 0;
  double records_per_second = 0;  // 0: as fast as possible
  GeneratorOptions generator;
  PayloadEncoding encoding = PayloadEncoding::kJson;
};

struct ProduceReport {
  int64_t records = 0;  // acknowledged
  int64_t bytes = 0;    // of their values
  // Of these, still readable; -1: not looked at.
  int64_t retained = -1;
  Duration elapsed{0};
};

// Generates and sends `count` records, or fewer when `stop` is requested.
Result<ProduceReport> Produce(RecordProducer& producer, const ProduceRequest& request, Clock& clock,
                              const std::stop_token& stop);

// The same for a broker that keeps little (MockBroker): stops at the first sign that old records
// make room for new ones, and tells how many can be read back.
Result<ProduceReport> FillTopic(RecordProducer& producer, const ProduceRequest& request,
                                Clock& clock, const std::stop_token& stop);

}  // namespace kafka_iceberg::kafka
