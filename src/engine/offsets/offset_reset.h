// SPDX-License-Identifier: Apache-2.0
//
// The offsets of the configured topics as everybody sees them, and what it takes to move the ledger
// of their table: which rows would be doubled, which records never read, and whether that was
// agreed to. Planning is pure; MoveOffsets() is the only thing that changes anything.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "commit/ledger_move.h"
#include "config/options.h"
#include "core/result.h"
#include "engine/engine.h"
#include "engine/verify/verify.h"
#include "kafka/access/group_admin.h"
#include "kafka/topic_reader.h"

namespace kafka_iceberg::engine {

struct PartitionOffsets {
  SourceTopic topic;
  int32_t partition = 0;
  std::optional<int64_t> ledger;  // the table's next offset
  std::optional<int64_t> group;   // the consumer group's
  int64_t low = 0;                // Kafka's oldest
  int64_t high = 0;               // and the one after its newest

  TopicPartition name() const { return {topic.topic, partition}; }
  // Records that the table does not have yet.
  int64_t lag() const { return high - std::max(low, ledger.value_or(low)); }
};

struct OffsetSurvey {
  std::string table;
  std::string group;
  size_t group_members = 0;
  int64_t generation = 0;  // of the ledger
  std::vector<PartitionOffsets> partitions;
};

// `table` is asked anew.
Result<OffsetSurvey> SurveyOffsets(const config::Options& options, catalog::TableOperations& table,
                                   kafka::TopicReader& reader, kafka::GroupAdmin& admin);

struct ResetRequest {
  // Where to; partitions that are not named stay.
  std::map<TopicPartition, int64_t> targets;
  bool only_back = false;          // rewind: a partition whose target lies ahead stays
  bool accept_duplicates = false;  // rows that are in the table will be there once more
  bool accept_loss = false;        // records that were never read will never be
};

struct PlannedMove {
  commit::PartitionMove move;
  int64_t doubled_rows = 0;     // in the table at or above the target
  int64_t skipped_offsets = 0;  // without a row, below the target
};

// `rows` is nothing when the table does not tell which offsets it holds: then every move back
// doubles. kInvalid: a target that Kafka does not have.
Result<std::vector<PlannedMove>> PlanReset(const ResetRequest& request, const OffsetSurvey& survey,
                                           const std::optional<VerifyReport>& rows);
// kInvalid, naming the partition, the number and the flag, when the plan doubles or loses something
// that was not agreed to.
Status CheckAgreed(const ResetRequest& request, const std::vector<PlannedMove>& plan);

struct MoveContext {
  catalog::TableOperations& table;
  kafka::GroupAdmin& admin;
  const EngineContext& engine;
  bool shares_group = false;  // other tables are fed by the same group: its offsets do not go ahead
};
// Refuses (kConflict) while the group has members; afterwards the group's offsets stand at the
// ledger as well, unless the broker would not: then `warning` says so.
struct MoveOutcome {
  commit::LedgerMoveResult result;
  std::string warning;
};
Result<MoveOutcome> MoveOffsets(const MoveContext& context, const OffsetSurvey& survey,
                                const std::vector<PlannedMove>& plan, const std::stop_token& stop);

}  // namespace kafka_iceberg::engine
