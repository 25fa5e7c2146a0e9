// SPDX-License-Identifier: Apache-2.0
//
// Bounded JSON parsing for this module's own documents (ledger, ranges, transaction log rows):
// size, depth and doubled members are limited, whatever the text. Internal: included by .cc files
// only. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::commit {

inline constexpr size_t kJsonBytesMax = size_t{64} << 20;

// kCorrupt when the text is no JSON, is longer than kJsonBytesMax, is nested deeper than
// `depth_max`, or when an object names a member twice.
Result<nlohmann::json> ParseJson(std::string_view text, int depth_max);

// The named member of an object; kCorrupt when it is missing or of another type.
Result<const nlohmann::json*> Member(const nlohmann::json& object, const char* name);
Result<std::string> StringMember(const nlohmann::json& object, const char* name);
Result<int64_t> IntMember(const nlohmann::json& object, const char* name);
// An integer that fits; kCorrupt for fractions, strings and numbers beyond 64 bits.
Result<int64_t> ToInt64(const nlohmann::json& value);
// Compact text; bytes that are no UTF-8 become U+FFFD.
std::string ToText(const nlohmann::json& value);

}  // namespace kafka_iceberg::commit
