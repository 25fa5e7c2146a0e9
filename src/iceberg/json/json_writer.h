// SPDX-License-Identifier: Apache-2.0
//
// Writes compact JSON in the order it is told, straight into one string. Strings that are not UTF-8
// are repaired with U+FFFD, so the output can always be read back. Used by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kafka_iceberg::iceberg {

// The text as a JSON string, quotes included.
std::string QuoteJson(std::string_view text);

class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  // The name of the member whose value comes next.
  JsonWriter& Key(std::string_view name);

  JsonWriter& String(std::string_view value);
  JsonWriter& Int(int64_t value);
  JsonWriter& Bool(bool value);
  // A value that is JSON text already.
  JsonWriter& Raw(std::string_view json);

  std::string Take() { return std::move(text_); }

 private:
  void Separate();

  std::string text_;
};

}  // namespace kafka_iceberg::iceberg
