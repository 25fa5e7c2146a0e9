// SPDX-License-Identifier: Apache-2.0
//
// Reads one gzip stream into memory, up to a limit: metadata files may be packed, and a small one
// may unpack to anything. A pure function.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::iceberg {

// kCorrupt when the bytes are no complete gzip stream, are followed by others, or unpack to more
// than `bytes_max`.
Result<std::string> Gunzip(std::string_view bytes, size_t bytes_max);

}  // namespace kafka_iceberg::iceberg
