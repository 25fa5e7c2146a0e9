// SPDX-License-Identifier: Apache-2.0
//
// Backfills of one table, from asking for one to its end: finding or registering it, and running an
// engine that reads its ranges on its ledger. The command's part without the command line.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "commit/backfill/backfill.h"
#include "config/options.h"
#include "core/result.h"
#include "engine/backfill/backfill_plan.h"
#include "engine/backfill/bounded_source.h"
#include "engine/engine.h"
#include "engine/letters/open_dead_letters.h"

namespace kafka_iceberg::engine {

// The table's configuration as the backfill's engine uses it: a consumer group and a state folder
// of its own.
config::Options OptionsOfBackfill(const config::Options& table, const std::string& id);
// The folders of a table's backfills with dead letters in files.
std::vector<std::string> LetterFoldersOfBackfills(const config::Options& table);

// Those that match what is asked for: `id`, or else the same request; an open one before one that
// is done. Cancelled ones never do.
const commit::Backfill* FindBackfill(const std::vector<commit::Backfill>& all,
                                     const std::string& id, const std::string& request);

// Rows and letters as the table has them now. Everything that may be in `seen` is found.
Result<TableContents> ReadContents(const DeadLetterTarget& target, const EngineContext& context,
                                   const std::stop_token& stop);

// What is left of the backfill as bounds of a source. `wants` may be empty.
SourceBounds BoundsOf(const commit::Backfill& backfill, const TableContents& contents);

// The engine of a backfill; its Run() ends when everything that Kafka has of its ranges is
// committed. `options` are OptionsOfBackfill's; the source of `connections` is a BoundSource().
Result<std::unique_ptr<Engine>> OpenBackfill(const config::Options& options,
                                             const commit::Backfill& backfill, bool accept_loss,
                                             const EngineContext& context,
                                             EngineConnections connections,
                                             const std::stop_token& stop);

// Brings dead letters in files to where the table's others are; the state folder of one that is not
// open any more is removed. `backfill` is as the table has it now, and no engine of this process
// runs it. kInvalid: another process does.
Status HandOverLetters(const config::Options& table, const commit::Backfill& backfill,
                       Clock& clock);

}  // namespace kafka_iceberg::engine
