// SPDX-License-Identifier: Apache-2.0
//
// What a backfill would read: ranges of offsets against what the table's ledger covers, what Kafka
// still has, and which offsets have a row or a dead letter already. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "commit/backfill/backfill.h"
#include "core/result.h"
#include "engine/letters/letter_shelf.h"
#include "engine/offsets/offset_reset.h"
#include "engine/verify/verify.h"

namespace kafka_iceberg::engine {

struct BackfillRequest {
  std::string text;  // what was asked for, as it is written down
  std::map<TopicPartition, OffsetRange> ranges;
  bool only_missing = false;       // leave out offsets with a row or a dead letter
  bool accept_duplicates = false;  // rows that are in the table will be there once more
  bool accept_loss = false;        // what Kafka has removed is left out
};

// Which offsets were dealt with.
struct TableContents {
  std::optional<VerifyReport> rows;  // absent: the table does not tell
  LetterKeys letters;
};

struct PlannedRange {
  SourceTopic topic;
  int32_t partition = 0;
  OffsetRange range;
  int64_t rows = 0;     // offsets of the range that have a row
  int64_t letters = 0;  // and a dead letter
  int64_t removed = 0;  // offsets asked for that Kafka does not have any more

  TopicPartition name() const { return {topic.topic, partition}; }
};

// Ranges that hold nothing to read are left out, unless Kafka removed what they held. kInvalid: no
// such partition; offsets that the live tail reads itself; only_missing, and the table does not
// tell which rows it has.
Result<std::vector<PlannedRange>> PlanBackfill(const BackfillRequest& request,
                                               const OffsetSurvey& survey,
                                               const TableContents& contents);
// kInvalid, naming the partition, the number and the flag, when the plan doubles or leaves out
// something that was not agreed to.
Status CheckAgreed(const BackfillRequest& request, const std::vector<PlannedRange>& plan);

commit::Backfill ToBackfill(const BackfillRequest& request, const std::vector<PlannedRange>& plan);

// The offsets of the range that have a row or a dead letter, in order and apart from each other.
std::vector<OffsetRange> DealtWith(const TableContents& contents, const TopicPartition& partition,
                                   OffsetRange range);

}  // namespace kafka_iceberg::engine
