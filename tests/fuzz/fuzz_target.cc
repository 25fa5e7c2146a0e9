// SPDX-License-Identifier: Apache-2.0
#include "fuzz_target.h"

#include <algorithm>

namespace kafka_iceberg::fuzz {

std::map<std::string, FuzzTarget>& FuzzTargets() {
  static std::map<std::string, FuzzTarget> targets;
  return targets;
}

std::string_view CutText(std::string_view& input) {
  const size_t end = std::min(input.find('\0'), input.size());
  const std::string_view text = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return text;
}

uint8_t CutByte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  return byte;
}

}  // namespace kafka_iceberg::fuzz
