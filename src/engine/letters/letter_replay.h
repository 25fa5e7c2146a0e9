// SPDX-License-Identifier: Apache-2.0
//
// Replays dead letters into the main table: decoded again with the table's schema and the
// configured format of today, and committed exactly once.
//
// The main table decides. Its property kafka-iceberg.replays holds a generation for each shelf, and
// a replay commits its rows together with the next generation, only on top of the generation that
// its letters were read at. So of any number of replays that read the same letters one commits;
// what it took is taken from the shelf afterwards, by itself or by the next replay, before that one
// reads any letter. The main table's ledger does not move. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "catalog/catalog.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "engine/letters/letter_shelf.h"
#include "engine/payload_format.h"
#include "write/table_writer.h"

namespace kafka_iceberg::engine {

struct ReplayOptions {
  LetterFilter filter;
  bool dry_run = false;
  // A letter that asks for columns the table does not have stays, counted as "schema_drift", until
  // the engine has brought them; otherwise what has no column is left out, as the engine does.
  bool keep_drifting = false;
  int64_t letters_max = 50'000;     // in one commit
  int64_t bytes_max = 128LL << 20;  // of their keys and values
  write::WriteOptions files = {};   // of the rows
};

// What a replay works with; all of it outlives the call.
struct ReplayContext {
  catalog::TableOperations& table;
  LetterShelf& shelf;
  const PayloadFormat& format;
  Clock& clock;
  Random& random;
  std::function<void(std::string_view)> step_hook;  // before_replay, after_replay; may be empty
};

struct ReplayReport {
  int64_t matched = 0;
  int64_t replayed = 0;  // rows committed; of a dry run: that would be
  int64_t commits = 0;
  std::map<std::string, int64_t> failed_again;  // by code; they stay
};

// kCommitUnknown: the catalog did not say whether the last commit was applied; the next replay
// finds out. kUnavailable: other replays or writers kept being faster.
Result<ReplayReport> ReplayLetters(const ReplayOptions& options, const ReplayContext& context,
                                   const std::stop_token& stop);

}  // namespace kafka_iceberg::engine
