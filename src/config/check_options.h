// SPDX-License-Identifier: Apache-2.0
//
// What a whole configuration must have (a topic, a group, a table, ...), and what of it cannot go
// together. Private to config/.
#pragma once

#include <functional>
#include <string>

#include "config/options.h"

namespace kafka_iceberg::config {

// Called with key, message and fix of each problem.
using ReportProblem = std::function<void(std::string key, std::string message, std::string fix)>;

void CheckOptions(const Options& options, const ReportProblem& report);

}  // namespace kafka_iceberg::config
