// SPDX-License-Identifier: Apache-2.0
//
// A commit that adds no rows and says something about the table's offsets: an empty snapshot, so
// that main moves and every catalog orders it against commits of rows, and properties. For what
// people ask for (moving the ledger, a backfill); a function without state.
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

namespace kafka_iceberg::commit {

struct Note {
  std::map<std::string, std::string> summary;  // of the snapshot, beside who and which commit
  std::map<std::string, std::string> properties;
  std::vector<std::string> removed_properties;
};
// Asked for each attempt anew; an error ends it, with nothing changed.
using MakeNote = std::function<Result<Note>(const iceberg::TableMetadata& base)>;

struct NoteContext {
  catalog::TableOperations& table;
  Clock& clock;
  Random& random;
  std::string writer_id;
};

// The snapshot. Errors: those of `make`; kCommitUnknown - it may have happened or not, beginning
// with `what` ("the ledger may have been moved"); anything else - nothing was changed.
Result<int64_t> CommitNote(const NoteContext& context, const MakeNote& make, std::string_view what,
                           const std::stop_token& stop);

}  // namespace kafka_iceberg::commit
