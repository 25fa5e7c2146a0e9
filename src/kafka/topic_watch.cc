// SPDX-License-Identifier: Apache-2.0
#include "kafka/topic_watch.h"

namespace kafka_iceberg::kafka {

void TopicWatch::Suspect(const std::string& topic) {
  missing_.try_emplace(topic, 0);
  next_check_ = SteadyTime{0};
}

std::optional<SourceEvent> TopicWatch::OnMissing(const std::string& topic) {
  const int tries = ++missing_[topic];
  if (tries >= kTriesMax) {
    return SourceFailed{Error::NotFound(
        "topic '{}' does not exist (asked {} times): create it, or correct its name "
        "in the configuration",
        topic, tries)};
  }
  if (tries > 1) return std::nullopt;
  return SourceTrouble{Error::NotFound("topic '{}' does not exist yet, looking again", topic)};
}

std::vector<SourceEvent> TopicWatch::OnAnswer(const std::vector<TopicDescription>& topics) {
  std::vector<SourceEvent> events;
  for (const auto& description : topics) {
    if (IsUnknownTopic(description.error)) {
      if (auto event = OnMissing(description.topic)) events.push_back(*std::move(event));
      continue;
    }
    if (description.error != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    missing_.erase(description.topic);
    if (description.topic_id.empty()) continue;
    const auto [known, is_new] = ids_.try_emplace(description.topic, description.topic_id);
    if (is_new || known->second == description.topic_id) continue;
    events.push_back(
        SourceFailed{Error::Corrupt("topic '{}' was deleted and created again (id {} became {}): "
                                    "its offsets begin anew, so reading "
                                    "on would lose or mix rows; restart to be told the choices",
                                    description.topic, known->second, description.topic_id)});
  }
  return events;
}

}  // namespace kafka_iceberg::kafka
