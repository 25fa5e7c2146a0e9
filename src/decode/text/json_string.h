// SPDX-License-Identifier: Apache-2.0
//
// Writing JSON: strings, and bytes as base64 strings, for what is kept as JSON text. Pure
// functions.
#pragma once

#include <string>
#include <string_view>

namespace kafka_iceberg::decode {

// With its quotes. `text` is UTF-8.
void AppendJsonString(std::string_view text, std::string& out);
void AppendJsonBase64(std::string_view bytes, std::string& out);

}  // namespace kafka_iceberg::decode
