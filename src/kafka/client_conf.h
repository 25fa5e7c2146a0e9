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

// A topic pattern ("^orders_") as it is to be subscribed. The classic protocol looks for a match at
// the beginning of a name, the consumer protocol matches whole names: this form means the former to
// both.
std::string SubscriptionPattern(std::string_view pattern);

}  // namespace kafka_iceberg::kafka
