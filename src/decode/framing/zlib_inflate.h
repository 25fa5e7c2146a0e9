// SPDX-License-Identifier: Apache-2.0
//
// Unpacks one zlib stream into memory, up to a limit: a small payload may unpack to anything. A
// pure function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::decode {

// Replaces `out`. kInvalid: not one complete zlib stream, or more bytes behind it; kUnsupported: it
// unpacks to more than `bytes_max`.
Status InflateZlib(std::string_view bytes, int64_t bytes_max, std::string& out);

}  // namespace kafka_iceberg::decode
