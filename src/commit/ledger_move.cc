// SPDX-License-Identifier: Apache-2.0
#include "commit/ledger_move.h"

#include <algorithm>
#include <utility>

#include "commit/backfill/backfill.h"
#include "commit/commit_history.h"
#include "commit/json_text.h"
#include "commit/note_commit.h"

namespace kafka_iceberg::commit {
namespace {

using nlohmann::json;

constexpr int64_t kVersion = 1;
constexpr int kDepthMax = 4;

json ToJson(const LedgerMove& entry) {
  json body = {{"generation", entry.generation},
               {"at-ms", entry.at_ms},
               {"cluster-id", entry.move.topic.cluster_id},
               {"topic", entry.move.topic.topic},
               {"topic-id", entry.move.topic.topic_id},
               {"partition", entry.move.partition},
               {"to", entry.move.to}};
  if (entry.move.from) body["from"] = *entry.move.from;
  return body;
}

Result<LedgerMove> FromJson(const json& body) {
  LedgerMove entry;
  entry.generation = TRY(IntMember(body, "generation"));
  entry.at_ms = TRY(IntMember(body, "at-ms"));
  entry.move.topic.cluster_id = TRY(StringMember(body, "cluster-id"));
  entry.move.topic.topic = TRY(StringMember(body, "topic"));
  entry.move.topic.topic_id = TRY(StringMember(body, "topic-id"));
  const int64_t partition = TRY(IntMember(body, "partition"));
  if (partition < 0 || !std::in_range<int32_t>(partition))
    return Error::Corrupt("{} is not a partition", partition);
  entry.move.partition = static_cast<int32_t>(partition);
  entry.move.to = TRY(IntMember(body, "to"));
  if (body.contains("from")) entry.move.from = TRY(IntMember(body, "from"));
  return entry;
}

std::string Text(std::optional<int64_t> offset) {
  return offset ? std::to_string(*offset) : "nowhere";
}

// What is open reads offsets that the ledger must go on covering: else both would add them.
Status CheckNotBackfilled(const std::vector<Backfill>& backfills, const PartitionMove& move) {
  for (const Backfill& backfill : backfills) {
    if (!backfill.is_open()) continue;
    const auto range = backfill.RangeOf(move.topic, move.partition);
    if (!range || move.to >= range->end) continue;
    return Error::Conflict(
        "{}[{}]: backfill {} reads offsets up to {} and is not finished: finish or cancel it first",
        move.topic.topic, move.partition, backfill.id, range->end);
  }
  return {};
}

// What the moves make of `metadata`.
Result<Note> NoteOfMoves(const iceberg::TableMetadata& metadata,
                         const std::vector<PartitionMove>& moves, int64_t at_ms,
                         int64_t& generation) {
  Ledger ledger = TRY(ReadTrustedLedger(metadata, {}));
  std::vector<LedgerMove> all = TRY(ReadMoves(metadata));
  const std::vector<Backfill> backfills = TRY(ReadBackfills(metadata));
  if (all.size() + moves.size() > kMovesMax) {
    return Error::Unsupported("the ledger was moved {} times; at most {} are kept", all.size(),
                              kMovesMax);
  }
  std::vector<LedgerMove> now;
  generation = ++ledger.generation;
  for (const PartitionMove& move : moves) {
    const auto next = ledger.NextOffset(move.topic, move.partition);
    if (next != move.from || move.to < 0) {
      return Error::Conflict(
          "{}[{}]: the ledger stands at {}, not at {} (any more): somebody else is at work",
          move.topic.topic, move.partition, Text(next), Text(move.from));
    }
    TRY(CheckNotBackfilled(backfills, move));
    SetNextOffset(ledger, move.topic, move.partition, move.to);
    now.push_back({.move = move, .generation = generation, .at_ms = at_ms});
  }
  all.insert(all.end(), now.begin(), now.end());
  return Note{.summary = {{std::string(kMovesProperty), MovesToJson(now)},
                          {std::string(kGenerationSummary), std::to_string(generation)}},
              .properties = {{std::string(kLedgerProperty), LedgerToJson(ledger)},
                             {std::string(kMovesProperty), MovesToJson(all)}},
              .removed_properties = {}};
}

}  // namespace

std::string MovesToJson(const std::vector<LedgerMove>& moves) {
  json list = json::array();
  for (const LedgerMove& entry : moves) list.push_back(ToJson(entry));
  return ToText({{"version", kVersion}, {"moves", std::move(list)}});
}

Result<std::vector<LedgerMove>> MovesFromJson(std::string_view text) {
  const json document = TRY(ParseJson(text, kDepthMax));
  const int64_t version = TRY(IntMember(document, "version"));
  if (version != kVersion) {
    return Error::Corrupt("version {} is not known to this program; a newer one wrote it", version);
  }
  const json* list = TRY(Member(document, "moves"));
  if (!list->is_array()) return Error::Corrupt("moves are not a list");
  std::vector<LedgerMove> moves;
  for (const json& body : *list) moves.push_back(TRY(FromJson(body)));
  return moves;
}

Result<std::vector<LedgerMove>> ReadMoves(const iceberg::TableMetadata& metadata) {
  const auto property = metadata.properties.find(std::string(kMovesProperty));
  if (property == metadata.properties.end()) return std::vector<LedgerMove>();
  Result<std::vector<LedgerMove>> moves = MovesFromJson(property->second);
  if (!moves.ok()) return moves.error().WithContext("table property kafka-iceberg.ledger-moves");
  return moves;
}

Result<LedgerMoveResult> MoveLedger(const LedgerMoveContext& context,
                                    const std::vector<PartitionMove>& moves,
                                    const std::stop_token& stop) {
  LedgerMoveResult result;
  const int64_t at_ms = ToMillis(context.clock.Now());
  result.snapshot_id = TRY(CommitNote(
      {.table = context.table,
       .clock = context.clock,
       .random = context.random,
       .writer_id = context.writer_id},
      [&](const iceberg::TableMetadata& base) {
        return NoteOfMoves(base, moves, at_ms, result.generation);
      },
      "the ledger may have been moved, or may still be: look at `offsets show` before trying again",
      stop));
  return result;
}

}  // namespace kafka_iceberg::commit
