// SPDX-License-Identifier: Apache-2.0
//
// How commands print for people: aligned tables, sizes, counts with thousands separated. Data goes
// to standard output.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace kafka_iceberg::app {

// Columns padded to their widest cell, two spaces between; cells that are numbers are aligned to
// the right.
std::string FormatTable(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows);
// Indented. Bytes that are no UTF-8 are replaced: names may come from anybody.
std::string JsonText(const nlohmann::json& value);
std::string HumanBytes(int64_t bytes);   // "43.8 MB"
std::string HumanCount(int64_t count);   // "1 234 567"
std::string HumanTime(int64_t unix_ms);  // RFC 3339

}  // namespace kafka_iceberg::app
