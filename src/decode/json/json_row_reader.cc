// SPDX-License-Identifier: Apache-2.0
#include "decode/json/json_row_reader.h"

#include <algorithm>
#include <functional>

#include "decode/text/number_text.h"
#include "decode/text/temporal_text.h"

namespace kafka_iceberg::decode {
namespace {

using iceberg::TypeId;

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int kMicroDigits = 6;
constexpr int kNanoDigits = 9;

int64_t FactorTo(int64_t units_per_second, EpochUnit unit) {
  for (auto i = static_cast<int>(unit); i > 0; --i) units_per_second /= 1000;
  return units_per_second;
}

bool StartsNumber(char c) { return c == '-' || (c >= '0' && c <= '9'); }

}  // namespace

JsonRowReader::JsonRowReader(JsonNode& root, EpochUnit epoch_unit, int32_t depth_max)
    : root_(root),
      epoch_unit_(epoch_unit),
      depth_max_(depth_max),
      micros_factor_(FactorTo(kMicrosPerSecond, epoch_unit)),
      nanos_factor_(FactorTo(kNanosPerSecond, epoch_unit)) {}

bool JsonRowReader::Read(JsonCursor& cursor, uint32_t end, int64_t row) {
  depth_ = 1;
  ignored_fields_ = 0;
  unknown_.clear();
  misfit_.reset();
  Next next = nullptr;
  if (!column_.empty()) [[unlikely]]
    next = ReadWhole(cursor, row);
  else if (cursor.peek() == '{') [[likely]]
    next = ReadMembers(root_, cursor.Behind(1), row);
  // A truncated document reads on into the one behind it, and is found out here.
  if (next == nullptr || next[-1] >= end || *next < end) [[unlikely]] {
    FailDocument(cursor, next, end);
    return false;
  }
  cursor.next = next;
  return true;
}

JsonRowReader::Next JsonRowReader::ReadWhole(JsonCursor at, int64_t row) {
  depth_ = 0;
  const int32_t member = root_.keys->Find(column_);
  if (member == KeyTable::kUnknown) {
    ++ignored_fields_;
    if (notes_unknown_) Note(root_, column_, at);
    at.next = Skip(at);
  } else {
    at.next = ReadValue(root_.children[static_cast<size_t>(member)], at);
  }
  if (at.next == nullptr || !FillAbsent(root_, at, row)) return nullptr;
  return at.next;
}

JsonRowReader::Next JsonRowReader::ReadMembers(JsonNode& node, JsonCursor at, int64_t row) {
  KeyTable& keys = *node.keys;
  JsonNode* const children = node.children.data();
  size_t filled = 0;
  if (!at.TakeIf('}')) {
    int32_t previous = KeyTable::kUnknown;
    do {
      if (!at.AtMember()) [[unlikely]]
        return FailNotJson(at, "an object needs a quoted name and a colon");
      int32_t member = keys.Predicted(previous);
      if (member < 0 || !keys.Matches(member, at.here() + 1, at.next[1] - *at.next - 1)) {
        if (!FindMember(keys, at, previous, member)) return nullptr;
      }
      at.next += 2;
      if (member >= 0) {
        previous = member;
        Column& column = *children[member].column;
        // Seen before in this object: the last one counts.
        if (column.size() != row) [[unlikely]] {
          column.TruncateTo(row);
          if (rescue_ != nullptr) rescue_->ForgetBelow(column);
        } else {
          ++filled;
        }
        at.next = ReadValue(children[member], at);
      } else {
        at.next = ReadUnknown(node, at);
      }
      if (at.next == nullptr) [[unlikely]]
        return nullptr;
    } while (at.TakeIf(','));
    if (!at.TakeIf('}')) [[unlikely]]
      return FailNotJson(at, "an object is not closed");
  }
  if (filled != node.children.size() && !FillAbsent(node, at, row)) return nullptr;
  return at.next;
}

void JsonRowReader::Note(const JsonNode& node, std::string_view key, JsonCursor at_value) {
  const char first = at_value.peek();
  const char second = at_value.Behind(1).peek();
  const bool is_empty =
      first == 'n' || (first == '{' && second == '}') || (first == '[' && second == ']');
  if (is_empty || unknown_.size() >= kUnknownMax) return;
  const uint64_t hash = std::hash<std::string_view>()(key) * 31 + std::hash<const void*>()(&node);
  unknown_.push_back({hash, key});
}

bool JsonRowReader::FindMember(KeyTable& keys, JsonCursor at, int32_t previous, int32_t& member) {
  std::string_view key = at.StringToken();
  if (key.find('\\') != std::string_view::npos && !ResolveEscapes(nullptr, at, key)) return false;
  member = keys.Find(key);
  if (member >= 0) keys.Learn(previous, member);
  return true;
}

bool JsonRowReader::FillAbsent(JsonNode& node, JsonCursor at, int64_t row) {
  for (JsonNode& child : node.children) {
    if (child.column->size() != row) continue;
    if (child.absent_default) {
      child.column->AppendValue(*child.absent_default);
    } else if (child.required) {
      // At the closing brace: FailDocument() must see that the object was complete.
      Fail("missing_field", &child, at.Behind(-1), "is missing, and the column is required");
      return false;
    } else {
      child.column->AppendNull();
    }
  }
  return true;
}

JsonRowReader::Next JsonRowReader::ReadValue(JsonNode& node, JsonCursor at) {
  const char* text = at.here();
  Column& column = *node.column;
  switch (node.kind) {
    case TypeId::kString:
      if (*text == '"') [[likely]]
        return ReadString(node, at);
      break;
    case TypeId::kLong: {
      int64_t value = 0;
      const char* end = ParseShortInteger(text, value);
      if (end == nullptr || !EndsScalar(*end)) break;
      column.AppendFixed(value);
      return at.next + 1;
    }
    case TypeId::kInt: {
      int64_t value = 0;
      const char* end = ParseShortInteger(text, value);
      const auto narrow = static_cast<int32_t>(value);
      if (end == nullptr || !EndsScalar(*end) || narrow != value) break;
      column.AppendFixed(narrow);
      return at.next + 1;
    }
    case TypeId::kDouble: {
      double value = 0;
      const char* end = ParseShortDouble(text, value);
      if (end == nullptr || !EndsScalar(*end)) break;
      column.AppendFixed(value);
      return at.next + 1;
    }
    case TypeId::kBoolean: {
      const bool value = *text == 't';
      if (at.ScalarToken() != (value ? "true" : "false")) break;
      column.AppendBool(value);
      return at.next + 1;
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs: return ReadTimestamp(node, at);
    case TypeId::kStruct:
      if (*text == '{') return ReadStruct(node, at);
      break;
    case TypeId::kList:
      if (*text == '[') return ReadList(node, at);
      break;
    case TypeId::kMap:
      if (*text == '{') return ReadMap(node, at);
      break;
    default: break;
  }
  return ReadOther(node, at);
}

JsonRowReader::Next JsonRowReader::ReadString(JsonNode& node, JsonCursor at) {
  const std::string_view raw = at.StringToken();
  Column& column = *node.column;
  uint8_t* out = column.ReserveBytes(static_cast<int64_t>(raw.size()));
  size_t size = raw.size();
  if (!CopyUnlessEscaped(raw.data(), raw.size(), out)) [[unlikely]] {
    const EscapeError error = Unescape(raw, reinterpret_cast<char*>(out), size);
    if (error != EscapeError::kNone) return FailEscape(error, &node, at);
  }
  column.AppendBytes(static_cast<int64_t>(size));
  return at.next + 1;
}

JsonRowReader::Next JsonRowReader::ReadTimestamp(JsonNode& node, JsonCursor at) {
  const bool nanos = node.kind == TypeId::kTimestampNs || node.kind == TypeId::kTimestamptzNs;
  const bool zoned = node.kind == TypeId::kTimestamptz || node.kind == TypeId::kTimestamptzNs;
  int64_t value = 0;
  bool read = false;
  if (at.peek() == '"') {
    read = ParseTimestamp(at.StringToken(), zoned ? Offset::kRequired : Offset::kForbidden,
                          nanos ? kNanoDigits : kMicroDigits, value) == TextError::kNone;
  } else {
    const char* end = ParseShortInteger(at.here(), value);
    const int64_t factor = nanos ? nanos_factor_ : micros_factor_;
    read = end != nullptr && EndsScalar(*end) && factor > 0 &&
           !__builtin_mul_overflow(value, factor, &value);
  }
  if (!read) [[unlikely]]
    return ReadOther(node, at);
  node.column->AppendFixed(value);
  return at.next + 1;
}

bool JsonRowReader::Enter(const JsonNode& node, JsonCursor at) {
  if (depth_ == depth_max_) {
    Fail("too_deep", &node, at, fmt::format("nests deeper than {} levels", depth_max_));
    return false;
  }
  ++depth_;
  return true;
}

JsonRowReader::Next JsonRowReader::ReadStruct(JsonNode& node, JsonCursor at) {
  if (!Enter(node, at)) return nullptr;
  const int32_t depth = depth_;
  const Next next = ReadMembers(node, at.Behind(1), node.column->size());
  depth_ = depth - 1;
  if (next == nullptr) [[unlikely]]
    return RescueValue(node, at);
  node.column->AppendStruct();
  return next;
}

JsonRowReader::Next JsonRowReader::ReadList(JsonNode& node, JsonCursor at) {
  if (!Enter(node, at)) return nullptr;
  const JsonCursor start = at;
  const int32_t depth = depth_;
  ++at.next;
  if (!at.TakeIf(']')) {
    do {
      at.next = ReadValue(node.children[0], at);
      if (at.next == nullptr) [[unlikely]] {
        depth_ = depth - 1;
        return RescueValue(node, start);
      }
    } while (at.TakeIf(','));
    if (!at.TakeIf(']')) return FailNotJson(at, "an array is not closed");
  }
  node.column->AppendList();
  --depth_;
  return at.next;
}

JsonRowReader::Next JsonRowReader::ReadMap(JsonNode& node, JsonCursor at) {
  if (!Enter(node, at)) return nullptr;
  const JsonCursor start = at;
  const int32_t depth = depth_;
  const Next next = ReadEntries(node, at);
  depth_ = depth - 1;
  return next != nullptr ? next : RescueValue(node, start);
}

JsonRowReader::Next JsonRowReader::ReadEntries(JsonNode& node, JsonCursor at) {
  const JsonCursor start = at;
  ++at.next;
  if (!at.TakeIf('}')) {
    do {
      if (!at.AtMember()) return FailNotJson(at, "an object needs a quoted name and a colon");
      if (!ReadMapKey(node.children[0], at)) return nullptr;
      at.next = ReadValue(node.children[1], at.Behind(2));
      if (at.next == nullptr) return nullptr;
    } while (at.TakeIf(','));
    if (!at.TakeIf('}')) return FailNotJson(at, "an object is not closed");
  }
  if (!MapKeysDiffer(*node.column))
    return Fail("bad_value", &node, start, "holds the same key twice");
  node.column->AppendList();
  return at.next;
}

bool JsonRowReader::ReadMapKey(JsonNode& node, JsonCursor at) {
  std::string_view key = at.StringToken();
  if (key.find('\\') != std::string_view::npos && !ResolveEscapes(&node, at, key)) return false;
  const TextError error = AppendKey(*node.column, key, epoch_unit_);
  if (error != TextError::kNone) FailText(node, at, error, key);
  return error == TextError::kNone;
}

bool JsonRowReader::MapKeysDiffer(Column& map) {
  const Column& keys = *map.children()[0];
  const int64_t first = map.child_rows();
  if (keys.size() - first < 2) return true;
  keys_scratch_.clear();
  for (int64_t row = first; row < keys.size(); ++row) keys_scratch_.push_back(keys.RawValue(row));
  std::sort(keys_scratch_.begin(), keys_scratch_.end());
  return std::adjacent_find(keys_scratch_.begin(), keys_scratch_.end()) == keys_scratch_.end();
}

JsonRowReader::Next JsonRowReader::ReadOther(JsonNode& node, JsonCursor at) {
  const char first = at.peek();
  if (first == 'n' && at.ScalarToken() == "null") {
    if (node.required)
      return Fail("missing_field", &node, at, "is null, and the column is required");
    node.column->AppendNull();
    return at.next + 1;
  }
  Next next = nullptr;
  if (first == '"' && TakesText(node.kind)) {
    next = ReadOtherString(node, at);
  } else if (StartsNumber(first) && TakesNumber(node.kind)) {
    next = ReadOtherNumber(node, at);
  } else {
    next = FailType(node, at);
  }
  return next != nullptr ? next : RescueValue(node, at);
}

JsonRowReader::Next JsonRowReader::ReadOtherString(JsonNode& node, JsonCursor at) {
  std::string_view text = at.StringToken();
  if (text.find('\\') != std::string_view::npos && !ResolveEscapes(&node, at, text)) return nullptr;
  const TextError error = AppendText(*node.column, text);
  return error == TextError::kNone ? at.next + 1 : FailText(node, at, error, text);
}

JsonRowReader::Next JsonRowReader::ReadOtherNumber(JsonNode& node, JsonCursor at) {
  const std::string_view token = at.ScalarToken();
  const auto number = ScanNumber(token);
  if (!number || number->text.size() != token.size()) return FailType(node, at);
  const TextError error = AppendNumber(*node.column, *number, epoch_unit_);
  return error == TextError::kNone ? at.next + 1 : FailText(node, at, error, token);
}

JsonRowReader::Next JsonRowReader::Skip(JsonCursor at) {
  switch (SkipValue(at, depth_max_ - depth_)) {
    case SkipResult::kOk: return at.next;
    case SkipResult::kTooDeep:
      return Fail("too_deep", nullptr, at, fmt::format("nests deeper than {} levels", depth_max_));
    case SkipResult::kNotJson: break;
  }
  return FailNotJson(at, "a value is not json");
}

bool JsonRowReader::ResolveEscapes(const JsonNode* node, JsonCursor at, std::string_view& text) {
  scratch_.resize(text.size());
  size_t size = 0;
  const EscapeError error = Unescape(text, scratch_.data(), size);
  if (error != EscapeError::kNone) {
    FailEscape(error, node, at);
    return false;
  }
  text = std::string_view(scratch_).substr(0, size);
  return true;
}

}  // namespace kafka_iceberg::decode
