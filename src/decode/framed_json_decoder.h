// SPDX-License-Identifier: Apache-2.0
//
// The decoder for JSON behind a schema id, as the serializers of JSON Schema write it: the framing
// comes off, the rest is JSON like any other. Owned by one writer thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/result.h"
#include "decode/decoder.h"
#include "decode/framing/framing.h"
#include "decode/json_decoder.h"

namespace kafka_iceberg::decode {

struct FramedJsonDecoderOptions {
  Framing framing = Framing::kAuto;
  std::string_view id_header = kValueSchemaIdHeader;  // see FramingOptions
  JsonDecoderOptions json;
};

// The schema that the id names is not asked for: the text says what its values are, and the
// columns, which were made by a schema, say what is accepted. kInvalid: see MakeJsonDecoder().
Result<std::unique_ptr<Decoder>> MakeFramedJsonDecoder(const iceberg::Schema& schema,
                                                       FramedJsonDecoderOptions options);

}  // namespace kafka_iceberg::decode
