// SPDX-License-Identifier: Apache-2.0
//
// Where a newly assigned partition starts: at the table's ledger, and only where no row can be lost
// or doubled. When truth (the table) and hints (the broker) disagree, the answer is an error that
// explains the choices. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "commit/ledger.h"
#include "core/result.h"
#include "core/source_position.h"

namespace kafka_iceberg::engine {

enum class OffsetReset : uint8_t {
  kEarliestIfNew,  // the default: earliest for a table without any commit of ours or others,
                   // otherwise an error
  kEarliest,
  kLatest,
  kError,
};

struct StartQuestion {
  SourceTopic topic;
  int32_t partition = 0;
  int64_t low_watermark = 0;
  int64_t high_watermark = 0;
  OffsetReset reset = OffsetReset::kEarliestIfNew;
  bool table_has_snapshots = false;
  bool table_has_our_commits = false;  // some snapshot carries our summary members
  bool accept_offset_gap = false;      // run --accept-offset-gap
  bool accept_new_topic = false;       // run --accept-new-topic
};

struct StartDecision {
  int64_t covered_to = 0;  // where the first range starts: the ledger's next offset
  int64_t fetch_from =
      0;  // above covered_to only when the user accepted that the offsets between are gone
};

// kInvalid: stop, the message says why and what can be done.
Result<StartDecision> DecideStart(const commit::Ledger& ledger, const StartQuestion& question);

}  // namespace kafka_iceberg::engine
