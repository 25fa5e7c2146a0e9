// SPDX-License-Identifier: Apache-2.0
//
// A dead letter as a record of a topic: key, value and headers as they were, and after these
// headers a fixed block of ours, with the names that Kafka Connect uses first. The block is an
// interface, see docs/DEAD_LETTERS.md: headers are added at its end, never renamed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/record.h"
#include "decode/dead_letter.h"
#include "kafka/produce/record_producer.h"

namespace kafka_iceberg::engine {

// Where a letter stands in its delivery, and whose it is.
struct LetterStamp {
  std::string table;
  std::string table_uuid;
  std::string delivery;  // the uuid of the flush epoch
  int64_t number = 0;    // from 1
  int64_t total = 0;
  // Where the whole letter is, when the topic takes no record of its size; then the record has
  // neither key nor value nor the original headers.
  std::string kept_at;
  friend bool operator==(const LetterStamp&, const LetterStamp&) = default;
};

// Its texts; what record() returns points into this and into the letter.
class LetterRecord {
 public:
  LetterRecord(const decode::DeadLetter& letter, const LetterStamp& stamp);

  kafka::OutgoingRecord record() const;
  // As Kafka counts, and a little more.
  int64_t bytes() const;

 private:
  struct Text {
    std::string_view name;
    std::optional<std::string> value;
  };
  const decode::DeadLetter& letter_;
  const bool is_kept_elsewhere_;
  std::vector<Text> block_;
};

struct ReadLetter {
  decode::DeadLetter letter;
  LetterStamp stamp;
};
// Nothing when the record is not a letter of this program.
std::optional<ReadLetter> LetterOfRecord(const Record& record);
// Only the stamp, which is cheaper.
std::optional<LetterStamp> StampOfRecord(const Record& record);

}  // namespace kafka_iceberg::engine
