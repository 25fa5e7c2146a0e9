// SPDX-License-Identifier: Apache-2.0
//
// KafkaSourceOptions: everything a KafkaSource needs to know. A value; filled by the owner from the
// configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "kafka/access/sasl_tokens.h"

namespace kafka_iceberg::kafka {

// The two rebalance protocols a group can run.
inline constexpr std::string_view kClassicProtocol = "classic";
inline constexpr std::string_view kConsumerProtocol = "consumer";  // KIP-848, Kafka 4.0 or newer

struct KafkaSourceOptions {
  std::string bootstrap_servers;  // "host:port,host:port"
  std::vector<std::string> topics;
  std::string
      topic_pattern;  // "^orders_": a regular expression for how names begin; instead of topics
  std::string group_id;
  std::string group_instance_id;  // static membership; "" = none
  std::string group_protocol = std::string(kClassicProtocol);
  std::string isolation_level = "read_committed";  // read_committed | read_uncommitted
  std::string client_id = "kafka-iceberg";
  std::map<std::string, std::string> security;    // friendly names, see kafka_settings.h
  std::map<std::string, std::string> librdkafka;  // raw settings, checked by kafka_settings.h
  // Of an OAUTHBEARER login; null: none is needed, or librdkafka has its own way to one.
  std::shared_ptr<SaslTokenSource> sasl_tokens;

  // Fetched and not yet delivered. The client overshoots by up to one fetch response.
  int64_t queued_bytes_max = int64_t{16} << 20;
  // Classic protocol only: with "consumer" the broker decides.
  Duration session_timeout = std::chrono::seconds(45);
  // A member that does not poll, or answer a rebalance, for this long loses its partitions.
  Duration max_poll_interval = std::chrono::minutes(5);
  // At most this many records come out of one Poll().
  size_t batch_records_max = 8192;
};

}  // namespace kafka_iceberg::kafka
