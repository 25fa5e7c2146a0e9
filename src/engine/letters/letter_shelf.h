// SPDX-License-Identifier: Apache-2.0
//
// LetterShelf: where dead letters are kept for good, as `dlq` looks at them and takes replayed ones
// out: the folder of files, or the table. Which letters a replay has put into the main table is
// written down beside the letters before it commits; the main table's property names that list
// (letters_property.h), so it is known for certain which ones must go. Used by one thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "catalog/catalog.h"
#include "commit/letters_property.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "engine/letters/letter_reader.h"

namespace kafka_iceberg::engine {

using LetterKeys = std::map<TopicPartition, std::set<int64_t>>;

std::string KeysToText(const LetterKeys& keys);
Result<LetterKeys> KeysFromText(std::string_view text);

class LetterShelf {
 public:
  virtual ~LetterShelf() = default;
  // Tells this shelf from every other one, for ever.
  virtual const std::string& id() const = 0;
  // As it is now.
  virtual Status Visit(const VisitLetter& visit) = 0;
  // Keeps the list of what a replay takes; where it is.
  virtual Result<std::string> WriteKeys(const std::string& replay_uuid, const LetterKeys& keys) = 0;
  // The replay was not committed and never will be.
  virtual Status DropKeys(const std::string& location) = 0;
  // The replay is in the main table: its letters are gone from the shelf when this returns. May be
  // called again, after a crash at any step; kUnavailable, kCommitUnknown: call again.
  virtual Status Finish(const commit::LastReplay& replay) = 0;
};

// JSON lines in `folder`, which exists; made if it has no id yet.
Result<std::unique_ptr<LetterShelf>> OpenFileShelf(const std::string& folder, Random& random);
std::unique_ptr<LetterShelf> MakeTableShelf(std::unique_ptr<catalog::TableOperations> letters,
                                            Clock& clock, Random& random);

}  // namespace kafka_iceberg::engine
