// SPDX-License-Identifier: Apache-2.0
//
// Why the text of one value is not a value of its column's type. Small enough to be returned from
// the hot path; the words for people are made only when a record has failed. A value.
#pragma once

#include <cstdint>
#include <string_view>

namespace kafka_iceberg::decode {

enum class TextError : uint8_t {
  kNone,
  kMalformed,    // not this type's notation
  kOutOfRange,   // right notation, too large or too small
  kInexact,      // more digits than the type keeps
  kNoOffset,     // timestamptz without "Z" or "+hh:mm"
  kHasOffset,    // timestamp with one
  kWrongLength,  // fixed
};

// The dead letter's code: "bad_value" or "out_of_range".
std::string_view CodeOf(TextError error);
// Ends the sentence "... which ".
std::string_view Explain(TextError error);

}  // namespace kafka_iceberg::decode
