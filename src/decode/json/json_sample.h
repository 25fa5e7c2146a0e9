// SPDX-License-Identifier: Apache-2.0
//
// JsonSample: what a number of JSON records hold, merged into one tree of counts. The evidence
// schema inference judges. Used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decode/json/json_cursor.h"
#include "decode/json/json_index.h"

namespace kafka_iceberg::decode {

enum class JsonKind : uint8_t { kBoolean, kNumber, kString, kObject, kArray };
inline constexpr size_t kJsonKinds = 5;

// One field, list element or the record itself, over all records.
struct SampleNode {
  std::string name;
  std::array<int64_t, kJsonKinds> counts = {};
  std::vector<JsonKind> kinds;  // those that occur, in the order first seen
  int64_t nulls = 0;
  std::vector<std::string> examples;
  // Numbers.
  bool has_fraction = false;      // or an exponent
  bool beyond_int64 = false;      // an integer
  bool beyond_decimal38 = false;  // an integer
  // Strings: whether all of them are one.
  bool all_timestamptz = true;
  bool all_timestamp = true;
  bool all_date = true;
  // Objects and arrays.
  std::vector<std::unique_ptr<SampleNode>> members;  // in the order first seen
  std::map<std::string, size_t, std::less<>> member_index;
  std::unique_ptr<SampleNode> element;
  bool cut_off = false;  // something below is not recorded: too deep or too many

  int64_t present() const;
};

class JsonSample {
 public:
  // `column`: see InferenceOptions.
  JsonSample(int32_t nodes_max, int32_t depth_max, std::string column)
      : nodes_max_(nodes_max), depth_max_(depth_max), column_(std::move(column)) {}

  // False when the payload is not what it should be.
  bool Add(std::string_view payload);
  const SampleNode& root() const { return root_; }
  bool nodes_exhausted() const { return nodes_ == nodes_max_; }

 private:
  void Observe(SampleNode& node, JsonCursor& at, int32_t depth);
  void ObserveObject(SampleNode& node, JsonCursor& at, int32_t depth);
  void ObserveArray(SampleNode& node, JsonCursor& at, int32_t depth);
  void ObserveString(SampleNode& node, std::string_view text);
  void ObserveNumber(SampleNode& node, std::string_view token);
  // The member of that name, made when there is room for it; null when there is not.
  SampleNode* Member(SampleNode& node, std::string_view name);

  const int32_t nodes_max_;
  const int32_t depth_max_;
  const std::string column_;
  int32_t nodes_ = 0;
  SampleNode root_;
  JsonIndex index_;
  std::string text_;
};

}  // namespace kafka_iceberg::decode
