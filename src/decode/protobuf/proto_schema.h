// SPDX-License-Identifier: Apache-2.0
//
// ProtoSchema: the message types of a .proto file and of what it imports, as plain values. Made by
// ParseProtoText(), which alone sees the Protobuf library; the mapping to a table and the decoder
// read it. Immutable once made, so safe to share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace kafka_iceberg::decode {

// Numbered as in the descriptors of Protobuf.
enum class ProtoType : uint8_t {
  kDouble = 1,
  kFloat,
  kInt64,
  kUint64,
  kInt32,
  kFixed64,
  kFixed32,
  kBool,
  kString,
  kGroup,
  kMessage,
  kBytes,
  kUint32,
  kEnum,
  kSfixed32,
  kSfixed64,
  kSint32,
  kSint64,
};

inline constexpr uint32_t kWireVarint = 0;
inline constexpr uint32_t kWireFixed64 = 1;
inline constexpr uint32_t kWireBytes = 2;
inline constexpr uint32_t kWireStartGroup = 3;
inline constexpr uint32_t kWireEndGroup = 4;
inline constexpr uint32_t kWireFixed32 = 5;

// How one value of the type is written.
uint32_t WireTypeOf(ProtoType type);
// Whether several values of it may be written as one run of bytes.
bool IsPackable(ProtoType type);

struct ProtoEnum {
  std::string full_name;
  bool closed = false;                                  // of proto2: there are no other numbers
  std::vector<std::pair<int32_t, std::string>> values;  // by number; of aliases the first

  // Null when no value has that number.
  const std::string* NameOf(int32_t number) const;
};

struct ProtoField {
  std::string name;
  uint32_t number = 0;
  ProtoType type = ProtoType::kInt32;
  bool repeated = false;
  bool required = false;
  bool is_map = false;      // repeated, and its type is the message of one entry
  int32_t oneof = -1;       // fields of one message with the same number exclude each other
  int32_t type_index = -1;  // into messages() or enums()
  // What an absent field stands for, encoded as the value of a present one would be: the zero of a
  // field without presence, the default a proto2 field declares. Absent: null.
  std::optional<std::string> absent_value;
};

struct ProtoMessage {
  std::string full_name;
  std::vector<ProtoField> fields;  // in the order of the text
  std::vector<int32_t> nested;     // messages declared inside, into messages()
};

class ProtoSchema {
 public:
  const std::vector<ProtoMessage>& messages() const { return messages_; }
  const std::vector<ProtoEnum>& enums() const { return enums_; }

  // By the indexes of the declarations, outermost first, as framings carry them; empty: the first
  // message of the file. A map field is no declaration. Null when there is none.
  const ProtoMessage* FindByPath(std::span<const int32_t> path) const;
  // By the place among all messages of the file, nested ones and map entries included, sorted by
  // full name. Null when there is none.
  const ProtoMessage* FindBySortedIndex(int32_t index) const;
  // A message with one field, number 1, of that type: one of messages().
  ProtoMessage AsOnlyField(const ProtoMessage& message, const std::string& name) const;
  // By full name ("shop.Order"), or by the simple name when one message of the file has it.
  const ProtoMessage* FindByName(std::string_view name) const;

 private:
  friend class ProtoSchemaBuilder;

  std::vector<ProtoMessage> messages_;
  std::vector<ProtoEnum> enums_;
  std::vector<int32_t> roots_;   // top-level messages of the file itself
  std::vector<int32_t> sorted_;  // all messages of the file itself
};

}  // namespace kafka_iceberg::decode
