// SPDX-License-Identifier: Apache-2.0
//
// The parts of kafka_settings.h that know the names in [kafka.security]. Pure functions; for
// kafka_settings.cc only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kafka/kafka_settings.h"

namespace kafka_iceberg::kafka {

// The librdkafka setting behind a friendly name; "" when there is none.
std::string_view LibrdkafkaName(std::string_view security_key);

// Adds what is wrong with the section: unknown keys, wrong values, unreadable files, missing
// counterparts.
void CheckSecurity(const std::map<std::string, std::string>& security,
                   std::vector<SettingProblem>& problems);

}  // namespace kafka_iceberg::kafka
