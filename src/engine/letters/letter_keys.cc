// SPDX-License-Identifier: Apache-2.0
// The list of letters that a replay takes, as JSON: [["topic",partition,[offset,...]],...]
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/letters/letter_shelf.h"

namespace kafka_iceberg::engine {

using nlohmann::json;

std::string KeysToText(const LetterKeys& keys) {
  json list = json::array();
  for (const auto& [partition, offsets] : keys)
    list.push_back(json::array({partition.topic, partition.partition, offsets}));
  return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<LetterKeys> KeysFromText(std::string_view text) {
  const Error corrupt = Error::Corrupt("the list of replayed dead letters cannot be read");
  const json list = json::parse(text, nullptr, false);
  if (!list.is_array()) return corrupt;
  LetterKeys keys;
  for (const json& entry : list) {
    const bool fits = entry.is_array() && entry.size() == 3 && entry[0].is_string() &&
                      entry[1].is_number_integer() && entry[2].is_array();
    if (!fits) return corrupt;
    const auto partition = entry[1].get<int64_t>();
    if (partition < 0 || partition > std::numeric_limits<int32_t>::max()) return corrupt;
    std::set<int64_t>& offsets =
        keys[{entry[0].get<std::string>(), static_cast<int32_t>(partition)}];
    for (const json& offset : entry[2]) {
      if (!offset.is_number_integer()) return corrupt;
      offsets.insert(offset.get<int64_t>());
    }
  }
  return keys;
}

}  // namespace kafka_iceberg::engine
