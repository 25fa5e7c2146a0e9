// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/topic_mark.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace kafka_iceberg::engine {

using nlohmann::json;

std::string MarkToText(const TopicMark& mark) {
  json ends = json::array();
  for (const auto& [partition, end] : mark.ends) ends.push_back({partition, end});
  return json{{"session", mark.session}, {"topic-id", mark.topic_id}, {"ends", ends}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

Result<TopicMark> MarkFromText(std::string_view text) {
  const Error corrupt = Error::Corrupt("the mark of waiting dead letters cannot be read");
  const json all = json::parse(text, nullptr, false);
  const bool fits = all.is_object() && all.value("session", json()).is_string() &&
                    all.value("topic-id", json()).is_string() &&
                    all.value("ends", json()).is_array();
  if (!fits) return corrupt;
  TopicMark mark{.session = all["session"], .topic_id = all["topic-id"], .ends = {}};
  for (const json& entry : all["ends"]) {
    const bool is_pair = entry.is_array() && entry.size() == 2 && entry[0].is_number_integer() &&
                         entry[1].is_number_integer();
    if (!is_pair) return corrupt;
    const auto partition = entry[0].get<int64_t>();
    const auto end = entry[1].get<int64_t>();
    if (partition < 0 || partition > std::numeric_limits<int32_t>::max() || end < 0) return corrupt;
    mark.ends[static_cast<int32_t>(partition)] = end;
  }
  return mark;
}

}  // namespace kafka_iceberg::engine
