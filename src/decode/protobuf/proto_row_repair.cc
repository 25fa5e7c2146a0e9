// SPDX-License-Identifier: Apache-2.0
//
// What ProtoRowReader does with encodings that are legal but that no writer makes in one go:
// messages in pieces and map keys that come twice. Both arise when encoded messages are
// concatenated, which Protobuf defines as merging them. And its failures, in words.
#include <algorithm>
#include <map>
#include <numeric>

#include "decode/protobuf/proto_row_reader.h"
#include "decode/protobuf/proto_value_json.h"

namespace kafka_iceberg::decode {
namespace {

constexpr uint32_t kNumberShift = 3;
constexpr uint32_t kWireMask = 7;
constexpr size_t kExcerptBytes = 60;

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7f) | 0x80));
  out.push_back(static_cast<char>(value));
}

void AppendMessage(const ProtoSlot& slot, const std::string& body, std::string& out) {
  AppendVarint(uint64_t{slot.number} << kNumberShift | slot.wire_type, out);
  if (slot.wire_type == kWireBytes) AppendVarint(body.size(), out);
  out += body;
  if (slot.wire_type == kWireStartGroup)
    AppendVarint(uint64_t{slot.number} << kNumberShift | kWireEndGroup, out);
}

// Collects the pieces of each message, and everything else as it is.
class Assembler {
 public:
  explicit Assembler(const ProtoNode& node) : node_(node), oneofs_(node.oneofs.size(), -1) {}

  // False when the bytes are not fields.
  bool Collect(std::string_view message) {
    auto at = reinterpret_cast<WireAt>(message.data());
    const WireAt end = at + message.size();
    while (at != end) {
      const WireAt start = at;
      uint32_t tag = 0;
      at = ReadTag(at, end, tag);
      if (at == nullptr) return false;
      const int32_t index = node_.Find(tag >> kNumberShift);
      const ProtoSlot* slot =
          index == ProtoNode::kUnknown ? nullptr : &node_.slots[static_cast<size_t>(index)];
      if (slot != nullptr && slot->oneof >= 0) ReplaceBranch(index, *slot);
      if (slot != nullptr && slot->merges && (tag & kWireMask) == slot->wire_type) {
        std::string_view body;
        at = slot->wire_type == kWireBytes ? ReadBytes(at, end, body)
                                           : ReadGroup(slot->number, at, end, body);
        pieces_[index] += body;
      } else {
        at = SkipField(tag, at, end);
        if (at != nullptr) out_.append(reinterpret_cast<const char*>(start), BytesOf(start, at));
      }
      if (at == nullptr) return false;
    }
    return true;
  }

  std::string Finish() {
    for (const auto& [index, body] : pieces_)
      AppendMessage(node_.slots[static_cast<size_t>(index)], body, out_);
    return std::move(out_);
  }

 private:
  static size_t BytesOf(WireAt start, WireAt end) { return static_cast<size_t>(end - start); }

  void ReplaceBranch(int32_t index, const ProtoSlot& slot) {
    int32_t& last = oneofs_[static_cast<size_t>(slot.oneof)];
    if (last != index) pieces_.erase(last);
    last = index;
  }

  const ProtoNode& node_;
  std::vector<int32_t> oneofs_;
  std::map<int32_t, std::string> pieces_;
  std::string out_;
};

// The start of a value, cut between characters.
std::string Excerpt(std::string_view value) {
  if (value.size() <= kExcerptBytes) return std::string(value);
  size_t size = kExcerptBytes;
  while (size > 0 && (static_cast<unsigned char>(value[size]) & 0xc0) == 0x80) --size;
  return std::string(value.substr(0, size)) + "...";
}

}  // namespace

bool ProtoRowReader::ReadInOnePiece(ProtoNode& node, std::string_view message, int64_t row) {
  if (!SpendOnRepair(nullptr, message)) return false;
  for (ProtoSlot& slot : node.slots) {
    if (slot.column != nullptr) slot.column->TruncateTo(row);
  }
  Assembler assembler(node);
  if (!assembler.Collect(message)) return FailBytes(nullptr) != nullptr;
  const std::string whole = assembler.Finish();
  return ReadMessage(node, whole, row);
}

bool ProtoRowReader::MapKeysDiffer(Column& map) {
  const Column& keys = *map.children()[0];
  const int64_t first = map.child_rows();
  const int64_t count = keys.size() - first;
  if (count < 2) return true;
  if (count == 2) return keys.RawValue(first) != keys.RawValue(first + 1);
  keys_.clear();
  for (int64_t row = first; row < keys.size(); ++row) keys_.push_back(keys.RawValue(row));
  std::sort(keys_.begin(), keys_.end());
  return std::adjacent_find(keys_.begin(), keys_.end()) == keys_.end();
}

bool ProtoRowReader::KeepLastEntries(ProtoSlot& slot, std::string_view message) {
  if (!SpendOnRepair(&slot, message)) return false;
  ForgetRescued(*slot.column);
  Column& keys = *slot.column->children()[0];
  const int64_t first = slot.column->child_rows();
  std::map<std::string_view, int64_t> last;
  for (int64_t row = first; row < keys.size(); ++row) last[keys.RawValue(row)] = row;
  std::vector<bool> kept(static_cast<size_t>(keys.size() - first));
  for (const auto& [key, row] : last) kept[static_cast<size_t>(row - first)] = true;
  for (auto& child : slot.column->children()) child->TruncateTo(first);
  auto at = reinterpret_cast<WireAt>(message.data());
  const WireAt end = at + message.size();
  // Read before without a failure, one row for each.
  for (size_t entry = 0; entry < kept.size();) {
    uint32_t tag = 0;
    at = ReadTag(at, end, tag);
    const bool is_entry = tag >> kNumberShift == slot.number;
    const bool is_kept = is_entry && kept[entry];
    at = is_kept ? ReadNested(slot, at, end) : SkipField(tag, at, end);
    if (at == nullptr) return false;
    if (is_entry) ++entry;
  }
  return true;
}

bool ProtoRowReader::SpendOnRepair(const ProtoSlot* slot, std::string_view message) {
  repair_bytes_left_ -= static_cast<int64_t>(message.size());
  if (--repairs_left_ >= 0 && repair_bytes_left_ >= 0) return true;
  return Fail("unsupported_encoding", slot == nullptr ? nullptr : slot->column,
              "has too many messages in pieces, or maps with keys that come twice");
}

WireAt ProtoRowReader::RescueValue(const ProtoSlot& slot, WireAt start, WireAt end) {
  const bool may_be_null =
      rescue_ != nullptr && !slot.target->required() && IsMisfit(failure_.code);
  if (!may_be_null) return nullptr;
  WireValue value;
  const WireAt next =
      ReadWireValue(slot.number << kNumberShift | slot.wire_type, start, end, value);
  if (next == nullptr) return FailBytes(&slot);
  scratch_.clear();
  ProtoValueJson json(*schema_, rescue_->bytes_max(), scratch_);
  if (!json.Value(*slot.field, value)) {
    Fail(json.code(), slot.target, std::string(json.reason()));
    return nullptr;
  }
  rescue_->AddValue(*slot.target, scratch_);
  slot.target->AppendNull();
  return next;
}

bool ProtoRowReader::Fail(std::string_view code, const Column* column, std::string reason) {
  failure_.code = code;
  failure_.field_path = column == nullptr ? "" : column->path();
  failure_.reason = (column == nullptr ? "the record" : column->path()) + " " + std::move(reason);
  return false;
}

WireAt ProtoRowReader::FailBytes(const ProtoSlot* slot) {
  Fail("bad_protobuf", slot == nullptr ? nullptr : slot->column,
       slot == nullptr
           ? "is not a protobuf message: a field is broken, or cut off"
           : fmt::format("(field {}) is not encoded as its type, or cut off", slot->number));
  return nullptr;
}

bool ProtoRowReader::FailText(const ProtoSlot& slot, TextError error, std::string_view value) {
  return Fail(CodeOf(error), slot.target,
              fmt::format("({}) got \"{}\", which {}", iceberg::ToString(slot.target->type()),
                          Excerpt(value), Explain(error)));
}

bool ProtoRowReader::FailRange(const ProtoSlot& slot, std::string value) {
  return Fail("out_of_range", slot.target,
              fmt::format("({}) got {}, which is out of range",
                          iceberg::ToString(slot.target->type()), value));
}

}  // namespace kafka_iceberg::decode
