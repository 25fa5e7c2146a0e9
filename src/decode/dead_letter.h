// SPDX-License-Identifier: Apache-2.0
//
// A record that could not become a row, with the reason. DeadLetterStore keeps it where it can be
// seen and replayed.
//
// A dead letter belongs to the flush epoch that covers its offset: Stage() makes it durable before
// the epoch is committed, Publish() is called after. A letter whose epoch never committed is
// dropped at the next Open(), because its record will be decoded again: so every letter is kept
// exactly once. Used by the committer thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/source_position.h"

namespace kafka_iceberg::decode {

struct DeadLetter {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  std::string code;        // stable: not_json, wrong_type, out_of_range, missing_field, too_deep,
                           // too_big, bad_utf8, ...
  std::string field_path;  // empty when the whole record is meant
  std::string reason;      // for people
  std::string key;
  std::string value;  // raw bytes
  bool key_is_null = true;
  bool value_is_null = false;
};

class DeadLetterStore {
 public:
  virtual ~DeadLetterStore() = default;
  // Durable when it returns; not yet visible as a finished file.
  virtual Status Stage(const std::string& epoch_uuid, const std::vector<DeadLetter>& letters) = 0;
  // The epoch's commit is in the table. Nothing to do when the epoch has no letters.
  virtual Status Publish(const std::string& epoch_uuid) = 0;
  // The epoch was discarded: its records will be read again.
  virtual Status Discard(const std::string& epoch_uuid) = 0;
};

// JSON lines {"topic","partition","offset","timestamp","code","field","reason","key","value"} (key
// and value base64) in
// `<state>/dead_letters/`. `is_covered` tells for a staged letter found at start whether the table
// covers its offset.
Result<std::unique_ptr<DeadLetterStore>> OpenFileDeadLetterStore(
    const std::string& directory,
    const std::function<bool(const TopicPartition&, int64_t offset)>& is_covered);

}  // namespace kafka_iceberg::decode
