// SPDX-License-Identifier: Apache-2.0
//
// The decoder for records whose keys are decoded as well: the key is one more column of the row,
// filled by a decoder of its own. A record whose key or value does not fit leaves no trace in
// either, and becomes one dead letter. One decoder belongs to one thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/result.h"
#include "decode/decoder.h"
#include "iceberg/type.h"

namespace kafka_iceberg::decode {

struct KeyedDecoderParts {
  using Make = std::function<Result<std::unique_ptr<Decoder>>(const iceberg::Schema&)>;

  std::string column;  // that keys go to
  Make make_values;    // for the table's schema without that column
  Make make_keys;      // for a schema of at most that column: a key is the record's whole value
};

// Null keys are null in the column, or dead letters (missing_field) where it is required. Dead
// letters for the key name the column, or a field below it, in their field path, and hold the id of
// the key's schema. The keys of null values that are skipped are not looked at. What keys ask for
// is drift like that of values, below the column's name; a field of that name in the values is
// counted as one that no column takes. A table without the column gets it by drift.
Result<std::unique_ptr<Decoder>> MakeKeyedDecoder(const iceberg::Schema& table_schema,
                                                  const KeyedDecoderParts& parts);

}  // namespace kafka_iceberg::decode
