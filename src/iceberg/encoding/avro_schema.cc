// SPDX-License-Identifier: Apache-2.0
#include "iceberg/encoding/avro_schema.h"

#include <fmt/format.h>

#include <iterator>
#include <tuple>
#include <utility>

#include "iceberg/unicode.h"

namespace kafka_iceberg::iceberg {

AvroSchema AvroSchema::Of(AvroKind kind) {
  AvroSchema schema;
  schema.kind = kind;
  return schema;
}

AvroSchema AvroSchema::Optional(AvroSchema schema) {
  AvroSchema result = Of(AvroKind::kUnion);
  result.children.push_back(Of(AvroKind::kNull));
  result.children.push_back(std::move(schema));
  return result;
}

// Not defaulted: Clang 19 does not survive the circle through the vector of fields.
bool operator==(const AvroSchema& left, const AvroSchema& right) {
  const auto members = [](const AvroSchema& schema) {
    return std::tie(schema.kind, schema.name, schema.size, schema.logical_type, schema.precision,
                    schema.scale, schema.adjust_to_utc, schema.element_id, schema.key_id,
                    schema.value_id, schema.fields, schema.children);
  };
  return members(left) == members(right);
}

namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string AvroName(std::string_view name) {
  std::string result;
  for (size_t position = 0; position < name.size();) {
    const char c = name[position];
    if (IsLetter(c) || IsDigit(c)) {
      if (result.empty() && IsDigit(c)) result += '_';
      result += c;
      ++position;
      continue;
    }
    const CodePoint character = DecodeCodePoint(name, position);
    position += character.length;
    if (character.value < 0x10000) {
      fmt::format_to(std::back_inserter(result), "_x{:X}", character.value);
    } else {  // the reference implementation works on UTF-16 units
      fmt::format_to(std::back_inserter(result), "_x{:X}_x{:X}", 0xD7C0 + (character.value >> 10),
                     0xDC00 + (character.value & 0x3FF));
    }
  }
  return result.empty() ? "_" : result;
}

}  // namespace kafka_iceberg::iceberg
