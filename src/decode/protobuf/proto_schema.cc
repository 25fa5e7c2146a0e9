// SPDX-License-Identifier: Apache-2.0
#include "decode/protobuf/proto_schema.h"

#include <algorithm>

namespace kafka_iceberg::decode {

uint32_t WireTypeOf(ProtoType type) {
  switch (type) {
    case ProtoType::kDouble:
    case ProtoType::kFixed64:
    case ProtoType::kSfixed64: return kWireFixed64;
    case ProtoType::kFloat:
    case ProtoType::kFixed32:
    case ProtoType::kSfixed32: return kWireFixed32;
    case ProtoType::kString:
    case ProtoType::kMessage:
    case ProtoType::kBytes: return kWireBytes;
    case ProtoType::kGroup: return kWireStartGroup;
    default: return kWireVarint;
  }
}

bool IsPackable(ProtoType type) {
  const uint32_t wire_type = WireTypeOf(type);
  return wire_type != kWireBytes && wire_type != kWireStartGroup;
}

const std::string* ProtoEnum::NameOf(int32_t number) const {
  // Values numbered 0, 1, 2, ... stand at their own index.
  const auto index = static_cast<size_t>(static_cast<uint32_t>(number));
  if (index < values.size() && values[index].first == number) return &values[index].second;
  const auto found = std::lower_bound(values.begin(), values.end(), number,
                                      [](const auto& value, int32_t n) { return value.first < n; });
  return found != values.end() && found->first == number ? &found->second : nullptr;
}

const ProtoMessage* ProtoSchema::FindByPath(std::span<const int32_t> path) const {
  static constexpr int32_t kFirst[] = {0};
  if (path.empty()) path = kFirst;
  const std::vector<int32_t>* siblings = &roots_;
  const ProtoMessage* message = nullptr;
  for (const int32_t index : path) {
    if (index < 0 || static_cast<size_t>(index) >= siblings->size()) return nullptr;
    message = &messages_[static_cast<size_t>((*siblings)[static_cast<size_t>(index)])];
    siblings = &message->nested;
  }
  return message;
}

const ProtoMessage* ProtoSchema::FindBySortedIndex(int32_t index) const {
  if (index < 0 || static_cast<size_t>(index) >= sorted_.size()) return nullptr;
  return &messages_[static_cast<size_t>(sorted_[static_cast<size_t>(index)])];
}

ProtoMessage ProtoSchema::AsOnlyField(const ProtoMessage& message, const std::string& name) const {
  ProtoMessage outer;
  ProtoField& field = outer.fields.emplace_back();
  field.name = name;
  field.number = 1;
  field.type = ProtoType::kMessage;
  field.type_index = static_cast<int32_t>(&message - messages_.data());
  return outer;
}

const ProtoMessage* ProtoSchema::FindByName(std::string_view name) const {
  for (const ProtoMessage& message : messages_) {
    if (message.full_name == name) return &message;
  }
  const ProtoMessage* found = nullptr;
  for (const int32_t root : roots_) {
    const ProtoMessage& message = messages_[static_cast<size_t>(root)];
    const std::string_view full_name = message.full_name;
    if (full_name.substr(full_name.rfind('.') + 1) != name) continue;
    if (found != nullptr) return nullptr;
    found = &message;
  }
  return found;
}

}  // namespace kafka_iceberg::decode
