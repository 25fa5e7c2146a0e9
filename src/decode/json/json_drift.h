// SPDX-License-Identifier: Apache-2.0
//
// JsonDrift: which records ask for columns that are not there. JSON has no schema to compare, so
// each record with an unknown member is looked at, until its names are known to be left out. Owned
// by one decoder.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/record.h"
#include "decode/json/json_row_reader.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

class JsonDrift {
 public:
  // `column`: see JsonDecoderOptions.
  explicit JsonDrift(const std::vector<iceberg::Field>& columns, std::string column = {})
      : columns_(columns), column_(std::move(column)) {}

  // The columns that a good record with unknown members asks for; none when they hold nothing with
  // a type, or when it was told before and the record comes again: then they are left out from now
  // on.
  std::optional<iceberg::Schema> OfMembers(const std::string& topic, const Record& record,
                                           std::span<const UnknownMember> unknown);
  // The columns with which a record that failed would not; told once of each record.
  std::optional<iceberg::Schema> OfFailure(const std::string& topic, const Record& record,
                                           const RowFailure& failure);

 private:
  struct Told {
    std::string topic;
    int32_t partition = 0;
    int64_t offset = 0;
    std::vector<uint64_t> names;
  };

  bool WasTold(const std::string& topic, const Record& record);

  // Further names are left out unseen; whoever makes up that many has no schema to speak of.
  static constexpr size_t kLeftOutMax = 10'000;

  const std::vector<iceberg::Field>& columns_;
  const std::string column_;
  std::optional<Told> told_;
  std::unordered_set<uint64_t> left_out_;
};

}  // namespace kafka_iceberg::decode
