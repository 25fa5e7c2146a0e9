// SPDX-License-Identifier: Apache-2.0
//
// Bytes from text, written where the caller wants them (no allocation): uuids and base64. Pure
// functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "decode/text/text_error.h"

namespace kafka_iceberg::decode {

// The canonical form of 36 characters, either case; 16 bytes are written.
TextError ParseUuid(std::string_view text, uint8_t* out);

// An upper bound of what ParseBase64() writes.
inline int64_t Base64BytesMax(std::string_view text) {
  return static_cast<int64_t>(text.size() / 4 * 3);
}
// Standard alphabet with padding, nothing else; `size` tells how many bytes were written.
TextError ParseBase64(std::string_view text, uint8_t* out, int64_t& size);

}  // namespace kafka_iceberg::decode
