// SPDX-License-Identifier: Apache-2.0
//
// TopicMark: where a topic ended at some moment, as it is written down in a LetterParcel. What is
// written into the topic later stands at or above these ends. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::engine {

struct TopicMark {
  std::string session;  // of the sink that was open then
  std::string topic_id;
  std::map<int32_t, int64_t> ends;  // by partition; those made later begin at 0
  friend bool operator==(const TopicMark&, const TopicMark&) = default;
};

std::string MarkToText(const TopicMark& mark);
// kCorrupt.
Result<TopicMark> MarkFromText(std::string_view text);

}  // namespace kafka_iceberg::engine
