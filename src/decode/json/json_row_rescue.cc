// SPDX-License-Identifier: Apache-2.0
//
// What JsonRowReader does with values that no column takes. Nothing here runs for a record whose
// members all have their column.
#include "decode/json/json_row_reader.h"

namespace kafka_iceberg::decode {
namespace {

// The text of the value that begins at the cursor and ends before token `next`.
std::string_view TextOf(JsonCursor at, const uint32_t* next) {
  const char* end = at.text + *next;
  while (end > at.here() + 1 && IsJsonSpace(end[-1])) --end;
  return {at.here(), static_cast<size_t>(end - at.here())};
}

}  // namespace

JsonRowReader::Next JsonRowReader::ReadUnknown(const JsonNode& node, JsonCursor at) {
  if (notes_unknown_) Note(node, at.Behind(-2).StringToken(), at);
  const Next next = Skip(at);
  if (rescue_ == nullptr || next == nullptr) {
    ++ignored_fields_;
    return next;
  }
  std::string_view key = at.Behind(-2).StringToken();
  const bool is_escaped = key.find('\\') != std::string_view::npos;
  if (is_escaped && !ResolveEscapes(nullptr, at, key)) return nullptr;
  if (!rescue_->AddMember(node.column, key, TextOf(at, next))) ++ignored_fields_;
  return next;
}

JsonRowReader::Next JsonRowReader::RescueValue(JsonNode& node, JsonCursor start) {
  const bool may_be_null = rescue_ != nullptr && rescue_->scope() == RescueScope::kValues &&
                           !node.required && IsMisfit(error_.code);
  if (!may_be_null) return nullptr;
  const Next next = Skip(start);
  if (next == nullptr) return nullptr;
  if (!misfit_ && error_.code == "out_of_range") misfit_ = error_;
  Column& column = *node.column;
  rescue_->AddValue(column, TextOf(start, next));
  if (rescue_->fields().overflowed()) {
    return Fail("rescue_too_big", &node, start,
                "does not fit, and there is no room for it in the rescue column");
  }
  column.TruncateTo(column.size());
  column.AppendNull();
  return next;
}

}  // namespace kafka_iceberg::decode
