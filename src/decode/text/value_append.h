// SPDX-License-Identifier: Apache-2.0
//
// One primitive value into its column, from text or from a number: the meeting point of notation
// and type, shared by JSON strings, JSON numbers and map keys. Each function appends exactly one
// row, or none when it returns an error. The column's owner is the only caller.
#pragma once

#include <cstdint>
#include <string_view>

#include "decode/column.h"
#include "decode/text/number_text.h"
#include "decode/text/text_error.h"

namespace kafka_iceberg::decode {

//   string                 the text itself
//   timestamps, date, time ISO 8601 text, or a number: timestamps in `epoch_unit`, date in days,
//   time
//                          in microseconds
//   decimal                text or number, never rounded
//   float, double          a number, or the texts "NaN", "Infinity", "-Infinity"
//   int, long              a number without fraction ("1.0" and "1e3" have none)
//   uuid                   text of 36 characters
//   fixed, binary          base64 text

// The unit of numbers in timestamp columns. It is never guessed from their size.
enum class EpochUnit : uint8_t { kSeconds, kMillis, kMicros, kNanos };

// Whether a JSON string, a JSON number can be a value of the type at all (whatever it says).
bool TakesText(iceberg::TypeId type);
bool TakesNumber(iceberg::TypeId type);

TextError AppendText(Column& column, std::string_view text);
TextError AppendNumber(Column& column, const NumberToken& number, EpochUnit epoch_unit);
// A map key: all of the above as text, numbers and booleans included.
TextError AppendKey(Column& column, std::string_view text, EpochUnit epoch_unit);

}  // namespace kafka_iceberg::decode
