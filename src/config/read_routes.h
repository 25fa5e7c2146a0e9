// SPDX-License-Identifier: Apache-2.0
//
// Reads [routing] and [[routes]], and checks what can be said of them without connecting. Private
// to config/.
#pragma once

#include "config/check_options.h"
#include "config/options.h"
#include "config/section_reader.h"

namespace kafka_iceberg::config {

void ReadRoutes(const ReadContext& context, SectionReader& root, RoutingOptions& routing);

void CheckRoutes(const Options& options, const ReportProblem& report);

}  // namespace kafka_iceberg::config
