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

// {"topic","partition","offset","timestamp","code","field","reason","key","value","headers",
// "schema_id","version","written_at"}, with the line feed. Key and value are base64, or null;
// headers are a list of [name, base64 or null]; times are in milliseconds, or null, as an unknown
// schema id is. Bytes that are not UTF-8 in the other texts are replaced.
std::string ToJsonLine(const DeadLetter& letter);

// Members that a line of an earlier version lacks keep their defaults. kCorrupt when the line is
// not a letter.
Result<DeadLetter> FromJsonLine(std::string_view line);

// Where the letter came from; absent when the line is not one that ToJsonLine() wrote (torn by a
// crash, say).
std::optional<std::pair<TopicPartition, int64_t>> SourceOfJsonLine(std::string_view line);

}  // namespace kafka_iceberg::decode
