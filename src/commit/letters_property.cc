// SPDX-License-Identifier: Apache-2.0
#include "commit/letters_property.h"

#include <algorithm>
#include <utility>

#include "commit/json_text.h"

namespace kafka_iceberg::commit {
namespace {

using nlohmann::json;

constexpr int64_t kVersion = 1;
constexpr int kDepthMax = 4;
// One for each process at most, and what killed ones left; every commit drops what is delivered.
constexpr size_t kPendingMax = 64;
constexpr size_t kStoresMax = 64;

Result<json> ParseVersion1(const std::string& text) {
  json document = TRY(ParseJson(text, kDepthMax));
  const int64_t version = TRY(IntMember(document, "version"));
  if (version != kVersion) {
    return Error::Corrupt("version {} is not known to this program; a newer one wrote it", version);
  }
  return document;
}

Result<std::vector<std::string>> ParsePending(const std::string& text) {
  const json document = TRY(ParseVersion1(text));
  const json* list = TRY(Member(document, "pending"));
  if (!list->is_array() || document.size() != 2) return Error::Corrupt("unexpected members");
  std::vector<std::string> pending;
  for (const json& location : *list) {
    if (!location.is_string()) return Error::Corrupt("a location is not a text");
    pending.push_back(location.get<std::string>());
  }
  return pending;
}

Result<Replays> ParseReplays(const std::string& text) {
  const json document = TRY(ParseVersion1(text));
  const json* stores = TRY(Member(document, "stores"));
  if (!stores->is_object() || document.size() != 2) return Error::Corrupt("unexpected members");
  Replays replays;
  for (const auto& [store, last] : stores->items()) {
    LastReplay& replay = replays[store];
    replay.generation = TRY(IntMember(last, "generation"));
    replay.uuid = TRY(StringMember(last, "uuid"));
    replay.letters = TRY(StringMember(last, "letters"));
  }
  return replays;
}

Error Unreadable(std::string_view property, const Error& error) {
  return Error::Corrupt("table property {}: {}", property, error.message());
}

}  // namespace

Result<std::vector<std::string>> PendingLetters(const iceberg::TableMetadata& metadata) {
  const auto property = metadata.properties.find(std::string(kLettersProperty));
  if (property == metadata.properties.end()) return std::vector<std::string>{};
  auto pending = ParsePending(property->second);
  if (!pending.ok()) return Unreadable(kLettersProperty, pending.error());
  return pending;
}

Result<std::vector<iceberg::MetadataUpdate>> ChangePendingLetters(
    const iceberg::TableMetadata& base, const std::string& added,
    const std::vector<std::string>& delivered) {
  std::vector<std::string> pending = TRY(PendingLetters(base));
  const std::vector<std::string> before = pending;
  std::erase_if(pending, [&](const std::string& location) {
    return std::ranges::find(delivered, location) != delivered.end();
  });
  if (!added.empty()) pending.push_back(added);
  if (pending == before) return std::vector<iceberg::MetadataUpdate>{};
  if (pending.empty()) {
    return std::vector<iceberg::MetadataUpdate>{
        iceberg::RemoveProperties{{std::string(kLettersProperty)}}};
  }
  if (pending.size() > kPendingMax) {
    return Error::Unavailable("the dead letters of {} commits wait to be delivered, at most {} may",
                              pending.size() - 1, kPendingMax);
  }
  return std::vector<iceberg::MetadataUpdate>{iceberg::SetProperties{
      {{std::string(kLettersProperty), ToText({{"version", kVersion}, {"pending", pending}})}}}};
}

Result<Replays> ReadReplays(const iceberg::TableMetadata& metadata) {
  const auto property = metadata.properties.find(std::string(kReplaysProperty));
  if (property == metadata.properties.end()) return Replays{};
  auto replays = ParseReplays(property->second);
  if (!replays.ok()) return Unreadable(kReplaysProperty, replays.error());
  return replays;
}

Result<iceberg::MetadataUpdate> SetReplays(const Replays& replays) {
  if (replays.size() > kStoresMax) {
    return Error::Unavailable(
        "dead letters of {} folders were replayed into the table, at most {} are kept apart; "
        "replay from one of the folders used before, or use dead_letter.mode \"table\"",
        replays.size() - 1, kStoresMax);
  }
  json stores = json::object();
  for (const auto& [store, last] : replays) {
    stores[store] = {
        {"generation", last.generation}, {"uuid", last.uuid}, {"letters", last.letters}};
  }
  return iceberg::MetadataUpdate(iceberg::SetProperties{
      {{std::string(kReplaysProperty), ToText({{"version", kVersion}, {"stores", stores}})}}});
}

}  // namespace kafka_iceberg::commit
