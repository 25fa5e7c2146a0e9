// SPDX-License-Identifier: Apache-2.0
//
// What a table's properties say about its dead letters: which ones wait to be delivered (written by
// the same commit as the ledger that covers their offsets), and which ones were replayed last
// (written by the same commit as their rows). Plain values and pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "iceberg/metadata_update.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::commit {

inline constexpr std::string_view kLettersProperty = "kafka-iceberg.letters";
inline constexpr std::string_view kReplaysProperty = "kafka-iceberg.replays";

// Where letters wait that commits of this table named and that are not known to be delivered, in
// the order of the commits. kCorrupt when the property cannot be read.
Result<std::vector<std::string>> PendingLetters(const iceberg::TableMetadata& metadata);

// What a commit on top of `base` changes: it names `added` (empty: nothing) and drops `delivered`.
// kUnavailable when more wait than may be named.
Result<std::vector<iceberg::MetadataUpdate>> ChangePendingLetters(
    const iceberg::TableMetadata& base, const std::string& added,
    const std::vector<std::string>& delivered);

// The last replay out of one store of dead letters. Generations count up by one: a replay is
// committed only on top of the generation its letters were read at, so of many replays of the same
// letters one commits.
struct LastReplay {
  int64_t generation = 0;  // 0: there was none
  std::string uuid;
  std::string letters;  // where the list of the replayed letters is
  friend bool operator==(const LastReplay&, const LastReplay&) = default;
};
// By the store's id.
using Replays = std::map<std::string, LastReplay>;
Result<Replays> ReadReplays(const iceberg::TableMetadata& metadata);
// kUnavailable when more stores are known than may be.
Result<iceberg::MetadataUpdate> SetReplays(const Replays& replays);

}  // namespace kafka_iceberg::commit
