// SPDX-License-Identifier: Apache-2.0
//
// Schema drift: what records ask of a table beyond the columns it has. Decoders report it
// (DecodeStats::drift), the engine decides about it. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "iceberg/type.h"

namespace kafka_iceberg::decode {

// Whose word counts when a record's field and its column have different primitive types.
enum class PrimitiveTypes : uint8_t {
  kOfColumns,  // the records' types are guessed
  kOfRecords,  // they are declared
};

// The columns, followed at every depth by the fields that only `records` has. All columns stay as
// required as they are: for formats whose schemas do not speak of that. Ids are the columns' own;
// those of new fields mean nothing.
struct ExtendedColumns {
  iceberg::Schema schema;
  bool has_new_fields = false;
};
ExtendedColumns ExtendColumns(const std::vector<iceberg::Field>& columns,
                              const iceberg::Schema& records, PrimitiveTypes primitives);

// Gives the decimal column at `path` that precision; false when there is nothing to widen.
bool WidenDecimal(iceberg::Schema& columns, std::string_view path, int32_t precision);

// Makes the int or float column at `path` long or double when `records` has that type there; false
// when there is nothing to widen.
bool WidenColumn(iceberg::Schema& columns, const iceberg::Schema& records, std::string_view path);

}  // namespace kafka_iceberg::decode
