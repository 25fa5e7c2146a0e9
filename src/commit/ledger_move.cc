// SPDX-License-Identifier: Apache-2.0
#include "commit/ledger_move.h"

#include <algorithm>
#include <utility>

#include "commit/commit_history.h"
#include "commit/epoch_append.h"
#include "commit/json_text.h"
#include "core/retry_policy.h"
#include "iceberg/table_metadata.h"

namespace kafka_iceberg::commit {
namespace {

using nlohmann::json;

constexpr int64_t kVersion = 1;
constexpr int kDepthMax = 4;
constexpr int kAttempts = 4;

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
  entry.move.topic = {.cluster_id = TRY(StringMember(body, "cluster-id")),
                      .topic = TRY(StringMember(body, "topic")),
                      .topic_id = TRY(StringMember(body, "topic-id"))};
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

// One MoveLedger() call: the same snapshot for all its attempts.
class Mover {
 public:
  Mover(const LedgerMoveContext& context, const std::vector<PartitionMove>& moves)
      : context_(context), moves_(moves) {}

  Result<LedgerMoveResult> Run(const std::stop_token& stop) {
    Error last = Error::Unavailable("no attempt was made");
    const RetryPolicy backoff;
    for (int number = 1; number <= kAttempts; ++number) {
      if (number > 1 &&
          !context_.clock.SleepFor(backoff.DelayAfter(number - 1, context_.random), stop))
        break;
      const Status done = Attempt();
      if (done.ok()) return result_;
      last = done.error();
      if (last.code() != ErrorCode::kUnavailable && last.code() != ErrorCode::kTimeout) break;
    }
    if (!in_doubt_) return last;
    return Error::CommitUnknown(
        "the ledger may have been moved, or may still be (snapshot {}): look at `offsets show` "
        "before trying again: {}",
        result_.snapshot_id, last.message());
  }

 private:
  // kUnavailable: not decided, try again.
  Status Attempt() {
    const catalog::TableVersion base = TRY(context_.table.Refresh());
    const iceberg::TableMetadata& metadata = *base.metadata;
    if (result_.snapshot_id == 0) {
      result_.snapshot_id = iceberg::NewSnapshotId(metadata, context_.random);
    } else if (metadata.FindSnapshot(result_.snapshot_id) != nullptr) {
      return {};
    }
    const iceberg::PreparedCommit prepared = TRY(Prepare(metadata));
    const catalog::CommitReply reply =
        context_.table.Commit(base, prepared.updates, prepared.requirements);
    switch (reply.outcome) {
      case catalog::CommitOutcome::kCommitted: return {};
      case catalog::CommitOutcome::kConflict: return Error::Unavailable("{}", reply.detail);
      case catalog::CommitOutcome::kRejected:
        return Error::Invalid("the catalog rejected the commit: {}", reply.detail);
      case catalog::CommitOutcome::kUnknown: break;
    }
    in_doubt_ = true;
    const Result<bool> landed = context_.table.Reconcile(result_.snapshot_id);
    if (landed.ok() && *landed) return {};
    // Safe to send again: pinned to the head of main, under the same snapshot id.
    return Error::Unavailable("{}", reply.detail);
  }

  Result<iceberg::PreparedCommit> Prepare(const iceberg::TableMetadata& metadata) {
    Ledger ledger = TRY(ReadTrustedLedger(metadata, {}));
    std::vector<LedgerMove> all = TRY(ReadMoves(metadata));
    if (all.size() + moves_.size() > kMovesMax) {
      return Error::Unsupported("the ledger was moved {} times; at most {} are kept", all.size(),
                                kMovesMax);
    }
    std::vector<LedgerMove> now;
    result_.generation = ledger.generation + 1;
    const int64_t at_ms = ToMillis(context_.clock.Now());
    for (const PartitionMove& move : moves_) {
      const auto next = ledger.NextOffset(move.topic, move.partition);
      if (next != move.from || move.to < 0) {
        return Error::Conflict(
            "{}[{}]: the ledger stands at {}, not at {} (any more): somebody else is at work",
            move.topic.topic, move.partition, Text(next), Text(move.from));
      }
      SetNextOffset(ledger, move.topic, move.partition, move.to);
      now.push_back({.move = move, .generation = result_.generation, .at_ms = at_ms});
    }
    ledger.generation = result_.generation;
    all.insert(all.end(), now.begin(), now.end());
    FlushEpoch epoch{.uuid = NewUuid(context_.random), .snapshot_id = result_.snapshot_id};
    EpochAppend append(epoch, NewUuid(context_.random),
                       {{std::string(kMovesProperty), MovesToJson(now)},
                        {std::string(kGenerationSummary), std::to_string(ledger.generation)},
                        {std::string(kCommitIdSummary), epoch.uuid},
                        {std::string(kWriterSummary), context_.writer_id}},
                       context_.table.store());
    iceberg::PreparedCommit prepared = TRY(append.Prepare(metadata, at_ms));
    prepared.updates.push_back(
        iceberg::SetProperties{{{std::string(kLedgerProperty), LedgerToJson(ledger)},
                                {std::string(kMovesProperty), MovesToJson(all)}}});
    return prepared;
  }

  const LedgerMoveContext& context_;
  const std::vector<PartitionMove>& moves_;
  LedgerMoveResult result_;
  bool in_doubt_ = false;
};

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
  return Mover(context, moves).Run(stop);
}

}  // namespace kafka_iceberg::commit
