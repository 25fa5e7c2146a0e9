// SPDX-License-Identifier: Apache-2.0
#include "commit/json_text.h"

#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace kafka_iceberg::commit {

using nlohmann::json;

Result<json> ParseJson(std::string_view text, int depth_max) {
  if (text.size() > kJsonBytesMax) {
    return Error::Corrupt("JSON of {} bytes is larger than {} bytes", text.size(), kJsonBytesMax);
  }
  bool too_deep = false;
  bool doubled = false;
  // One set of member names for each object that is open; at most depth_max of them are kept.
  std::vector<std::set<std::string>> open_objects;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    too_deep = too_deep || depth > depth_max;
    if (too_deep || doubled) return false;
    if (event == json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == json::parse_event_t::object_end) open_objects.pop_back();
    if (event == json::parse_event_t::key) {
      doubled = !open_objects.back().insert(parsed.get_ref<const std::string&>()).second;
    }
    return true;
  };
  json parsed = json::parse(text, watch, false);
  if (too_deep) return Error::Corrupt("JSON is nested deeper than {} levels", depth_max);
  if (doubled) return Error::Corrupt("JSON names a member of an object twice");
  if (parsed.is_discarded()) return Error::Corrupt("not a JSON document");
  return parsed;
}

Result<const json*> Member(const json& object, const char* name) {
  if (!object.is_object())
    return Error::Corrupt("not a JSON object where \"{}\" is expected", name);
  const auto found = object.find(name);
  if (found == object.end()) return Error::Corrupt("member \"{}\" is missing", name);
  return &*found;
}

Result<std::string> StringMember(const json& object, const char* name) {
  const json* value = TRY(Member(object, name));
  if (!value->is_string()) return Error::Corrupt("member \"{}\" is not a string", name);
  return value->get<std::string>();
}

Result<int64_t> IntMember(const json& object, const char* name) {
  Result<int64_t> value = ToInt64(*TRY(Member(object, name)));
  if (!value.ok()) return value.error().WithContext(name);
  return value;
}

Result<int64_t> ToInt64(const json& value) {
  if (!value.is_number_integer()) return Error::Corrupt("not an integer");
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Error::Corrupt("integer beyond 64 bits");
  }
  return value.get<int64_t>();
}

std::string ToText(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace kafka_iceberg::commit
