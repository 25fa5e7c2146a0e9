// SPDX-License-Identifier: Apache-2.0
#include "decode/json/json_sample.h"

#include <algorithm>
#include <numeric>

#include "decode/json/json_text.h"
#include "decode/text/number_text.h"
#include "decode/text/temporal_text.h"

namespace kafka_iceberg::decode {
namespace {

constexpr size_t kExamplesMax = 3;
constexpr size_t kExampleBytesMax = 60;
constexpr int32_t kRecordDepthMax = 128;

void AddExample(SampleNode& node, std::string_view json) {
  if (node.examples.size() == kExamplesMax) return;
  std::string text(json.substr(0, kExampleBytesMax));
  if (json.size() > kExampleBytesMax) {
    while (!text.empty() && (static_cast<unsigned char>(json[text.size()]) & 0xc0) == 0x80)
      text.pop_back();
    text += "...";
  }
  if (std::find(node.examples.begin(), node.examples.end(), text) == node.examples.end()) {
    node.examples.push_back(std::move(text));
  }
}

void Count(SampleNode& node, JsonKind kind) {
  if (node.counts[static_cast<size_t>(kind)]++ == 0) node.kinds.push_back(kind);
}

// Steps over a value that has been checked before.
void Pass(JsonCursor& at) { (void)SkipValue(at, kSkipDepthMax); }

std::string Resolved(std::string_view raw) {
  std::string text(raw);
  size_t size = 0;
  // A name with half a surrogate pair never matches a column; its raw text stands for it here.
  if (Unescape(raw, text.data(), size) == EscapeError::kNone) text.resize(size);
  return text;
}

}  // namespace

int64_t SampleNode::present() const {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

bool JsonSample::Add(std::string_view payload) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (payload.starts_with(kByteOrderMark)) payload.remove_prefix(kByteOrderMark.size());
  text_ = payload;
  text_.append(JsonIndex::kPadding, '\n');
  if (index_.Build(text_.data(), payload.size()) != JsonIndex::Verdict::kOk) return false;
  JsonCursor at{text_.data(), index_.positions()};
  if (column_.empty() && at.peek() != '{') return false;
  JsonCursor end = at;
  if (SkipValue(end, kRecordDepthMax) != SkipResult::kOk || *end.next < payload.size())
    return false;
  if (end.next[-1] >= payload.size()) return false;
  if (column_.empty())
    Observe(root_, at, 0);
  else if (SampleNode* node = Member(root_, column_))
    Observe(*node, at, 1);
  return true;
}

void JsonSample::Observe(SampleNode& node, JsonCursor& at, int32_t depth) {
  const char first = at.peek();
  if (first == '{') {
    Count(node, JsonKind::kObject);
    return ObserveObject(node, at, depth);
  }
  if (first == '[') {
    Count(node, JsonKind::kArray);
    return ObserveArray(node, at, depth);
  }
  const std::string_view token = first == '"' ? at.StringToken() : at.ScalarToken();
  ++at.next;
  if (first == 'n') {
    ++node.nulls;
    return;
  }
  if (first == '"') {
    ObserveString(node, token);
    AddExample(node, fmt::format("\"{}\"", token));
  } else if (first == 't' || first == 'f') {
    Count(node, JsonKind::kBoolean);
    AddExample(node, token);
  } else {
    ObserveNumber(node, token);
    AddExample(node, token);
  }
}

void JsonSample::ObserveObject(SampleNode& node, JsonCursor& at, int32_t depth) {
  if (depth >= depth_max_) {
    node.cut_off = true;
    return Pass(at);
  }
  ++at.next;
  if (at.TakeIf('}')) return;
  do {
    SampleNode* member = Member(node, Resolved(at.StringToken()));
    at.next += 2;
    if (member == nullptr) {
      node.cut_off = true;
      Pass(at);
    } else {
      Observe(*member, at, depth + 1);
    }
  } while (at.TakeIf(','));
  ++at.next;
}

void JsonSample::ObserveArray(SampleNode& node, JsonCursor& at, int32_t depth) {
  if (depth >= depth_max_) {
    node.cut_off = true;
    return Pass(at);
  }
  ++at.next;
  if (at.TakeIf(']')) return;
  if (node.element == nullptr) {
    node.element = std::make_unique<SampleNode>();
    node.element->name = "element";
  }
  do {
    Observe(*node.element, at, depth + 1);
  } while (at.TakeIf(','));
  ++at.next;
}

void JsonSample::ObserveString(SampleNode& node, std::string_view text) {
  constexpr int kMicroDigits = 6;
  Count(node, JsonKind::kString);
  int64_t micros = 0;
  int32_t days = 0;
  const auto is = [](TextError error) { return error == TextError::kNone; };
  node.all_timestamptz =
      node.all_timestamptz && is(ParseTimestamp(text, Offset::kRequired, kMicroDigits, micros));
  node.all_timestamp =
      node.all_timestamp && is(ParseTimestamp(text, Offset::kForbidden, kMicroDigits, micros));
  node.all_date = node.all_date && is(ParseDate(text, days));
}

void JsonSample::ObserveNumber(SampleNode& node, std::string_view token) {
  Count(node, JsonKind::kNumber);
  const auto number = ScanNumber(token);
  if (!number) return;
  if (!number->plain_integer()) {
    node.has_fraction = true;
    return;
  }
  iceberg::Int128 wide = 0;
  int64_t narrow = 0;
  if (ToInt64(*number, 0, /*floor=*/false, narrow) != TextError::kNone) node.beyond_int64 = true;
  if (ToUnscaled(*number, 0, /*floor=*/false, wide) != TextError::kNone)
    node.beyond_decimal38 = true;
}

SampleNode* JsonSample::Member(SampleNode& node, std::string_view name) {
  const auto found = node.member_index.find(name);
  if (found != node.member_index.end()) return node.members[found->second].get();
  if (nodes_ == nodes_max_) return nullptr;
  ++nodes_;
  node.member_index.emplace(name, node.members.size());
  node.members.push_back(std::make_unique<SampleNode>());
  node.members.back()->name = name;
  return node.members.back().get();
}

}  // namespace kafka_iceberg::decode
