// SPDX-License-Identifier: Apache-2.0
#include "kafka/client_conf.h"

#include <array>

#include "kafka/kafka_settings.h"

namespace kafka_iceberg::kafka {

Status SetSetting(rd_kafka_conf_t* conf, const std::string& key, const std::string& value) {
  std::array<char, 512> reason{};
  const auto outcome =
      rd_kafka_conf_set(conf, key.c_str(), value.c_str(), reason.data(), reason.size());
  if (outcome == RD_KAFKA_CONF_OK) return {};
  if (outcome == RD_KAFKA_CONF_UNKNOWN) {
    return Error::Invalid("'{}' is not a setting of the Kafka client (librdkafka {})", key,
                          rd_kafka_version_str());
  }
  // The client's reason quotes the value.
  if (IsSecretSetting(key))
    return Error::Invalid("the Kafka client refuses the value of '{}'", key);
  return Error::Invalid("the Kafka client refuses '{}': {}", key, reason.data());
}

Result<RdKafkaPtr<rd_kafka_conf_t>> MakeClientConf(const ClientSettings& settings) {
  RdKafkaPtr<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  for (const auto& [key, value] : settings) TRY(SetSetting(conf.get(), key, value));
  return conf;
}

}  // namespace kafka_iceberg::kafka
