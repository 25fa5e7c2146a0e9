// SPDX-License-Identifier: Apache-2.0
#include "iceberg/json/json_writer.h"

#include <fmt/format.h>

#include "iceberg/unicode.h"

namespace kafka_iceberg::iceberg {
namespace {

constexpr uint32_t kReplacementCharacter = 0xFFFD;

void AppendEscaped(uint32_t code_point, std::string& out) {
  switch (code_point) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (code_point < 0x20 || code_point == 0x7F) {
    out += fmt::format("\\u{:04x}", code_point);
  } else {
    AppendCodePoint(code_point, out);
  }
}

}  // namespace

std::string QuoteJson(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (size_t position = 0; position < text.size();) {
    const CodePoint code_point = DecodeCodePoint(text, position);
    AppendEscaped(code_point.valid ? code_point.value : kReplacementCharacter, out);
    position += code_point.length;
  }
  out += '"';
  return out;
}

// A comma is due unless the value is the first in its container or follows its key.
void JsonWriter::Separate() {
  if (text_.empty()) return;
  const char last = text_.back();
  if (last != '{' && last != '[' && last != ':') text_ += ',';
}

JsonWriter& JsonWriter::BeginObject() { return Raw("{"); }

JsonWriter& JsonWriter::EndObject() {
  text_ += '}';
  return *this;
}

JsonWriter& JsonWriter::BeginArray() { return Raw("["); }

JsonWriter& JsonWriter::EndArray() {
  text_ += ']';
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Raw(QuoteJson(name));
  text_ += ':';
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) { return Raw(QuoteJson(value)); }

JsonWriter& JsonWriter::Int(int64_t value) { return Raw(fmt::format("{}", value)); }

JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  text_ += json;
  return *this;
}

}  // namespace kafka_iceberg::iceberg
