// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_rescue.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace kafka_iceberg::decode {
namespace {

constexpr uint32_t kNumberShift = 3;
constexpr uint32_t kKeyNumber = 1;    // of a map entry
constexpr uint32_t kValueNumber = 2;  // likewise

}  // namespace

bool ProtoRescue::Collect(const ProtoNode& root, std::string_view record) {
  schema_ = root.schema;
  path_.clear();
  kept_ = 0;
  return Message(root, record);
}

// As deep as the columns.
bool ProtoRescue::Message(const ProtoNode& node, std::string_view message) {
  if (!node.rescues) return true;
  Found found;
  auto at = reinterpret_cast<WireAt>(message.data());
  for (const WireAt end = at + message.size(); at != end;) {
    uint32_t tag = 0;
    WireValue value;
    at = ReadTag(at, end, tag);
    if (at != nullptr) at = ReadWireValue(tag, at, end, value);
    if (at == nullptr) return Fail("bad_protobuf", "is broken, or cut off");
    if (!Take(node, tag >> kNumberShift, value, found)) return false;
  }
  for (const auto& [field, values] : found.rescued) {
    if (!Keep(*field, values)) return false;
  }
  const size_t parent = path_.size();
  for (const auto& [slot, body] : found.nested) {
    AppendName(slot->field->name);
    if (!Message(*slot->node, body)) return false;
    path_.resize(parent);
  }
  return true;
}

// Elements of lists and maps are looked at as they come; all else when it is complete.
bool ProtoRescue::Take(const ProtoNode& node, uint32_t number, const WireValue& value,
                       Found& found) {
  const auto kept = std::ranges::lower_bound(node.rescued, number, {}, &ProtoField::number);
  if (kept != node.rescued.end() && (*kept)->number == number) {
    ChooseBranch(**kept, found);
    std::vector<WireValue>& values = found.rescued[*kept];
    // Each takes more than one byte of text.
    if (static_cast<int64_t>(values.size()) > rescue_.bytes_max() / 2) {
      AppendName((*kept)->name);
      return Fail("rescue_too_big", "has more values than the rescue column may hold");
    }
    values.push_back(value);
    return true;
  }
  const int32_t place = node.Find(number);
  if (place == ProtoNode::kUnknown) return true;
  const ProtoSlot& slot = node.slots[static_cast<size_t>(place)];
  ChooseBranch(*slot.field, found);
  const bool leads_on = slot.node != nullptr && slot.op != ProtoOp::kWrapper && slot.node->rescues;
  if (!leads_on) return true;
  if (slot.repeated) return Element(slot, found.elements[&slot]++, value.bytes);
  found.nested[&slot] += value.bytes;
  return true;
}

void ProtoRescue::ChooseBranch(const ProtoField& field, Found& found) {
  if (field.oneof < 0) return;
  const ProtoField*& branch = found.branches[field.oneof];
  if (branch != nullptr && branch != &field) {
    found.rescued.erase(branch);
    std::erase_if(found.nested, [&](const auto& entry) { return entry.first->field == branch; });
  }
  branch = &field;
}

bool ProtoRescue::Keep(const ProtoField& field, const std::vector<WireValue>& values) {
  const size_t parent = path_.size();
  AppendName(field.name);
  json_.clear();
  ProtoValueJson json(*schema_, rescue_.bytes_max(), json_);
  const bool written = json.Field(field, values);
  if (!written) return Fail(json.code(), json.reason());
  if (HoldsValue(json_)) {
    rescue_.fields().Add(path_, json_);
    if (rescue_.fields().overflowed()) {
      return Fail("rescue_too_big", "has more bytes than the rescue column may hold");
    }
    kept_ += static_cast<int64_t>(values.size());
  }
  path_.resize(parent);
  return true;
}

bool ProtoRescue::Element(const ProtoSlot& slot, size_t place, std::string_view body) {
  const size_t parent = path_.size();
  AppendName(slot.field->name);
  bool ok = true;
  if (slot.op == ProtoOp::kMapEntry) {
    ok = Entry(slot, place, body);
  } else {
    fmt::format_to(std::back_inserter(path_), "[{}]", place);
    ok = Message(*slot.node, body);
  }
  if (ok) path_.resize(parent);
  return ok;
}

bool ProtoRescue::Entry(const ProtoSlot& slot, size_t place, std::string_view entry) {
  std::string_view key;
  std::string value;
  auto at = reinterpret_cast<WireAt>(entry.data());
  for (const WireAt end = at + entry.size(); at != end;) {
    uint32_t tag = 0;
    WireValue part;
    at = ReadTag(at, end, tag);
    if (at != nullptr) at = ReadWireValue(tag, at, end, part);
    if (at == nullptr) return Fail("bad_protobuf", "is broken, or cut off");
    if (tag >> kNumberShift == kKeyNumber) key = part.bytes;
    if (tag >> kNumberShift == kValueNumber) value += part.bytes;
  }
  const int32_t value_slot = slot.node->Find(kValueNumber);
  if (value_slot == ProtoNode::kUnknown) return true;
  const ProtoSlot& values = slot.node->slots[static_cast<size_t>(value_slot)];
  if (values.node == nullptr || values.op == ProtoOp::kWrapper) return true;
  if (slot.column->type().fields[0].type.id == iceberg::TypeId::kString) {
    AppendName(key);
  } else {
    fmt::format_to(std::back_inserter(path_), "[{}]", place);
  }
  return Message(*values.node, value);
}

void ProtoRescue::AppendName(std::string_view name) {
  if (!path_.empty()) path_.push_back('.');
  AppendPathName(name, path_);
}

bool ProtoRescue::Fail(std::string_view code, std::string_view reason) {
  failure_ = {code, path_, fmt::format("{} {}", path_.empty() ? "the record" : path_, reason)};
  return false;
}

}  // namespace kafka_iceberg::decode
