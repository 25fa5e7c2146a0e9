// SPDX-License-Identifier: Apache-2.0
// The JSON forms of the ledger and of epoch ranges; both have the same frame.
#include <charconv>
#include <utility>

#include "commit/json_text.h"
#include "commit/ledger.h"

namespace kafka_iceberg::commit {
namespace {

using nlohmann::json;

constexpr int64_t kVersion = 1;
constexpr int64_t kVersionWithGeneration = 2;
// Object, array, object, object, array of two.
constexpr int kDepthMax = 6;

json FromOffset(int64_t next) { return next; }
json FromOffset(const OffsetRange& range) { return json::array({range.start, range.end}); }

Status ToOffset(const json& value, int64_t& next) {
  next = TRY(ToInt64(value));
  if (next < 0) return Error::Corrupt("offset {} is negative", next);
  return {};
}

Status ToOffset(const json& value, OffsetRange& range) {
  if (!value.is_array() || value.size() != 2) return Error::Corrupt("not a pair of offsets");
  TRY(ToOffset(value[0], range.start));
  TRY(ToOffset(value[1], range.end));
  if (range.end < range.start) {
    return Error::Corrupt("range [{}, {}) ends before it starts", range.start, range.end);
  }
  return {};
}

template <typename Offset>
json Encode(const std::map<SourceTopic, std::map<int32_t, Offset>>& sources, const char* member) {
  json list = json::array();
  for (const auto& [topic, partitions] : sources) {
    json offsets = json::object();
    for (const auto& [partition, offset] : partitions) {
      offsets[std::to_string(partition)] = FromOffset(offset);
    }
    list.push_back({{"cluster-id", topic.cluster_id},
                    {"topic", topic.topic},
                    {"topic-id", topic.topic_id},
                    {member, std::move(offsets)}});
  }
  return {{"version", kVersion}, {"sources", std::move(list)}};
}

// Canonical decimal only: "07" and "7" must not become two entries for one partition.
Result<int32_t> ToPartition(const std::string& text) {
  int32_t partition = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), partition);
  if (error != std::errc() || partition < 0 || text != std::to_string(partition)) {
    return Error::Corrupt("\"{}\" is not a partition number", text.substr(0, 32));
  }
  return partition;
}

template <typename Offset>
Status DecodeSource(const json& source, const char* member,
                    std::map<SourceTopic, std::map<int32_t, Offset>>& sources) {
  SourceTopic topic;
  topic.cluster_id = TRY(StringMember(source, "cluster-id"));
  topic.topic = TRY(StringMember(source, "topic"));
  topic.topic_id = TRY(StringMember(source, "topic-id"));
  const json* offsets = TRY(Member(source, member));
  if (!offsets->is_object() || source.size() != 4) {
    return Error::Corrupt("topic {}: unexpected members", topic.topic);
  }
  const auto [entry, added] = sources.try_emplace(topic);
  if (!added) return Error::Corrupt("topic {} is listed twice", topic.topic);
  for (const auto& [text, value] : offsets->items()) {
    const int32_t partition = TRY(ToPartition(text));
    const Status status = ToOffset(value, entry->second[partition]);
    if (!status.ok()) return status.error().WithContext(fmt::format("{}[{}]", topic.topic, text));
  }
  return {};
}

Error UnknownVersion(int64_t version) {
  return Error::Corrupt("version {} is not known to this program; a newer one wrote it", version);
}

template <typename Offset>
Result<std::map<SourceTopic, std::map<int32_t, Offset>>> Decode(const json& document,
                                                                size_t members,
                                                                const char* member) {
  const json* list = TRY(Member(document, "sources"));
  if (!list->is_array() || document.size() != members) return Error::Corrupt("unexpected members");
  std::map<SourceTopic, std::map<int32_t, Offset>> sources;
  for (const json& source : *list) TRY(DecodeSource(source, member, sources));
  return sources;
}

}  // namespace

std::string LedgerToJson(const Ledger& ledger) {
  json document = Encode(ledger.next_offsets, "next");
  if (ledger.generation > 0) {
    document["version"] = kVersionWithGeneration;
    document["generation"] = ledger.generation;
  }
  return ToText(document);
}

Result<Ledger> LedgerFromJson(std::string_view text) {
  const json document = TRY(ParseJson(text, kDepthMax));
  const int64_t version = TRY(IntMember(document, "version"));
  if (version != kVersion && version != kVersionWithGeneration) return UnknownVersion(version);
  Ledger ledger;
  if (version == kVersionWithGeneration) {
    ledger.generation = TRY(IntMember(document, "generation"));
    if (ledger.generation <= 0)
      return Error::Corrupt("generation {} is not positive", ledger.generation);
  }
  const size_t members = version == kVersionWithGeneration ? 3 : 2;
  ledger.next_offsets = TRY(Decode<int64_t>(document, members, "next"));
  return ledger;
}

std::string RangesToJson(const EpochRanges& ranges) { return ToText(Encode(ranges, "ranges")); }

Result<EpochRanges> RangesFromJson(std::string_view text) {
  const json document = TRY(ParseJson(text, kDepthMax));
  const int64_t version = TRY(IntMember(document, "version"));
  if (version != kVersion) return UnknownVersion(version);
  return Decode<OffsetRange>(document, 2, "ranges");
}

}  // namespace kafka_iceberg::commit
