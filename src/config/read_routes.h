// SPDX-License-Identifier: Apache-2.0
//
// Reads [routing] and [[routes]], and checks what can be said of them without connecting. Private
// to config/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/options.h"
#include "config/section_reader.h"

namespace kafka_iceberg::config {

void ReadRoutes(const ReadContext& context, SectionReader& root, RoutingOptions& routing);

// `report` is called with key, message and fix of each problem.
using ReportProblem = std::function<void(std::string key, std::string message, std::string fix)>;
void CheckRoutes(const Options& options, const ReportProblem& report);

}  // namespace kafka_iceberg::config
