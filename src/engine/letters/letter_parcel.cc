// SPDX-License-Identifier: Apache-2.0
#include "engine/letters/letter_parcel.h"

#include <nlohmann/json.hpp>

#include "decode/letters/dead_letter_line.h"

namespace kafka_iceberg::engine {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
// Programs that know no lanes must not deliver it.
constexpr int kVersionWithLane = 2;

Error NotAParcel(std::string_view why) {
  return Error::Corrupt("the file of waiting dead letters cannot be read: {}", why);
}

Result<json> ReadHeading(std::string_view line) {
  json heading = json::parse(line, nullptr, false);
  const bool whole = heading.is_object() && heading.contains("epoch") &&
                     heading["epoch"].is_string() && heading.contains("to") &&
                     heading["to"].is_string() && heading.contains("ranges") &&
                     heading["ranges"].is_string() && heading.contains("letters") &&
                     heading["letters"].is_number_unsigned() && heading.contains("version") &&
                     heading.value("mark", json("")).is_string() &&
                     heading.value("delivered", json(false)).is_boolean();
  const bool has_lane = whole && heading["version"] == kVersionWithLane &&
                        heading.contains("lane") && heading["lane"].is_string();
  if (!whole || (heading["version"] != kVersion && !has_lane))
    return NotAParcel("its heading is not one of this version");
  return heading;
}

}  // namespace

std::string ParcelToText(const LetterParcel& parcel) {
  json heading = {{"version", kVersion},
                  {"epoch", parcel.epoch_uuid},
                  {"to", parcel.address},
                  {"ranges", commit::RangesToJson(parcel.ranges)},
                  {"letters", parcel.letters.size()}};
  if (!parcel.mark.empty()) heading["mark"] = parcel.mark;
  if (parcel.delivered) heading["delivered"] = true;
  if (!parcel.lane.empty()) {
    heading["version"] = kVersionWithLane;
    heading["lane"] = parcel.lane;
  }
  std::string text = heading.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  for (const decode::DeadLetter& letter : parcel.letters) text += decode::ToJsonLine(letter);
  return text;
}

Result<LetterParcel> ParcelFromText(std::string_view text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return NotAParcel("it has no heading");
  const json heading = TRY(ReadHeading(text.substr(0, end)));
  LetterParcel parcel{.epoch_uuid = heading["epoch"].get<std::string>(),
                      .address = heading["to"].get<std::string>(),
                      .lane = heading.value("lane", "")};
  parcel.ranges = TRY(commit::RangesFromJson(heading["ranges"].get<std::string>()));
  parcel.mark = heading.value("mark", std::string());
  parcel.delivered = heading.value("delivered", false);
  text.remove_prefix(end + 1);
  while (!text.empty()) {
    const size_t line_end = text.find('\n');
    if (line_end == std::string_view::npos) return NotAParcel("its last line is torn");
    parcel.letters.push_back(TRY(decode::FromJsonLine(text.substr(0, line_end))));
    text.remove_prefix(line_end + 1);
  }
  if (parcel.letters.size() != heading["letters"].get<size_t>())
    return NotAParcel("letters are missing");
  return parcel;
}

}  // namespace kafka_iceberg::engine
