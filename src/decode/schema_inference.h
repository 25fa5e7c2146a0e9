// SPDX-License-Identifier: Apache-2.0
//
// A schema proposed from sample records: what `kafka-iceberg plan` prints, and what a table without
// a declared schema is created with. Pure function; a bounded part of the sample is kept.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

struct InferredColumn {
  std::string path;     // "user.address.zip", "tags.element"
  std::string type;     // as iceberg::ToString() writes it; empty when the column is left out
  int64_t present = 0;  // records, members or elements that have a value there
  int64_t nulls = 0;    // those that have null
  std::vector<std::string> examples;  // JSON text, shortened
  std::vector<std::string> notes;     // for people
};

struct InferenceReport {
  iceberg::Schema schema;               // ids from 1; no metadata columns
  std::vector<InferredColumn> columns;  // every depth, parents first, left-out ones included
  int64_t records = 0;                  // objects the schema was made from
  int64_t unusable_records = 0;         // not JSON objects: they would become dead letters
  std::vector<std::string> notes;       // on the sample as a whole
};

struct InferenceOptions {
  int32_t columns_max = 2000;  // further fields are left out, with a note
  int32_t depth_max = 32;
  // Not empty: a payload is one JSON value of any kind, that of this column.
  std::string column;
};

//   numbers       long; double when one has a fraction or an exponent; decimal(38,0) when one is
//                 beyond 64 bits
//   strings       timestamptz, timestamp or date when every string is one (RFC 3339), else string
//   true, false   boolean
//   objects       struct, its members merged over all records
//   arrays        list, its elements merged likewise
//
// All columns are optional and in the order they are first seen. When records disagree on the kind
// of a value, the most frequent kind wins (the first seen on a tie) and a note says so: the others
// would become dead letters. Fields without any value in the sample are left out, with a note.
//
// Tombstones should not be among the payloads. kInvalid when no payload is a JSON object with at
// least one value.
Result<InferenceReport> InferSchema(std::span<const std::string_view> payloads,
                                    InferenceOptions options = {});

}  // namespace kafka_iceberg::decode
