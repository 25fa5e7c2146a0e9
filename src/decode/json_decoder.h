// SPDX-License-Identifier: Apache-2.0
//
// The decoder for JSON objects: one payload, one row. Notations per type are in
// text/value_append.h, metadata columns in metadata_columns.h; a JSON value of another kind than
// its column is never converted silently. One decoder belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "decode/decoder.h"
#include "decode/rescue/rescue_options.h"
#include "decode/text/value_append.h"

namespace kafka_iceberg::decode {

struct JsonDecoderOptions {
  int64_t record_bytes_max = 16LL << 20;      // larger payloads are too_big
  int32_t depth_max = 128;                    // of nested objects and arrays, ignored ones included
  EpochUnit epoch_unit = EpochUnit::kMillis;  // of numbers in timestamp columns
  // Fields no column takes, and integers too large for their column, become DecodeStats::drift
  // with the types that the record suggests; each name once when it is not taken up.
  bool report_drift = false;
  // Not empty: a payload is one JSON value of any kind, that of this column.
  std::string column;
  RescueOptions rescue;
};

// Seal() before pending_bytes() comes near this: Arrow's offsets have 31 bits, and a column beyond
// them aborts.
inline constexpr int64_t kPendingBytesMax = 1LL << 30;

// Dead letter codes: not_json, not_object, bad_utf8, too_deep, too_big, wrong_type (another kind of
// JSON value), bad_value (right kind, but not that type's notation), out_of_range (a number or date
// the type cannot hold without loss), missing_field (absent or null in a required column).
//
// Members no column takes are counted, never an error; so are members with the reserved name of a
// metadata column. Absent members and null become null, or the column's write-default when absent.
// Of a member that comes twice the last one counts. A byte order mark in front is ignored.
//
// kUnsupported or kInvalid, naming the column, when the schema has a type JSON cannot fill (see
// arrow_schema.h, json_node.h) or a reserved name with another type.
Result<std::unique_ptr<Decoder>> MakeJsonDecoder(const iceberg::Schema& schema,
                                                 JsonDecoderOptions options = {});

}  // namespace kafka_iceberg::decode
