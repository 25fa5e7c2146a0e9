// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/replayed_letters.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace kafka_iceberg::engine {
namespace {

using nlohmann::json;

// About 50 bytes of memory each while a replay runs.
constexpr size_t kLettersMax = 2'000'000;
constexpr int kVersion = 1;

}  // namespace

Status ReplayedLetters::Add(TopicEnds ends, LetterKeys keys) {
  passes_.push_back({.ends = std::move(ends), .keys = std::move(keys)});
  size_t letters = 0;
  for (const Pass& pass : passes_) {
    for (const auto& [partition, offsets] : pass.keys) letters += offsets.size();
  }
  if (letters <= kLettersMax) return {};
  return Error::Unsupported(
      "more than {} replayed letters are still in the topic: let its retention take the old ones, "
      "or go on with another dead_letter.topic",
      kLettersMax);
}

void ReplayedLetters::Trim(const TopicEnds& begins) {
  std::erase_if(passes_, [&](const Pass& pass) {
    return std::ranges::all_of(pass.ends, [&](const auto& end) {
      const auto begin = begins.find(end.first);
      return begin != begins.end() && end.second <= begin->second;
    });
  });
}

bool ReplayedLetters::Holds(int32_t partition, int64_t position,
                            const decode::DeadLetter& letter) const {
  return std::ranges::any_of(passes_, [&](const Pass& pass) {
    const auto end = pass.ends.find(partition);
    if (end == pass.ends.end() || position >= end->second) return false;
    const auto keys = pass.keys.find({letter.topic, letter.partition});
    return keys != pass.keys.end() && keys->second.contains(letter.offset);
  });
}

std::string ReplayedLetters::ToText() const {
  json passes = json::array();
  for (const Pass& pass : passes_) {
    json ends = json::array();
    for (const auto& [partition, end] : pass.ends) ends.push_back({partition, end});
    passes.push_back({{"ends", ends}, {"letters", KeysToText(pass.keys)}});
  }
  return json{{"version", kVersion}, {"passes", passes}}.dump();
}

Result<ReplayedLetters> ReplayedLetters::FromText(std::string_view text) {
  const Error corrupt = Error::Corrupt("the list of replayed dead letters cannot be read");
  const json all = json::parse(text, nullptr, false);
  const bool fits = all.is_object() && all.value("version", json()) == kVersion &&
                    all.value("passes", json()).is_array();
  if (!fits) return corrupt;
  ReplayedLetters read;
  for (const json& entry : all["passes"]) {
    const bool is_pass = entry.is_object() && entry.value("ends", json()).is_array() &&
                         entry.value("letters", json()).is_string();
    if (!is_pass) return corrupt;
    Pass pass;
    for (const json& end : entry["ends"]) {
      if (!end.is_array() || end.size() != 2 || !end[0].is_number_integer() ||
          !end[1].is_number_integer())
        return corrupt;
      const auto partition = end[0].get<int64_t>();
      if (partition < 0 || partition > std::numeric_limits<int32_t>::max()) return corrupt;
      pass.ends[static_cast<int32_t>(partition)] = end[1].get<int64_t>();
    }
    pass.keys = TRY(KeysFromText(entry["letters"].get_ref<const std::string&>()));
    read.passes_.push_back(std::move(pass));
  }
  return read;
}

}  // namespace kafka_iceberg::engine
