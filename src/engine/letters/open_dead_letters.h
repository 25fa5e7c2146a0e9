// SPDX-License-Identifier: Apache-2.0
//
// From [dead_letter] to the store of one table's dead letters: the one place that knows all modes.
// Used by Engine::Open and by the commands.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "commit/ledger.h"
#include "config/options.h"
#include "decode/dead_letter.h"
#include "engine/engine.h"
#include "engine/letters/letter_parcel.h"
#include "engine/letters/letter_shelf.h"

namespace kafka_iceberg::engine {

// dead_letter.table, or `<table>__dlq` beside the table.
catalog::TableIdentifier LetterTableOf(const config::Options& options,
                                       const catalog::TableIdentifier& main);
// dead_letter.topic, or `<namespace>.<table>.dlq`.
std::string LetterTopicOf(const config::Options& options, const catalog::TableIdentifier& main);
std::string LetterFolderOf(const config::Options& options);

// What the store is opened for; all of it outlives the store.
struct DeadLetterTarget {
  const config::Options& options;
  catalog::Catalog& catalog;
  catalog::TableOperations& table;  // with the rows
  commit::Ledger ledger;            // its own, where letters are to be written
  std::string writer_id;
};

// Creates the table of dead letters when that is the mode. What earlier commits left to deliver is
// delivered when it can be; otherwise the first commit waits for it.
Result<std::unique_ptr<decode::DeadLetterStore>> OpenDeadLetters(const DeadLetterTarget& target,
                                                                 const EngineContext& context);

// The sink of the configured mode; null for files. `may_create`: the table of dead letters.
Result<std::unique_ptr<LetterSink>> OpenLetterSink(const DeadLetterTarget& target,
                                                   const EngineContext& context, bool may_create);

// Where the configured mode keeps letters for good. kNotFound: no letter was ever kept there.
Result<std::unique_ptr<LetterShelf>> OpenLetterShelf(const DeadLetterTarget& target,
                                                     const EngineContext& context);
// Delivers what commits have left to deliver; nothing in mode "file".
Status SettleDeadLetters(const DeadLetterTarget& target, const EngineContext& context);
// The offsets of all letters: of the files, of the table, and of those that wait to be delivered.
Result<LetterKeys> ReadLetterOffsets(const DeadLetterTarget& target);
// What can be said of the topic, when that is the mode, without writing to it: whether it is there
// and keeps what it gets. A session would shut out the engine that runs, so whether one may write
// is seen at the start only.
struct LetterTopicLook {
  std::string topic;
  bool exists = false;
};
Result<LetterTopicLook> LookAtLetterTopic(const config::Options& options,
                                          const catalog::TableIdentifier& main,
                                          const EngineContext& context);
// Adds those in the topic, when that is the mode, which asks Kafka.
Status AddTopicLetterOffsets(const DeadLetterTarget& target, const EngineContext& context,
                             LetterKeys& offsets);

}  // namespace kafka_iceberg::engine
