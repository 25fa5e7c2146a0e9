// SPDX-License-Identifier: Apache-2.0
#include "iceberg/json/json_reader.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace kafka_iceberg::iceberg {
namespace {

// The deepest nesting of brackets outside strings. Works on any bytes; the parser judges them
// afterwards.
int NestingDepth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

Result<const Json*> Member(const Json& object, std::string_view name) {
  if (!object.is_object()) return Error::Corrupt("expected an object with member '{}'", name);
  const Json* member = FindMember(object, name);
  if (member == nullptr) return Error::Corrupt("member '{}' is missing", name);
  return member;
}

}  // namespace

Result<Json> ParseJson(std::string_view text, std::string_view what) {
  if (NestingDepth(text) > kJsonDepthMax) {
    return Error::Corrupt("{} is nested deeper than {} levels", what, kJsonDepthMax);
  }
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error::Corrupt("{} is not valid JSON", what);
  return json;
}

std::optional<int64_t> AsInt64(const Json& json) {
  if (json.is_number_unsigned()) {
    const auto number = json.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    return static_cast<int64_t>(number);
  }
  if (json.is_number_integer()) return json.get<int64_t>();
  return std::nullopt;
}

const Json* FindMember(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> ReadString(const Json& object, std::string_view name) {
  const Json* member = TRY(Member(object, name));
  if (!member->is_string()) return Error::Corrupt("member '{}' is not a string", name);
  return member->get_ref<const std::string&>();
}

Result<int64_t> ReadLong(const Json& object, std::string_view name) {
  const Json* member = TRY(Member(object, name));
  const std::optional<int64_t> number = AsInt64(*member);
  if (!number) return Error::Corrupt("member '{}' is not a 64-bit integer", name);
  return *number;
}

Result<int32_t> ReadInt(const Json& object, std::string_view name) {
  const int64_t number = TRY(ReadLong(object, name));
  if (number != static_cast<int32_t>(number)) {
    return Error::Corrupt("member '{}' is not a 32-bit integer: {}", name, number);
  }
  return static_cast<int32_t>(number);
}

Result<bool> ReadBool(const Json& object, std::string_view name) {
  const Json* member = TRY(Member(object, name));
  if (!member->is_boolean()) return Error::Corrupt("member '{}' is not true or false", name);
  return member->get<bool>();
}

Result<const Json*> ReadArray(const Json& object, std::string_view name) {
  const Json* member = TRY(Member(object, name));
  if (!member->is_array()) return Error::Corrupt("member '{}' is not an array", name);
  return member;
}

Result<std::optional<std::string>> ReadOptionalString(const Json& object, std::string_view name) {
  if (FindMember(object, name) == nullptr) return std::optional<std::string>();
  return std::optional(TRY(ReadString(object, name)));
}

Result<std::optional<int64_t>> ReadOptionalLong(const Json& object, std::string_view name) {
  if (FindMember(object, name) == nullptr) return std::optional<int64_t>();
  return std::optional(TRY(ReadLong(object, name)));
}

Result<std::optional<int32_t>> ReadOptionalInt(const Json& object, std::string_view name) {
  if (FindMember(object, name) == nullptr) return std::optional<int32_t>();
  return std::optional(TRY(ReadInt(object, name)));
}

Result<const Json*> ReadOptionalArray(const Json& object, std::string_view name) {
  if (FindMember(object, name) == nullptr) return static_cast<const Json*>(nullptr);
  return ReadArray(object, name);
}

Result<std::map<std::string, std::string>> ReadStringMap(const Json& object,
                                                         std::string_view name) {
  std::map<std::string, std::string> map;
  const Json* member = FindMember(object, name);
  if (member == nullptr) return map;
  if (!member->is_object()) return Error::Corrupt("member '{}' is not an object", name);
  for (auto entry = member->begin(); entry != member->end(); ++entry) {
    if (!entry->is_string()) {
      return Error::Corrupt("'{}' in member '{}' is not a string", entry.key(), name);
    }
    map.emplace(entry.key(), entry->get_ref<const std::string&>());
  }
  return map;
}

}  // namespace kafka_iceberg::iceberg
