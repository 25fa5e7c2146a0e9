// SPDX-License-Identifier: Apache-2.0
//
// The program's version, as `version`, /metrics and every commit's writer id show it. A constant;
// the build sets it from the CMake project.
#pragma once

#include <string_view>

namespace kafka_iceberg::app {

inline constexpr std::string_view kVersion = KAFKA_ICEBERG_VERSION;

}  // namespace kafka_iceberg::app
