// SPDX-License-Identifier: Apache-2.0
//
// Builds librdkafka's configuration object from settings, and never quotes a secret in an error.
// Internal to this folder; pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kafka/rdkafka_handles.h"

namespace kafka_iceberg::kafka {

using ClientSettings = std::vector<std::pair<std::string, std::string>>;

// Sets one setting; kInvalid says which and why, without ever quoting a secret.
Status SetSetting(rd_kafka_conf_t* conf, const std::string& key, const std::string& value);

// Later settings win.
Result<RdKafkaPtr<rd_kafka_conf_t>> MakeClientConf(const ClientSettings& settings);

}  // namespace kafka_iceberg::kafka
