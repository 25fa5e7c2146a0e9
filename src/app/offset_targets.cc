// SPDX-License-Identifier: Apache-2.0
#include "app/offset_targets.h"

#include <charconv>
#include <optional>
#include <utility>

#include "decode/text/temporal_text.h"
#include "engine/connect.h"
#include "engine/kafka_tokens.h"
#include "engine/module_options.h"

namespace kafka_iceberg::app {
namespace {

constexpr Duration kKafkaTimeout = std::chrono::seconds(10);

using Targets = std::map<TopicPartition, OffsetTarget>;

// "topic:partition:offset"; nothing when it is not of that form.
std::optional<std::pair<TopicPartition, int64_t>> ParseExplicit(std::string_view text) {
  const size_t last = text.rfind(':');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const size_t middle = text.rfind(':', last - 1);
  if (middle == std::string_view::npos || middle == 0) return std::nullopt;
  const auto number = [](std::string_view digits, auto& value) {
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size() && value >= 0;
  };
  TopicPartition partition{std::string(text.substr(0, middle)), 0};
  int64_t offset = 0;
  if (!number(text.substr(middle + 1, last - middle - 1), partition.partition) ||
      !number(text.substr(last + 1), offset))
    return std::nullopt;
  return std::pair(std::move(partition), offset);
}

// Nothing when the text is no such word.
std::optional<Targets> ParseWord(const std::string& text, const engine::OffsetSurvey& survey) {
  if (text != "earliest" && text != "latest" && text != "ledger") return std::nullopt;
  Targets targets;
  for (const engine::PartitionOffsets& offsets : survey.partitions) {
    if (text == "earliest") targets[offsets.name()] = {.offset = offsets.low};
    if (text == "latest") targets[offsets.name()] = {.offset = offsets.high};
    if (text == "ledger" && offsets.ledger) targets[offsets.name()] = {.offset = *offsets.ledger};
  }
  return targets;
}

Result<Targets> TargetsFor(const std::string& option, const std::string& text,
                           const engine::OffsetSurvey& survey, kafka::GroupAdmin& admin) {
  if (auto targets = ParseWord(text, survey)) return *std::move(targets);
  if (const auto named = ParseExplicit(text))
    return Targets{{named->first, {.offset = named->second, .is_explicit = true}}};
  constexpr int kMillis = 3;
  int64_t time_ms = 0;
  const auto parsed = decode::ParseTimestamp(text, decode::Offset::kRequired, kMillis, time_ms);
  if (parsed != decode::TextError::kNone) {
    return Error::Invalid(
        "{} {}: expected earliest, latest, a time such as 2026-01-08T14:30:00Z, or "
        "topic:partition:offset",
        option, text);
  }
  std::vector<TopicPartition> partitions;
  for (const engine::PartitionOffsets& offsets : survey.partitions)
    partitions.push_back(offsets.name());
  Targets targets;
  for (const auto& [partition, offset] : TRY(admin.OffsetsAt(partitions, time_ms, kKafkaTimeout)))
    targets[partition] = {.offset = offset};
  return targets;
}

}  // namespace

Result<OffsetConnections> ConnectForOffsets(const config::Options& options,
                                            const engine::EngineContext& context) {
  OffsetConnections connections;
  connections.catalog = TRY(engine::OpenCatalog(options, context));
  connections.reader = TRY(engine::OpenTopicReader(options, context));
  connections.admin =
      TRY(kafka::GroupAdmin::Open(TRY(engine::SecuredSourceOptions(options, context.clock))));
  return connections;
}

Result<SurveyedTable> SurveyTable(const OffsetConnections& connections,
                                  const config::Options& options) {
  SurveyedTable surveyed{.options = options};
  surveyed.table = TRY(connections.catalog.catalog->LoadTable(engine::TargetTable(options)));
  surveyed.survey =
      TRY(engine::SurveyOffsets(options, *surveyed.table, *connections.reader, *connections.admin));
  return surveyed;
}

Result<Targets> ParseTargets(const std::string& option, const std::vector<std::string>& texts,
                             const engine::OffsetSurvey& survey, kafka::GroupAdmin& admin) {
  Targets all;
  for (const std::string& text : texts) {
    for (const auto& [partition, target] : TRY(TargetsFor(option, text, survey, admin))) {
      if (!all.emplace(partition, target).second) {
        return Error::Invalid("{} {}: {}[{}] has a target already", option, text, partition.topic,
                              partition.partition);
      }
    }
  }
  return all;
}

}  // namespace kafka_iceberg::app
