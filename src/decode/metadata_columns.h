// SPDX-License-Identifier: Apache-2.0
//
// The columns that come from the Kafka record and not from its payload. Their names are reserved at
// the top level. Pure functions; MetadataAppender belongs to one decoder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/record.h"
#include "core/result.h"
#include "decode/column.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

//   _kafka_topic      string
//   _kafka_partition  int
//   _kafka_offset     long
//   _kafka_timestamp  timestamptz, null when the record has none
//   _kafka_key        binary, null when the record has none
//   _kafka_headers    list<struct<key: string, value: binary>>
enum class MetadataColumn : uint8_t { kTopic, kPartition, kOffset, kTimestamp, kKey, kHeaders };

std::optional<MetadataColumn> FindMetadataColumn(std::string_view name);

// Optional fields for these names, with ids from `next_id` on, which moves. kInvalid: an unknown or
// repeated name.
Result<std::vector<iceberg::Field>> MetadataFields(const std::vector<std::string>& names,
                                                   int32_t& next_id);

// kInvalid when a top-level field has a reserved name and another type than that column (ids and
// requiredness may differ).
Status ValidateMetadataColumns(const iceberg::Schema& schema);

// Appends one record to the metadata columns of a row.
class MetadataAppender {
 public:
  // The columns must outlive the appender.
  explicit MetadataAppender(std::vector<std::pair<MetadataColumn, Column*>> columns)
      : columns_(std::move(columns)) {}

  // One row to each column. On failure (a required column without a value, a header name that is
  // not UTF-8) returns that column, and some columns hold a row too many.
  const Column* Append(const std::string& topic, const Record& record);

 private:
  static bool AppendHeaders(Column& column, const Record& record);

  std::vector<std::pair<MetadataColumn, Column*>> columns_;
};

}  // namespace kafka_iceberg::decode
