// SPDX-License-Identifier: Apache-2.0
//
// ReplayedLetters: which letters of a topic were replayed. A topic takes nothing out, so each
// replay adds a pass: the letters it took, by where their records came from, and the ends of the
// topic when it read them. A letter of the same record that is written later, after the offsets
// were set back, stands above these ends and is another one. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "decode/dead_letter.h"
#include "engine/letters/letter_shelf.h"

namespace kafka_iceberg::engine {

using TopicEnds = std::map<int32_t, int64_t>;

class ReplayedLetters {
 public:
  // kUnsupported: there are too many to keep track of.
  Status Add(TopicEnds ends, LetterKeys keys);
  // Forgets passes all of whose letters retention has taken: the topic begins at `begins`.
  void Trim(const TopicEnds& begins);
  // A letter that stands at `position` of this partition of the topic.
  bool Holds(int32_t partition, int64_t position, const decode::DeadLetter& letter) const;

  std::string ToText() const;
  // kCorrupt.
  static Result<ReplayedLetters> FromText(std::string_view text);

 private:
  struct Pass {
    TopicEnds ends;
    LetterKeys keys;
  };
  std::vector<Pass> passes_;
};

}  // namespace kafka_iceberg::engine
