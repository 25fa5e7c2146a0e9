// SPDX-License-Identifier: Apache-2.0
//
// The failures of JsonRowReader, in words. Nothing here runs for a record that becomes a row.
#include "decode/json/json_row_reader.h"
#include "decode/text/number_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr size_t kExcerptBytes = 60;
constexpr int32_t kDecimalDigitsMax = 38;

// The start of a value, cut between characters.
std::string Excerpt(std::string_view value) {
  if (value.size() <= kExcerptBytes) return std::string(value);
  size_t size = kExcerptBytes;
  while (size > 0 && (static_cast<unsigned char>(value[size]) & 0xc0) == 0x80) --size;
  return std::string(value.substr(0, size)) + "...";
}

// What kind of JSON value starts here; empty when none does.
std::string DescribeValue(const JsonCursor& cursor) {
  const std::string_view token = cursor.ScalarToken();
  if (cursor.peek() == '"') return "the string \"" + Excerpt(cursor.StringToken()) + '"';
  if (cursor.peek() == '{') return "an object";
  if (cursor.peek() == '[') return "an array";
  if (IsJsonLiteral(token)) return std::string(token);
  const auto number = ScanNumber(token);
  if (number && number->text.size() == token.size()) return "the number " + Excerpt(token);
  return {};
}

// The digits that a decimal column would need for the number, 0 when they would not do: the scale
// stays.
int32_t PrecisionNeeded(const iceberg::Type& column, TextError error, std::string_view value) {
  if (column.id != iceberg::TypeId::kDecimal || error != TextError::kOutOfRange) return 0;
  const auto number = ScanNumber(value);
  iceberg::Int128 unscaled = 0;
  if (!number || ToUnscaled(*number, column.scale, /*floor=*/false, unscaled) != TextError::kNone) {
    return 0;
  }
  int32_t precision = column.precision;
  while (precision < kDecimalDigitsMax && !FitsPrecision(unscaled, precision)) ++precision;
  return precision;
}

}  // namespace

JsonRowReader::Next JsonRowReader::Fail(std::string_view code, const JsonNode* node, JsonCursor at,
                                        std::string reason) {
  failed_at_ = at.next;
  error_.code = code;
  error_.precision_needed = 0;
  error_.field_path = node == nullptr || node->column == nullptr ? "" : node->column->path();
  error_.reason =
      (error_.field_path.empty() ? "the record" : error_.field_path) + " " + std::move(reason);
  return nullptr;
}

JsonRowReader::Next JsonRowReader::FailNotJson(JsonCursor at, std::string reason) {
  return Fail("not_json", nullptr, at,
              (column_.empty() ? "is not a json object: " : "is not json: ") + std::move(reason));
}

JsonRowReader::Next JsonRowReader::FailEscape(EscapeError error, const JsonNode* node,
                                              JsonCursor at) {
  if (error == EscapeError::kMalformed)
    return FailNotJson(at, "a string holds an escape that json does not know");
  return Fail("bad_utf8", node, at,
              "holds half of a surrogate pair, which stands for no character");
}

JsonRowReader::Next JsonRowReader::FailText(const JsonNode& node, JsonCursor at, TextError error,
                                            std::string_view value) {
  const iceberg::Type& type = node.column->type();
  Fail(CodeOf(error), &node, at,
       fmt::format("({}) got \"{}\", which {}", iceberg::ToString(type), Excerpt(value),
                   Explain(error)));
  error_.precision_needed = PrecisionNeeded(type, error, value);
  return nullptr;
}

JsonRowReader::Next JsonRowReader::FailType(const JsonNode& node, JsonCursor at) {
  const std::string found = DescribeValue(at);
  if (found.empty()) return FailNotJson(at, "a value is not json");
  return Fail("wrong_type", &node, at,
              fmt::format("({}) got {}", iceberg::ToString(node.column->type()), found));
}

void JsonRowReader::FailDocument(JsonCursor start, Next next, uint32_t end) {
  if (*start.next >= end) {
    FailNotJson(start, "it is empty");
  } else if (column_.empty() && start.peek() != '{') {
    FailNotObject(start, end);
  } else if (next != nullptr) {
    FailNotJson(start, next[-1] >= end   ? "it ends too early"
                       : column_.empty() ? "there is more text behind the object"
                                         : "there is more text behind the value");
  } else if (*failed_at_ >= end) {
    FailNotJson(start, "it ends too early");
  }
}

void JsonRowReader::FailNotObject(JsonCursor at, uint32_t end) {
  const std::string found = DescribeValue(at);
  const SkipResult result = SkipValue(at, depth_max_);
  if (result == SkipResult::kTooDeep) {
    Fail("too_deep", nullptr, at, fmt::format("nests deeper than {} levels", depth_max_));
  } else if (result == SkipResult::kOk && at.next[-1] < end && *at.next >= end) {
    Fail("not_object", nullptr, at, "is not an object but " + found);
  } else {
    FailNotJson(at, "it does not start with a brace");
  }
}

}  // namespace kafka_iceberg::decode
