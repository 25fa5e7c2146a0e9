// SPDX-License-Identifier: Apache-2.0
//
// LetterParcel: the dead letters of one flush epoch on their way: written to the object store
// before the epoch's commit, which names it, and handed to a LetterSink after. The file is JSON
// lines: a heading, then one letter a line. LetterSink: where letters go in the end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commit/ledger.h"
#include "core/result.h"
#include "decode/dead_letter.h"

namespace kafka_iceberg::engine {

struct LetterParcel {
  std::string epoch_uuid;
  std::string address;  // of the sink it was written for
  // Which of the sink's ledgers orders it against others: the offsets of a backfill, or of a ledger
  // that was set back, do not come after those that were delivered before. Empty: the usual one.
  std::string lane;
  commit::EpochRanges ranges;
  std::string mark;        // the sink's, from before anything of the parcel could be in it
  bool delivered = false;  // a receipt: its letters are in the sink, and not here any more
  std::vector<decode::DeadLetter> letters;
};

std::string ParcelToText(const LetterParcel& parcel);
// kCorrupt when the text is not a whole parcel.
Result<LetterParcel> ParcelFromText(std::string_view text);

// Not thread-safe.
class LetterSink {
 public:
  virtual ~LetterSink() = default;
  // "table raw.events__dlq": what the sink is, and for people.
  virtual const std::string& address() const = 0;
  // Finds out now what would keep it from delivering.
  virtual Status Check() { return {}; }
  // For LetterParcel::mark.
  virtual Result<std::string> Mark() { return std::string(); }
  // Whether it is cheaper, or only possible for a while, to tell from the parcel that it was
  // delivered.
  virtual bool wants_receipts() const { return false; }
  // All of the parcel's letters are in the sink once when this returns, whoever delivered them and
  // however often it is called, by however many processes. kUnavailable, kTimeout, kCommitUnknown:
  // call again; anything else: somebody must look.
  virtual Status Deliver(const LetterParcel& parcel) = 0;
};

}  // namespace kafka_iceberg::engine
