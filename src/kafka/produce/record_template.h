// SPDX-License-Identifier: Apache-2.0
//
// RecordTemplate: a rendered JSON record and the places in it that change from record to record.
// All changing values have a fixed width, so nothing moves. Internal to the generator; a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kafka_iceberg::kafka {

enum class PatchKind : uint8_t {
  kSequence,  // the record's number, with a leading digit so that it is a JSON number
  kDigits,    // random digits, the first one not 0
  kHex,       // random lower-case hex digits
  kTime,      // RFC 3339 in UTC with milliseconds, 24 characters
  kMillis,    // the same as milliseconds since 1970, 13 digits
};

struct Patch {
  PatchKind kind;
  uint16_t width;
  uint32_t at;
};

class RecordTemplate {
 public:
  RecordTemplate& Text(std::string_view text);
  // A place to be filled, `width` characters.
  RecordTemplate& Place(PatchKind kind, uint16_t width);

  const std::string& text() const { return text_; }
  const std::vector<Patch>& patches() const { return patches_; }

 private:
  std::string text_;
  std::vector<Patch> patches_;
};

}  // namespace kafka_iceberg::kafka
