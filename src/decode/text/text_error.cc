// SPDX-License-Identifier: Apache-2.0
#include "decode/text/text_error.h"

namespace kafka_iceberg::decode {

std::string_view CodeOf(TextError error) {
  return error == TextError::kOutOfRange || error == TextError::kInexact ? "out_of_range"
                                                                         : "bad_value";
}

std::string_view Explain(TextError error) {
  switch (error) {
    case TextError::kNone: return "fits";
    case TextError::kMalformed: return "is not written as that type";
    case TextError::kOutOfRange: return "is out of range";
    case TextError::kInexact: return "has more digits than the column keeps";
    case TextError::kNoOffset:
      return "has no offset from UTC; declare the column as timestamp, or send \"Z\" or \"+hh:mm\"";
    case TextError::kHasOffset: return "has an offset from UTC; declare the column as timestamptz";
    case TextError::kWrongLength: return "has another length";
  }
  return "does not fit";
}

}  // namespace kafka_iceberg::decode
