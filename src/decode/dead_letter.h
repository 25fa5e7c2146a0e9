// SPDX-License-Identifier: Apache-2.0
//
// A record that could not become a row, with the reason. DeadLetterStore keeps it where it can be
// seen and replayed.
//
// A dead letter belongs to the flush epoch that covers its offset: Stage() makes it durable before
// the epoch is committed, Publish() is called after. A letter whose epoch never committed is
// dropped, because its record will be decoded again: so every letter is kept exactly once. Used by
// the committer thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/source_position.h"

namespace kafka_iceberg::decode {

struct LetterHeader {
  std::string key;
  std::string value;
  bool value_is_null = false;
  friend bool operator==(const LetterHeader&, const LetterHeader&) = default;
};

struct DeadLetter {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  std::string code;        // stable: the table in docs/DEAD_LETTERS.md
  std::string field_path;  // empty when the whole record is meant
  std::string reason;      // for people
  std::string key;
  std::string value;  // raw bytes
  bool key_is_null = true;
  bool value_is_null = false;
  std::vector<LetterHeader> headers;  // as the record had them
  std::string schema_id;              // of the payload's schema, when the decoder knows it
  std::string version;                // of the program that wrote the letter
  int64_t written_ms = -1;            // when it did

  friend bool operator==(const DeadLetter&, const DeadLetter&) = default;
};

// The flush epoch that letters belong to.
struct LetterEpoch {
  std::string uuid;
  std::map<SourceTopic, PartitionRanges> ranges;
};

class DeadLetterStore {
 public:
  virtual ~DeadLetterStore() = default;
  // Durable when it returns; not yet visible as a finished letter. The text returned, when not
  // empty, must be named by the epoch's commit.
  virtual Result<std::string> Stage(const LetterEpoch& epoch,
                                    const std::vector<DeadLetter>& letters) = 0;
  // The epoch's commit is in the table. Nothing to do when the epoch has no letters.
  virtual Status Publish(const std::string& epoch_uuid) = 0;
  // The epoch was discarded: its records will be read again.
  virtual Status Discard(const std::string& epoch_uuid) = 0;
  // Called before each commit: finishes what commits that are in the table left to do, of whatever
  // process. kUnavailable, kTimeout, kCommitUnknown: not now, call again; the commit must wait.
  virtual Status Settle() { return {}; }
  // What the next commit need not name any more, and that it does not.
  virtual std::vector<std::string> Delivered() const { return {}; }
  virtual void Forget(const std::vector<std::string>& delivered) { (void)delivered; }
};

// JSON lines (see letters/dead_letter_line.h) in `<state>/dead_letters/`. `is_covered` tells for a
// staged letter found at start whether the table covers its offset.
Result<std::unique_ptr<DeadLetterStore>> OpenFileDeadLetterStore(
    const std::string& directory,
    const std::function<bool(const TopicPartition&, int64_t offset)>& is_covered);

}  // namespace kafka_iceberg::decode
