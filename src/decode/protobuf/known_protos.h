// SPDX-License-Identifier: Apache-2.0
//
// Files that schemas import although registries do not deliver them, because every client brings
// them along. Pure function.
#pragma once

#include <string_view>

namespace kafka_iceberg::decode {

// The text of the messages in it; empty when the file is not known.
std::string_view KnownProtoText(std::string_view import);

}  // namespace kafka_iceberg::decode
