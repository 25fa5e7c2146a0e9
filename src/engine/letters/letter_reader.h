// SPDX-License-Identifier: Apache-2.0
//
// Reads dead letters back: from their table or from the folder of files, one by one, chosen by a
// filter. Functions without state.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "core/result.h"
#include "core/source_position.h"
#include "decode/dead_letter.h"

namespace kafka_iceberg::engine {

// What is not set matches everything.
struct LetterFilter {
  std::optional<std::string> code;
  std::optional<std::string> topic;
  std::optional<std::string> field;
  std::optional<int32_t> partition;
  std::optional<OffsetRange> offsets;

  bool Matches(const decode::DeadLetter& letter) const;
};
// "code=not_json,topic=orders,partition=3,offset=10..20,field=user.id": each at most once, the last
// offset included; "offset=7" is one. A comma inside a value is not possible. kInvalid names the
// part that is wrong.
Result<LetterFilter> ParseLetterFilter(std::string_view text);

// False: that was enough.
using VisitLetter = std::function<Result<bool>(decode::DeadLetter)>;

// The letters of this version of the table.
Status VisitTableLetters(const catalog::TableVersion& version, storage::ObjectStore& store,
                         const VisitLetter& visit);
// The finished letters in the files of a folder, oldest file first; none when there is no folder.
// kCorrupt names the file with a line that is not a letter.
Status VisitFileLetters(const std::string& folder, const VisitLetter& visit);

}  // namespace kafka_iceberg::engine
