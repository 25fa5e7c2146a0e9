// SPDX-License-Identifier: Apache-2.0
//
// Reading hostile JSON without exceptions: bounded nesting, exact integers, and members of the type
// that is asked for. Everything unexpected is kCorrupt and names the member. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::iceberg {

using Json = nlohmann::json;

// Room for about 60 levels of nested columns: a level of schema costs three levels of JSON.
inline constexpr int kJsonDepthMax = 200;

// `what` names the text in errors.
Result<Json> ParseJson(std::string_view text, std::string_view what);

// nullopt when it is not an integer or does not fit.
std::optional<int64_t> AsInt64(const Json& json);

// Null when `object` is no object, has no such member, or holds null there.
const Json* FindMember(const Json& object, std::string_view name);

Result<std::string> ReadString(const Json& object, std::string_view name);
Result<int64_t> ReadLong(const Json& object, std::string_view name);
Result<int32_t> ReadInt(const Json& object, std::string_view name);
Result<bool> ReadBool(const Json& object, std::string_view name);
// The array under `name`; it lives as long as `object`.
Result<const Json*> ReadArray(const Json& object, std::string_view name);

Result<std::optional<std::string>> ReadOptionalString(const Json& object, std::string_view name);
Result<std::optional<int64_t>> ReadOptionalLong(const Json& object, std::string_view name);
Result<std::optional<int32_t>> ReadOptionalInt(const Json& object, std::string_view name);
// Null when absent; otherwise an array.
Result<const Json*> ReadOptionalArray(const Json& object, std::string_view name);
// Empty when absent.
Result<std::map<std::string, std::string>> ReadStringMap(const Json& object, std::string_view name);

}  // namespace kafka_iceberg::iceberg
