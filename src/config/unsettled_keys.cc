// SPDX-License-Identifier: Apache-2.0
#include "config/unsettled_keys.h"

#include <algorithm>

namespace kafka_iceberg::config {

std::string_view SectionOf(std::string_view key) {
  const size_t end = key.find_last_of(".[");
  return key.substr(0, end == std::string_view::npos ? 0 : end);
}

bool UnsettledKeys::MayExplain(std::string_view key, std::string_view message) const {
  // With routes other keys are needed.
  const auto is_of_routes = [](const std::string& one) { return one.starts_with("routes"); };
  if (std::ranges::any_of(keys_, is_of_routes)) return true;
  for (std::string_view part = key; !part.empty(); part = SectionOf(part)) {
    if (keys_.contains(part)) return true;
  }
  const auto is_named = [&](const std::string& one) {
    return SectionOf(one) != "" && message.find(one) != std::string_view::npos;
  };
  // What a choice decides is either in a section below its own, or is said to depend on it.
  const auto decides = [&](const std::string& choice) {
    const std::string_view section = SectionOf(choice);
    const std::string_view name = std::string_view(choice).substr(section.size() + 1);
    if (key.substr(0, section.size() + 1) != std::string(section) + ".") return false;
    return SectionOf(key) != section || message.find(name) != std::string_view::npos;
  };
  return std::ranges::any_of(keys_, is_named) || std::ranges::any_of(choices_, decides);
}

}  // namespace kafka_iceberg::config
