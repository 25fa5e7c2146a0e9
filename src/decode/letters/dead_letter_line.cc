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
  Json headers = Json::array();
  for (const LetterHeader& header : letter.headers) {
    headers.push_back(Json::array({header.key, Base64OrNull(header.value_is_null, header.value)}));
  }
  line["headers"] = std::move(headers);
  line["schema_id"] = letter.schema_id.empty() ? Json(nullptr) : Json(letter.schema_id);
  line["version"] = letter.version;
  line["written_at"] = letter.written_ms < 0 ? Json(nullptr) : Json(letter.written_ms);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

namespace {

std::optional<std::pair<TopicPartition, int64_t>> SourceOf(const Json& json) {
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

Error NotALetter(const char* member) {
  return Error::Corrupt("the line is not a dead letter: member \"{}\"", member);
}

Status ReadText(const Json& json, const char* name, bool optional, std::string& text) {
  const auto member = json.find(name);
  if (member == json.end() || member->is_null()) {
    return optional ? Status() : Status(NotALetter(name));
  }
  if (!member->is_string()) return NotALetter(name);
  text = member->get<std::string>();
  return {};
}

Status ReadBytes(const Json& member, const char* name, bool& is_null, std::string& bytes) {
  is_null = member.is_null();
  if (is_null) return {};
  if (!member.is_string()) return NotALetter(name);
  auto decoded = Base64Decode(member.get_ref<const std::string&>());
  if (!decoded.ok()) return NotALetter(name);
  bytes = *std::move(decoded);
  return {};
}

Status ReadBytesMember(const Json& json, const char* name, bool& is_null, std::string& bytes) {
  const auto member = json.find(name);
  if (member == json.end()) return NotALetter(name);
  return ReadBytes(*member, name, is_null, bytes);
}

Status ReadTime(const Json& json, const char* name, int64_t& ms) {
  const auto member = json.find(name);
  if (member == json.end() || member->is_null()) return {};
  if (!member->is_number_integer()) return NotALetter(name);
  ms = member->get<int64_t>();
  return {};
}

Status ReadHeaders(const Json& json, std::vector<LetterHeader>& headers) {
  const auto member = json.find("headers");
  if (member == json.end()) return {};
  if (!member->is_array()) return NotALetter("headers");
  for (const Json& pair : *member) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string()) return NotALetter("headers");
    LetterHeader header{.key = pair[0].get<std::string>()};
    TRY(ReadBytes(pair[1], "headers", header.value_is_null, header.value));
    headers.push_back(std::move(header));
  }
  return {};
}

}  // namespace

Result<DeadLetter> FromJsonLine(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  const auto source = SourceOf(json);
  if (!source) return NotALetter("topic, partition or offset");
  DeadLetter letter;
  letter.topic = source->first.topic;
  letter.partition = source->first.partition;
  letter.offset = source->second;
  TRY(ReadTime(json, "timestamp", letter.timestamp_ms));
  TRY(ReadText(json, "code", /*optional=*/false, letter.code));
  TRY(ReadText(json, "field", /*optional=*/false, letter.field_path));
  TRY(ReadText(json, "reason", /*optional=*/false, letter.reason));
  TRY(ReadBytesMember(json, "key", letter.key_is_null, letter.key));
  TRY(ReadBytesMember(json, "value", letter.value_is_null, letter.value));
  TRY(ReadHeaders(json, letter.headers));
  TRY(ReadText(json, "schema_id", /*optional=*/true, letter.schema_id));
  TRY(ReadText(json, "version", /*optional=*/true, letter.version));
  TRY(ReadTime(json, "written_at", letter.written_ms));
  return letter;
}

std::optional<std::pair<TopicPartition, int64_t>> SourceOfJsonLine(std::string_view line) {
  return SourceOf(Json::parse(line, nullptr, false));
}

}  // namespace kafka_iceberg::decode
