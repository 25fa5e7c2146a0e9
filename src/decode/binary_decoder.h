// SPDX-License-Identifier: Apache-2.0
//
// The decoder that keeps payloads as they are: the whole value in one column. One decoder belongs
// to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "decode/decoder.h"

namespace kafka_iceberg::decode {

struct BinaryDecoderOptions {
  std::string column = "value";           // of type binary, or string: then values must be UTF-8
  int64_t record_bytes_max = 16LL << 20;  // larger payloads are too_big
};

// Dead letter codes: bad_utf8, too_big, missing_field (a null value to be stored in a required
// column; a required metadata column without a value). Other columns of the table take their
// write-default, or null.
//
// kInvalid when the column is missing or has another type, or when another column is required and
// has no write-default; kUnsupported as in arrow_schema.h.
Result<std::unique_ptr<Decoder>> MakeBinaryDecoder(const iceberg::Schema& table_schema,
                                                   BinaryDecoderOptions options = {});

}  // namespace kafka_iceberg::decode
