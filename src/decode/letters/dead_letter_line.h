// SPDX-License-Identifier: Apache-2.0
//
// One dead letter as one line of JSON: for the files of the store, and for people with `jq`. The
// lines are an interface: fields are added, never renamed. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/source_position.h"
#include "decode/dead_letter.h"

namespace kafka_iceberg::decode {

// {"topic","partition","offset","timestamp","code","field","reason","key","value"}, with the line
// feed. Key and value are base64, or null; timestamp is in milliseconds, or null. Bytes that are
// not UTF-8 in the other texts are replaced.
std::string ToJsonLine(const DeadLetter& letter);

// Where the letter came from; absent when the line is not one that ToJsonLine() wrote (torn by a
// crash, say).
std::optional<std::pair<TopicPartition, int64_t>> SourceOfJsonLine(std::string_view line);

}  // namespace kafka_iceberg::decode
