// SPDX-License-Identifier: Apache-2.0
//
// TopicWatch: notices that a topic is not there, was deleted, or was deleted and created again. The
// last matters most: the client would go on reading the new topic at the old one's offsets without
// a word.
//
// A plain state machine: the source asks the broker and hands the answers in. Used on the poll
// thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "kafka/record_source.h"
#include "kafka/topic_describe.h"

namespace kafka_iceberg::kafka {

class TopicWatch {
 public:
  // The broker is asked this often, and more often while a topic is missing.
  static constexpr Duration kInterval = std::chrono::seconds(5);
  static constexpr Duration kMissingInterval = std::chrono::seconds(1);
  // A topic that is missing this often in a row is gone. A fresh topic takes a moment to be known
  // everywhere.
  static constexpr int kTriesMax = 5;

  // Whether it is time to ask.
  bool Due(SteadyTime now) const { return now >= next_check_; }
  void Asked(SteadyTime now) {
    next_check_ = now + (missing_.empty() ? kInterval : kMissingInterval);
  }
  // Somebody says that a topic is missing: look now.
  void Suspect(const std::string& topic);
  // What the answer means: SourceTrouble while a topic is missing, SourceFailed when it stays so or
  // has another id.
  std::vector<SourceEvent> OnAnswer(const std::vector<TopicDescription>& topics);

 private:
  std::optional<SourceEvent> OnMissing(const std::string& topic);

  SteadyTime next_check_{0};
  std::map<std::string, int> missing_;  // tries so far
  std::map<std::string, std::string> ids_;
};

}  // namespace kafka_iceberg::kafka
