// SPDX-License-Identifier: Apache-2.0
#include "decode/letters/dead_letter_line.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "core/hashing.h"

namespace kafka_iceberg::decode {
namespace {

using Json = nlohmann::ordered_json;

Json Base64OrNull(bool is_null, const std::string& bytes) {
  return is_null ? Json(nullptr) : Json(Base64Encode(bytes));
}

}  // namespace

std::string ToJsonLine(const DeadLetter& letter) {
  Json line;
  line["topic"] = letter.topic;
  line["partition"] = letter.partition;
  line["offset"] = letter.offset;
  line["timestamp"] = letter.timestamp_ms < 0 ? Json(nullptr) : Json(letter.timestamp_ms);
  line["code"] = letter.code;
  line["field"] = letter.field_path;
  line["reason"] = letter.reason;
  line["key"] = Base64OrNull(letter.key_is_null, letter.key);
  line["value"] = Base64OrNull(letter.value_is_null, letter.value);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::optional<std::pair<TopicPartition, int64_t>> SourceOfJsonLine(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto topic = json.find("topic");
  const auto partition = json.find("partition");
  const auto offset = json.find("offset");
  if (topic == json.end() || !topic->is_string()) return std::nullopt;
  if (partition == json.end() || !partition->is_number_integer()) return std::nullopt;
  if (offset == json.end() || !offset->is_number_integer()) return std::nullopt;
  const auto number = partition->get<int64_t>();
  if (number < 0 || number > std::numeric_limits<int32_t>::max()) return std::nullopt;
  return std::pair(TopicPartition{topic->get<std::string>(), static_cast<int32_t>(number)},
                   offset->get<int64_t>());
}

}  // namespace kafka_iceberg::decode
